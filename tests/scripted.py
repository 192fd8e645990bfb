"""A server that answers exactly what a test scripts, byte for byte, and keeps when it was asked for what."""

from __future__ import annotations

import contextlib
import socketserver
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import TracebackType
from typing import NamedTuple, Self

from crawler.replica import Site
from crawler.replica.routes import Routes

Answer = bytes | Iterator[bytes] | None
"""What is sent before the connection is closed; nothing at all for None."""


class Asked(NamedTuple):
    """A request: its path, and when it came (a steady clock, seconds)."""

    path: str
    at: float


class LoopbackServer:
    """Serves on a free port of loopback while it is entered; *handle* answers a connection, until it is hung up on."""

    def __init__(self, handle: Callable[[socketserver.StreamRequestHandler], None]) -> None:
        class Handler(socketserver.StreamRequestHandler):
            def handle(self) -> None:
                with contextlib.suppress(OSError):
                    handle(self)

        class Server(socketserver.ThreadingTCPServer):
            daemon_threads = True
            block_on_close = False
            request_queue_size = 64

        self._server = Server(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()


class Scripted(LoopbackServer):
    """A server for which *answer* gives what to say to each path."""

    def __init__(self, answer: Callable[[str], Answer]) -> None:
        super().__init__(self._handle)
        self.asked: list[Asked] = []
        self._answer = answer

    @property
    def paths(self) -> list[str]:
        """The paths that were asked for, in order."""
        return [asked.path for asked in self.asked]

    def _handle(self, handler: socketserver.StreamRequestHandler) -> None:
        line = handler.rfile.readline(65536).decode("latin-1").split()
        while handler.rfile.readline(65536).strip():
            pass
        if len(line) < 2:
            return
        self.asked.append(Asked(line[1], time.monotonic()))
        said = self._answer(line[1])
        for part in [said] if isinstance(said, bytes) else said or ():
            handler.wfile.write(part)


def http(status: int, body: bytes = b"", *headers: str, content_type: str = "text/html; charset=utf-8") -> bytes:
    """Return a whole answer, with the right length unless *headers* tell another."""
    lines = [f"HTTP/1.1 {status} So", f"Content-Type: {content_type}", "Connection: close", *headers]
    if not any(line.lower().startswith(("content-length:", "transfer-encoding:")) for line in headers):
        lines.append(f"Content-Length: {len(body)}")
    return "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + body


def article(path: str) -> bytes:
    """Return the page that the replica has at *path*, whatever its answer there would be."""
    return http(200, Routes(Site(), "http://127.0.0.1").pages.article(int(path.split("/")[2])))


def write_profile(path: Path, *bases: str) -> Path:
    """Write the profile of a site that is to be asked at *bases* in order, and return its path."""
    urls = ", ".join(f'"{base}/news/{{id}}"' for base in bases)
    path.write_text(
        f"""name = "replica"
language = "en"
timezone = "Asia/Tehran"
[article]
urls = [{urls}]
id_pattern = '/news/(?P<id>[0-9]+)'
[image]
urls = ["{bases[-1]}/news/image/original/{{pic}}"]
""",
        encoding="utf-8",
    )
    return path
