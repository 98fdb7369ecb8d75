"""Draw trials: the points over time with the number under each panel, and a dot per seed."""

from collections.abc import Mapping, Sequence
from numbers import Real
from typing import Any

from gan_helpers.checks import check_number, check_whole, describe
from gan_helpers.clinic.game import Look
from gan_helpers.clinic.patients import Ruler, SickGame
from gan_helpers.clinic.trial import Trial
from gan_helpers.playground import EDGE
from gan_helpers.plots import (
    DISCRIMINATOR,
    FAKE,
    FONT_SIZE,
    GENERATOR,
    INK,
    NEUTRAL,
    REAL,
    LessonFigure,
    new_figure,
)

import numpy as np
from matplotlib.axes import Axes

__all__ = ["plot_charts", "plot_dots", "plot_strip"]

PANEL = 3.0  # inches, 300 pixels
MOST_PANELS = 4
NAMES = 0.42  # inches of a row for its words


def plot_strip(
    trials: Trial | Sequence[Trial] | Mapping[str, Trial],
    at: Sequence[float] = (0.0, 0.3, 0.6, 1.0),
    seed: int = 0,
) -> LessonFigure:
    """The points of one or more trials over time, a row per trial, panels 300 pixels wide.

    Real points are blue dots, generated ones orange squares; the green shade is D's score and the
    green line where it is one half. Under each panel stands the measurement of that moment, beside
    the name of the row the number of the whole game, as tables have it.

    Args:
        trials: what ``try_on`` returns, or a list of them; a dict gives the rows names of its own,
            and then no verdict is written.
        at: two to four moments, as shares of the game from 0 to 1.
        seed: which of the trial's games is drawn, counted from 0.

    Raises:
        TypeError: if a trial is none.
        ValueError: if there is none, or a number is out of range.
    """
    names = list(trials) if isinstance(trials, Mapping) else None
    trials = _check_trials(list(trials.values()) if isinstance(trials, Mapping) else trials)
    count = len(_check_shares(at))
    check_whole("seed", seed, 0, min(len(trial.seeds) for trial in trials) - 1)
    rows = names or [_titled(trial, seed) for trial in trials]
    figure = LessonFigure(
        figsize=(count * (PANEL + 0.12), len(trials) * (PANEL + 2 * NAMES) + NAMES),
        alt="Points over time. " + " ".join(f"{row}." for row in rows),
    )
    figure.few_colours = "drawing"
    height = figure.get_figheight()
    for index, trial in enumerate(trials):
        top = 1 - index * (PANEL + 2 * NAMES) / height
        figure.text(
            0.01, top - 0.08 / height, rows[index], va="top", fontsize=FONT_SIZE + 1, color=INK
        )
        looks = trial.looks[seed]
        steps = np.array([look.step for look in looks]) / max(1, looks[-1].step)
        # Of several moments at step 0, which a head start makes, the first.
        chosen = [int(np.abs(steps - share).argmin()) for share in at]
        for column, moment in enumerate(chosen):
            left = (column + 0.02) / count
            bottom = top - (PANEL + NAMES) / height
            axes = figure.add_axes((left, bottom, 0.96 / count, PANEL / height))
            _draw_plane(axes, trial.real, looks[moment])
            step = _step_of(trial.patient, looks, moment)
            if names is None:
                ruler = trial.patient.ruler
                step += f": {ruler.written.format(ruler.at(looks[moment]))}"
            axes.text(0.5, -0.03, step, transform=axes.transAxes, ha="center", va="top")
    _explain(figure, height)
    return figure


def _check_shares(at: Any) -> Sequence[float]:
    if not isinstance(at, tuple | list) or not 2 <= len(at) <= MOST_PANELS:
        raise ValueError(
            f"at is {describe(at)}; give two to four shares of the game, such as (0, 0.5, 1)."
        )
    return [check_number("Each share in at", share, 0, 1) for share in at]


def _titled(trial: Trial, seed: int) -> str:
    ruler, number = trial.patient.ruler, trial.numbers[seed]
    verdict = "healthy" if ruler.is_healthy(number) else "sick"
    found = f"{trial.patient.disease}, {trial.remedy}: {ruler.number.format(number)}, {verdict}"
    return f"{found} ({ruler.told}; seed {trial.seeds[seed]})"


def _step_of(patient: SickGame, looks: Sequence[Look], index: int) -> str:
    step = looks[index].step
    return "start" if index == 0 else "after D's head start" if step == 0 else f"step {step:,}"


