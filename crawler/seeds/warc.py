"""WARC and WET files as a stream of page texts, over whatever is broken in them.

FastWARC reads them: its bare iteration takes a third of the time of warcio's or less (benchmarks/seeds.py measures
both). It stops at the first broken member, though, and a record that claims to be longer than it is swallows those
after it. So this module watches where it is, and starts it again at the next record that begins.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING

from crawler.exceptions import SeedError
from crawler.seeds.streams import STREAM_ERRORS

if TYPE_CHECKING:
    from fastwarc.warc import WarcRecord

_MAGIC = b"\x1f\x8b\x08"
_RECORD = b"WARC/"
_NEXT_RECORD = b"\r\n\r\nWARC/1."
_BLOCK = 1 << 20
_HEAD = 1 << 12
_RECORDS_PER_PROGRESS = 1024
MAX_PAYLOAD = 16 << 20
"""Bytes; of a longer record this much is read. Memory stays bounded whatever a record holds."""

Report = Callable[[SeedError], None]


@dataclass(frozen=True, slots=True)
class Capture:
    """The payload of one record: ``offset`` is the record's place in the file, compressed or not."""

    offset: int
    url: str | None
    timestamp: str | None
    payload: bytes


@dataclass(frozen=True, slots=True)
class Sieve:
    """What to keep of an archive: records whose payload :attr:`holds` something, from URLs that are :attr:`wanted`.

    The payload is asked first: nearly all are refused there, and the headers of those need no reading.
    """

    holds: Callable[[bytes], bool]
    wanted: Callable[[str | None], bool]
    progress: Callable[[int], None]
    """Told now and then how far in the file the reading is."""


def read_warc(source: str, stream: IO[bytes] | None, sieve: Sieve, report: Report) -> Iterator[Capture]:
    """Yield what *sieve* keeps of the response, resource and conversion records in *source*.

    HTTP bodies come decoded. *stream* is given where there is no file to read again, such as standard input.
    What is broken is told to *report* and passed over. Raises SeedError if FastWARC is not installed.
    """
    yield from _Reader(source, stream, sieve, report).captures()


class _Reader:
    """Reads one file, from record to record; ``last`` is the place of the last one that was seen."""

    def __init__(self, source: str, stream: IO[bytes] | None, sieve: Sieve, report: Report) -> None:
        self.source = source
        self.stream = stream
        self.sieve = sieve
        self.report = report
        self.start = 0
        self.last: int | None = None

    def captures(self) -> Iterator[Capture]:
        pending: str | None = None
        while True:
            self.last = None
            error: BaseException | None = None
            try:
                for capture in self._run():
                    if pending:
                        self._tell(pending)
                        pending = None
                    yield capture
                self._see_the_rest()
            except STREAM_ERRORS as broken:
                error = broken
            following = self._following(self.start if self.last is None else self.last)
            if error is not None and self.last is None:
                self._tell(f"broken record at offset {self.start}, passed over ({error})")
                pending = None
            elif error is not None:
                pending = f"broken record after offset {self.last}, passed over ({error})"
            elif following is not None:
                self._tell(f"the record at offset {self.last} claims to be longer than it is")
            if following is None:
                if pending:
                    self._tell(pending)
                return
            self.start = following

    def _tell(self, message: str) -> None:
        self.report(SeedError(self.source, message))

    def _run(self) -> Iterator[Capture]:
        """Yield what FastWARC reads from ``start`` until it ends or breaks."""
        try:
            from fastwarc.warc import ArchiveIterator, WarcRecordType  # noqa: PLC0415 - an extra
        except ImportError as error:
            raise SeedError(self.source, "WARC files need FastWARC: pip install 'scrapy-gleaner[harvest]'") from error
        types = WarcRecordType.response | WarcRecordType.resource | WarcRecordType.conversion
        if self.stream is not None:
            yield from self._records(ArchiveIterator(self.stream, types, auto_decode="all", inplace=True))
        else:
            with Path(self.source).open("rb", buffering=0) as file:
                file.seek(self.start)
                yield from self._records(ArchiveIterator(file, types, auto_decode="all", inplace=True))

    def _see_the_rest(self) -> None:
        """Move ``last`` on to the last record of any type: those that FastWARC passed over are not lost."""
        from fastwarc.warc import ArchiveIterator, WarcRecordType  # noqa: PLC0415 - it is there by now

        if self.stream is None:
            with Path(self.source).open("rb", buffering=0) as file:
                file.seek(self.start if self.last is None else self.last)
                for record in ArchiveIterator(file, WarcRecordType.any_type, parse_http=False):
                    self.last = record.stream_pos

    def _records(self, records: Iterable[WarcRecord]) -> Iterator[Capture]:
        holds, wanted = self.sieve.holds, self.sieve.wanted
        for number, record in enumerate(records):
            self.last = record.stream_pos
            if not number % _RECORDS_PER_PROGRESS:
                self.sieve.progress(self.last)
            payload = _payload(record)
            if not holds(payload):
                continue
            url = record.headers.get("WARC-Target-URI")
            url = url.strip("<>") if url else None
            if wanted(url):
                swallowed = payload.find(_NEXT_RECORD)  # the record claims to be longer than it is
                if swallowed >= 0:
                    payload = payload[:swallowed]
                yield Capture(self.last, url, record.headers.get("WARC-Date"), payload)

    def _following(self, after: int) -> int | None:
        """Return where the next record begins behind *after*, None if there is none to be found."""
        if self.stream is not None:
            return None
        with Path(self.source).open("rb") as file:
            mark = _MAGIC if file.read(len(_MAGIC)) == _MAGIC else _RECORD
            for place in _places(file, mark, after + 1):
                if mark == _RECORD or _begins_record(file, place):
                    return place
        return None


def _payload(record: WarcRecord) -> bytes:
    """Return what the record holds, up to MAX_PAYLOAD bytes of it."""
    # Reading takes as much memory as it is asked for, so it is asked for no more than there is.
    payload: bytes = record.reader.read(min(record.content_length, MAX_PAYLOAD))
    if not record.is_http_parsed:
        return payload
    parts = [payload]  # a body that came compressed is longer than its record
    length = len(payload)
    while length < MAX_PAYLOAD and (block := record.reader.read(_BLOCK)):
        parts.append(block)
        length += len(block)
    return b"".join(parts)


def _places(file: IO[bytes], mark: bytes, position: int) -> Iterator[int]:
    """Yield where *mark* stands in *file* from *position* on; what is read in between may move the file."""
    kept = b""
    while True:
        file.seek(position)
        block = file.read(_BLOCK)
        if not block:
            return
        data = kept + block
        base = position - len(kept)
        position += len(block)
        place = data.find(mark)
        while place >= 0:
            yield base + place
            place = data.find(mark, place + 1)
        kept = data[-(len(mark) - 1) :]


def _begins_record(file: IO[bytes], place: int) -> bool:
    """Tell whether a gzip member that holds a WARC record begins at *place*."""
    file.seek(place)
    try:
        return zlib.decompressobj(zlib.MAX_WBITS | 16).decompress(file.read(_HEAD), len(_RECORD)).startswith(_RECORD)
    except zlib.error:
        return False
