"""What a person's choices at the controls do to a playground, and how the controls follow it."""

from dataclasses import asdict
from functools import partial
from typing import Any

from gan_helpers.playground.engine import SIZES
from gan_helpers.playground.points import DISTRIBUTIONS, PointDistribution
from gan_helpers.playground.presets import PRESETS
from gan_helpers.playground.rules import Loss
from gan_helpers.playground.settings import OF_DISCRIMINATOR

import numpy as np

__all__ = ["Choices"]

YOURS = "yours"


class Choices:
    """Connects the controls of a playground with its game.

    Args:
        lab: the ``Playground``.
        own_networks: whether a network was given, which has the sizes that it has.
    """

    def __init__(self, lab: Any, own_networks: bool) -> None:
        self._lab = lab
        self._own_loss: Loss | None = None
        self._own_distribution: PointDistribution | None = None
        controls, do = lab.controls, lab.player.do
        for button, action in (
            (controls.d_button, partial(self._step, "update_discriminator")),
            (controls.g_button, partial(self._step, "update_generator")),
            (controls.both_button, lab.step_both),
            (controls.reset_button, lab.reset),
            (controls.continue_button, self._continue),
        ):
            button.on_click(lambda _, action=action: do(action))
        controls.play_button.on_click(lambda _: do(self._play_or_pause, at_once=True))
        # The front end counts its views; without one nobody could press Pause any more.
        lab._view_count = 0
        lab.observe(self._on_views, "_view_count")
        controls.listen(controls.preset, "name", self._play_preset)
        controls.listen(controls.history, "index", self._look_back)
        controls.listen(controls.picture, "points", self._draw_data, "coordinates")
        for name, box in controls.layers.items():
            controls.listen(box, name, self._show_layers)
        special = {"data": self._choose_data, "loss": self._choose_loss}
        for name, control in controls.settings.items():
            action = self._resize if name in SIZES else special.get(name, self._change)
            controls.listen(control, name, action)
            control.disabled = own_networks and name in SIZES

    def show(self, run: str | None = None) -> None:
        """Let the controls show what is set now.

        Args:
            run: name of what is played, if it has one.
        """
        lab, game = self._lab, self._lab.game
        values = asdict(game.settings.resolved()) | {"data": game.distribution.name}
        # What is your own can be chosen again later.
        if game.own_loss is not None:
            self._own_loss, values["loss"] = game.own_loss, YOURS
        if game.distribution.name not in DISTRIBUTIONS:
            self._own_distribution = game.distribution
        lab.controls.show_settings(values)
        lab.controls.show_run(run if run in PRESETS else None)
        lab.run = run

    def _step(self, update: str) -> None:
        self._lab.screen.stages.step(getattr(self._lab.game, update))

    def _play_or_pause(self) -> None:
        if self._lab.playing:
            self._lab.pause()
        else:
            self._lab.play()

    def _on_views(self, change: Any) -> None:
        if change["old"] and not change["new"] and self._lab.playing:
            self._lab.player.do(self._lab.pause, at_once=True)

    def _play_preset(self, name: str) -> None:
        if name in PRESETS:
            self._lab.start_preset(name)
            if self._lab.player.loop is not None:
                self._lab.play()

    def _look_back(self, index: int) -> None:
        self._lab.record.look_at(index)
        self._lab.show()
        self._lab.pause()

    def _continue(self) -> None:
        record = self._lab.record
        wanted, index = record.now.step, record.shown
        found = self._lab.go_back(index)
        text = f"The game goes on from step {record.now.step:,}, with the settings of then."
        if found != index:
            text += f" What it needs to go on from step {wanted:,} was not kept."
        self._lab.controls.note.value = text

    def _show_layers(self, **layers: bool) -> None:
        self._lab.drawing.visible |= layers
        self._lab.show()

    def _choose_data(self, data: str) -> None:
        if data in DISTRIBUTIONS:
            self._lab.change(data=data)
        else:
            self._lab.use_points(self._own_distribution)

    def _draw_data(self, points: list) -> None:
        # Nothing is left to learn once all are cleared: then the game waits for the next stroke.
        if points:
            self._lab.use_points(np.array(points, dtype=np.float64))
            if self._lab.player.loop is not None:
                self._lab.play()

    def _choose_loss(self, loss: str) -> None:
        if loss == YOURS:
            self._lab.game.play_for(self._own_loss)
            self.show()
        else:
            self._lab.change(loss=loss)

    def _of_one_player(self, settings: dict[str, Any]) -> dict[str, Any]:
        """A change of one player; the other keeps what its own row shows."""
        before = self._lab.game.settings
        others = {
            own: before.of_discriminator(name)
            for name, own in OF_DISCRIMINATOR.items()
            if name in settings
        }
        return settings | others

    def _change(self, **settings: Any) -> None:
        self._lab.change(**self._of_one_player(settings))

    def _resize(self, **sizes: int) -> None:
        sizes = self._of_one_player(sizes)

        def prepare() -> None:
            self._lab.game.change(**sizes)
            self._lab.game.compile()

        def finish() -> None:
            self.show()
            self._lab.look()

        self._lab.player.build(prepare, finish)
