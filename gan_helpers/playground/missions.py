"""Missions: a goal, a game that does not reach it by itself, and a judge that watches.

The judge sees what the playground measures whenever it looks at the game. Data and seed belong to
the mission; whoever changes them is told that the run does not count.
"""

import html
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, fields
from typing import Any, NamedTuple

from gan_helpers.exercises import progress
from gan_helpers.playground.game import Moment, PointGAN
from gan_helpers.playground.points import DISTRIBUTIONS
from gan_helpers.playground.presets import PRESETS
from gan_helpers.playground.rules import LOSSES
from gan_helpers.playground.settings import Settings

import numpy as np

__all__ = ["MISSIONS", "Mission", "MissionWatch", "check_alone"]

LESSON = 2
SPOT = 0.3  # radius of a spot, in units of the plane; two modes of the ring are 0.77 apart
ANYTHING = frozenset(field.name for field in fields(Settings))


@dataclass(frozen=True, eq=False)
class Look:
    """What a judge knows of one moment.

    Attributes:
        step, discriminator_steps: updates of the players so far.
        values: the measurements of the moment.
        spot: share of the generated points within ``SPOT`` of their middle.
        changed: settings that differ from those of the start; "loss" for a loss of your own too.
        own_loss: whether the generator has a loss of your own, and D the usual one.
    """

    step: int
    discriminator_steps: int
    values: dict[str, float]
    spot: float
    changed: frozenset[str]
    own_loss: bool


class State(NamedTuple):
    """Where a mission stands: a sentence, and whether it is done, missed (False) or open (None)."""

    text: str
    done: bool | None = None


@dataclass(frozen=True, eq=False)
class Mission:
    """A goal in a game.

    Attributes:
        goal: what to reach.
        start: how the game begins.
        judge: says of all looks since the beginning where the mission stands.
        until: step from which nothing counts any more.
        fixed: settings that must stay as they are.
    """

    goal: str
    start: Settings
    judge: Callable[[Sequence[Look]], State]
    until: int
    fixed: frozenset[str] = frozenset({"data", "seed"})


def _mean(looks: Sequence[Look], name: str, last: int, steps: int) -> float:
    """Mean of a measurement over the looks of the last ``steps`` up to step ``last``."""
    found = [look.values[name] for look in looks if last - steps <= look.step <= last]
    return float(np.mean(found or [looks[-1].values[name]]))


def _now(look: Look) -> str:
    return f"Now {look.values['covered']} of 8 modes at step {look.step:,}."


def _lasting(
    looks: Sequence[Look], holds: Callable[[Look], bool]
) -> Iterator[tuple[Look, int | None]]:
    """Each look, with the step since which it holds without a break, None if it does not."""
    since = None
    for look in looks:
        since = (look.step if since is None else since) if holds(look) else None
        yield look, since


def _cover(looks: Sequence[Look]) -> State:
    for look, since in _lasting(looks, lambda look: look.values["covered"] == 8):
        if look.step >= 400:
            return State(f"At step 400 it was {look.values['covered']} of 8 modes.", False)
        if since is not None and look.step >= since + 10:
            return State(f"All 8 modes from step {since:,} to {look.step:,}.", True)
    return State(_now(looks[-1]))


def _fallen(look: Look) -> bool:
    return look.values["covered"] <= 1 and look.spot >= 0.9 and 300 <= look.step <= 2000


def _collapse(looks: Sequence[Look]) -> State:
    changed = frozenset().union(*(look.changed for look in looks))
    now = looks[-1]
    if len(changed) > 1:
        return State(f"More than one control was changed: {', '.join(sorted(changed))}.", False)
    if 10 * now.discriminator_steps < now.step - 10:
        return State("D must play too: at least one update for ten of G.", False)
    for look, since in _lasting(looks, _fallen):
        if since is not None and look.step >= since + 100 and changed:
            name = next(iter(changed))
            return State(f"Collapsed from step {since:,} to {look.step:,}, by {name} alone.", True)
    share = f" {now.spot:.0%} of the points lie in one spot."
    if now.step >= 2000:
        return State(f"At step 2,000 it has not collapsed.{share}", False)
    return State(_now(now) + share)


def _save(looks: Sequence[Look]) -> State:
    if any(look.changed for look in looks if look.step < 700):
        return State("Up to step 700 the run must be as it was.", False)
    now = looks[-1]
    if now.step < 1720:
        return State(f"{_now(now)} JS is {now.values['JS']:.2f}. Counted at step 1,720.")
    if not any(look.changed for look in looks):
        return State("This is how the run ends when nothing is changed. Look back, and save it.")
    covered, apart = (_mean(looks, name, 1720, 100) for name in ("covered", "JS"))
    text = f"From step 1,620 to 1,720 it was {covered:.1f} of 8 modes, with a JS of {apart:.2f}."
    return State(text, covered >= 6 and apart < 0.35)


def _beat(looks: Sequence[Look]) -> State:
    now = looks[-1]
    if now.step < 1000:
        return State(f"Now JS is {now.values['JS']:.2f} at step {now.step:,}.")
    apart = _mean(looks, "JS", 1000, 100)
    return State(f"From step 900 to 1,000 JS was {apart:.3f} on average.", apart < 0.25)


def _own_loss(looks: Sequence[Look]) -> State:
    now = looks[-1]
    if not now.own_loss:
        if now.step >= 1500:
            text = f"With the usual loss it was {now.values['covered']} of 8 modes at step 1,500."
            return State(text, False)
        return State(f"{_now(now)} G does not play for a loss of your own yet.")
    if now.step < 1500:
        return State(f"{_now(now)} {now.values['good']:.0%} of the points are good.")
    counted = [look for look in looks if look.own_loss]
    covered, good = (_mean(counted, name, 1500, 200) for name in ("covered", "good"))
    text = f"From step 1,300 to 1,500 it was {covered:.1f} of 8 modes, with {good:.0%} good points."
    return State(text, covered >= 6 and good >= 0.5)


