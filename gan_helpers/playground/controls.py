"""The widgets of a playground: how they look, what they show, and when a person has chosen.

They know nothing of the game: what is chosen goes to an action that they were given.
"""

import html
import math
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from typing import Any

from gan_helpers.playground.picture import LAYERS, WIDTH
from gan_helpers.playground.points import DISTRIBUTIONS
from gan_helpers.playground.presets import PRESETS
from gan_helpers.playground.rules import LOSSES, OPTIMIZERS
from gan_helpers.playground.sheet import Sheet
from gan_helpers.plots import DISCRIMINATOR, GENERATOR

import ipywidgets

__all__ = ["NO_RUN", "SLOW_MOTION", "Controls"]

NO_RUN = "choose a run"
SLOW_MOTION = 0  # steps per picture: each update is shown stage by stage
WIDE = {"width": f"{WIDTH}px", "max_width": "100%"}
LABEL = {"style": {"description_width": "9.5em"}, "layout": {"width": "21em"}}
# The settings of each player, in the order of its row: layers, units, optimizer, rate, updates.
PLAYERS = {
    "G": ("hidden_layers", "width", "optimizer", "generator_rate", "generator_steps"),
    "D": (
        "discriminator_layers",
        "discriminator_width",
        "discriminator_optimizer",
        "discriminator_rate",
        "discriminator_steps",
    ),
}
HEADS = {"G": ("Generator", GENERATOR), "D": ("Discriminator", DISCRIMINATOR)}


class Controls:
    """All widgets of a playground.

    Args:
        do: called with each action that a person chose, a function without arguments.

    Attributes:
        mission: the goal and how near it is; hidden without one.
        picture: the ``Sheet`` that holds the picture.
        draw_button: whether data can be drawn on it.
        problem: the message of what went wrong last.
        counter: the steps so far.
        play_button, d_button, g_button, both_button, reset_button: the buttons.
        speed: rounds for each picture, or ``SLOW_MOTION``.
        preset, story: the run that is played, and its question.
        history: index of the moment that is shown.
        continue_button, note: goes back there, and what was done last.
        layers: a box for each layer of the picture, by name.
        settings: a control for each setting that can be changed here, by name.
    """

    def __init__(self, do: Callable[[Callable[[], None]], None]) -> None:
        self._do = do
        self._showing = False
        self.picture = Sheet(layout={**WIDE, "height": "auto"})
        self.mission = ipywidgets.HTML(layout={**WIDE, "display": "none"})
        self.problem = ipywidgets.HTML()
        self.counter = ipywidgets.Label()
        self.play_button = _button("Play", "play", "Train and draw until you press it again")
        self.d_button = _button("Step D", "", "One update of the discriminator alone")
        self.g_button = _button("Step G", "", "One update of the generator alone")
        self.both_button = _button("Step both", "", "D's updates, then one of the generator")
        self.reset_button = _button("Reset", "undo", "Begin again with the same seed")
        self.draw_button = ipywidgets.ToggleButton(
            description="draw data",
            icon="pencil",
            tooltip="Draw points on the plane; letting go plays on them",
            layout={"width": "8em"},
        )
        ipywidgets.link((self.draw_button, "value"), (self.picture, "drawing"))
        self.speed = ipywidgets.Dropdown(
            options=[
                ("slow motion", SLOW_MOTION),
                *((str(steps), steps) for steps in (1, 2, 5, 10, 20, 50)),
            ],
            value=10,
            description="steps per picture",
            style={"description_width": "9em"},
            layout={"width": "17.5em"},
        )
        self.preset = _dropdown("run", [NO_RUN, *PRESETS])
        self.story = ipywidgets.HTML()
        self.history = ipywidgets.IntSlider(
            max=0,
            description="look back",
            readout=False,
            style={"description_width": "6em"},
            layout=WIDE,
        )
        self.continue_button = ipywidgets.Button(
            description="Continue from here",
            tooltip="Go back to the moment that is shown, and play on from there",
            disabled=True,
            layout={"width": "12em"},
        )
        self.note = ipywidgets.Label()
        self.layers = {name: _box(name) for name in LAYERS}
        self.settings = {
            "data": _dropdown("data", list(DISTRIBUTIONS)),
            "loss": _dropdown("loss", list(LOSSES)),
            "latents": _dropdown("latents", ["normal", "uniform"]),
            "latent_dim": _dropdown("latent numbers", [1, 2]),
            "seed": _whole("seed", 0, 20),
        }
        for player, names in PLAYERS.items():
            self.settings |= dict(zip(names, _player_controls(player), strict=True))

    def rows(self) -> list[ipywidgets.Widget]:
        """The widgets in their places, from above."""
        buttons = [self.play_button, self.d_button, self.g_button, self.both_button]
        own = self.settings
        return [
            self.mission,
            _row(self.preset, self.story),
            _row(*buttons, self.reset_button, self.draw_button, self.speed, self.counter),
            self.problem,
            self.picture,
            self.history,
            _row(self.continue_button, self.note),
            _row(ipywidgets.Label("show"), *self.layers.values()),
            _row(own["data"], own["loss"], own["seed"]),
            _row(own["latent_dim"], own["latents"]),
            *(_player_row(player, [own[name] for name in PLAYERS[player]]) for player in PLAYERS),
        ]

    def listen(
        self,
        control: ipywidgets.Widget,
        name: str,
        action: Callable[..., None],
        trait: str = "value",
    ) -> None:
        """Take ``action(name=value)`` when a person chooses a value, not when one is shown."""

        def act(change: Any) -> None:
            if not self._showing:
                self._do(partial(action, **{name: change["new"]}))

        control.observe(act, trait)

    @contextmanager
    def _quietly(self) -> Iterator[None]:
        """What is shown here comes back as a change, but nobody has chosen it."""
        self._showing = True
        try:
            yield
        finally:
            self._showing = False

    def show_settings(self, values: Mapping[str, Any]) -> None:
        """Show the settings of the game, also those beyond what a control offers."""
        with self._quietly():
            for name, control in self.settings.items():
                _make_room(control, values[name])
                control.value = values[name]

    def show_run(self, name: str | None) -> None:
        """Show which run of the list is played, if any, and what to watch for."""
        question = "" if name is None else PRESETS[name].question
        with self._quietly():
            self.preset.value = name or NO_RUN
        self.story.value = f"<i>{html.escape(question)}</i>"

    def show_history(self, index: int, last: int) -> None:
        """Show which moment of the record is looked at."""
        with self._quietly():
            self.history.max = last
            self.history.value = index
        self.continue_button.disabled = index >= last

    def show_mission(self, text: str) -> None:
        """Show the goal of a mission, and how near it is."""
        self.mission.value = text
        self.mission.layout.display = "block"

    def show_state(self, text: str, playing: bool, problem: str) -> None:
        """Show where the game stands, and what stopped it; the button says what it would do."""
        self.counter.value = text
        self.play_button.description = "Pause" if playing else "Play"
        self.play_button.icon = "pause" if playing else "play"
        self.problem.value = problem and f"<b>Stopped.</b> {html.escape(problem)}"


