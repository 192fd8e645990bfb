"""How fast the replica answers: pages and pictures a second, one process, over keep-alive connections.

    python benchmarks/replica.py [--requests 10000] [--connections 8]

The client is bare sockets that count bytes, in a process of its own, so that it is not what is measured; its share
of a core is in the last column. On a machine that others use too, the rate per CPU second of the replica is the
figure to compare.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import import_module
from typing import cast
from urllib.request import urlopen

_LENGTH_RE = re.compile(rb"\r\ncontent-length: (\d+)", re.IGNORECASE)

_PATIENCE_SECONDS = 120


@dataclass
class Tally:
    """What one measurement has seen."""

    paths: Iterator[str]
    wanted: int
    finished: asyncio.Future[None]
    answers: int = 0
    good: int = 0
    bytes: int = 0


class Client(asyncio.Protocol):
    """One keep-alive connection that asks for the next path as soon as an answer is complete."""

    def __init__(self, tally: Tally) -> None:
        self.tally = tally
        self.head = b""
        self.missing = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.Transport", transport)  # uvloop's is none by inheritance
        self.ask()

    def ask(self) -> None:
        path = next(self.tally.paths, None)
        if path is None:
            self.transport.close()
        else:
            self.transport.write(f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".encode())

    def data_received(self, data: bytes) -> None:
        self.tally.bytes += len(data)
        if self.missing:
            self.missing -= len(data)
        else:
            self.head += data
            head, end, body = self.head.partition(b"\r\n\r\n")
            if not end:
                return
            length = _LENGTH_RE.search(head)
            self.missing = (int(length[1]) if length else 0) - len(body)
            self.tally.good += head.startswith(b"HTTP/1.1 200")
            self.head = b""
        if self.missing == 0:
            self.tally.answers += 1
            if self.tally.answers == self.tally.wanted:
                self.tally.finished.set_result(None)
            self.ask()


async def measure(port: int, paths: list[str], connections: int) -> tuple[Tally, float, float]:
    """Ask for *paths*; return the tally, the seconds it took, and the client's own CPU seconds."""
    loop = asyncio.get_running_loop()
    tally = Tally(iter(paths), len(paths), loop.create_future())
    began, used = time.perf_counter(), time.process_time()
    for _ in range(connections):
        await loop.create_connection(lambda: Client(tally), "127.0.0.1", port)
    async with asyncio.timeout(_PATIENCE_SECONDS):
        await tally.finished
    return tally, time.perf_counter() - began, time.process_time() - used


def cpu_seconds(port: int) -> float:
    """Return the CPU seconds that the replica has used so far."""
    with urlopen(f"http://127.0.0.1:{port}/replica/stats", timeout=10) as response:
        return float(json.load(response)["cpu_seconds"])


def report(name: str, port: int, paths: list[str], connections: int) -> None:
    try:
        loop_factory = import_module("uvloop").new_event_loop
    except ImportError:  # optional, as in the replica
        loop_factory = None
    with asyncio.Runner(loop_factory=loop_factory) as runner:
        runner.run(measure(port, paths[:1], 1))  # what is rendered once is not what is measured
        before = cpu_seconds(port)
        tally, seconds, used = runner.run(measure(port, paths, connections))
    server = cpu_seconds(port) - before
    print(
        f"{name:<20}{tally.answers / seconds:>7,.0f}{tally.answers / server:>12,.0f}"
        f"{tally.bytes / tally.answers / 1024:>9.1f}{tally.good:>8,} of {tally.answers:,}{used / seconds:>8.0%}"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--requests", type=int, default=10_000)
    parser.add_argument("--connections", type=int, default=8)
    options = parser.parse_args()
    command = [sys.executable, "-m", "crawler.replica", "--port", "0", "--redirects", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        try:
            assert server.stdout is not None
            port = int(server.stdout.readline().split("/ (")[0].rpartition(":")[2])
            count = range(options.requests)
            ticks = [f"//2016/02/26/alalam_{635921016327147719 + n}_25f_4x3.jpg" for n in count]
            flat = [f"/{1509941620 + n}47493000.jpg" for n in count]
            print(f"{'':<20}{'/s':>7}{'/CPU second':>12}{'KB each':>9}{'status 200':>18}{'client':>8}")
            for name, paths in (
                ("article pages", [f"/news/{1_600_000 + n}" for n in count]),
                ("pictures, original", [f"/news/image/original{pic}" for pic in ticks]),
                ("pictures, 855x495", [f"/uploads/855x495{pic}" for pic in flat]),
            ):
                report(name, port, paths, options.connections)
        finally:
            server.terminate()


if __name__ == "__main__":
    main()
