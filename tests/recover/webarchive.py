"""Web archives for tests: pywb as the real ones run it, and one of our own that misbehaves on request."""

from __future__ import annotations

import contextlib
import json
import re
import socket
import subprocess
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import NamedTuple
from urllib.error import HTTPError
from urllib.request import urlopen

from crawler.replica import Site
from crawler.replica.routes import Routes
from crawler.warc import Exchange, write_warc
from tests.archives import run_tool, tool
from tests.waiting import HANG_SECONDS, wait_for


def captured(base: str, path: str, date: datetime, site: Site | None = None) -> list[Exchange]:
    """Return the exchange for *path* of the replica at *base* when it was whole, and for where it redirects to."""
    _, reply = Routes(site or Site(), base).reply(path, {})
    headers = {"Content-Type": reply.media_type, **reply.headers, "Content-Length": str(len(reply.body))}
    exchange = Exchange(
        url=f"{base}{path}", date=date, status=int(reply.status), headers=tuple(headers.items()), body=reply.body
    )
    location = reply.headers.get("Location")
    return [exchange, *(captured(base, location, date, site) if location and location != path else ())]


def page(url: str, date: datetime, body: bytes, status: int = 200, **headers: str) -> Exchange:
    """Return the exchange of a page that says *body*."""
    told = {"Content-Type": "text/html; charset=utf-8", "Content-Length": str(len(body)), **headers}
    told = {name.replace("_", "-"): value for name, value in told.items()}
    return Exchange(url=url, date=date, status=status, headers=tuple(told.items()), body=body)


class Pywb:
    """pywb, serving ``/web/<timestamp>id_/<url>``, and for each of *collections* the index ``/<collection>-index``.

    The WARC file of each is ``file(collection)``; an index names it as ``<collection>.warc.gz``.
    """

    def __init__(self, folder: Path, **collections: Iterable[Exchange]) -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        for name, exchanges in collections.items():
            warc = self.file(name)
            with warc.open("wb") as stream:
                write_warc(stream, exchanges, warc.name, {"software": "tests"})
            indexes = folder / "collections" / name / "indexes"
            indexes.mkdir(parents=True)
            archive = folder / "collections" / name / "archive"
            archive.mkdir()
            (archive / warc.name).hardlink_to(warc)
            done = run_tool("cdxj-indexer", "--sort", str(warc))
            assert done.returncode == 0, done.stderr
            (indexes / "index.cdxj").write_text(done.stdout)
        (folder / "config.yaml").write_text("cdx_api_endpoint: -index\n")
        self.url = f"http://127.0.0.1:{free_port()}"
        self._log = folder / "pywb.log"
        port = self.url.rpartition(":")[2]
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(
                [tool("wayback"), "--bind", "127.0.0.1", "--port", port, "--threads", "4"],
                cwd=folder,
                stdout=log,
                stderr=subprocess.STDOUT,
            )
        wait_for(lambda: answers(self.url) or self._process.poll() is not None)
        assert self._process.poll() is None, self._log.read_text()

    def file(self, collection: str) -> Path:
        """Return the path of the WARC file of *collection*."""
        return self.folder / f"{collection}.warc.gz"

    def requests(self) -> list[str]:
        """Return the paths that it was asked for."""
        return re.findall(r'"GET (\S+) HTTP', self._log.read_text(errors="replace"))

    def stop(self) -> None:
        """End it."""
        self._process.terminate()
        self._process.wait(HANG_SECONDS)


def free_port() -> int:
    """Return a port that is free now."""
    with contextlib.closing(socket.socket()) as sock:
        sock.bind(("127.0.0.1", 0))
        return int(sock.getsockname()[1])


def answers(url: str) -> bool:
    """Tell whether there is an answer of any kind at *url*."""
    try:
        urlopen(url, timeout=HANG_SECONDS).close()
    except HTTPError:
        return True
    except OSError:
        return False
    return True


class Asked(NamedTuple):
    """A request to :func:`archive`: when it came, its path, and its headers."""

    at: float
    path: str
    headers: dict[str, str]


Answer = tuple[int, dict[str, str], bytes]


@contextlib.contextmanager
def archive(answer: Callable[[Asked, int], Answer], port: int = 0) -> Iterator[tuple[str, list[Asked]]]:
    """Serve an archive of our own: *answer* is given the request, and how often its path was asked for before.

    Gives the base URL and the list of requests. An answer may declare another Content-Length than it has.
    """
    asked: list[Asked] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            before = sum(one.path == self.path for one in asked)
            asked.append(Asked(time.monotonic(), self.path, dict(self.headers)))
            status, headers, body = answer(asked[-1], before)
            self.send_response(status)
            for name, value in {"Content-Length": str(len(body)), **headers}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", asked
    finally:
        server.shutdown()
        server.server_close()
        thread.join(10)


def part_of(path: Path, asked: Asked) -> Answer:
    """Answer a Range request for a part of the file at *path*."""
    first, last = (int(number) for number in asked.headers["Range"].removeprefix("bytes=").split("-"))
    data = path.read_bytes()[first : last + 1]
    return 206, {"Content-Type": "application/octet-stream"}, data


def recovering(profile: Path, folder: Path, archives: Sequence[dict[str, object]] = (), **keys: object) -> Path:
    """Return a copy of *profile* with *keys* as its ``[recover]``, and *archives* as its ``[[recover.archives]]``."""
    path = folder / "recovering.toml"
    lines = "".join(f"{name} = {json.dumps(value)}\n" for name, value in keys.items())
    for one in archives:
        lines += "[[recover.archives]]\n" + "".join(f"{name} = {json.dumps(value)}\n" for name, value in one.items())
    text = profile.read_text(encoding="utf-8")
    path.write_text(text.replace("[article]", f"[recover]\n{lines}\n[article]", 1), encoding="utf-8")
    return path


def utc(*parts: int) -> datetime:
    """Return a moment in UTC."""
    return datetime(*parts, tzinfo=UTC)  # type: ignore[misc, arg-type]
