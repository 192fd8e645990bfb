"""A real HTTP server whose answers for a file break, lie, change and refuse as a test scripts."""

from __future__ import annotations

import re
import socket
import socketserver
import struct
from collections.abc import Callable
from dataclasses import dataclass, field

from tests.scripted import LoopbackServer


@dataclass
class Served:
    """A file, and how the server treats it. *cuts* are the numbers of bytes after which answers break off, in order."""

    data: bytes
    etag: str | None = '"one"'
    modified: str | None = None
    ranges: bool = True
    says_ranges: bool = True
    length: str | None = ""
    """What Content-Length says; empty: the truth, None: nothing, so the end of the connection is that of the file."""
    cuts: list[int] = field(default_factory=list)
    statuses: list[tuple[int, str]] = field(default_factory=list)
    """Answers, with header lines, that come first."""
    then: Callable[[Served], None] | None = None
    """Called after each answer: it may change the file."""
    user: str | None = None


class FileServer(LoopbackServer):
    """Serves :attr:`files` by path on loopback while it is entered; :attr:`asked` are path and Range of each request."""

    def __init__(self) -> None:
        super().__init__(self._handle)
        self.files: dict[str, Served] = {}
        self.asked: list[tuple[str, str | None]] = []
        self.sent = 0

    def add(self, path: str, data: bytes, **how: object) -> str:
        self.files[path] = Served(data, **how)
        return f"{self.url}{path}"

    def _handle(self, handler: socketserver.StreamRequestHandler) -> None:
        while self._answer(handler):
            pass

    def _answer(self, handler: socketserver.StreamRequestHandler) -> bool:
        """Answer one request; return whether the connection goes on."""
        line = handler.rfile.readline(65536).decode("latin-1").split()
        headers = {}
        while header := handler.rfile.readline(65536).decode("latin-1").strip():
            name, _, value = header.partition(":")
            headers[name.lower()] = value.strip()
        if len(line) < 2:
            return False
        path = line[1].partition("?")[0]
        self.asked.append((line[1], headers.get("range")))
        served = self.files.get(path)
        if served is None:
            return self._send(handler, 404, b"nothing", [])
        if served.user and headers.get("authorization") != served.user:
            return self._send(handler, 401, b"who are you?", [])
        if served.statuses:
            status, lines = served.statuses.pop(0)
            return self._send(handler, status, b"busy", lines.splitlines())
        going_on = self._file(handler, served, headers)
        if served.then:
            served.then(served)
        return going_on

    def _file(self, handler, served: Served, headers: dict[str, str]) -> bool:
        lines = [f"ETag: {served.etag}"] * bool(served.etag) + [f"Last-Modified: {served.modified}"] * bool(
            served.modified
        )
        lines += ["Accept-Ranges: bytes"] * (served.ranges and served.says_ranges)
        match = re.fullmatch(r"bytes=(\d+)-(\d*)", headers.get("range", ""))
        condition = headers.get("if-range")
        holds = condition is None or condition in {served.etag, served.modified}
        data, status = served.data, 200
        if match and served.ranges and holds:
            start, end = int(match[1]), int(match[2]) + 1 if match[2] else len(data)
            if start >= len(data):
                return self._send(handler, 416, b"", [f"Content-Range: bytes */{len(data)}", *lines])
            data, status = data[start:end], 206
            lines.append(f"Content-Range: bytes {start}-{start + len(data) - 1}/{len(served.data)}")
        return self._send(handler, status, data, lines, served)

    def _send(self, handler, status: int, data: bytes, lines: list[str], served: Served | None = None) -> bool:
        length = served.length if served else ""
        if length is not None:
            lines = [*lines, f"Content-Length: {length or len(data)}"]
        head = "\r\n".join([f"HTTP/1.1 {status} So", *lines]) + "\r\n\r\n"
        cut = served.cuts.pop(0) if served and served.cuts else None
        handler.wfile.write(head.encode("latin-1") + data[:cut])
        self.sent += len(data[:cut])
        if cut is not None:  # a reset, as of a machine that dies
            handler.wfile.flush()
            handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            handler.connection.close()
            return False
        return length == ""
