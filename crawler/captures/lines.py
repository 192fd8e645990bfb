"""Lines of captures: our own JSON lines, and the CDX and CDXJ files of other tools.

A line of ours is a JSON object with the names of CDXJ: ``urlkey, timestamp, url, mime, status, digest, length``, then
``source``, and ``filename`` and ``offset`` where known. Also read, and told by their content: CDXJ, with any header
lines; CDX of 7, 9, 10 and 11 fields, or of the fields that its `` CDX`` line names; JSON of CDX servers, one object or
one array a line.
Sources: https://github.com/internetarchive/wayback/tree/master/wayback-cdx-server,
https://pywb.readthedocs.io/en/latest/manual/indexing.html, https://archive.org/web/researcher/cdx_legend.php
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import UTC
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import quote

import orjson

from crawler.archive.files import write_pieces_atomically
from crawler.exceptions import SeedError
from crawler.inputs import is_remote, shown
from crawler.inputs.names import is_http
from crawler.net import url_origin
from crawler.seeds.containers import Part, parts_of, reporting
from crawler.warc.dates import instant
from crawler.warc.index import url_key
from crawler.zstd import zstd

MAX_LINE_BYTES = 1 << 16
"""A longer line is an error; only its start is held in memory."""
MAX_URL_LETTERS = 4_000

LOCAL_SOURCE = "warc"
"""The source of a line that names none: local files."""

OnError = Callable[[SeedError], None]

_PIECE_BYTES = 1 << 18
_MAX_INTEGER = 2**63 - 1
_MAX_SHOWN_LETTERS = 60
_FIRST_YEAR = 1980
_MOMENT_RE = re.compile(r"[0-9]{8}(?:[01][0-9]|2[0-3])[0-5][0-9][0-5][0-9]", re.ASCII)
_FIRST_MOMENT = "00000101000000"
_SOURCE_RE = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}", re.ASCII)
_STATUS_RE = re.compile(r"[1-5][0-9]{2}", re.ASCII)
_SCHEME_RE = re.compile(r"[a-z][a-z0-9+.-]*:(?![0-9])", re.IGNORECASE | re.ASCII)
"""A host and its port are none."""
_WEB_LINE_RE = re.compile(rb"https?://\S+\s*", re.IGNORECASE)
_WEB_RE = re.compile(r"https?:", re.IGNORECASE | re.ASCII)
_KEPT_IN_URL = "".join(map(chr, range(0x21, 0x7F))).replace("\\", "").replace('"', "")
_LIST_ENDING_RE = re.compile(r"\.(?:jsonl|cdxj?)(?:\.gz|\.zst)?\Z", re.IGNORECASE | re.ASCII)
_UNKNOWN = frozenset({"", "-", "unk", "unknown"})
_ORDERS = {
    7: ("urlkey", "timestamp", "url", "mime", "status", "digest", "length"),
    9: ("urlkey", "timestamp", "url", "mime", "status", "digest", "redirect", "offset", "filename"),
    10: ("urlkey", "timestamp", "url", "mime", "status", "digest", "redirect", "robots", "offset", "filename"),
    11: (
        "urlkey",
        "timestamp",
        "url",
        "mime",
        "status",
        "digest",
        "redirect",
        "robots",
        "length",
        "offset",
        "filename",
    ),
}
"""The fields of CDX lines without a `` CDX`` line, by their number."""
_LETTERS = {
    "N": "urlkey", "b": "timestamp", "a": "url", "m": "mime", "s": "status", "k": "digest", "S": "length",
    "V": "offset", "g": "filename",
}  # fmt: skip
_OTHER_NAMES = {
    "original": "url", "mimetype": "mime", "statuscode": "status", "uri": "url", "mct": "mime", "hsc": "status",
    "sha": "digest",
}  # fmt: skip
"""Names that the Wayback Machine's and OpenWayback's indexes give to the same fields."""
_REF_RE = re.compile(r"(?:warcfile:)?(?P<filename>[^#]+)#(?P<offset>[0-9]{1,18})", re.ASCII)


class CaptureLine(NamedTuple):
    """One capture. ``timestamp`` is 14 digits, UTC; ``status`` three digits; None: the index does not say.

    ``source`` is the name of an archive, ``commoncrawl``, or ``warc`` for local files. ``filename`` and ``offset`` are
    the place of the record, of ``length`` bytes.
    """

    urlkey: str
    timestamp: str
    url: str
    mime: str | None
    status: str | None
    digest: str | None
    length: int | None
    source: str
    filename: str | None = None
    offset: int | None = None


def encode_line(line: CaptureLine) -> bytes:
    r"""Return *line* as JSON, ending in ``\n``, with its fields in order; ``filename`` and ``offset`` only if known.

    >>> encode_line(CaptureLine("org,example)/", "20160227101112", "http://example.org/", None, "200", None, 9, "ukwa"))
    b'{"urlkey":"org,example)/","timestamp":"20160227101112","url":"http://example.org/","mime":null,"status":"200","digest":null,"length":9,"source":"ukwa"}\n'
    """
    fields = line._asdict()
    if line.filename is None:
        del fields["filename"]
    if line.offset is None:
        del fields["offset"]
    return orjson.dumps(fields, option=orjson.OPT_APPEND_NEWLINE)


def write_captures(path: Path, lines: Iterable[CaptureLine]) -> int:
    """Write *lines* to the file *path* and return how many there were; compressed if it ends in .gz or .zst.

    The file appears when it is whole, and the same lines give the same bytes.
    """
    count = 0

    def encoded() -> Iterator[bytes]:
        nonlocal count
        for line in lines:
            count += 1
            yield encode_line(line)

    write_pieces_atomically(path, packed(encoded(), path.suffix))
    return count


def packed(lines: Iterable[bytes], suffix: str) -> Iterator[bytes]:
    """Yield *lines* joined to pieces, compressed if the *suffix* of the file's name is ``.gz`` or ``.zst``."""
    packer: Any = None
    if suffix == ".gz":
        packer = zlib.compressobj(wbits=zlib.MAX_WBITS | 16)
    elif suffix == ".zst":
        packer = zstd.ZstdCompressor()
    for piece in _pieces(lines):
        if data := packer.compress(piece) if packer else piece:
            yield data
    if packer:
        yield packer.flush()