def _draw_plane(axes: Axes, real: np.ndarray, look: Look) -> None:
    axes.set(xlim=(-EDGE, EDGE), ylim=(-EDGE, EDGE), xticks=[], yticks=[], aspect="equal")
    for spine in axes.spines.values():
        spine.set_visible(True)
        spine.set_color(NEUTRAL)
    extent = (-EDGE, EDGE, -EDGE, EDGE)
    if np.isfinite(look.surface).all():
        levels = np.linspace(0, 1, 6)
        greens = ["#FFFFFF", "#EAF5F1", "#D5EBE3", "#C0E1D5", "#ABD7C7"]
        axes.contourf(look.surface, levels, colors=greens, extent=extent)
        axes.contour(look.surface, [0.5], colors=DISCRIMINATOR, linewidths=1.6, extent=extent)
    axes.scatter(real[:, 0], real[:, 1], s=11, color=REAL, marker="o", linewidths=0)
    inside = np.clip(np.nan_to_num(look.fake), -EDGE * 0.985, EDGE * 0.985)
    axes.scatter(
        inside[:, 0],
        inside[:, 1],
        s=17,
        color=FAKE,
        marker="s",
        edgecolors="#5E2900",
        linewidths=0.5,
    )


def _explain(figure: LessonFigure, height: float) -> None:
    axes = figure.add_axes((0.01, 0.02 / height, 0.98, NAMES / height))
    axes.set_axis_off()
    axes.set(xlim=(0, 100), ylim=(0, 1))
    marks = [
        ("o", REAL, "real"),
        ("s", FAKE, "generated (at the edge: outside)"),
    ]
    place = 1.0
    for marker, color, name in marks:
        axes.scatter([place], [0.5], s=45, color=color, marker=marker)
        axes.text(place + 1.3, 0.5, name, va="center")
        place += 11 if name == "real" else 36
    axes.plot([place, place + 2.5], [0.5, 0.5], color=DISCRIMINATOR)
    axes.text(place + 3.3, 0.5, "D(x) = ½, shaded: D says real", va="center")


def plot_dots(
    patient: SickGame, numbers: Mapping[str, Sequence[float]], mine: Sequence[Trial] = ()
) -> LessonFigure:
    """A dot for each seed on the axis of the patient's number, a row per remedy.

    Args:
        patient: one of ``PATIENTS``; its ruler makes the axis and the threshold.
        numbers: remedy -> a number per seed, such as ``stored_numbers`` returns.
        mine: trials of this patient that are drawn as further rows, with diamonds.

    Raises:
        TypeError: if the patient or a trial is none, or the numbers are no dict.
        ValueError: if there is nothing to draw.
    """
    if not isinstance(patient, SickGame):
        raise TypeError(f"patient is {describe(patient)}; give one of clinic.PATIENTS.")
    if not isinstance(numbers, Mapping):
        raise TypeError(f"numbers is {describe(numbers)}; give a dict: remedy -> numbers.")
    for name, found in numbers.items():
        if not isinstance(found, tuple | list) or not found:
            raise TypeError(f"The numbers of {name} are {describe(found)}; give one per seed.")
        for number in found:
            if not isinstance(number, Real):
                raise TypeError(f"A number of {name} is {describe(number)}; give one per seed.")
    rows = [(name, tuple(found), False) for name, found in numbers.items()]
    rows += [(f"yours: {t.remedy}", t.numbers, True) for t in (_check_trials(mine) if mine else ())]
    if not rows:
        raise ValueError("There is nothing to draw: give the numbers of at least one remedy.")
    ruler = patient.ruler
    told = [f"{name}: {_cured(ruler, found)}" for name, found, _ in rows]
    figure, axes = new_figure(
        alt=f"{patient.disease}, {ruler.told}. Cured: {'; '.join(told)}.",
        width=10,
        height=1.6 + 0.36 * len(rows),
    )
    figure.few_colours = "drawing"
    low, high = ruler.ends
    margin = 0.04 * (high - low)
    healthy = (ruler.threshold, high + margin) if ruler.more else (low - margin, ruler.threshold)
    axes.axvspan(*healthy, color="#E4E4E4", zorder=0)
    axes.axvline(ruler.threshold, color=INK, linewidth=1.5)
    for row, (_, found, own) in enumerate(rows):
        _draw_row(axes, ruler, np.clip(found, low, high), row, own)
    names = [f"{name}  {_cured(ruler, found)}" for name, found, _ in rows]
    axes.set_yticks(range(len(rows)), names)
    axes.set(xlim=(low - margin, high + margin), ylim=(len(rows) - 0.4, -0.6), xlabel=ruler.unit)
    figure.suptitle(f"{patient.disease}: one mark per seed, {ruler.told} (shaded)")
    axes.grid(axis="y", visible=False)
    return figure


