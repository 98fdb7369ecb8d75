"""What the seats of a class cost: N kernels on one JupyterLab server, all at work at once.

Each kernel runs the code of lesson 6 at the quick profile in a working folder of its own, as if N
students pressed Run All together, which is the worst case.
"""

import asyncio
import contextlib
import os
import secrets
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import nbformat
import psutil
import requests
from jupyter_client import AsyncKernelClient

LESSON = Path(__file__).resolve().parent.parent / "notebooks" / "06_dcgan_cifar10.ipynb"
PATIENCE = 300  # seconds for the server or a kernel to start
LONGEST_CELL = 600  # seconds
PAUSE = 1.0  # seconds between two looks at the memory
MEGABYTE = 1e6


@dataclass
class Seat:
    """One kernel, its client and what was measured of it."""

    client: AsyncKernelClient
    process: psutil.Process
    folder: Path
    idle: float = 0.0
    peak: float = 0.0
    seconds: float = 0.0
    processor_seconds: float = 0.0


@dataclass
class Memory:
    """The most that the server took, and server and kernels at one time, in bytes."""

    server: float = 0.0
    together: float = 0.0


def measure(count: int, lesson: Path = LESSON) -> None:
    """Run the lesson on so many seats and print what it cost.

    Raises:
        ExceptionGroup: of a RuntimeError for each seat where a cell failed; it names the seat, the
            cell and the error.
    """
    cells = [
        cell.source
        for cell in nbformat.read(lesson, as_version=4).cells
        if cell.cell_type == "code" and cell.source.strip()
    ]
    with tempfile.TemporaryDirectory() as folder, run_server(Path(folder)) as server:
        asyncio.run(measure_seats(count, cells, Path(folder), *server))


async def measure_seats(
    count: int, cells: list[str], folder: Path, address: str, token: str, server: psutil.Process
) -> None:
    seats: list[Seat] = []
    try:
        for number in range(1, count + 1):
            seats.append(await start_seat(folder, number, address, token))
        seconds, memory = await work(seats, cells, server)
    finally:
        for seat in seats:
            seat.client.stop_channels()
    report(seats, seconds, memory)


async def work(seats: list[Seat], cells: list[str], server: psutil.Process) -> tuple[float, Memory]:
    """Run the cells on all seats at once and watch the memory until the last is done."""
    for seat in seats:
        seat.idle = used_memory(seat.process)
    memory = Memory()
    start = time.perf_counter()
    async with asyncio.TaskGroup() as group:
        waiting = {group.create_task(run_cells(seat, cells)) for seat in seats}
        while waiting:
            now = [used_memory(seat.process) for seat in seats]
            for seat, bytes_used in zip(seats, now, strict=True):
                seat.peak = max(seat.peak, bytes_used)
            memory.server = max(memory.server, used_memory(server))
            memory.together = max(memory.together, sum(now) + used_memory(server))
            _, waiting = await asyncio.wait(waiting, timeout=PAUSE)
    return time.perf_counter() - start, memory


async def run_cells(seat: Seat, cells: list[str]) -> None:
    start = time.perf_counter()
    for number, code in enumerate(cells, start=1):
        answer = await seat.client.execute_interactive(
            code, allow_stdin=False, output_hook=lambda message: None, timeout=LONGEST_CELL
        )
        reply = answer["content"]
        if reply["status"] != "ok":
            raise RuntimeError(
                f"{seat.folder.name}, code cell {number} of {len(cells)}: "
                f"{reply.get('ename')}: {reply.get('evalue')}"
            )
    seat.seconds = time.perf_counter() - start
    times = seat.process.cpu_times()
    seat.processor_seconds = times.user + times.system


def used_memory(process: psutil.Process) -> float:
    """Bytes that a process takes; of what it shares with others its part, if the system tells."""
    try:
        memory = process.memory_full_info()
    except psutil.AccessDenied:  # macOS tells only an administrator
        return process.memory_info().rss
    return getattr(memory, "pss", memory.uss)