def _pieces(lines: Iterable[bytes]) -> Iterator[bytes]:
    piece = bytearray()
    for line in lines:
        piece += line
        if len(piece) >= _PIECE_BYTES:
            yield bytes(piece)
            piece.clear()
    if piece:
        yield bytes(piece)


def names_list(name: str) -> bool:
    """Return whether *name* is that of a list of captures: a file, or its URL. Other URLs are those of captured pages.

    >>> names_list("s3://bucket/list"), names_list("https://example.org/a.cdx.gz"), names_list("https://example.org/")
    (True, True, False)
    """
    if not is_remote(name):
        return Path(name).is_file()
    return not is_http(name) or _LIST_ENDING_RE.search(shown(name)) is not None


def read_captures(path: str, on_error: OnError | None = None, *, source: str = LOCAL_SOURCE) -> Iterator[CaptureLine]:
    """Yield the captures in the file *path* (``-``: standard input), in its order; compressed or not, told by content.

    Lines that name no source get *source*. Captures of what is no web page (``dns:``, ``urn:``...) are left out. Raises
    SeedError, which names file and line, for a file that cannot be read and for the first bad line; with *on_error*,
    errors are passed to it and the line is skipped.
    """
    report = on_error or _raise
    with reporting(path, report, is_file=True):
        for part in parts_of(path, report):
            if part.kind != "text":
                raise SeedError(part.name, "not a list of captures")
            yield from _read_part(part, report, source)


def read_urls(path: str, on_error: OnError) -> Iterator[str]:
    """Yield the URLs in the file *path*: one a line, or those of a list of captures, each once if it is sorted.

    Errors are passed to *on_error*; the file itself must be readable, otherwise SeedError is raised.
    """
    before = ""
    for part in parts_of(path, on_error):
        reader = LineReader(LOCAL_SOURCE)
        for number, raw in enumerate(_lines(part), 1):
            try:
                if _WEB_LINE_RE.fullmatch(raw):
                    url = web_url(raw.decode().strip())
                else:
                    line = reader.read(raw)
                    url = line.url if line else before
            except ValueError as error:
                on_error(SeedError(f"{part.name}:{number}", str(error)))
                continue
            if url != before:
                yield url
            before = url


