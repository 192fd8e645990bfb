"""Web archives for tests: pywb as the real ones run it, and one of our own that misbehaves on request."""

from __future__ import annotations

import contextlib
import shutil
import socket
import subprocess
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from urllib.error import HTTPError
from urllib.request import urlopen

from crawler.replica import Site
from crawler.replica.routes import Routes
from crawler.warc import Exchange, write_warc
from tests.archives import run_tool, tool

CONFIG = """
collections_root: collections
archive_paths: archive
"""


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
    """pywb, serving ``/web/<timestamp>id_/<url>`` and the index ``/web/cdx`` of *exchanges*, with counts of both."""

    def __init__(self, folder: Path, exchanges: Iterable[Exchange], port: int | None = None) -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        warc = folder / "captures.warc.gz"
        with warc.open("wb") as stream:
            write_warc(stream, exchanges, warc.name, {"software": "tests"})
        for arguments in (("init", "web"), ("add", "web", str(warc))):
            done = run_tool("wb-manager", *arguments, cwd=folder)
            assert done.returncode == 0, done.stderr
        self.port = port or free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.log = folder / "pywb.log"
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                [tool("wayback"), "--bind", "127.0.0.1", "--port", str(self.port), "--threads", "4", "--debug"],
                cwd=folder,
                stdout=log,
                stderr=subprocess.STDOUT,
            )
        wait_until(lambda: answers(self.url) or self.process.poll() is not None)
        assert self.process.poll() is None, self.log.read_text()

    def requests(self) -> Counter[str]:
        """Return how many questions the index has answered, and how many captures were replayed."""
        lines = self.log.read_text(errors="replace").splitlines()
        return Counter("cdx" if "/web/cdx" in line else "replay" for line in lines if "GET /web/" in line)

    def stop(self) -> None:
        """End it."""
        self.process.terminate()
        self.process.wait(10)
        shutil.rmtree(self.folder, ignore_errors=True)


def free_port() -> int:
    """Return a port that is free now."""
    with contextlib.closing(socket.socket()) as sock:
        sock.bind(("127.0.0.1", 0))
        return int(sock.getsockname()[1])


def answers(url: str) -> bool:
    """Tell whether there is an answer of any kind at *url*."""
    try:
        urlopen(url, timeout=5).close()
    except HTTPError:
        return True
    except OSError:
        return False
    return True


def wait_until(condition: Callable[[], bool], seconds: float = 60.0) -> None:
    """Wait until *condition* holds."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not come about"
        time.sleep(0.05)


Answer = tuple[int, dict[str, str], bytes]


@contextlib.contextmanager
def archive(answer: Callable[[str, int], Answer]) -> Iterator[tuple[str, list[tuple[float, str]]]]:
    """Serve an archive of our own: *answer* is given the path and how often it was asked for before.

    Gives its base URL and the requests so far, each with its time.
    """
    asked: list[tuple[float, str]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            before = sum(path == self.path for _, path in asked)
            asked.append((time.monotonic(), self.path))
            status, headers, body = answer(self.path, before)
            self.send_response(status)
            for name, value in {"Content-Length": str(len(body)), **headers}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", asked
    finally:
        server.shutdown()
        server.server_close()


def recovering(profile: Path, folder: Path, table: str) -> Path:
    """Return a copy of *profile* with the lines of *table* as its ``[recover]``."""
    path = folder / "recovering.toml"
    text = profile.read_text(encoding="utf-8")
    path.write_text(text.replace("[article]", f"[recover]\n{table}\n[article]", 1), encoding="utf-8")
    return path


def utc(*parts: int) -> datetime:
    """Return a moment in UTC."""
    return datetime(*parts, tzinfo=UTC)  # type: ignore[misc, arg-type]
