"""The ways in which the replica can misbehave: what a server on the open web may do, by name."""

from __future__ import annotations

import asyncio
import gzip
import random
import socket
import struct
import zlib
from collections.abc import Awaitable, Callable
from dataclasses import replace
from functools import cache
from http import HTTPStatus
from typing import Final, Protocol

from aiohttp import web

from crawler.replica.routes import Reply

SLOW_SECONDS: Final = 1.0
RETRY_AFTER_SECONDS: Final = 1
_DRIP_SECONDS = 0.3
_DRIPPED_BLOCKS = 1000
_BLOCK = b"<p>And so it goes on.</p>\n" * 2500
_MAX_BLOCKS = 4096
_BOMB_BYTES = 64 * 1024 * 1024
_BOMB_SIDE = 13_000
_LINGER_NOT = struct.pack("ii", 1, 0)


class Memory(Protocol):
    """Remembers which paths were asked for."""

    def first_time(self, path: str) -> bool:
        """Return whether *path* is new, and remember it."""


Fault = Callable[[Memory, web.BaseRequest, Reply], Awaitable[Reply | None]]
"""Returns what to answer instead, or None when nothing more can be said on this connection."""


def _answer(change: Callable[[Reply], Reply]) -> Fault:
    """Return the fault that answers, at once, what *change* makes of the right answer."""

    async def fault(_memory: Memory, _request: web.BaseRequest, reply: Reply) -> Reply:
        return change(reply)

    return fault


def _first_time_only(change: Callable[[Reply], Reply]) -> Fault:
    """Return the fault that answers what *change* makes of the right answer the first time, and well ever after."""

    async def fault(memory: Memory, request: web.BaseRequest, reply: Reply) -> Reply:
        return change(reply) if memory.first_time(request.path) else reply

    return fault


def _status(status: HTTPStatus, **headers: str) -> Callable[[Reply], Reply]:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return lambda _reply: Reply(status, f"<h1>{status.phrase}</h1>\n".encode(), headers=named)


def _coded(code: Callable[[bytes], bytes], coding: str = "gzip") -> Callable[[Reply], Reply]:
    return lambda reply: replace(reply, body=code(reply.body), headers={**reply.headers, "Content-Encoding": coding})


def _charset(reply: Reply, name: str) -> Reply:
    return replace(reply, media_type=f"{reply.media_type.partition(';')[0]}; charset={name}")


def _noise(body: bytes) -> bytes:
    """Return bytes that are neither compressed nor plain."""
    return random.Random(len(body)).randbytes(len(body))  # noqa: S311 - noise, not a secret


def _wrong_checksum(body: bytes) -> bytes:
    coded = bytearray(gzip.compress(body, mtime=0))
    coded[-5] ^= 0xFF  # the last byte of the CRC-32: RFC 1952, section 2.3.1
    return bytes(coded)


@cache
def _bomb() -> bytes:
    return gzip.compress(bytes(_BOMB_BYTES), mtime=0)


