"""How smoothly the playground of lesson 2 runs: pictures, steps, answers, memory.

Plays in an event loop as a notebook does, without a browser, which works on a core of its own.
"""

import asyncio
import statistics
import time

from gan_helpers.playground import Playground

import psutil

SETTLE = 5.0  # seconds until everything is compiled and caches are full
CHANGES = {
    "speed": lambda lab: setattr(
        lab.controls.speed, "value", 5 if lab.controls.speed.value == 10 else 10
    ),
    "learning rate": lambda lab: lab.change(
        generator_rate=0.001 if lab.game.settings.generator_rate == 0.002 else 0.002
    ),
    "loss": lambda lab: lab.change(
        loss="hinge" if lab.game.settings.loss == "non-saturating" else "non-saturating"
    ),
    "optimizer": lambda lab: lab.change(
        optimizer="SGD" if lab.game.settings.optimizer == "Adam" else "Adam"
    ),
    "data": lambda lab: lab.change(
        data="two moons" if lab.game.settings.data == "ring of 8" else "ring of 8"
    ),
    # Through the control: the networks are then built beside the event loop.
    "width": lambda lab: setattr(
        lab.controls.settings["width"], "value", 64 if lab.game.settings.width == 32 else 32
    ),
    "reset": lambda lab: (lab.reset(), lab.play()),
}


def measure(minutes: float) -> None:
    asyncio.run(play(minutes))


async def play(minutes: float) -> None:
    lab = Playground(seed=2)
    lab.play()
    await asyncio.sleep(SETTLE)
    process = psutil.Process()
    memory = [process.memory_info().rss]
    steps, frames, start = lab.game.step, lab.screen.frames_shown, time.perf_counter()
    for _ in range(4):
        await asyncio.sleep(15 * minutes)
        memory.append(process.memory_info().rss)
    seconds = time.perf_counter() - start
    print(f"{'playground':44} {'measured':>12}")
    print(f"{'pictures a second':44} {(lab.screen.frames_shown - frames) / seconds:12.1f}")
    print(f"{'steps a second, 10 a picture':44} {(lab.game.step - steps) / seconds:12.0f}")
    print(f"{'milliseconds a step':44} {1000 * lab.screen.seconds_per_step:12.2f}")
    for name, change in CHANGES.items():
        waits = [await answer(lab, change) for _ in range(6)]
        print(
            f"{f'answer to a change of {name}, ms: median':44} "
            f"{1000 * statistics.median(waits):12.0f}   longest {1000 * max(waits):.0f}"
        )
    grown = " ".join(f"{(rss - memory[0]) / 2**20:+.0f}" for rss in memory[1:])
    print(f"memory after each quarter of {minutes:g} minutes, MB: {memory[0] / 2**20:.0f} {grown}")
    after = process.memory_info().rss - memory[-1]
    print(f"memory after {6 * len(CHANGES)} changes, MB: {after / 2**20:+.0f}")
    lab.pause()


async def answer(lab: Playground, change) -> float:
    """Seconds from a change until the next picture after it; asked at no special moment."""
    start = time.perf_counter() + 0.31
    await asyncio.sleep(0.31)  # and longer, if a frame is being made just then
    change(lab)
    frames = lab.screen.frames_shown
    async with asyncio.timeout(30):
        while lab.screen.frames_shown == frames:
            await asyncio.sleep(0.001)
    if lab.problem.value:
        raise RuntimeError(lab.problem.value)
    return time.perf_counter() - start
