"""The event loop behind a playground: it plays, takes actions, and builds beside the loop."""

import asyncio
import signal
import threading
import time
import weakref
from collections import deque
from collections.abc import Callable, Sequence
from typing import Any

from gan_helpers.playground.rules import GameError

__all__ = ["FRAMES_PER_SECOND", "Player"]

FRAMES_PER_SECOND = 24
PAUSE = 0.005  # seconds in every frame in which the kernel answers
PLAYING: "weakref.WeakSet[Player]" = weakref.WeakSet()


class Player:
    """Makes frame after frame, and takes one action after the other, in the thread that made it.

    Args:
        frame: makes one frame.
        changed: called after each change of an attribute.

    Attributes:
        pace: seconds from one frame to the next.
        playing: whether it makes frames at the moment.
        building: whether something is being built beside the loop; frames and actions wait.
        problem: the message of what went wrong last, empty once all is well again.
    """

    def __init__(self, frame: Callable[[], None], changed: Callable[[], None]) -> None:
        self._frame, self._changed = frame, changed
        # Everything that touches the game runs in this thread.
        self._thread = threading.get_ident()
        self.loop = _running_loop()
        self._task: asyncio.Task | None = None
        self._turns: asyncio.Task | None = None
        self.pace = 1 / FRAMES_PER_SECOND
        self.playing = self.building = False
        self.problem = ""
        self._times: deque[float] = deque(maxlen=30)

    @property
    def frames_per_second(self) -> float:
        """Frames a second over the last thirty; 0 before the second one."""
        times = self._times
        return (len(times) - 1) / (times[-1] - times[0]) if len(times) > 1 else 0.0

    def do(self, action: Callable[[], None], at_once: bool = False) -> None:
        """Take an action. What goes wrong is kept to be shown: in a callback it would vanish.

        Args:
            action: what to do.
            at_once: whether it need not wait for what is being built.
        """
        if self.loop is not None and threading.get_ident() != self._thread:
            # A front end may call from another thread.
            self.loop.call_soon_threadsafe(self.do, action, at_once)
        elif self.loop is not None and self.building and not at_once:
            self.loop.call_later(PAUSE, self.do, action)
        else:
            try:
                action()
            except KeyboardInterrupt:  # while a message is handled, the interrupt button acts here
                self.pause()
                raise
            except Exception as error:
                name = "" if isinstance(error, GameError) else f"{type(error).__name__}: "
                self.problem = f"{name}{error}"
                self.pause()
            else:
                self.problem, mended = "", self.problem
                if mended:
                    self._changed()

    def build(self, prepare: Callable[[], None], finish: Callable[[], None] = lambda: None) -> None:
        """Do something slow beside the event loop, so that the controls stay alive.

        Args:
            prepare: the slow part, for another thread.
            finish: what follows in this one if all went well.
        """
        if self.loop is None:
            prepare()
            finish()
            return

        def end(built: asyncio.Future) -> None:
            def take() -> None:
                built.result()  # raises what went wrong
                finish()

            self.building = False
            self.do(take)
            self._changed()

        self.building = True
        self._changed()
        self.loop.run_in_executor(None, prepare).add_done_callback(end)

    def play(self) -> None:
        """Make frames until ``pause``; the notebook stays usable meanwhile.

        Raises:
            RuntimeError: outside a notebook, where there is no event loop.
        """
        if self.loop is None:
            raise RuntimeError("Playing needs a notebook. Use advance(steps) instead.")
        self.playing = True
        self._changed()
        # After a short pause the old task may still be there, and simply goes on.
        if self._task is None or self._task.done():
            self._task = self.loop.create_task(self._keep_playing())

    def take_in_turn(self, frames: Sequence[Callable[[], None]], seconds: float) -> None:
        """Show frames made before, so many seconds each; without an event loop only the last."""
        self.end_turns()
        if self.loop is None:
            frames[-1]()
        else:
            self._turns = self.loop.create_task(self._keep_turning(frames, seconds))

    async def _keep_turning(self, frames: Sequence[Callable[[], None]], seconds: float) -> None:
        for frame in frames:
            self.do(frame)
            await asyncio.sleep(seconds)

    def end_turns(self) -> None:
        """Show none of the frames that are still to come: something else is shown."""
        turns, self._turns = self._turns, None
        if turns is not None:
            turns.cancel()

    def pause(self) -> None:
        """Stop after the frame that is being made."""
        self.playing = False
        self._changed()

    async def _keep_playing(self) -> None:
        self._times.clear()
        PLAYING.add(self)
        while self.playing:
            _watch_for_interrupts()
            start = time.perf_counter()
            if not self.building:
                self._times.append(start)
                self.do(self._frame)
            spent = time.perf_counter() - start
            await asyncio.sleep(max(PAUSE, self.pace - spent))
        PLAYING.discard(self)


def _watch_for_interrupts() -> None:
    """Let the notebook's interrupt button pause all that play.

    Between two cells the kernel ignores it. While a cell runs, it is that cell's, as always.
    """
    in_main_thread = threading.current_thread() is threading.main_thread()
    if in_main_thread and signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, _pause_all)


def _pause_all(*_: Any) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    for player in PLAYING:
        if player.loop is not None:
            # Not here and now: the loop may be in the middle of a message.
            player.loop.call_soon_threadsafe(player.pause)


def _running_loop() -> asyncio.AbstractEventLoop | None:
    try:
        return asyncio.get_running_loop()
    except RuntimeError:  # a script, a test: nothing plays by itself there
        return None