# How each can be won, and that pressing Play wins none, is in tests/test_missions.py.
MISSIONS = {
    "cover the ring": Mission(
        "Cover all 8 modes before step 400, and keep them for 10 steps. As it is set, this game "
        "covers them around step 700.",
        Settings(seed=0),
        _cover,
        until=400,
    ),
    "collapse it": Mission(
        "Change one control, and one only, so that G collapses: nine tenths of its points in one "
        "spot, at most 1 mode covered, for 100 steps somewhere between step 300 and step 2,000.",
        Settings(seed=0),
        _collapse,
        until=2000,
    ),
    "save the run": Mission(
        "This run finds all 8 modes around step 720 and then loses them. Look back, continue from "
        "there with something changed, and still cover 6 modes 1,000 steps later, at a JS below "
        "0.35, both on average over the last 100 steps.",
        PRESETS["finds it and loses it"].settings,
        _save,
        until=1720,
    ),
    "beat the seed": Mission(
        "With this seed JS is 0.41 at step 1,000, on average over the last 100 steps. Bring it "
        "below 0.25. The seed stays.",
        Settings(seed=4),
        _beat,
        until=1000,
    ),
    "a loss that covers more": Mission(
        "D makes ten updates per round, and with the usual loss G is stuck at 4 modes. Write a "
        "loss for G, give it to use_loss, and cover 6 modes from step 1,300 to 1,500 on average, "
        "half of the points good. All else stays.",
        Settings(seed=0, discriminator_steps=10),
        _own_loss,
        until=1500,
        fixed=ANYTHING,
    ),
}


class MissionWatch:
    """Watches one game on a mission, and records when it is done.

    Args:
        name: of the mission, in ``MISSIONS``.

    Attributes:
        mission: the ``Mission``.
        state: where this try stands, in words, and whether it is done or missed.
        won: how it was done first, in words; empty before.
    """

    def __init__(self, name: str) -> None:
        self.name, self.mission = name, MISSIONS[name]
        self.state, self.won = State(""), ""
        self._looks: list[Look] = []
        self._broken: list[str] = []  # for each look what is against the rules, or nothing
        self._trouble = ""

    @property
    def html(self) -> str:
        """The goal and the state, for the page."""
        lines = [f"<b>Done.</b> {html.escape(self.won)}"] if self.won else []
        if self.state.text != self.won:
            lines += ["This time:"] if self.won else []
            lines += ["<b>Missed.</b>"] if self.state.done is False else []
            lines.append(html.escape(self.state.text))
        if self.state.done is False:
            lines.append("Press Reset, or look back and continue, to try again.")
        goal, trouble = html.escape(self.mission.goal), html.escape(self._trouble)
        return f"<b>Mission: {self.name}.</b> {goal}<br>{' '.join(lines)} {trouble}".rstrip()

    def see(self, game: PointGAN, moment: Moment) -> None:
        """Judge the newest moment of the game."""
        if moment.step == moment.discriminator_steps == 0:
            self._looks, self._broken = [], []
        elif self.state.done is not None or self._looks[-1].step >= self.mission.until:
            return  # nothing that is still to come changes it
        self._looks.append(_as_look(self.mission.start, game, moment))
        self._broken.append(self._against_the_rules(game))
        self._judge()

    def go_back(self, moment: Moment) -> None:
        """Forget what came after this moment."""
        made = moment.step, moment.discriminator_steps
        kept = sum((look.step, look.discriminator_steps) <= made for look in self._looks)
        del self._looks[kept:], self._broken[kept:]
        self._judge()

    def _judge(self) -> None:
        broken = next(filter(None, self._broken), "")
        if broken:
            self.state = State(f"{broken} It does not count.", False)
        else:
            self.state = self.mission.judge(self._looks)
        if self.state.done and not self.won:
            self.won = self.state.text
            try:
                progress.record(LESSON, self.name, progress.CORRECT)
            except OSError as error:
                self._trouble = f"Your progress was not stored: {error}"

    def _against_the_rules(self, game: PointGAN) -> str:
        start, settings = self.mission.start.resolved(), game.settings.resolved()
        for name in sorted(self.mission.fixed):
            if getattr(settings, name) != getattr(start, name):
                return f"In this mission {name} stays as it is."
        own_data = game.distribution is not DISTRIBUTIONS[start.data]
        return "In this mission the data stay as they are." if own_data else ""


def _as_look(start: Settings, game: PointGAN, moment: Moment) -> Look:
    fake = moment.fake.astype(np.float64)
    away = np.linalg.norm(fake - np.median(fake, axis=0), axis=1)
    before, now = start.resolved(), game.settings.resolved()
    changed = {name for name in ANYTHING if getattr(before, name) != getattr(now, name)}
    usual, own = LOSSES[now.loss], game.own_loss
    own_loss = own is not None and own.generator is not usual.generator
    own_loss = own_loss and game.loss.discriminator is usual.discriminator
    return Look(
        moment.step,
        moment.discriminator_steps,
        moment.values,
        float((away < SPOT).mean()),
        frozenset(changed | ({"loss"} if own is not None else set())),
        own_loss,
    )


def check_alone(**given: Any) -> None:
    """Raise a ValueError if something is given that a mission brings itself."""
    for name, value in given.items():
        if value is not None:
            raise ValueError(f"A mission brings its own {name}; leave out {name} or the mission.")
