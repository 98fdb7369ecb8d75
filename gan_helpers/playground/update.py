"""What a single update of one player did, in numbers and in words."""

from dataclasses import dataclass

__all__ = ["Update"]


@dataclass(frozen=True)
class Update:
    """One update of one player.

    Attributes:
        player: "D" or "G", who moved.
        loss: the player's loss on the batch, before the update.
        moved: mean absolute change of the player's weights.
        called_real: fakes of the batch that D scored above one half, before the update.
        judged: fakes of the batch, or packs of them.
        packed: fakes that D judges together.
    """

    player: str
    loss: float
    moved: float
    called_real: int
    judged: int
    packed: int = 1

    def __str__(self) -> str:
        fakes = "fakes" if self.packed == 1 else f"packs of {self.packed} fakes"
        were = "was" if self.called_real == 1 else "were"
        return (
            f"{self.player}'s loss {self.loss:z.2f}; its weights moved by {self.moved:.2g} on "
            f"average; {self.called_real} of {self.judged} {fakes} {were} called real."
        )
