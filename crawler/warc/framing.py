"""Where records begin and end in a WARC or ARC stream, even if lengths are wrong or lines are missing or extra.

The length of a record is trusted if it fits what follows the record. If not, the record ends before the next line that
begins a record. Every byte is either part of a record or reported in a :class:`Gap`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import NamedTuple

from crawler.warc.members import BrokenMember

MAX_HEAD_BYTES = 1 << 18
"""Limit on the headers of one record."""

_PEEK_BYTES = 64
_HEAD_STEP_BYTES = 1 << 12
_STEP_BYTES = 1 << 16
_MAX_REREAD_BYTES = 1 << 28
"""Limit on bytes that are read twice to check lengths; beyond it only the next line that begins a record counts."""
_MAX_LINE_BYTES = 1 << 14
_MARK_OVERLAP_BYTES = _MAX_LINE_BYTES

_BLANK_RE = re.compile(rb"[\r\n\0 \t]*")
_WARC_RE = re.compile(rb"WARC/[0-9]{1,2}\.[0-9]{1,2}[ \t]*\r{0,2}\n")
"""A transfer in text mode doubles the ``\\r`` of every line."""
_MARK_RE = re.compile(rb"\n(?=WARC/[0-9]{1,2}\.[0-9]{1,2}[ \t]*\r{0,2}\n)")
_ARC_LINE = (
    rb"[A-Za-z][A-Za-z0-9+.-]{1,15}:[^\r\n]{1,8000}? (?:[0-9A-Fa-f.:]{2,45}|-) [0-9]{8,14} "
    rb"[^\r\n]{0,300}?[0-9]{1,18}[ \t]*\r?\n"
)
_ARC_RE = re.compile(_ARC_LINE)
_ARC_MARK_RE = re.compile(rb"\n(?=" + _ARC_LINE + rb")")
_BOUNDS = frozenset({b"\r\n\r\n", b"\n\n"})
"""The line ends after a WARC record; if they are where its length says, it is trusted whatever follows."""
_ARC_BOUND_RE = re.compile(rb"\r?\n[A-Za-z][A-Za-z0-9+.-]{1,15}:")
_UNKNOWN_LENGTH = "-1"
"""What some writers of ARC files put in place of a length."""
_HEAD_END_RE = re.compile(rb"\r{0,2}\n\r{0,2}\n")
_LENGTH_RE = re.compile(r"[0-9]{1,18}", re.ASCII)
_END_RE = re.compile(rb"(?:\r{0,2}\n){0,2}\Z")
_DATE_RE = re.compile(r"[0-9]{8,14}", re.ASCII)
_ADDRESS_RE = re.compile(r"[0-9A-Fa-f.:]{2,45}|-", re.ASCII)


class Frame(NamedTuple):
    """A record in a stream: ``place`` is its start, ``head`` its header lines, ``block`` the start of its block.

    ``length`` is the true length of the block, ``note`` what is wrong with the record, and ``cut`` whether its end is
    missing. The head of an ARC record is converted to that of a WARC record.
    """

    place: int
    head: bytes
    block: bytes
    length: int
    note: str | None = None
    cut: bool = False


class Gap(NamedTuple):
    """Bytes from a place up to the next record or the end that belong to no record, and the reason."""

    place: int
    reason: str


class Stream:
    """Bytes that can be peeked at before they are read; *blocks_from* yields them in blocks from a place on.

    ``broken`` is the error that ended them too early, None if there was none.
    """

    def __init__(self, blocks_from: Callable[[int], Iterator[bytes]]) -> None:
        self._blocks_from = blocks_from
        self._blocks = blocks_from(0)
        self._data = b""
        self._base = self._at = 0
        self.broken: BrokenMember | None = None

    @property
    def place(self) -> int:
        """The place of the next byte."""
        return self._base + self._at

    def peek(self, count: int) -> bytes:
        """Return the next *count* bytes, fewer only at the end."""
        self._fill(count)
        return self._data[self._at : self._at + count]

    def take(self, count: int) -> bytes:
        """Return the next *count* bytes, fewer only at the end, and move after them."""
        data = self.peek(count)
        self._at += len(data)
        return data

    def skip(self, count: int) -> int:
        """Move on by up to *count* bytes, and return by how many."""
        skipped = 0
        while skipped < count and (data := self.take(min(count - skipped, _STEP_BYTES))):
            skipped += len(data)
        return skipped

    def seek(self, place: int) -> None:
        """Move to *place*, forward or backward."""
        if self._base <= place <= self._base + len(self._data):
            self._at = place - self._base
            return
        self._blocks, self._data = self._blocks_from(place), b""
        self._base, self._at, self.broken = place, 0, None

    def _fill(self, count: int) -> None:
        have = len(self._data) - self._at
        if have >= count:
            return
        parts = [self._data[self._at :]]
        while have < count:
            try:
                block = next(self._blocks, b"")
            except BrokenMember as error:
                self.broken, block = error, b""
            if not block:
                break
            parts.append(block)
            have += len(block)
        self._base, self._at, self._data = self._base + self._at, 0, b"".join(parts)


def read_head(head: bytes) -> dict[str, str]:
    r"""Return the headers in *head*: names in lower case, the first of each; folded lines are joined.

    >>> read_head(b"WARC/1.0\r\nwarc-type: response\nX:a\r\n b")
    {'warc-type': 'response', 'x': 'a b'}
    """
    headers: dict[str, str] = {}
    last = None
    for line in head.decode("utf-8", "replace").split("\n"):
        if line[:1] in {" ", "\t"} and last is not None:
            headers[last] = f"{headers[last]} {line.strip()}"
            continue
        name, colon, value = line.partition(":")
        name = name.strip().lower()
        last = name if colon and name and name not in headers else None
        if last is not None:
            headers[last] = value.strip()
    return headers


def begins_record(data: bytes) -> bool:
    """Return whether a WARC or ARC record begins with *data*, its first line or more."""
    return _WARC_RE.match(data) is not None or _ARC_RE.match(data) is not None


def read_frames(stream: Stream, limit: int) -> Iterator[Frame | Gap]:
    """Yield the records in *stream*, with *limit* bytes of the block of each, and the gaps between them."""
    yield from _Framer(stream, limit).frames()


class _Framer:
    def __init__(self, stream: Stream, limit: int) -> None:
        self._stream = stream
        self._limit = limit
        self._reread = 0
        self._doubt = False

    def frames(self) -> Iterator[Frame | Gap]:
        stream = self._stream
        while self._skip_blank():
            place = stream.place
            line = stream.peek(_PEEK_BYTES)
            if _WARC_RE.match(line):
                found = self._warc(place)
            elif _ARC_RE.match(stream.peek(_MAX_LINE_BYTES)):
                found = self._arc(place)
            else:
                found = Gap(place, "no record begins there")
            if isinstance(found, Gap):
                stream.seek(place)
                stream.skip(1)
                self._until_mark(0, inside_line=True)
            yield found

    def _skip_blank(self) -> bool:
        """Move to the next byte that is not a line end, space or zero; return whether there is one."""
        while data := self._stream.peek(_STEP_BYTES):
            blank = _BLANK_RE.match(data)
            self._stream.skip(blank.end() if blank else 0)
            if blank is None or blank.end() < len(data):
                return True
        return False

    def _warc(self, place: int) -> Frame | Gap:
        stream = self._stream
        data, searched = b"", 0
        while (end := _HEAD_END_RE.search(data, max(0, searched - 6))) is None:
            searched, data = len(data), stream.peek(len(data) + _HEAD_STEP_BYTES)
            if len(data) == searched or searched > MAX_HEAD_BYTES:
                return Gap(place, "its headers do not end")
        head = data[: end.start()]
        if _MARK_RE.search(head):  # the record has no end of its own
            return Gap(place, "its headers do not end")
        stream.skip(end.end())
        declared = read_head(head).get("content-length", "")
        if not _LENGTH_RE.fullmatch(declared):
            block, length = self._until_mark(self._limit)
            return self._bare(
                place,
                head,
                block,
                length,
                f"its Content-Length is {declared[:20]!r}" if declared else "it has no Content-Length",
            )
        return self._sized(place, head, int(declared), _WARC_RE)

    def _arc(self, place: int) -> Frame | Gap:
        found = _ARC_RE.match(self._stream.peek(_MAX_LINE_BYTES))
        fields = _arc_fields(found[0].decode("utf-8", "replace").split()) if found else None
        if found is None or fields is None:
            return Gap(place, "no record begins there")
        self._stream.skip(found.end())
        if fields["length"] == _UNKNOWN_LENGTH:
            frame: Frame | Gap = self._bare(place, b"", *self._until_mark(self._limit), "it has no length")
        else:
            frame = self._sized(place, b"", int(fields["length"]), _ARC_RE)
        return frame._replace(head=_arc_head(fields, frame.block)) if isinstance(frame, Frame) else frame

    def _sized(self, place: int, head: bytes, declared: int, next_re: re.Pattern[bytes]) -> Frame | Gap:
        """Return the record whose block begins here: *declared* bytes long if that fits, else of its true length."""
        stream, start = self._stream, self._stream.place
        if self._doubt:
            block, length = self._until_mark(self._limit)
            if length < declared:
                return self._bare(place, head, block, length, "it claims to be longer than it is")
            stream.seek(start)
        block = stream.take(min(declared, self._limit))
        length = len(block) + stream.skip(declared - len(block))
        follows = stream.peek(_MAX_LINE_BYTES).lstrip(b"\r\n")
        if stream.broken is not None and str(stream.broken) != BrokenMember.CUT:
            return Gap(place, str(stream.broken))
        is_bounded = _ARC_BOUND_RE.match(stream.peek(_PEEK_BYTES)) if next_re is _ARC_RE else stream.peek(4) in _BOUNDS
        if length == declared and (not follows or next_re.match(follows) or is_bounded):
            self._doubt = self._reread > _MAX_REREAD_BYTES
            return Frame(place, head, block, length)
        self._reread += length
        self._doubt = True
        stream.seek(start)
        block, real = self._until_mark(self._limit)
        is_ended = stream.broken is None and block.endswith((b"\r\n\r\n", b"\n\n"))
        if length < declared and real >= length and not is_ended:
            return Frame(place, head, block, length, "it is cut short", cut=True)
        if real < declared:
            return self._bare(place, head, block, real, "it claims to be longer than it is")
        return self._bare(place, head, block, real, "it is longer than it claims to be")

    def _bare(self, place: int, head: bytes, block: bytes, length: int, note: str) -> Frame:
        """Return a record that ends before the next one, without the line ends between them."""
        end = _END_RE.search(block) if length == len(block) else None
        bare = block[: end.start()] if end else block
        return Frame(place, head, bare, length - len(block) + len(bare), note)

    def _until_mark(self, keep: int, *, inside_line: bool = False) -> tuple[bytes, int]:
        """Move to the next line that begins a record; return at most *keep* bytes before it, and how many there are.

        The rest of a line looks like the first line of an ARC record if the whole line does.
        """
        stream, kept, length = self._stream, list[bytes](), 0
        start = stream.peek(_MAX_LINE_BYTES)
        if _WARC_RE.match(start) if inside_line else begins_record(start):
            return b"", 0
        while data := stream.peek(_STEP_BYTES + _MARK_OVERLAP_BYTES):
            found = _MARK_RE.search(data) or _ARC_MARK_RE.search(data)
            last = len(data) < _STEP_BYTES + _MARK_OVERLAP_BYTES
            step = found.end() if found else len(data) if last else _STEP_BYTES
            if found and not last and step > _STEP_BYTES:  # the line may continue after the peeked bytes
                found, step = None, _STEP_BYTES
            taken = stream.take(step)
            kept.append(taken[: max(0, keep - length)])
            length += step
            if found:
                break
        return b"".join(kept), length


def _arc_fields(words: list[str]) -> dict[str, str] | None:
    """Return the fields in the first line of an ARC record (version 1 or 2); None if it is not such a line.

    URLs and types with spaces in them occur in real files.
    """
    place = next(
        (
            at
            for at in range(2, len(words) - 1)
            if _DATE_RE.fullmatch(words[at]) and _ADDRESS_RE.fullmatch(words[at - 1])
        ),
        None,
    )
    if place is None or not (words[-1] == _UNKNOWN_LENGTH or _LENGTH_RE.fullmatch(words[-1])):
        return None
    media_type = words[place + 1] if place + 2 < len(words) else ""
    return {
        "url": " ".join(words[: place - 1]),
        "ip": words[place - 1],
        "date": words[place],
        "type": media_type,
        "length": words[-1],
    }


def _arc_head(fields: dict[str, str], block: bytes) -> bytes:
    """Return the headers that a WARC record of the same capture would have."""
    is_info, is_http = fields["url"].startswith("filedesc:"), block.startswith(b"HTTP/")
    kind = "warcinfo" if is_info else "response" if is_http else "resource"
    media_type = "application/http; msgtype=response" if is_http else fields["type"]
    lines = [
        "ARC/1",
        f"WARC-Type: {kind}",
        f"WARC-Target-URI: {fields['url']}",
        f"WARC-Date: {fields['date']}",
        f"Content-Type: {media_type}",
    ]
    if fields["ip"] not in {"-", "0.0.0.0"}:  # noqa: S104 - what crawlers write for none
        lines.append(f"WARC-IP-Address: {fields['ip']}")
    return "\r\n".join(lines).encode("utf-8", "replace")
