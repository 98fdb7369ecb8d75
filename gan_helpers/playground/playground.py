"""A live GAN over points in the plane, to be played, stepped, changed and broken in a notebook."""

import asyncio
import html
import math
import signal
import threading
import time
import weakref
from collections import deque
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from typing import Any

from gan_helpers import checks
from gan_helpers.pictures import picture_figure
from gan_helpers.playground.game import (
    LOSSES,
    OPTIMIZERS,
    SIZES,
    GameError,
    Loss,
    Moment,
    PointGAN,
    Settings,
    check_setting_names,
)
from gan_helpers.playground.picture import LAYERS, WIDTH, PointPicture, in_words, to_jpeg
from gan_helpers.playground.points import DISTRIBUTIONS, PointDistribution, from_points
from gan_helpers.plots import LessonFigure, few_colours_png
from gan_helpers.widgets import TitledImage, WidgetWithStill

import ipywidgets
import keras
import numpy as np
from PIL import Image

__all__ = ["PRESETS", "Playground", "Preset"]

FRAMES_PER_SECOND = 24
PAUSE = 0.005  # seconds in every frame in which the kernel answers
TRAINING_SHARE = 0.025  # seconds of a frame for training; the rest is for drawing
MOST_MOMENTS = 600
YOURS = "yours"
NO_RUN = "choose a run"
PLAYING: "weakref.WeakSet[Playground]" = weakref.WeakSet()


@dataclass(frozen=True)
class Preset:
    """A run that tells a story.

    Attributes:
        settings: how it starts; with its seed it goes the same way each time.
        steps: updates of the generator until the story is told.
        question: what to watch for.
    """

    settings: Settings
    steps: int
    question: str


DEEPER = {"width": 64, "hidden_layers": 3, "generator_rate": 0.001, "discriminator_rate": 0.001}

# What each of them shows holds for other seeds too, as tests/test_presets.py checks.
PRESETS = {
    "learns the ring": Preset(
        Settings(seed=1, **DEEPER), 2000, "Do the points find all eight modes, and in which order?"
    ),
    "critic without scores": Preset(
        Settings(
            seed=1,
            loss="Wasserstein, clipped",
            generator_rate=0.005,
            discriminator_rate=0.005,
        ),
        2000,
        "This loss asks D for no probability. Will the ring be found, and what do scores say?",
    ),
    "one latent number": Preset(
        Settings(seed=0, latent_dim=1),
        2000,
        "A line is bent into the plane. How will it visit eight separate modes?",
    ),
    "two islands": Preset(
        Settings(seed=0, data="disjoint blobs"),
        1500,
        "Can G put points on both islands and none in the water between them?",
    ),
    "grid of 25": Preset(
        Settings(seed=3, data="grid of 25", **DEEPER),
        3000,
        "The same networks, three times as many modes. Will all be covered?",
    ),
    "too small": Preset(
        Settings(seed=1, width=4),
        2000,
        "Four units a layer. Whose size matters here, that of G or that of D?",
    ),
    "G far too fast": Preset(
        Settings(seed=0, generator_rate=0.01, discriminator_rate=0.0005),
        800,
        "G learns twenty times as fast as D. Where will its points be, and for how long?",
    ),
    "D far too strong": Preset(
        Settings(seed=1, generator_rate=0.001, discriminator_rate=0.01, discriminator_steps=10),
        1000,
        "D learns ten times as fast and has ten turns. Can G still learn from it?",
    ),
    "finds it and loses it": Preset(
        Settings(seed=0, optimizer="SGD", generator_rate=0.1, discriminator_rate=0.1),
        2000,
        "Plain SGD with large steps. When would you stop it?",
    ),
    "both far too fast": Preset(
        Settings(seed=3, generator_rate=0.1, discriminator_rate=0.1),
        600,
        "Fifty times the usual learning rates. What is left of the generator's variety?",
    ),
}


