"""Captures in local files: WARC, ARC and WACZ files themselves, and indexes of them."""

from __future__ import annotations

import glob
import hashlib
from base64 import b32encode
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from crawler.captures.lines import CaptureLine, capture_line, read_captures
from crawler.exceptions import ConfigError, SeedError
from crawler.seeds.warc import archives_in
from crawler.warc.archive import Raw, read_archive, reading
from crawler.warc.framing import Gap
from crawler.warc.http import read_message
from crawler.warc.sources import WarcSource

_MAX_BLOCK_BYTES = 16 << 20
"""A longer record that names no digest gets none."""
_KINDS = frozenset({"response", "revisit", "resource"})
_REVISIT = "warc/revisit"
_PACKED = ("", ".gz", ".zst")
_ENDINGS = (
    ".wacz",
    *(f"{kind}{packed}" for kind in (".warc", ".arc", ".cdx", ".cdxj", ".jsonl") for packed in _PACKED),
)
"""Endings of the files that a walk through a folder reads; a file that is named itself is always read."""


class Found(NamedTuple):
    """A capture, or what is wrong at a place; reading can resume at ``place``: an offset, or a number of lines."""

    place: int
    line: CaptureLine | None
    error: SeedError | None = None


def local_files(path: str) -> list[str]:
    """Return the files at *path*: a file, all captures and indexes in a folder, or those that a glob matches.

    Raises ConfigError if there are none.
    """
    if Path(path).is_dir():
        found = [str(one) for one in sorted(Path(path).rglob("*")) if one.name.lower().endswith(_ENDINGS)]
    elif Path(path).exists() or not glob.has_magic(path):
        found = [path]
    else:
        found = sorted(glob.glob(path, recursive=True))  # noqa: PTH207 - the pattern may be absolute
    files = [one for one in found if not Path(one).is_dir()]
    if not files:
        raise ConfigError(f"{path}: there is no WARC, ARC, WACZ, CDX or CDXJ file in it")
    return files


def parts_of_file(path: str) -> list[WarcSource]:
    """Return the WARC or ARC data in the file *path*, nothing if it is an index. Raises SeedError."""
    return archives_in(path)


def read_index_file(path: str, source: str, start: int) -> Iterator[Found]:
    """Yield the captures in an index, from the one numbered *start* on, and its bad lines. Raises SeedError."""
    errors: list[SeedError] = []
    number = 0
    for number, line in enumerate(read_captures(path, errors.append, source=source), 1):
        if number > start:
            yield from (Found(number - 1, None, error) for error in errors)
            yield Found(number, line)
        errors.clear()
    if number == 0 and errors:
        raise errors[0]
    yield from (Found(number, None, error) for error in errors)


def read_warc_file(part: WarcSource, source: str, start: int) -> Iterator[Found]:
    """Yield the captures in WARC or ARC data from the offset *start* on, and what cannot be read.

    The place of a record, and its length, are known only if its gzip member or frame holds no other.
    """
    with reading(part.path, part.start, part.size) as (read_at, size):
        waiting: tuple[Raw, CaptureLine] | None = None
        for record in read_archive(read_at, size, _MAX_BLOCK_BYTES, start):
            offset = record.place if isinstance(record, Gap) else record.offset
            if waiting is not None:
                yield _placed(waiting, offset)
                waiting = None
            if isinstance(record, Gap):
                yield Found(offset, None, SeedError(part.name, f"broken record at offset {offset} ({record.reason})"))
                continue
            try:
                line = _line(record, part.name, source)
            except ValueError as error:
                yield Found(offset, None, SeedError(part.name, f"the record at offset {offset}: {error}"))
                continue
            if line is not None:
                waiting = record, line
        if waiting is not None:
            yield _placed(waiting, size)


def _placed(waiting: tuple[Raw, CaptureLine], following: int) -> Found:
    """Return a capture with its length, which the record after it shows."""
    record, line = waiting
    if record.inner or following <= record.offset:
        return Found(record.offset, line._replace(offset=None, length=None))
    return Found(following, line._replace(length=following - record.offset))


def _line(record: Raw, name: str, source: str) -> CaptureLine | None:
    if record.kind not in _KINDS:
        return None
    headers = record.headers
    message = read_message(record.block)
    mime = message.header("content-type") if message else headers.get("content-type")
    digest = headers.get("warc-payload-digest")
    if digest is None and record.kind != "revisit" and record.length == len(record.block):
        payload = message.body if message else record.block
        digest = b32encode(hashlib.sha1(payload, usedforsecurity=False).digest()).decode()
    fields = {
        "url": headers.get("warc-target-uri", "").strip("<>"),
        "timestamp": headers.get("warc-date"),
        "mime": _REVISIT if record.kind == "revisit" else mime,
        "status": message.status if message else "200" if record.kind == "resource" else None,
        "digest": digest,
        "filename": name,
        "offset": record.offset,
    }
    return capture_line(fields, source)
