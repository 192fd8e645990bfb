"""Memory and time of ``scrapy captures list`` and ``count``, by the number of captures.

    python -m benchmarks.captures                      # 100,000 and 1,000,000 captures
    python -m benchmarks.captures --captures 50000

A CDX server on loopback gives resume keys and never holds its lines in memory. Prints for each number: the seconds, the
greatest memory of the process, captures a second, and the bytes of the list.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from hashlib import sha1
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import NamedTuple
from urllib.parse import parse_qs, quote_plus, urlsplit

CAPTURES_A_PAGE = 4
FIRST = datetime(2013, 1, 1, tzinfo=UTC)
SITE = """name = "made"
timezone = "UTC"
[article]
urls = ["http://made.example/news/{{id}}"]
id_pattern = '/news/(?P<id>[0-9]+)'
[recover]
[[recover.archives]]
name = "made"
cdx = "{url}/cdx"
replay = "{url}/{{timestamp}}/{{url}}"
cdx_per_minute = 100000
"""


class Measured(NamedTuple):
    """What one command took."""

    seconds: float
    mebibytes: float


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--captures", type=int, nargs="+", default=[100_000, 1_000_000])
    print(f"{'captures':>10} {'list s':>8} {'MiB':>6} {'a second':>9} {'count s':>8} {'MiB':>6} {'list bytes':>12}")
    for captures in parser.parse_args().captures:
        with tempfile.TemporaryDirectory() as folder:
            listing, counting, size = measure(captures, Path(folder))
        print(
            f"{captures:>10,} {listing.seconds:>8.1f} {listing.mebibytes:>6.0f} {captures / listing.seconds:>9,.0f}"
            f" {counting.seconds:>8.1f} {counting.mebibytes:>6.0f} {size:>12,}"
        )


def measure(captures: int, folder: Path) -> tuple[Measured, Measured, int]:
    """List and count so many *captures*; return what both took, and the size of the list."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler_of(captures))
    Thread(target=server.serve_forever, daemon=True).start()
    site, out = folder / "site.toml", folder / "captures.jsonl.gz"
    site.write_text(SITE.format(url=f"http://127.0.0.1:{server.server_port}"))
    listing = run("list", "--site", str(site), "-o", str(out))
    server.shutdown()
    return listing, run("count", str(out), "--site", str(site)), out.stat().st_size


def run(*arguments: str) -> Measured:
    """Run ``scrapy captures`` with *arguments*."""
    began = time.monotonic()
    command = [sys.executable, "-W", "ignore", "-m", "scrapy", "captures", *arguments]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as process:
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        sys.exit(f"{' '.join(command)} ended with {process.returncode}")
    unit = 1024 if sys.platform != "darwin" else 1024 * 1024
    return Measured(time.monotonic() - began, usage.ru_maxrss / unit)


def line(number: int) -> tuple[str, str, bytes]:
    """Return key, time and line of the capture *number*."""
    article, capture = divmod(number, CAPTURES_A_PAGE)
    key = f"example,made)/news/{article:09}"
    when = f"{FIRST + timedelta(minutes=article % 2_000_000, days=300 * capture):%Y%m%d%H%M%S}"
    digest = sha1(f"{article} {capture}".encode(), usedforsecurity=False).hexdigest()
    url = f"http://made.example/news/{article:09}"
    return key, when, f"{key} {when} {url} text/html 200 {digest} 9000\n".encode()


def answer(captures: int, query: dict[str, list[str]]) -> Iterator[bytes]:
    """Yield the lines that a Wayback CDX server answers to *query*."""
    start = 0
    if "resumeKey" in query:
        key, _, when = query["resumeKey"][0].partition(" ")
        start = int(key.rpartition("/")[2]) * CAPTURES_A_PAGE
        while line(start)[1] < when.rstrip("!"):
            start += 1
    end = min(captures, start + int(query["limit"][0]))
    for number in range(start, end):
        yield line(number)[2]
    if end < captures:
        key, when, _ = line(end - 1)
        yield b"\n" + quote_plus(f"{key} {when}!").encode() + b"\n"


def handler_of(captures: int) -> type[BaseHTTPRequestHandler]:
    """Return the handler of a server that holds so many *captures*."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.end_headers()
            for part in answer(captures, parse_qs(urlsplit(self.path).query)):
                self.wfile.write(part)

        def log_message(self, *_: object) -> None:
            """Print nothing."""

    return Handler


if __name__ == "__main__":
    main()
