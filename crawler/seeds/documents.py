"""The pages in one part of a file, in whatever shape, in constant memory: plain text, JSON lines, JSON, Parquet."""

from __future__ import annotations

import codecs
import io
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import IO, Any

from crawler.exceptions import SeedError
from crawler.seeds.containers import Part, Report
from crawler.seeds.jsonpages import (
    SPACE,
    NoPage,
    charset_diagnoses,
    has_sign,
    page_of,
    parse_json,
    parse_pages,
)
from crawler.seeds.jsonsplit import lines_of, values_of
from crawler.seeds.lists.model import ListedArticle
from crawler.seeds.lists.objects import listed_of
from crawler.seeds.model import Diagnosis
from crawler.seeds.unpacked import BUFFER_BYTES
from crawler.text.charset import decode_page, wide_charset

_JSON_LINES_RE = re.compile(r"\.(?:jsonl|ndjson|jsonlines)(?:\.\w{1,4})?$", re.IGNORECASE)
_BOM = b"\xef\xbb\xbf"
_NO_VALUE = SPACE + b"[]"
"""A line of only these bytes begins or ends a list."""
_MAX_FIELDS_REPORTED = 20
_LINES_TRIED = 10
_ROWS = 16
"""Rows of Parquet that are read at a time."""

Sieve = Callable[[bytes], bool]


@dataclass(frozen=True, slots=True)
class Document:
    """The text of one page, and its place; see :class:`~crawler.seeds.model.SeedPage`."""

    text: str
    offset: int = 0
    line: int | None = None
    url: str | None = None
    timestamp: str | None = None
    diagnoses: tuple[Diagnosis, ...] = ()
    charset: str | None = None
    """The charset of the bytes, if it was not a Unicode one."""
    listed: ListedArticle | None = None
    """The article that a JSON object without a text names."""


@dataclass(slots=True)
class DocumentReader:
    """Reads the documents of a part.

    ``sieve`` receives the bytes of each, before anything is decoded, and returns whether it is wanted; ``window_bytes``
    is the size of a document of plain text, and a line of JSON longer than ``page_bytes`` is skipped. Broken data and
    values that are not pages go to ``report``. With ``lists``, a JSON object without a text that names an article is a
    document, too.
    """

    report: Report
    page_bytes: int
    window_bytes: int
    sieve: Sieve | None = None
    progress: Callable[[int], None] = field(default=lambda _: None)
    lists: bool = False

    def documents(
        self, part: Part, notes: tuple[Diagnosis, ...] = (), *, shape: str | None = None
    ) -> Iterator[Document]:
        """Yield the documents of *part*, which holds text or Parquet.

        *notes* are diagnoses of the whole part; *shape* is that of its JSON, if it is known.
        """
        if part.kind == "parquet":
            yield from self._rows(part)
            return
        part, wide = as_utf8(part)
        notes = (*notes, *wide)
        shape = shape or json_shape(part.name, part.head)
        if shape is None:
            yield from self._texts(part, part.stream, notes)
        else:
            pieces = (lines_of if shape == "lines" else values_of)(part.stream, self.page_bytes)
            yield from self._json(part, pieces, notes)

    def _texts(self, part: Part, stream: IO[bytes], notes: tuple[Diagnosis, ...]) -> Iterator[Document]:
        """Yield the single page of a plain file, or its parts, cut at line ends, if it is too long for a page."""
        offset = 0
        while (data := stream.read(self.window_bytes)) or offset == 0:
            if len(data) == self.window_bytes:
                data += stream.readline(self.page_bytes)
            self.progress(part.position())
            if self.sieve is None or self.sieve(data):
                yield document_of(data, offset=offset, notes=notes)
            if not data:
                return
            offset += len(data)

    def _json(
        self, part: Part, pieces: Iterator[tuple[int, bytes]], notes: tuple[Diagnosis, ...]
    ) -> Iterator[Document]:
        reported: set[str] = set()
        for number, (offset, raw) in enumerate(pieces, 1):
            if not number & 0xFF:
                self.progress(part.position())
            if len(raw) > self.page_bytes:
                self._report(part, number, f"longer than {self.page_bytes} bytes, skipped")
            elif raw.strip(_NO_VALUE) and (self.sieve is None or self.sieve(raw)):
                try:
                    yield from self._value(part, number, Document("", offset, number, diagnoses=notes), raw)
                except NoPage as error:
                    if self.lists and (listed := listed_of(raw, part.name, number)) is not None:
                        yield Document("", offset, number, listed=listed)
                    elif (message := str(error)) not in reported and len(reported) < _MAX_FIELDS_REPORTED:
                        reported.add(message)
                        self._report(part, number, message)

    def _value(self, part: Part, number: int, place: Document, raw: bytes) -> Iterator[Document]:
        """Yield the pages of one value, or the value as text if it may hold a dump; raises NoPage if it has no page."""
        try:
            for page in parse_pages(raw):
                if broken := next((note for note in page.diagnoses if note.kind == "cut-json"), None):
                    self._report(part, number, broken.message)
                if not broken or has_sign(page.text):
                    diagnoses = (*place.diagnoses, *page.diagnoses)
                    yield replace(place, text=page.text, url=page.url, timestamp=page.timestamp, diagnoses=diagnoses)
        except NoPage as error:
            if has_sign(raw.decode("utf-8", "replace")):
                odd = Diagnosis("not-json", 0, f"read as it stands: {error}")
                text = document_of(raw, notes=(*place.diagnoses, odd))
                yield replace(place, text=text.text, diagnoses=text.diagnoses)
            raise

    def _report(self, part: Part, number: int, message: str) -> None:
        self.report(SeedError(part.name, f"line {number}: {message}"))

    def _rows(self, part: Part) -> Iterator[Document]:
        """Yield a page for each row of a Parquet file that has a text."""
        try:
            from pyarrow import ArrowException  # noqa: PLC0415 - an extra
            from pyarrow.parquet import ParquetFile  # noqa: PLC0415
        except ImportError as error:
            message = "not read: Parquet needs PyArrow: pip install 'scrapy-gleaner[parquet]'"
            raise SeedError(part.name, message) from error
        number = 0
        try:
            table = ParquetFile(part.file, buffer_size=BUFFER_BYTES, pre_buffer=False)
            for batch in table.iter_batches(_ROWS):
                for record in batch.to_pylist():
                    number += 1
                    yield from self._row(part, number, record)
                self.progress(part.position())
        except (ArrowException, ValueError, OSError) as error:
            raise OSError(f"Parquet, after row {number}: {error}") from error

    def _row(self, part: Part, number: int, record: dict[str, Any]) -> Iterator[Document]:
        page = page_of(record)
        if page is None:
            if number == 1:
                self._report(part, number, f"no text: its columns are {', '.join(map(repr, record))}")
        elif self.sieve is None or self.sieve(page.text.encode("utf-8", "replace")):
            yield Document(page.text, number, number, page.url, page.timestamp, page.diagnoses)