def _raise(error: SeedError) -> None:
    raise error


def _read_part(part: Part, report: OnError, source: str) -> Iterator[CaptureLine]:
    reader = LineReader(source)
    for number, line in enumerate(_lines(part), 1):
        try:
            found = reader.read(line)
        except ValueError as error:
            report(SeedError(f"{part.name}:{number}", str(error)))
            continue
        if found is not None:
            yield found


def _lines(part: Part) -> Iterator[bytes]:
    while line := part.stream.readline(MAX_LINE_BYTES + 1):
        yield line
        while len(line) > MAX_LINE_BYTES and not line.endswith(b"\n"):
            line = part.stream.readline(MAX_LINE_BYTES + 1)


class LineReader:
    """Reads lines of one file or answer, one after the other: the first can say what the fields of the others are.

    Lines that name no source get *source*; with *own_only* all do, as an index knows nothing of our names.
    ``position`` is the key and the time of the last line, as they stood there; None if it was not that of a capture.
    """

    def __init__(self, source: str, *, own_only: bool = False) -> None:
        self._source, self._own_only = source, own_only
        self.position: tuple[str, str] | None = None
        self._letters: tuple[str, ...] | None = None
        """The fields of CDX lines, as the file's `` CDX`` line names them."""
        self._columns: tuple[str, ...] | None = None
        """The fields of JSON arrays, as the first array names them."""

    def read(self, raw: bytes) -> CaptureLine | None:
        """Return the capture in the line *raw*, None if it has none by intent. Raises ValueError for a bad line."""
        self.position = None
        if len(raw) > MAX_LINE_BYTES:
            raise ValueError(f"a line of over {MAX_LINE_BYTES} bytes")
        try:
            text = raw.decode("utf-8-sig")
        except UnicodeDecodeError:
            raise ValueError("not UTF-8") from None
        fields = self._fields(text)
        if fields is None:
            return None
        line = capture_line({**fields, "source": None} if self._own_only else fields, self._source)
        self.position = (str(fields.get("urlkey", "")), str(fields.get("timestamp", "")))
        return line

    def _fields(self, text: str) -> Mapping[str, Any] | None:
        if text.startswith((" CDX ", "CDX ")):
            self._letters = tuple(_LETTERS.get(letter, letter) for letter in text.split()[1:])
            return None
        text = text.strip()
        if not text or text.startswith(("!", "@")):  # the header of a CDXJ file
            return None
        if text.startswith("{"):
            return _object(text)
        if text.startswith("["):
            return self._of_array(text)
        head, brace, rest = text.partition(" {")
        if brace:
            return _of_cdxj(head, "{" + rest)
        return self._of_cdx(text.split(" "))

    def _of_array(self, text: str) -> Mapping[str, Any] | None:
        """Return the fields in a line of a CDX server's JSON: a list of arrays, one a line."""
        bare = text.rstrip("],").lstrip("[")
        if not bare:
            return None
        try:
            values = orjson.loads(f"[{bare}]")
        except orjson.JSONDecodeError:
            raise ValueError(f"not JSON: {_shown(text)}") from None
        if self._columns is None:
            columns = tuple(str(name) for name in values)
            if "timestamp" not in columns:
                raise ValueError(f"not the names of an index's fields: {_shown(text)}")
            self._columns = columns
            return None
        if len(values) == 1:  # a resume key, or a number of pages
            return None
        if len(values) != len(self._columns):
            raise ValueError(f"{len(values)} values where {len(self._columns)} are named")
        return dict(zip(self._columns, values, strict=True))

    def _of_cdx(self, values: list[str]) -> Mapping[str, Any]:
        names = self._letters or _ORDERS.get(len(values))
        if "\t" in values[-1] and names is None:
            raise ValueError(
                "a line of a ZipNum index, which lists no captures: give the .cdx.gz files that it points to"
            )
        if names is None or len(values) != len(names):
            raise ValueError(f"not a line of captures: {_shown(' '.join(values))}")
        return dict(zip(names, values, strict=True))


