"""Seeds from wherever they lie: files, directories, globs, compressed or not, JSON lines, standard input."""

from __future__ import annotations

import glob
import io
import os
import re
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import orjson

from crawler.exceptions import SeedError
from crawler.seeds.model import SeedPage
from crawler.seeds.page import parse_page
from crawler.seeds.streams import STDIN, STREAM_ERRORS, Opened, decode_text, open_stream
from crawler.writable import writable

MAX_PAGE_BYTES = 16 << 20
"""A longer page is read in parts, a longer JSON line is passed over: memory stays bounded whatever comes."""

_SKIP_BLOCK = 1 << 20
_JSON_LINE_RE = re.compile(rb'\s{0,9}\{\s{0,9}"(?:text|url|timestamp)"\s{0,9}:')
_JSON_LINES = (".jsonl", ".ndjson")
_COMPRESSED = (".gz", ".zst")
_NO_PAGES = frozenset(
    ".tsv .csv .md .py .pyc .toml .sqlite .db .jpg .jpeg .png .gif .webp .mp4 .pdf .zip .cdx .cdxj".split()  # noqa: SIM905
)
_ARCHIVES = frozenset((".warc", ".wet", ".arc", ".wacz"))
"""Endings of files that a walk through a directory passes by; named outright, any file is read."""

OnError = Callable[[SeedError], None]


def read_seeds(paths: Sequence[str], zone: ZoneInfo, on_error: OnError | None = None) -> Iterator[SeedPage]:
    """Return an iterator over the pages in *paths*, one after the other, in constant memory.

    Each path is a file, a directory (walked in order of names), a glob, or ``-`` for standard input. Files may be
    gzip or zstandard; a file of JSON lines gives a page for each line's ``text``. Pages without a dump come too.

    Raises :class:`~crawler.exceptions.SeedError` at once for a path that does not exist or a glob that matches
    nothing. What cannot be read later goes to *on_error* and is passed over, or is raised if that is None.
    """
    check_paths(paths)
    return _read_all(paths, zone, on_error or _raise)


def expand(path: str, *, archives: bool = False) -> Iterator[str]:
    """Yield the files that *path* stands for; nothing is opened. *archives*: WARC and WET files in directories too."""
    passed_by = _NO_PAGES if archives else _NO_PAGES | _ARCHIVES
    if path == STDIN or Path(path).is_file():
        yield path
    elif Path(path).is_dir():
        yield from _walk(path, passed_by)
    elif glob.has_magic(path):
        for match in sorted(glob.glob(path, recursive=True)):  # noqa: PTH207 - the pattern may be absolute
            yield from _walk(match, passed_by) if Path(match).is_dir() else (match,)
    else:  # a pipe or a device
        yield path


def is_json_lines(source: str) -> bool:
    """Tell by its name whether *source* holds JSON lines."""
    return _plain_name(source).endswith(_JSON_LINES)


def check_paths(paths: Sequence[str]) -> None:
    """Raise SeedError for the first of *paths* that does not exist, or that is a glob and matches nothing."""
    for path in paths:
        if path == STDIN or os.path.lexists(path):
            continue
        if not glob.has_magic(path):
            raise SeedError(path, "no such file or directory")
        if not next(glob.iglob(path, recursive=True), None):  # noqa: PTH207
            raise SeedError(path, "no file matches")


def _raise(error: SeedError) -> None:
    raise error


def _walk(directory: str, passed_by: frozenset[str]) -> Iterator[str]:
    for folder, folders, files in os.walk(directory):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(files):
            if name.startswith(".") or Path(_plain_name(name)).suffix in passed_by:
                continue
            path = os.path.join(folder, name)  # noqa: PTH118 - keeps the path as the user wrote it
            if Path(path).is_file():
                yield path


def _plain_name(name: str) -> str:
    name = name.lower()
    for ending in _COMPRESSED:
        name = name.removesuffix(ending)
    return name


def _read_all(paths: Sequence[str], zone: ZoneInfo, on_error: OnError) -> Iterator[SeedPage]:
    for path in paths:
        for source in expand(path):
            try:
                with open_stream(source) as opened:
                    yield from _read_stream(writable(source), opened, zone, on_error)
                    opened.check()
            except SeedError as error:
                on_error(error)
            except STREAM_ERRORS as error:
                on_error(SeedError(source, f"cannot be read to its end ({error})"))


def _read_stream(source: str, opened: Opened, zone: ZoneInfo, on_error: OnError) -> Iterator[SeedPage]:
    if opened.head.startswith(b"WARC/"):
        raise SeedError(source, "a WARC file: take the pages with a dump out of it with 'scrapy seeds harvest'")
    if is_json_lines(source) or looks_like_json_lines(opened.head):
        yield from _read_lines(source, opened.stream, zone, on_error)
    else:
        yield from _read_text(source, opened, zone)


def looks_like_json_lines(head: bytes) -> bool:
    """Tell by its beginning whether a stream holds JSON lines, each with a text."""
    return _JSON_LINE_RE.match(head) is not None


def _read_text(source: str, opened: Opened, zone: ZoneInfo) -> Iterator[SeedPage]:
    """Yield the one page of a plain file, or the parts of one that is too long for a page, cut at line ends."""
    offset = 0
    carried = b""
    while True:
        block = opened.stream.read(MAX_PAGE_BYTES - len(carried))
        data = carried + block
        carried = b""
        if not data:
            opened.check()  # an empty file is a page without text, a broken one is none
        if len(data) >= MAX_PAGE_BYTES and (cut := data.rfind(b"\n") + 1):
            data, carried = data[:cut], data[cut:]
        if data or offset == 0:
            text = decode_text(data)
            yield SeedPage(source=source, offset=offset, text=text, page=parse_page(text, zone))
        offset += len(data)
        if not block and not carried:
            return


def _read_lines(source: str, stream: io.BufferedReader, zone: ZoneInfo, on_error: OnError) -> Iterator[SeedPage]:
    offset = 0
    number = 0
    while raw := stream.readline(MAX_PAGE_BYTES):
        number += 1
        start = offset
        offset += len(raw)
        if len(raw) == MAX_PAGE_BYTES and not raw.endswith(b"\n"):
            offset += skip_line(stream)
            on_error(SeedError(source, f"line {number}: longer than {MAX_PAGE_BYTES} bytes, passed over"))
            continue
        if not raw.strip():
            continue
        try:
            record = parse_line(raw)
        except ValueError as error:
            on_error(SeedError(source, f"line {number}: {error}"))
            continue
        text = record["text"]
        yield SeedPage(
            source=source,
            offset=start,
            line=number,
            url=optional(record.get("url")),
            timestamp=optional(record.get("timestamp")),
            text=text,
            page=parse_page(text, zone),
        )


def parse_line(raw: bytes) -> dict[str, Any]:
    """Return the object of one JSON line; raises ValueError, with a message, if it has no text."""
    try:
        record = orjson.loads(raw)
    except orjson.JSONDecodeError as error:
        raise ValueError(f"not JSON ({error})") from error
    if not isinstance(record, dict) or not isinstance(record.get("text"), str):
        raise ValueError("no field 'text'")
    return record


def optional(value: object) -> str | None:
    """Return what a JSON line says of its page as text, None if it says nothing."""
    return str(value) if isinstance(value, str | int) and not isinstance(value, bool) else None


def skip_line(stream: io.BufferedReader) -> int:
    """Read on to the end of a line; return how many bytes that took."""
    skipped = 0
    while block := stream.readline(_SKIP_BLOCK):
        skipped += len(block)
        if block.endswith(b"\n"):
            break
    return skipped