def document_of(
    data: bytes,
    charset: str | None = None,
    container_charset: str | None = None,
    *,
    offset: int = 0,
    notes: tuple[Diagnosis, ...] = (),
) -> Document:
    """Return *data* as a document; its diagnoses say what of its charset was guessed, and what was lost."""
    decoded = decode_page(data, charset, container_charset)
    text = decoded.text
    if decoded.reason == "mark" and decoded.charset == "utf-8":
        text = f"\ufeff{text}"  # keeps its place
    charset = None if decoded.charset.startswith("utf") else decoded.name
    return Document(text, offset, diagnoses=(*notes, *charset_diagnoses(decoded)), charset=charset)


def json_shape(name: str, head: bytes) -> str | None:
    """Return whether a stream that begins with *head* holds JSON ``lines``, other JSON ``values``, or None: text.

    JSON whose objects have no text is read as text: it may be a dump itself.
    """
    start = head.lstrip(SPACE).removeprefix(_BOM).lstrip(SPACE)
    named = _JSON_LINES_RE.search(name) is not None
    inside = start[1:].lstrip(b" \t")
    if start[:1] == b"[" and inside[:1] in b"\r\n" and inside:
        start = inside.lstrip(SPACE)  # perhaps a list with one object on each line
    elif start[:1] == b"[":
        return "values" if inside[:1] == b"{" and _begins_page(start) else None
    if start[:1] != b"{":
        return "lines" if named else None
    lines = [line for line in re.split(rb"[\r\n]+", start) if line.strip(_NO_VALUE)]
    if _is_whole(lines[0]) or len(lines) == 1:
        return "lines" if named or any(_begins_page(line) for line in lines[:_LINES_TRIED]) else None
    return "values" if _begins_page(start) else "lines" if named else None


def _is_whole(line: bytes) -> bool:
    """Return whether *line* holds a whole JSON object."""
    try:
        _, notes = parse_json(line)
    except NoPage:
        return False
    return not any(note.kind == "cut-json" for note in notes)


def _begins_page(start: bytes) -> bool:
    """Return whether the JSON that begins with *head* has an object with a text."""
    if start[:1] == b"[":
        start = start[1:].lstrip(SPACE)
    try:
        next(parse_pages(start))
    except (NoPage, StopIteration):
        return False
    return True


def as_utf8(part: Part) -> tuple[Part, tuple[Diagnosis, ...]]:
    """Return *part* converted to UTF-8 from UTF-16 or UTF-32, and a note if so; it has no other use afterwards."""
    wide = wide_charset(part.head)
    if wide is None:
        return part, ()
    name, mark = wide
    stream = io.BufferedReader(_Recoded(part.stream, name), BUFFER_BYTES)
    note = Diagnosis("utf-16", 0, f"read as {name}" + " by its byte order mark" * bool(mark))
    return replace(part, stream=stream, head=stream.peek(len(part.head))), (note,)


class _Recoded(io.RawIOBase):
    """A stream in UTF-16 or UTF-32 as UTF-8, without its byte order mark."""

    def __init__(self, stream: IO[bytes], charset: str) -> None:
        self._stream = stream
        self._decoder = codecs.getincrementaldecoder(charset)("replace")
        self._kept = b""
        self._begun = self._ended = False

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        while not self._kept and not self._ended:
            data = self._stream.read(BUFFER_BYTES // 4)
            self._ended = not data
            text = self._decoder.decode(data, final=self._ended)
            if text and not self._begun:
                self._begun, text = True, text.removeprefix("\ufeff")
            self._kept = text.encode("utf-8", "replace")
        given, self._kept = self._kept[: len(buffer)], self._kept[len(buffer) :]
        buffer[: len(given)] = given
        return len(given)
