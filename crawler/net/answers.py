"""Parses what a server sends, as browsers do: the head of an answer, and where its body ends. Pure.

The rules are those of Chromium (``net/http/http_response_headers.cc``, ``http_stream_parser.cc`` and
``http_chunked_decoder.cc``), within the bounds below. An unreadable answer raises :class:`UnreadableAnswer`.
"""

from __future__ import annotations

import re
from http import HTTPStatus
from typing import NamedTuple

from crawler.net.statuses import WITHOUT_BODY

MAX_HEAD_BYTES = 256 * 1024
"""Limit on what a server may send before the body: status lines, interim answers and headers."""
MAX_CHUNK_LINE_BYTES = 16 * 1024
"""Limit on the line that gives the size of a chunk, with its extensions."""

_START_RE = re.compile(rb"\s*.{0,4}?(?=http)", re.IGNORECASE | re.DOTALL)
"""Limit on the white space or byte order mark that some servers send before the status line."""
_MAX_SLOP_BYTES = 16
_BLANK_LINE_RE = re.compile(rb"\n\r{0,2}\n")
_LINE_END_RE = re.compile(rb"[\r\n]+")
_VERSION_RE = re.compile(rb"http/([0-9]+)(?:\.([0-9]+))?", re.IGNORECASE)
_DIGITS_RE = re.compile(rb"[0-9]+")
_NAME_RE = re.compile(rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
"""A token of RFC 9110, section 5.6.2: browsers skip a line with another name."""
_CHUNK_SIZE_RE = re.compile(rb"[0-9A-Fa-f]{1,15}")
_MAX_LENGTH_DIGITS = 18
_MAX_SHOWN_LETTERS = 60


class UnreadableAnswer(ValueError):
    """What a server sent is not a readable answer; the message gives the reason for people."""


class AnswerHead(NamedTuple):
    """The head of an answer. ``headers`` are (name, value) pairs in the order that they came in.

    ``version`` is ``(1, 0)`` or ``(1, 1)``, whatever else the server named. ``skipped`` counts the lines between them
    that are not headers.
    """

    version: tuple[int, int]
    status: int
    phrase: bytes
    headers: tuple[tuple[bytes, bytes], ...]
    skipped: int = 0

    def tokens(self, name: bytes) -> list[bytes]:
        """Return the values of all headers *name* (lower case), split at commas, in lower case."""
        values = [value for there, value in self.headers if there.lower() == name]
        return [part.strip().lower() for value in values for part in value.split(b",")]

    @property
    def is_interim(self) -> bool:
        """Whether another head follows (status 1xx)."""
        return self.status // 100 == 1 and self.status != HTTPStatus.SWITCHING_PROTOCOLS

    @property
    def keeps_connection(self) -> bool:
        """Whether the server says that the connection can be used again."""
        tokens = self.tokens(b"connection")
        return b"close" not in tokens and (self.version == (1, 1) or b"keep-alive" in tokens)


def read_head(data: bytes | bytearray, searched: int = 0, *, is_all: bool = False) -> tuple[AnswerHead, int] | None:
    r"""Return the head at the start of *data* and its length; None if it is still incomplete.

    *searched* is how much of *data* an earlier call has seen, *is_all* whether no more will come. A page without any
    head (HTTP/0.9) gets a head with status 200 and length 0.

    >>> read_head(b"HTTP/1.1 200 OK\nX Y: no\nServer : x\n\n")
    (AnswerHead(version=(1, 1), status=200, phrase=b'OK', headers=((b'Server', b'x'),), skipped=1), 36)
    """
    start = _START_RE.match(data, 0, _MAX_SLOP_BYTES)
    if start is None:
        return _without_head(data) if is_all or len(data) >= _MAX_SLOP_BYTES else None
    end = _BLANK_LINE_RE.search(data, max(start.end(), searched - 3))
    if end is None:
        if is_all:
            raise UnreadableAnswer("the connection was closed within the headers")
        return None
    first, *lines = _LINE_END_RE.split(bytes(data[start.end() : end.start()]))
    version, status, phrase = _status_line(first)
    headers, skipped = _headers(lines)
    return AnswerHead(version, status, phrase, headers, skipped), end.end()


def _without_head(data: bytes | bytearray) -> tuple[AnswerHead, int]:
    begun = bytes(data[:_MAX_SHOWN_LETTERS]).lstrip()
    if begun.startswith(b"<"):
        return AnswerHead((1, 0), 200, b"", ()), 0
    if not data:
        raise UnreadableAnswer("the connection was closed without an answer")
    raise UnreadableAnswer(f"the answer is not HTTP: it begins with {shown(begun)}")


def _status_line(line: bytes) -> tuple[tuple[int, int], int, bytes]:
    """Return version, status and phrase. A line without a status counts as 200, as in browsers."""
    named, _, rest = line.replace(b"\t", b" ").partition(b" ")
    version = _VERSION_RE.match(named)
    number = tuple(int(part or 0) for part in version.groups()) if version else (1, 0)
    rest = rest.strip()
    digits = _DIGITS_RE.match(rest)
    status = int(digits[0][:_MAX_LENGTH_DIGITS]) if digits else 200
    if not 100 <= status <= 999:  # noqa: PLR2004 - three digits
        raise UnreadableAnswer(f"the status of the answer is {status}")
    phrase = rest[digits.end() :].strip() if digits else rest
    return ((1, 1) if number >= (1, 1) else (1, 0)), status, phrase


def _headers(lines: list[bytes]) -> tuple[tuple[tuple[bytes, bytes], ...], int]:
    """Return the headers in *lines*, and how many lines are not headers."""
    headers: list[tuple[bytes, list[bytes]]] = []
    skipped, folds = 0, False
    for line in lines:
        if line[:1] in {b" ", b"\t"}:
            if folds:
                headers[-1][1].append(line.strip())
            else:
                skipped += 1
            continue
        name, colon, value = line.partition(b":")
        name = name.strip()
        folds = bool(colon) and _NAME_RE.fullmatch(name) is not None
        if folds:
            headers.append((name, [value.strip()]))
        else:
            skipped += 1
    return tuple((name, b" ".join(parts)) for name, parts in headers), skipped


def shown(data: bytes) -> str:
    """Return the start of *data* for a message: printable and short.

    >>> shown(b"SSH-2.0-OpenSSH")
    '"SSH-2.0-OpenSSH"'
    """
    text = data[:_MAX_SHOWN_LETTERS].decode("latin-1")
    return '"' + "".join(letter if letter.isprintable() else "." for letter in text) + '"'


class AnswerBody:
    """A body that ends with the connection; subclasses know their own end. Receives the bytes after a head."""

    length: int | None = None
    """The length of the body in bytes; None if it is unknown."""
    surplus = b""
    """The bytes after the end of the body."""

    @property
    def is_framed(self) -> bool:
        """Whether the body itself says where it ends."""
        return False

    @property
    def at_boundary(self) -> bool:
        """Whether the body could end here."""
        return True

    @property
    def has_ended(self) -> bool:
        """Whether the body is complete by its own framing."""
        return False

    @property
    def is_clean(self) -> bool:
        """Whether another answer can follow on the connection."""
        return self.has_ended and not self.surplus

    def feed(self, data: bytes) -> bytes:
        """Return the bytes that *data* adds to the body."""
        return data


def body_of(head: AnswerHead) -> AnswerBody | None:
    """Return the reader of the body after *head*; None if there is no body.

    >>> body_of(AnswerHead((1, 1), 200, b"", ((b"Content-Length", b""),))).length is None  # it ends with the connection
    True
    """
    if head.status in WITHOUT_BODY:
        return None
    if b"chunked" in head.tokens(b"transfer-encoding"):
        return ChunkedBody(is_sure=head.version == (1, 1))
    values = [token for token in head.tokens(b"content-length") if token.isdigit() and len(token) <= _MAX_LENGTH_DIGITS]
    lengths = sorted({int(token) for token in values})
    if len(lengths) > 1:
        raise UnreadableAnswer(f"the answer gives two lengths of its body: {lengths[0]} and {lengths[1]}")
    return SizedBody(lengths[0]) if lengths else AnswerBody()


class SizedBody(AnswerBody):
    """A body of a declared length."""

    def __init__(self, length: int) -> None:
        self.length = length
        self._left = length

    @property
    def is_framed(self) -> bool:
        return True

    @property
    def at_boundary(self) -> bool:
        return self.has_ended

    @property
    def has_ended(self) -> bool:
        return self._left == 0

    def feed(self, data: bytes) -> bytes:
        body, self.surplus = data[: self._left], data[self._left :]
        self._left -= len(body)
        return body


class ChunkedBody(AnswerBody):
    """A body in chunks (RFC 9112, section 7.1). Lines may end in LF alone, and spaces may surround sizes.

    An answer may wrongly say that it is chunked: a body that begins like a page is used unchanged; if *is_sure* is
    false (HTTP/1.0 has no chunks), so is any other that does not begin with the size of a chunk. Trailers are left out.
    """

    def __init__(self, *, is_sure: bool) -> None:
        self._is_sure = is_sure
        self._is_chunked: bool | None = None
        self._buffer = bytearray()
        self._left = 0
        self._is_behind_chunk = False
        self._has_ended = False
        self._is_clean = False

    @property
    def has_ended(self) -> bool:
        return self._has_ended

    @property
    def is_clean(self) -> bool:
        return self._is_clean

    @property
    def is_framed(self) -> bool:
        return self._is_chunked is not False

    @property
    def at_boundary(self) -> bool:
        return self._left == 0 and not self._buffer.strip(b"0\r\n")

    def feed(self, data: bytes) -> bytes:
        if self._is_chunked is False:
            return data
        self._buffer += data
        pieces = []
        while self._buffer and not self._has_ended:
            if self._left:
                pieces.append(bytes(self._buffer[: self._left]))
                del self._buffer[: self._left]
                self._left -= len(pieces[-1])
                self._is_behind_chunk = self._left == 0
            elif not self._next_line():
                break
            elif not self.is_framed:
                pieces.append(bytes(self._buffer))
                self._buffer.clear()
        return b"".join(pieces)

    def _next_line(self) -> bool:
        """Read the size of the next chunk, or the line end after the last; return whether a whole line was there."""
        end = self._buffer.find(b"\n", 0, MAX_CHUNK_LINE_BYTES)
        if end < 0:
            if len(self._buffer) < MAX_CHUNK_LINE_BYTES and self._may_be_size():
                return False
            end = len(self._buffer)
        line = bytes(self._buffer[:end])
        size = _CHUNK_SIZE_RE.fullmatch(line.partition(b";")[0].strip())
        if self._is_behind_chunk or (not line.strip() and (self._is_chunked or self._is_sure)):
            if line.strip():
                raise UnreadableAnswer("its chunks do not have their declared lengths")
            self._is_behind_chunk = False
        elif size is None and self._is_chunked is None and (not self._is_sure or line.lstrip().startswith(b"<")):
            self._is_chunked = False
            return True
        elif size is None:
            raise UnreadableAnswer(f"the size of a chunk is {shown(line)}")
        else:
            self._is_chunked = True
            self._left = int(size[0], 16)
            self._has_ended = self._left == 0
        del self._buffer[: end + 1]
        if self._has_ended:
            self._end()
        return True

    def _may_be_size(self) -> bool:
        return self._is_chunked is True or not self._buffer.lstrip().startswith(b"<")

    def _end(self) -> None:
        trailers = _BLANK_LINE_RE.search(b"\n" + self._buffer)
        self._is_clean = trailers is not None and trailers.end() == len(self._buffer) + 1
        self._buffer.clear()