def _of_cdxj(head: str, text: str) -> Mapping[str, Any]:
    """Return the fields of a line ``urlkey timestamp {...}``; OpenWayback's has a record type before its object."""
    before = head.split(" ")
    if len(before) not in {2, 3}:
        raise ValueError(f"not a line of captures: {_shown(head)}")
    fields = _object(text)
    if place := _REF_RE.fullmatch(str(fields.get("ref", ""))):
        fields |= place.groupdict()
    return {"urlkey": before[0], **fields, "timestamp": before[1]}


def _object(text: str) -> dict[str, Any]:
    try:
        fields = orjson.loads(text)
    except orjson.JSONDecodeError:
        raise ValueError(f"not JSON: {_shown(text)}") from None
    if not isinstance(fields, dict):
        raise ValueError(f"not a JSON object: {_shown(text)}")
    return fields


def capture_line(fields: Mapping[str, Any], source: str) -> CaptureLine | None:
    """Return the capture that *fields* of an index describe, None if it is of no web page; *source* if it names none.

    The ``urlkey`` of indexes is replaced by our own (:func:`crawler.warc.index.url_key`), since tools disagree on it.
    Raises ValueError.
    """
    named = {_OTHER_NAMES.get(name, name): value for name, value in fields.items()}
    url = named.get("url")
    if not isinstance(url, str) or not url:
        raise ValueError("there is no URL in it")
    if not _WEB_RE.match(url) and _SCHEME_RE.match(url):
        return None
    url, given = _checked_url(url), named.get("urlkey")
    is_ours = bool(given) and _source(named.get("source"), "") != ""
    return CaptureLine(
        str(given) if is_ours else _key(url),
        full_timestamp(named.get("timestamp")),
        url,
        _known(named.get("mime-detected") or named.get("mime"), lower=True),
        _status(named.get("status")),
        _known(named.get("digest")),
        _number(named.get("length")),
        _source(named.get("source"), source),
        _known(named.get("filename")),
        _number(named.get("offset")),
    )


def web_url(url: str) -> str:
    """Return *url* with percent signs for what may not stand in a URL. Raises ValueError if it is no web address."""
    if len(url) > MAX_URL_LETTERS:
        raise ValueError(f"a URL of over {MAX_URL_LETTERS} letters")
    if url_origin(url) is None:
        quoted = quote(url, safe=_KEPT_IN_URL)
        if url_origin(quoted) is None:
            raise ValueError(f"not the URL of a web page: {_shown(url)}")
        return quoted
    return url


_checked_url, _key = lru_cache(maxsize=1024)(web_url), lru_cache(maxsize=1024)(url_key)
"""Many captures are of the URL of the line before."""


def full_timestamp(value: Any) -> str:
    """Return the timestamp *value* as 14 digits, also a shorter one or ISO 8601. Raises ValueError if it is none.

    >>> full_timestamp("201602")
    '20160201000000'
    """
    text = str(value)
    if _MOMENT_RE.fullmatch(text) and _is_day(text[:8]):
        return text
    moment = instant(text)
    if moment is None or moment.year < _FIRST_YEAR:
        raise ValueError(f"not a timestamp: {_shown(text)}")
    return text + _FIRST_MOMENT[len(text) :] if text.isdigit() else moment.astimezone(UTC).strftime("%Y%m%d%H%M%S")


@lru_cache(maxsize=4096)
def _is_day(digits: str) -> bool:
    day = instant(digits)
    return day is not None and day.year >= _FIRST_YEAR


def _source(value: Any, given: str) -> str:
    """Return the name of a source in *value*, else *given*: pywb's lines name the file of the index there."""
    return value if isinstance(value, str) and _SOURCE_RE.fullmatch(value) else given


def _known(value: Any, *, lower: bool = False) -> str | None:
    text = str(value).strip() if value is not None else ""
    if text.lower() in _UNKNOWN:
        return None
    return text.partition(";")[0].strip().lower() or None if lower else text


def _status(value: Any) -> str | None:
    text = str(value)
    return text if _STATUS_RE.fullmatch(text) else None


def _number(value: Any) -> int | None:
    text = str(value)
    number = int(text) if text.isascii() and text.isdigit() and len(text) <= len(str(_MAX_INTEGER)) else None
    return number if number is not None and number <= _MAX_INTEGER else None


def _shown(text: str) -> str:
    return repr(text[:_MAX_SHOWN_LETTERS]) + ("..." if len(text) > _MAX_SHOWN_LETTERS else "")
