"""Cuts a stream of JSON into its values, one on each line or in any layout, in constant memory."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import IO

from crawler.seeds.unpacked import BUFFER_BYTES

_CR_RE = re.compile(rb"(?<=\})[ \t]*\r+(?=[ \t\r]*\{)")
_OUTSIDE_RE = re.compile(rb'["{}\[\]]')
_STRING_RE = re.compile(rb'(?:[^"\\]|\\.)*+', re.DOTALL)


def lines_of(stream: IO[bytes], limit: int) -> Iterator[tuple[int, bytes]]:
    """Yield the lines of *stream* and their starts; of a line longer than *limit*, a piece that is longer, too.

    Objects separated by CR alone, the line end of old Macs, count as lines, too.
    """
    offset, carried = 0, b""
    while raw := carried + stream.readline(limit + 1 - len(carried)):
        is_cut = len(raw) > limit and not raw.endswith(b"\n")
        ends = [match.end() for match in _CR_RE.finditer(raw)] if b"\r" in raw[:-2] else []
        for start, end in zip([0, *ends], [*ends, len(raw)], strict=True):
            piece = raw[start:end]
            if is_cut and start and end == len(raw):
                carried = piece
                break
            yield offset, piece
            offset += len(piece)
        else:
            carried = b""
            if is_cut:
                offset += _skip_line(stream)


def values_of(stream: IO[bytes], limit: int) -> Iterator[tuple[int, bytes]]:
    """Yield the objects of *stream*, alone or in lists, in any layout; see :func:`lines_of` for *limit*."""
    splitter = _Splitter(limit)
    while block := stream.read(min(BUFFER_BYTES, limit)):
        yield from splitter.feed(block)
    yield from splitter.rest()


class _Splitter:
    """Finds the outermost objects in a stream that it receives in blocks."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._data, self._base = b"", 0
        self._place = self._depth = 0
        self._start: int | None = None
        self._in_string = self._is_passed = False

    def feed(self, block: bytes) -> Iterator[tuple[int, bytes]]:
        """Yield the objects that end in *block*, and, once, an object that has become too long."""
        kept = self._place if self._start is None else self._start
        self._data, self._base, self._place = self._data[kept:] + block, self._base + kept, self._place - kept
        self._start = None if self._start is None else 0
        while self._place < len(self._data):
            if self._in_string:
                if not self._leave_string():
                    break
            elif sign := _OUTSIDE_RE.search(self._data, self._place):
                self._place = sign.end()
                yield from self._sign(sign[0])
            else:
                self._place = len(self._data)
        if self._start is not None and len(self._data) - self._start > self._limit:
            yield from self.rest()
            self._start, self._is_passed = None, True

    def rest(self) -> Iterator[tuple[int, bytes]]:
        """Yield the available part of an unfinished object."""
        if self._start is not None:
            yield self._base + self._start, self._data[self._start :]

    def _leave_string(self) -> bool:
        """Move to the end of the string; return whether it is in the data."""
        match = _STRING_RE.match(self._data, self._place)
        self._place = match.end() if match else self._place
        if self._data[self._place : self._place + 1] != b'"':
            return False
        self._place += 1
        self._in_string = False
        return True

    def _sign(self, sign: bytes) -> Iterator[tuple[int, bytes]]:
        if sign == b'"':
            self._in_string = True
        elif sign in b"{[":
            if self._depth == 0 and sign == b"{":
                self._start = self._place - 1
            self._depth += self._depth > 0 or sign == b"{"
        elif self._depth:
            self._depth -= 1
            if self._depth == 0:
                if self._start is not None and not self._is_passed:
                    yield self._base + self._start, self._data[self._start : self._place]
                self._start, self._is_passed = None, False


def _skip_line(stream: IO[bytes]) -> int:
    """Read to the end of the line; return how many bytes were read."""
    skipped = 0
    while block := stream.readline(BUFFER_BYTES):
        skipped += len(block)
        if block.endswith(b"\n"):
            break
    return skipped