class Playground(WidgetWithStill):
    """A GAN over points in the plane with its controls. Put it on the last line of a cell.

    Without a live front end (a page on a code host, slides, an exported notebook) the picture as
    it is now remains, with its alt text.

    Args:
        data: name of a distribution ("line", "Gaussians", "ring of 8", "grid of 25", "two moons",
            "disjoint blobs"), or points of your own, shape (k, 2), between -1.5 and 1.5.
        generator: a built Keras model from latents to points, instead of the usual one.
        discriminator: a built Keras model from points to one logit.
        generator_loss: function of ``fake_logits`` that returns a scalar.
        discriminator_loss: function of ``(real_logits, fake_logits)`` likewise.
        preset: name of a run in ``PRESETS`` to begin with, instead of ``data``.
        **settings: other fields of ``Settings``, such as ``seed=3``; with a preset, what
            differs from it.

    Attributes:
        game: the ``PointGAN`` that is played.
        moments: what was seen so far; the newest is the last.
        playing: whether it trains at the moment.
        run: name of the preset that is played, None once something else is chosen.
        frames_shown: pictures drawn so far.
        seconds_per_step: duration of a training step, a running mean.
        picture: the ``TitledImage`` that holds the picture.
        problem: the message of what went wrong last, empty if all is well.

    Raises:
        TypeError: if an argument is of another kind than described.
        ValueError: if the data, the preset, a setting or a network does not fit.

    Example:
        ``Playground("ring of 8", generator_loss=my_loss, seed=1)``
    """

    def __init__(
        self,
        data: str | np.ndarray | PointDistribution = "ring of 8",
        generator: keras.Model | None = None,
        discriminator: keras.Model | None = None,
        generator_loss: Callable[[Any], Any] | None = None,
        discriminator_loss: Callable[[Any, Any], Any] | None = None,
        *,
        preset: str | None = None,
        **settings: Any,
    ) -> None:
        check_setting_names(settings)
        distribution = None
        if preset is not None:
            chosen = replace(checks.find_named(PRESETS, preset, "run").settings, **settings)
        elif isinstance(data, str):
            chosen = Settings(data=data, **settings)
        else:
            chosen = Settings(**settings)
            distribution = data if isinstance(data, PointDistribution) else from_points(data)
        self.game = PointGAN(
            chosen,
            distribution=distribution,
            generator=generator,
            discriminator=discriminator,
            generator_loss=generator_loss,
            discriminator_loss=discriminator_loss,
        )
        self._own_networks = generator is not None or discriminator is not None
        self._own_loss: Loss | None = None
        self._own_distribution: PointDistribution | None = None
        # Everything that touches the game runs in the thread that made it.
        self._thread = threading.get_ident()
        self._loop = _running_loop()
        self._task: asyncio.Task | None = None
        self.playing = False
        self._syncing = False
        self._forget = True
        self._shown = 0
        self._building = False
        self.seconds_per_step = TRAINING_SHARE  # until it is measured
        self.frames_shown = 0
        self._frame_times: deque[float] = deque(maxlen=30)

        self.problem = ipywidgets.HTML()
        self.picture = TitledImage(
            format="jpeg",
            layout={"width": f"{WIDTH}px", "max_width": "100%", "height": "auto"},
        )
        self._drawing = PointPicture()
        self._make_controls()
        self._begin_record()
        self._name_run(None if settings else preset)
        super().__init__(self._lay_out())
        # The front end counts its views; without one nobody could press Pause any more.
        self._view_count = 0
        self.observe(self._on_views, "_view_count")

    @classmethod
    def from_settings(
        cls, settings: Settings, distribution: PointDistribution | None = None
    ) -> "Playground":
        """A playground set like this, with data of your own if given."""
        if not isinstance(settings, Settings):
            raise TypeError(f"settings is {checks.describe(settings)}; give playground.Settings.")
        chosen = asdict(settings)
        data = chosen.pop("data")
        return cls(data if distribution is None else distribution, **chosen)

    # ---------------------------------------------------------------- what a person can do

    def play(self) -> None:
        """Train and draw until ``pause``; the notebook stays usable meanwhile.

        Raises:
            RuntimeError: outside a notebook, where nothing would draw; use ``advance`` there.
        """
        if self._loop is None:
            raise RuntimeError("Playing needs a notebook. Use advance(steps) instead.")
        self.playing = True
        self._show_newest()
        self._set_play_button()
        # After a short pause the old task may still be there, and simply goes on.
        if self._task is None or self._task.done():
            self._task = self._loop.create_task(self._keep_playing())

    def _build(self, prepare: Callable[[], None], finish: Callable[[], None]) -> None:
        """Do something slow to the game beside the event loop, so that the controls stay alive."""
        if self._loop is None:
            prepare()
            finish()
            return
        self._building = True
        self.counter.value = "building the networks ..."

        async def build() -> None:
            try:
                await asyncio.to_thread(prepare)
                self._guard(finish)
            except Exception as error:
                self._report(error)
            finally:
                self._building = False
                self._write_counter()

        self._build_task = self._loop.create_task(build())

    def pause(self) -> None:
        """Stop training after the frame that is being made."""
        self.playing = False
        self._set_play_button()
        self._move_history_to_end()
        self._write_counter()

    def close(self) -> None:
        """Stop training and take the widget away; what is compiled is free for the next game."""
        self.playing = False
        if self.comm is not None:  # neither closed before nor left half made
            self.game.rest()
        super().close()

    def advance(self, steps: int, every: int | None = None) -> "Playground":
        """Train so many steps at once, recording a moment after every few of them.

        Args:
            steps: updates of the generator.
            every: steps between two moments, at least 1. Default: fifty moments in all.

        Returns:
            The playground itself, so that a cell can end with the call.

        Raises:
            GameError: if the game cannot go on, for example because of a faulty loss.
            ValueError: if ``every`` is below 1, or ``steps`` negative.
        """
        checks.check_whole("steps", steps, 0)
        every = checks.check_whole("every", max(1, steps // 50) if every is None else every)
        while steps > 0:
            self.game.train(min(every, steps))
            steps -= every
            self._remember()
        self._show_newest()
        self._move_history_to_end()
        return self

    def step_discriminator(self, times: int = 1) -> "Playground":
        """Update the discriminator alone; return the playground itself."""
        return self._repeat(self.game.update_discriminator, times)

    def step_generator(self, times: int = 1) -> "Playground":
        """Update the generator alone; return the playground itself."""
        return self._repeat(self.game.update_generator, times)

    def step_both(self) -> "Playground":
        """One round: the discriminator's updates, then one of the generator."""
        return self._repeat(lambda: self.game.train(1), 1)

    def reset(self) -> None:
        """Begin again with the same seed."""
        self.pause()
        self.game.reset()
        self._begin_record()

    def change(self, **settings: Any) -> None:
        """Change fields of ``Settings`` while it plays or not.

        Raises:
            ValueError: if a setting is unknown; then nothing changes.
        """
        before, distribution = self.game.settings, self.game.distribution
        self.game.change(**settings)
        self._name_run(None)
        after = self.game.settings
        new_game = any(getattr(before, name) != getattr(after, name) for name in (*SIZES, "seed"))
        if new_game or self.game.distribution is not distribution:
            self._begin_record()
        elif not self.playing:  # then the next picture comes by itself
            self._look_again()
        self._sync_controls()

    def start_preset(self, name: str) -> None:
        """Begin the run of this name in ``PRESETS``, paused."""
        preset = checks.find_named(PRESETS, name, "run")
        self.pause()
        self.game.change(**asdict(preset.settings))
        self.game.reset()
        self._begin_record()
        self._sync_controls()
        self._name_run(name)

    def use_points(self, points: np.ndarray) -> None:
        """Learn points of your own, shape (k, 2), from now on."""
        self._learn(from_points(points))

    def _learn(self, distribution: PointDistribution) -> None:
        self.game.use_points(distribution)
        self._name_run(None)
        self._begin_record()
        self._sync_controls()

    def use_loss(
        self,
        generator_loss: Callable[[Any], Any] | None = None,
        discriminator_loss: Callable[[Any, Any], Any] | None = None,
    ) -> None:
        """Play with losses of your own from now on."""
        self._play_for(self.game.complete_loss(generator_loss, discriminator_loss))

    def _play_for(self, loss: Loss | None) -> None:
        self.game.play_for(loss)
        self._name_run(None)
        self._sync_controls()

    def filmstrip(self, count: int = 5) -> LessonFigure:
        """The plane at evenly spaced moments of the record, side by side.

        Args:
            count: number of moments, the first and the newest among them; at least 2.
        """
        checks.check_whole("count", count, 2)
        last = len(self.moments) - 1
        chosen = sorted({round(last * k / max(1, count - 1)) for k in range(count)})
        frames = [self._drawing.plane_of(self.moments[index]) for index in chosen]
        labels = _label_moments([self.moments[index] for index in chosen])
        words = in_words(self.moments[-1], self.game.distribution)
        game = f"the run “{self.run}”" if self.run else "a game"
        alt = f"{len(frames)} moments of {game}, the last: {words}"
        figure = picture_figure(
            frames, labels, len(frames), 1, alt=alt, title=self.run, below=True, widest=1200
        )
        figure.few_colours = "drawing"  # a stored notebook stays small
        return figure

    def draw(self) -> Image.Image:
        """The picture as it is now, 1000 x 560 pixels."""
        return self._drawing.draw(self.moments, self._shown)

    @property
    def still(self) -> bytes:
        """The picture as it is now, a small PNG file."""
        return few_colours_png(self.draw(), "drawing")

    @property
    def alt(self) -> str:
        """The moment that is shown, in words."""
        return in_words(self.moments[self._shown], self.game.distribution)

    @property
    def frames_per_second(self) -> float:
        """Pictures a second over the last thirty; 0 before the second one."""
        times = self._frame_times
        return (len(times) - 1) / (times[-1] - times[0]) if len(times) > 1 else 0.0

    # ---------------------------------------------------------------- playing and recording

    async def _keep_playing(self) -> None:
        self._frame_times.clear()
        PLAYING.add(self)
        if not self._building:
            self._build(self.game.compile, lambda: None)
        while self.playing:
            _watch_for_interrupts()
            start = time.perf_counter()
            if not self._building:
                self._frame_times.append(start)
                self._guard(self._frame)
            spent = time.perf_counter() - start
            await asyncio.sleep(max(PAUSE, 1 / FRAMES_PER_SECOND - spent))
        PLAYING.discard(self)

    def _frame(self) -> None:
        affordable = int(TRAINING_SHARE / self.seconds_per_step)
        steps = min(self.speed.value, max(1, affordable))
        start = time.perf_counter()
        self.game.train(steps)
        seconds = (time.perf_counter() - start) / steps
        # The first call compiles; the smaller of the two forgets that at once.
        self.seconds_per_step = min(seconds, 0.9 * self.seconds_per_step + 0.1 * seconds)
        self._remember()
        self._show_newest()
        if self._frames % FRAMES_PER_SECOND == 0:
            self._move_history_to_end()

    def _repeat(self, update: Callable[[], None], times: int) -> "Playground":
        checks.check_whole("times", times, 0)
        self.pause()
        for _ in range(times):
            update()
        self._look_again()
        return self

    def _begin_record(self) -> None:
        """Forget what was seen, and look at the game as it stands."""
        self._forget = True
        self._look_again()

    def _look_again(self) -> None:
        self._remember()
        self._show_newest()
        self._move_history_to_end()

    def _remember(self) -> None:
        moment = self.game.look()  # which may fail: until it succeeds the old record stays
        if self._forget:
            self._drawing.begin(self.game.shown_real, self.game.distribution, self.game.floor)
            self.moments: list[Moment] = []
            self._frames, self._stride, self._temporary = 0, 1, False
            self._forget = False
        if self._temporary:
            self.moments.pop()
        self.moments.append(moment)
        # When there are many, only every second, fourth, eighth ... stays; the newest always does.
        self._temporary = self._frames % self._stride != 0
        self._frames += 1
        if len(self.moments) > MOST_MOMENTS:
            del self.moments[1:-1:2]
            self._stride *= 2

    def _show_newest(self) -> None:
        self._show(len(self.moments) - 1)

    def _show(self, index: int) -> None:
        self._shown = index
        self.frames_shown += 1
        self.picture.value = to_jpeg(self.draw())
        self._write_counter()

    def _write_counter(self) -> None:
        moment = self.moments[self._shown]
        text = f"step {moment.step:,} (D: {moment.discriminator_steps:,} updates)"
        if self.playing and len(self._frame_times) > 1:
            text += f", {self.frames_per_second:.0f} pictures/s"
        elif self._shown < len(self.moments) - 1:
            text += f", looking back; the game stands at {self.moments[-1].step:,}"
        self.counter.value = text

    def _move_history_to_end(self) -> None:
        last = len(self.moments) - 1
        self.picture.tooltip = self.alt
        # First what is shown, so that the slider's own message changes nothing.
        self.history.max = last
        self.history.value = last

    # ---------------------------------------------------------------- controls

    def _do(self, action: Callable[[], None]) -> None:
        """Act on the game once nothing is being built."""
        self._call(lambda: self._act(action))

    def _call(self, action: Callable[[], None]) -> None:
        """Act in the thread of the game; a front end may call from another."""
        if self._loop is None or threading.get_ident() == self._thread:
            action()
        else:
            self._loop.call_soon_threadsafe(action)

    def _act(self, action: Callable[[], None]) -> None:
        if self._building:  # after that
            self._loop.call_later(PAUSE, self._act, action)
        else:
            self._guard(action)

    def _guard(self, action: Callable[[], None]) -> None:
        """Act, and show what goes wrong: in a callback it would vanish into a log."""
        try:
            action()
        except Exception as error:
            self._report(error)
        else:
            if self.problem.value:
                self.problem.value = ""

    def _report(self, error: Exception) -> None:
        self.playing = False
        self._set_play_button()
        name = "" if isinstance(error, GameError) else f"{type(error).__name__}: "
        self.problem.value = f"<b>Stopped.</b> {html.escape(name + str(error))}"

    def _make_controls(self) -> None:
        self.play_button = _button("Play", "play", "Train and draw until you press it again")
        self.d_button = _button("Step D", "", "One update of the discriminator alone")
        self.g_button = _button("Step G", "", "One update of the generator alone")
        self.both_button = _button("Step both", "", "D's updates, then one of the generator")
        self.reset_button = _button("Reset", "undo", "Begin again with the same seed")
        for control, action in (
            (self.d_button, self.step_discriminator),
            (self.g_button, self.step_generator),
            (self.both_button, self.step_both),
            (self.reset_button, self.reset),
        ):
            control.on_click(lambda _, action=action: self._do(action))
        self.play_button.on_click(lambda _: self._on_play())
        self.speed = ipywidgets.SelectionSlider(
            options=[1, 2, 5, 10, 20, 50],
            value=10,
            description="steps a picture",
            style={"description_width": "7.5em"},
            layout={"width": "19em"},
        )
        self.counter = ipywidgets.Label()
        self.preset = _dropdown("run", [NO_RUN, *PRESETS])
        self.story = ipywidgets.HTML()
        self.history = ipywidgets.IntSlider(
            max=0,
            description="look back",
            readout=False,
            style={"description_width": "6em"},
            layout={"width": f"{WIDTH}px", "max_width": "100%"},
        )
        self.layers = {
            name: ipywidgets.Checkbox(
                value=True,
                description=name,
                indent=False,
                layout={"width": "auto", "margin": "2px 1em"},
            )
            for name in LAYERS
        }
        self.settings = {
            "data": _dropdown("data", list(DISTRIBUTIONS)),
            "loss": _dropdown("loss", list(LOSSES)),
            "latents": _dropdown("latents", ["normal", "uniform"]),
            "latent_dim": _dropdown("latent numbers", [1, 2]),
            "optimizer": _dropdown("optimizer", list(OPTIMIZERS)),
            "generator_rate": _rate("learning rate G"),
            "discriminator_rate": _rate("learning rate D"),
            "discriminator_steps": _whole("D steps per G step", 1, 10),
            "hidden_layers": _whole("hidden layers", 1, 4),
            "width": _dropdown("units in each", [4, 8, 16, 32, 64, 128]),
            "seed": _whole("seed", 0, 20),
        }
        self._sync_controls()
        self.preset.observe(self._on_preset, "value")
        self.history.observe(self._on_history, "value")
        for name, box in self.layers.items():
            box.observe(lambda change, name=name: self._on_layer(name, change["new"]), "value")
        for name, control in self.settings.items():
            control.observe(
                lambda change, name=name: self._on_setting(name, change["new"]), "value"
            )

    def _on_views(self, change: Any) -> None:
        if change["old"] and not change["new"] and self.playing:
            self._call(self.pause)

    def _on_play(self) -> None:
        if self.playing:
            self._call(self.pause)  # at once, whatever is being built
        else:
            self._do(self.play)

    def _on_preset(self, change: Any) -> None:
        if change["new"] in PRESETS and not self._syncing:
            self._do(lambda: (self.start_preset(change["new"]), self._loop and self.play()))

    def _on_history(self, change: Any) -> None:
        # Moves made by the code itself find the picture already there.
        if change["new"] != self._shown:
            self._do(lambda: self._look_back(change["new"]))

    def _look_back(self, index: int) -> None:
        self.playing = False
        self._set_play_button()
        self._show(min(index, len(self.moments) - 1))
        self.picture.tooltip = self.alt

    def _on_layer(self, name: str, visible: bool) -> None:
        def switch() -> None:
            self._drawing.visible[name] = visible
            self._show(self._shown)

        self._do(switch)

    def _on_setting(self, name: str, value: Any) -> None:
        if self._syncing or value in (self._current(name), None):
            return
        if value == YOURS:
            self._do(lambda: self._play_for(self._own_loss))
        elif name == "data" and value not in DISTRIBUTIONS:
            self._do(lambda: self._learn(self._own_distribution))
        elif name in SIZES:
            self._do(lambda: self._resize(**{name: value}))
        else:
            self._do(lambda: self.change(**{name: value}))

    def _resize(self, **sizes: int) -> None:
        def prepare() -> None:
            self.game.change(**sizes)
            self._forget = True  # even if a loss of your own now fails
            self.game.compile()

        def finish() -> None:
            self._name_run(None)
            self._begin_record()
            self._sync_controls()

        self._build(prepare, finish)

    def _current(self, name: str) -> Any:
        """What a control should show: the setting, or that something of your own is used."""
        game = self.game
        if name == "loss" and game.own_loss is not None:
            return YOURS
        if name == "data":
            return game.distribution.name
        return getattr(game.settings, name)

    def _name_run(self, name: str | None) -> None:
        """Say which preset is played, if any."""
        self.run = name
        self._syncing = True
        self.preset.value = name or NO_RUN
        self._syncing = False
        question = PRESETS[name].question if name else ""
        self.story.value = f"<i>{html.escape(question)}</i>"

    def _sync_controls(self) -> None:
        """Let the controls show what is set, without acting on what they then report."""
        self._syncing = True
        try:
            self._show_settings()
        finally:
            self._syncing = False

    def _show_settings(self) -> None:
        # What is your own can be chosen again later.
        self._own_loss = self.game.own_loss or self._own_loss
        if self.game.distribution.name not in DISTRIBUTIONS:
            self._own_distribution = self.game.distribution
        for name, control in self.settings.items():
            value = self._current(name)
            options = getattr(control, "options", None)
            if options is not None and value not in options:
                control.options = (*options, value)
            elif isinstance(control, ipywidgets.IntSlider):
                control.max = max(control.max, value)
            elif isinstance(control, ipywidgets.FloatLogSlider):
                control.min = min(control.min, math.log10(value))
                control.max = max(control.max, math.log10(value))
            control.value = value
            control.disabled = self._own_networks and name in SIZES

    def _set_play_button(self) -> None:
        self.play_button.description = "Pause" if self.playing else "Play"
        self.play_button.icon = "pause" if self.playing else "play"

    def _lay_out(self) -> list[ipywidgets.Widget]:
        buttons = [self.play_button, self.d_button, self.g_button, self.both_button]
        own = self.settings
        return [
            _row(self.preset, self.story),
            _row(*buttons, self.reset_button, self.speed, self.counter),
            self.problem,
            self.picture,
            self.history,
            _row(ipywidgets.Label("show"), *self.layers.values()),
            _row(own["data"], own["loss"], own["optimizer"]),
            _row(own["generator_rate"], own["discriminator_rate"], own["discriminator_steps"]),
            _row(own["latent_dim"], own["latents"], own["seed"]),
            _row(own["hidden_layers"], own["width"]),
        ]


def _watch_for_interrupts() -> None:
    """Let the notebook's interrupt button pause the games.

    Between two cells the kernel ignores it. While a cell runs, it is that cell's, as always.
    """
    in_main_thread = threading.current_thread() is threading.main_thread()
    if in_main_thread and signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, _pause_all)


def _pause_all(*_: Any) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    for game in PLAYING:
        # Not here and now: the loop may be in the middle of a message.
        game._loop.call_soon_threadsafe(game.pause)


def _running_loop() -> asyncio.AbstractEventLoop | None:
    try:
        return asyncio.get_running_loop()
    except RuntimeError:  # a script, a test: nothing plays by itself there
        return None


def _label_moments(moments: list[Moment]) -> list[str]:
    steps = [f"step {moment.step:,}" for moment in moments]
    if len(set(steps)) == len(steps):
        return steps
    return [f"G {moment.step:,}, D {moment.discriminator_steps:,} steps" for moment in moments]


def _row(*widgets: ipywidgets.Widget) -> ipywidgets.HBox:
    return ipywidgets.HBox(widgets, layout={"flex_flow": "row wrap", "align_items": "center"})


def _button(text: str, icon: str, tooltip: str) -> ipywidgets.Button:
    return ipywidgets.Button(description=text, icon=icon, tooltip=tooltip, layout={"width": "7em"})


LABEL = {"style": {"description_width": "9.5em"}, "layout": {"width": "21em"}}


def _dropdown(text: str, options: list) -> ipywidgets.Dropdown:
    return ipywidgets.Dropdown(options=options, description=text, **LABEL)


def _whole(text: str, lowest: int, highest: int) -> ipywidgets.IntSlider:
    return ipywidgets.IntSlider(
        min=lowest, max=highest, description=text, continuous_update=False, **LABEL
    )


def _rate(text: str) -> ipywidgets.FloatLogSlider:
    return ipywidgets.FloatLogSlider(
        min=-4.5,
        max=0,
        step=0.125,
        description=text,
        readout_format=".4f",
        continuous_update=False,
        **LABEL,
    )