@contextlib.contextmanager
def run_server(folder: Path) -> Iterator[tuple[str, str, psutil.Process]]:
    """A JupyterLab server of its own, with settings of its own: address, token, process."""
    token = secrets.token_hex(16)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    environment = os.environ | {
        "GAN_PROFILE": "quick",
        "GAN_DATA": "sample",
        "JUPYTER_CONFIG_DIR": str(folder / "config"),
        "JUPYTER_DATA_DIR": str(folder / "data"),
        "JUPYTER_RUNTIME_DIR": str(folder / "runtime"),
    }
    command = [sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root"]
    command += ["--ServerApp.ip=127.0.0.1", f"--ServerApp.port={port}"]
    command += ["--ServerApp.port_retries=0", f"--ServerApp.root_dir={folder}"]
    command += [f"--IdentityProvider.token={token}", "--LabApp.news_url=None"]
    log = folder / "server.log"
    with log.open("wb") as output:
        process = psutil.Popen(
            command, env=environment, cwd=folder, stdout=output, stderr=subprocess.STDOUT
        )
    address = f"http://127.0.0.1:{port}"
    try:
        wait_for_server(address, process, log)
        yield address, token, process
    finally:
        for child in [*process.children(recursive=True), process]:
            with contextlib.suppress(psutil.NoSuchProcess):
                child.kill()
        process.wait()


def wait_for_server(address: str, process: psutil.Process, log: Path) -> None:
    """Wait until the server answers; the file with its address may come before it listens."""
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline and process.poll() is None:
        try:
            requests.get(f"{address}/api", timeout=PATIENCE).raise_for_status()
            return
        except requests.ConnectionError:
            time.sleep(0.1)
    text = log.read_text(encoding="utf-8", errors="replace")
    raise RuntimeError(f"JupyterLab did not start:\n{text[-2000:]}")


async def start_seat(folder: Path, number: int, address: str, token: str) -> Seat:
    """Ask the server for a kernel in a folder of its own, and talk to it as a front end does."""
    own = folder / f"seat_{number:02}"
    own.mkdir()
    answer = requests.post(
        f"{address}/api/kernels",
        headers={"Authorization": f"token {token}"},
        json={"name": "python3", "path": own.name},
        timeout=PATIENCE,
    )
    answer.raise_for_status()
    connection = folder / "runtime" / f"kernel-{answer.json()['id']}.json"
    client = AsyncKernelClient(connection_file=str(connection))
    client.load_connection_file()
    client.start_channels()
    await wait_for_kernel(client)
    # The kernel itself says which process it is.
    reply = await client.execute_interactive(
        "",
        user_expressions={"pid": "__import__('os').getpid()"},
        allow_stdin=False,
        timeout=PATIENCE,
    )
    pid = reply["content"]["user_expressions"]["pid"]["data"]["text/plain"]
    return Seat(client, psutil.Process(int(pid)), own)


async def wait_for_kernel(client: AsyncKernelClient) -> None:
    deadline = time.monotonic() + PATIENCE
    while True:
        try:
            return await client.wait_for_ready(timeout=PATIENCE)
        except RuntimeError:
            # A kernel that is still starting on a busy machine misses a heartbeat and counts as
            # dead.
            if time.monotonic() > deadline:
                raise


def report(seats: list[Seat], seconds: float, memory: Memory) -> None:
    rows = {
        "an idle kernel, MB": statistics.median(seat.idle for seat in seats) / MEGABYTE,
        "a seat at its peak, MB: median": statistics.median(seat.peak for seat in seats) / MEGABYTE,
        "a seat at its peak, MB: largest": max(seat.peak for seat in seats) / MEGABYTE,
        "the server, MB": memory.server / MEGABYTE,
        "server and all seats at one time, MB": memory.together / MEGABYTE,
        "processor seconds of a seat: median": statistics.median(
            seat.processor_seconds for seat in seats
        ),
        "seconds until the first seat is done": min(seat.seconds for seat in seats),
        "seconds until all seats are done": seconds,
    }
    print(f"{f'{len(seats)} seats, all without an error':44} {'measured':>12}")
    for name, value in rows.items():
        print(f"{name:44} {value:12,.0f}")