@cache
def _picture_bomb() -> bytes:
    """Return a PNG of few bytes and very many pixels."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = chunk(b"IHDR", struct.pack(">IIBBBBB", _BOMB_SIDE, _BOMB_SIDE, 1, 0, 0, 0, 0))
    rows = zlib.compress(bytes((_BOMB_SIDE // 8 + 1) * _BOMB_SIDE), 9)
    return b"\x89PNG\r\n\x1a\n" + head + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


def _of_pictures(change: Callable[[Reply], Reply]) -> Fault:
    """Return the fault that changes the answer for a picture, and leaves pages as they are."""
    return _answer(lambda reply: change(reply) if reply.media_type.startswith("image/") else reply)


async def _slow(_memory: Memory, _request: web.BaseRequest, reply: Reply) -> Reply:
    await asyncio.sleep(SLOW_SECONDS)
    return reply


async def _redirect_loop(_memory: Memory, request: web.BaseRequest, _reply: Reply) -> Reply:
    return Reply(HTTPStatus.FOUND, headers={"Location": request.raw_path})


async def _reset(_memory: Memory, request: web.BaseRequest, _reply: Reply) -> None:
    """Reset the connection (RST, not FIN): closing a socket with a linger time of 0 does that."""
    if request.transport is not None:
        sock = request.transport.get_extra_info("socket")
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _LINGER_NOT)
        request.transport.abort()


async def _truncated(_memory: Memory, request: web.BaseRequest, reply: Reply) -> None:
    """Declare the whole length, send half, close."""
    await _say(request, reply, len(reply.body), reply.body[: len(reply.body) // 2])


async def _longer(_memory: Memory, request: web.BaseRequest, reply: Reply) -> None:
    """Declare half the length, send all."""
    await _say(request, reply, len(reply.body) // 2, reply.body)


async def _bad_chunk(_memory: Memory, request: web.BaseRequest, reply: Reply) -> None:
    """Send a chunk whose length is no number."""
    await _say(request, reply, None, b"zz\r\n" + reply.body + b"\r\n0\r\n\r\n")


async def _endless(_memory: Memory, request: web.BaseRequest, reply: Reply) -> None:
    """Send a body without end."""
    await _say(request, reply, None, f"{len(_BLOCK):x}\r\n".encode() + _BLOCK + b"\r\n", times=_MAX_BLOCKS)


async def _endless_head(_memory: Memory, request: web.BaseRequest, _reply: Reply) -> None:
    """Send headers without end."""
    await _write(request, b"HTTP/1.1 200 OK\r\n")
    await _write(request, b"X-More: of the same\r\n" * 500, times=_MAX_BLOCKS)


async def _drip(_memory: Memory, request: web.BaseRequest, reply: Reply) -> None:
    """Send a byte now and then (slow-loris)."""
    await _say(request, reply, len(reply.body), b"")
    await _write(request, b"<", times=_DRIPPED_BLOCKS, every=_DRIP_SECONDS)


async def _say(request: web.BaseRequest, reply: Reply, length: int | None, body: bytes, times: int = 1) -> None:
    """Send a head that declares *length* (None: chunks), then *body* so many times, and close unless there is none."""
    head = f"HTTP/1.1 {int(reply.status)} OK\r\nContent-Type: {reply.media_type}\r\n"
    head += "Transfer-Encoding: chunked\r\n\r\n" if length is None else f"Content-Length: {length}\r\n\r\n"
    await _write(request, head.encode())
    if body:
        await _write(request, body, times=times)
        if request.transport is not None:
            request.transport.close()


async def _write(request: web.BaseRequest, data: bytes, *, times: int = 1, every: float = 0.0) -> None:
    """Write *data* so many times, for as long as somebody listens, and no faster than is read."""
    sent = 0
    while sent < times and (transport := request.transport) is not None and not transport.is_closing():
        if transport.get_write_buffer_size():
            await asyncio.sleep(0.01)
            continue
        transport.write(data)
        sent += 1
        if times > 1:
            await asyncio.sleep(every)


FAULTS: Final[dict[str, Fault]] = {
    "slow": _slow,
    "error500": _answer(_status(HTTPStatus.INTERNAL_SERVER_ERROR)),
    "429": _answer(_status(HTTPStatus.TOO_MANY_REQUESTS, Retry_After=str(RETRY_AFTER_SECONDS))),
    "flaky": _first_time_only(_status(HTTPStatus.SERVICE_UNAVAILABLE)),
    "busy": _first_time_only(_status(HTTPStatus.SERVICE_UNAVAILABLE, Retry_After=str(RETRY_AFTER_SECONDS))),
    "reset": _reset,
    "truncated": _truncated,
    "longer": _longer,
    "bad-chunk": _bad_chunk,
    "endless": _endless,
    "endless-head": _endless_head,
    "drip": _drip,
    "gzip-garbage": _answer(_coded(_noise)),
    "gzip-cut": _answer(_coded(lambda body: gzip.compress(body, mtime=0)[: -len(body) // 8])),
    "gzip-checksum": _answer(_coded(_wrong_checksum)),
    "gzip-bomb": _answer(_coded(lambda _body: _bomb())),
    "gzip-twice": _answer(_coded(lambda body: gzip.compress(gzip.compress(body, mtime=0), mtime=0), "gzip, gzip")),
    "unknown-coding": _answer(_coded(_noise, "rot13")),
    "wrong-charset": _answer(lambda reply: _charset(reply, "iso-8859-1")),
    "unknown-charset": _answer(lambda reply: _charset(reply, "zlib_codec")),
    "redirect-loop": _redirect_loop,
    "redirect-away": _answer(lambda _reply: Reply(302, headers={"Location": "http://evil.example/news/1"})),
    "redirect-file": _answer(lambda _reply: Reply(302, headers={"Location": "file:///etc/passwd"})),
    "soft404": _answer(lambda _reply: Reply(200, b"<title>Not found</title><h1>We cannot find that page</h1>")),
    "empty": _answer(lambda _reply: Reply(200)),
    "204": _answer(lambda _reply: Reply(HTTPStatus.NO_CONTENT)),
    "206": _answer(lambda reply: replace(reply, status=HTTPStatus.PARTIAL_CONTENT, body=reply.body[:1000])),
    "304": _answer(lambda _reply: Reply(HTTPStatus.NOT_MODIFIED)),
    "mislabelled-picture": _of_pictures(lambda reply: replace(reply, body=b"<html><h1>No picture</h1></html>")),
    "cut-picture": _of_pictures(lambda reply: replace(reply, body=reply.body[: len(reply.body) // 2])),
    "picture-bomb": _of_pictures(lambda reply: replace(reply, body=_picture_bomb())),
}
"""All faults by name; a new one is a line here."""
