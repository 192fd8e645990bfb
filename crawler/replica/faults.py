"""The ways in which the replica can misbehave on request, each for a share of its articles and pictures."""

from __future__ import annotations

import asyncio
import socket
import struct
from collections.abc import Awaitable, Callable, Mapping
from http import HTTPStatus

from aiohttp import web

from crawler.replica.draw import chance, number
from crawler.replica.routes import Reply

Fault = Callable[["Faults", web.BaseRequest, Reply], Awaitable[Reply | None]]
"""Returns what to answer instead, or None when nothing more can be said on this connection."""

DEFAULT_SHARE = 0.02
SLOW_SECONDS = 1.0
RETRY_AFTER_SECONDS = 1
_REMEMBERED = 65_536
_LINGER_NOT = struct.pack("ii", 1, 0)


def parse_faults(text: str) -> dict[str, float]:
    """Read ``name[=share],...`` into shares by name; ValueError for an unknown name or a share not from 0 to 1.

    >>> parse_faults("slow,error500=0.5")
    {'slow': 0.02, 'error500': 0.5}
    """
    shares: dict[str, float] = {}
    for word in filter(None, (word.strip() for word in text.split(","))):
        name, equals, share = word.partition("=")
        if name not in FAULTS:
            raise ValueError(f"unknown fault {name!r} (known: {', '.join(FAULTS)})")
        try:
            shares[name] = float(share) if equals else DEFAULT_SHARE
        except ValueError:
            raise ValueError(f"fault {name}: {share!r} is not a number") from None
        if not 0 <= shares[name] <= 1:
            raise ValueError(f"fault {name}: the share must be from 0 to 1, not {share}")
    return shares


class Faults:
    """Decides by hash which paths misbehave and how, so that two runs misbehave alike.

    ``shares`` as :func:`parse_faults` gives them; a path suffers the first fault that chooses it.
    """

    def __init__(self, shares: Mapping[str, float], seed: int) -> None:
        self.shares = dict(shares)
        self.seed = seed
        self._seen: dict[int, None] = {}

    def of(self, path: str) -> str | None:
        """Return the name of the fault that *path* suffers, None for most."""
        return next(
            (name for name, share in self.shares.items() if chance(share, self.seed, "fault", name, path)), None
        )

    def first_time(self, path: str) -> bool:
        """Tell whether *path* is new, and remember it; only the last 65,536 are remembered."""
        key = number(path)
        if key in self._seen:
            return False
        if len(self._seen) >= _REMEMBERED:
            del self._seen[next(iter(self._seen))]
        self._seen[key] = None
        return True

    def forget(self) -> None:
        """Take every path for new again."""
        self._seen.clear()


async def _slow(_faults: Faults, _request: web.BaseRequest, reply: Reply) -> Reply:
    await asyncio.sleep(SLOW_SECONDS)
    return reply


async def _error500(_faults: Faults, _request: web.BaseRequest, _reply: Reply) -> Reply:
    return Reply(HTTPStatus.INTERNAL_SERVER_ERROR, b"<h1>Internal Server Error</h1>\n")


async def _too_many(_faults: Faults, _request: web.BaseRequest, _reply: Reply) -> Reply:
    headers = {"Retry-After": str(RETRY_AFTER_SECONDS)}
    return Reply(HTTPStatus.TOO_MANY_REQUESTS, b"<h1>Too Many Requests</h1>\n", headers=headers)


async def _flaky(faults: Faults, request: web.BaseRequest, reply: Reply) -> Reply:
    """Fail the first time, work ever after."""
    return await _unavailable() if faults.first_time(request.path) else reply


async def _unavailable() -> Reply:
    return Reply(HTTPStatus.SERVICE_UNAVAILABLE, b"<h1>Service Unavailable</h1>\n")


async def _reset(_faults: Faults, request: web.BaseRequest, _reply: Reply) -> None:
    """Reset the connection (RST, not FIN): closing a socket with a linger time of 0 does that."""
    if request.transport is not None:
        sock = request.transport.get_extra_info("socket")
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _LINGER_NOT)
        request.transport.abort()


async def _truncated(_faults: Faults, request: web.BaseRequest, reply: Reply) -> None:
    """Declare the whole length, send half, close."""
    if request.transport is not None:
        head = f"HTTP/1.1 {int(reply.status)} OK\r\nContent-Type: {reply.media_type}\r\n"
        head += f"Content-Length: {len(reply.body)}\r\n\r\n"
        request.transport.write(head.encode() + reply.body[: len(reply.body) // 2])
        request.transport.close()


FAULTS: dict[str, Fault] = {
    "slow": _slow,
    "error500": _error500,
    "429": _too_many,
    "flaky": _flaky,
    "reset": _reset,
    "truncated": _truncated,
}
"""All faults by name; a new one is a function and a line here."""