def _make_room(control: ipywidgets.Widget, value: Any) -> None:
    """Let the control reach this value."""
    options = getattr(control, "options", None)
    if options is not None and value not in options:
        control.options = (*options, value)
    elif isinstance(control, ipywidgets.IntSlider):
        control.max = max(control.max, value)
    elif isinstance(control, ipywidgets.FloatLogSlider):
        control.min = min(control.min, math.log10(value))
        control.max = max(control.max, math.log10(value))


def _row(*widgets: ipywidgets.Widget) -> ipywidgets.HBox:
    return ipywidgets.HBox(widgets, layout={"flex_flow": "row wrap", "align_items": "center"})


def _player_controls(player: str) -> list[ipywidgets.Widget]:
    """Layers, units, optimizer, learning rate and updates per round of "G" or "D"."""
    return [
        _dropdown(f"{player} layers", [1, 2, 3, 4], _short("9em")),
        _dropdown(f"{player} units", [4, 8, 16, 32, 64, 128], _short("9em")),
        _dropdown(f"{player} optimizer", list(OPTIMIZERS), _short("12em")),
        _rate(f"{player} learning rate", _short("17em")),
        _dropdown(f"{player} updates per round", [1, 2, 3, 5, 10], _short("14em")),
    ]


def _short(width: str) -> dict[str, Any]:
    """A label no wider than its text."""
    return {"style": {"description_width": "initial"}, "layout": {"width": width}}


def _player_row(player: str, controls: list[ipywidgets.Widget]) -> ipywidgets.HBox:
    name, color = HEADS[player]
    head = ipywidgets.HTML(
        f'<b style="color: {color}; font-size: 1.3em">{player}</b> '
        f'<b style="color: {color}">{name}</b>',
        layout={"width": "10.5em"},
    )
    row = _row(head, *controls)
    row.layout.border_left = f"4px solid {color}"
    row.layout.padding = "0 0 0 8px"
    row.layout.margin = "4px 0"
    return row


def _button(text: str, icon: str, tooltip: str) -> ipywidgets.Button:
    return ipywidgets.Button(description=text, icon=icon, tooltip=tooltip, layout={"width": "7em"})


def _box(text: str) -> ipywidgets.Checkbox:
    layout = {"width": "auto", "margin": "2px 1em"}
    return ipywidgets.Checkbox(value=True, description=text, indent=False, layout=layout)


def _dropdown(text: str, options: list, label: dict = LABEL) -> ipywidgets.Dropdown:
    return ipywidgets.Dropdown(options=options, description=text, **label)


def _whole(text: str, lowest: int, highest: int) -> ipywidgets.IntSlider:
    return ipywidgets.IntSlider(
        min=lowest, max=highest, description=text, continuous_update=False, **LABEL
    )


def _rate(text: str, label: dict) -> ipywidgets.FloatLogSlider:
    return ipywidgets.FloatLogSlider(
        min=-4.5,
        max=0,
        step=0.125,
        description=text,
        readout_format=".4f",
        continuous_update=False,
        **label,
    )