def _cured(ruler: Ruler, numbers: Sequence[float]) -> str:
    return f"{sum(map(ruler.is_healthy, numbers))} of {len(numbers)}"


def _draw_row(axes: Axes, ruler: Ruler, numbers: np.ndarray, row: int, own: bool) -> None:
    # Equal numbers side by side, lest one hides the others.
    for index, number in enumerate(numbers):
        same = [k for k, other in enumerate(numbers) if abs(other - number) < 0.02 * ruler.ends[1]]
        height = row + 0.16 * (same.index(index) - (len(same) - 1) / 2)
        axes.plot(
            number,
            height,
            marker="D" if own else "o",
            markersize=9,
            color=GENERATOR if own else INK,
            markerfacecolor=(GENERATOR if own else INK) if ruler.is_healthy(number) else "white",
            markeredgewidth=1.8,
            clip_on=False,
        )


def plot_charts(charts: Mapping[str, Trial], seed: int = 0) -> LessonFigure:
    """What is measured of patients over time: losses, scores, G's gradient, a row per patient.

    Args:
        charts: the name of the patient, such as "A" -> a trial without a remedy.
        seed: which of the trial's games is drawn, counted from 0.

    Raises:
        TypeError: if it is no dict of trials.
        ValueError: if it is empty, or there is no such game.
    """
    if not isinstance(charts, Mapping):
        raise TypeError(f"charts is {describe(charts)}; give a dict: letter -> trial.")
    trials = _check_trials(list(charts.values()))
    check_whole("seed", seed, 0, min(len(trial.seeds) for trial in trials) - 1)
    alt = f"Losses, scores and gradients of {len(charts)} patients: {', '.join(charts)}."
    figure, panels = new_figure(len(charts), 3, alt=alt, height=2.5, squeeze=False)
    figure.few_colours = "drawing"
    for row, (name, trial) in zip(panels, charts.items(), strict=True):
        _draw_chart(row, name, trial.looks[seed])
    titles = "losses", "mean score of D", "norm of G's gradient"
    for axes, title in zip(panels[0], titles, strict=True):
        axes.set_title(title)
    for axes in panels[0][:2]:
        axes.legend(fontsize=FONT_SIZE - 2)
    for axes in panels[-1]:
        axes.set_xlabel("updates of G")
    return figure


def _draw_chart(row: Sequence[Axes], name: str, looks: Sequence[Look]) -> None:
    # A head start would stand upright at step 0.
    looks = [
        look
        for k, look in enumerate(looks)
        if look.step or k == len(looks) - 1 or looks[k + 1].step
    ]
    steps = [look.step for look in looks]

    def curve(axes: Axes, value: str, label: str, color: str, style: str) -> None:
        values = [look.values[value] for look in looks]
        axes.plot(steps, values, style, color=color, label=label)

    losses, scores, gradient = row
    curve(losses, "generator_loss", "G", GENERATOR, "--")
    curve(losses, "discriminator_loss", "D", DISCRIMINATOR, "-")
    curve(scores, "real_score", "on real", REAL, "-")
    curve(scores, "fake_score", "on generated", FAKE, "--")
    curve(gradient, "gradient", "", GENERATOR, "-")
    scores.set(ylim=(-0.04, 1.04), yticks=[0, 0.5, 1])
    gradient.set(yscale="log", ylim=(1e-4, 1e3), yticks=[1e-4, 1e-2, 1, 100])
    losses.set_ylabel(name, fontsize=FONT_SIZE + 2)


def _check_trials(trials: Any) -> list[Trial]:
    trials = [trials] if isinstance(trials, Trial) else trials
    if not isinstance(trials, list | tuple) or not all(isinstance(t, Trial) for t in trials):
        raise TypeError(f"trials is {describe(trials)}; give what try_on returns, or a list of it.")
    if not trials:
        raise ValueError("There is no trial to draw; try_on makes one.")
    return list(trials)
