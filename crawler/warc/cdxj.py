"""CDXJ indexes, as pywb and ReplayWeb.page read them: sorted lines, in separately compressed blocks."""

from __future__ import annotations

import gzip
import hashlib
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import NamedTuple

import orjson

from crawler.warc.index import IndexedCapture

LINES_A_BLOCK = 3000
_REVISIT = "warc/revisit"


class ZipNumBlock(NamedTuple):
    """A compressed block of lines, and the line of the secondary index that leads to it."""

    data: bytes
    entry: bytes


def cdxj_line(capture: IndexedCapture, filename: str) -> bytes:
    """Return the line of *capture*, which is in *filename*."""
    status = {} if capture.status is None else {"status": str(capture.status)}
    fields = {
        "url": capture.url,
        "mime": _REVISIT if capture.kind == "revisit" else capture.media_type or "unk",
        **status,
        "digest": capture.digest or "-",
        "length": str(capture.length),
        "offset": str(capture.offset),
        "filename": filename,
    }
    key = "".join(capture.urlkey.split())
    return f"{key} {timestamp(capture.date)} ".encode() + orjson.dumps(fields) + b"\n"


def timestamp(date: str) -> str:
    """Return a WARC-Date as the 14 digits of a CDX timestamp.

    >>> timestamp("2026-11-22T12:30:15.123Z")
    '20261122123015'
    """
    return "".join(character for character in date if character.isdigit())[:14].ljust(14, "0")


def zipnum(lines: Iterable[bytes], filename: str) -> Iterator[ZipNumBlock]:
    """Yield the sorted *lines* as blocks of the file *filename*, the first with the head of the secondary index."""
    waiting, offset = iter(lines), 0
    entry = b"!meta 0 " + orjson.dumps({"format": "cdxj-gzip-1.0", "filename": filename}) + b"\n"
    while block := list(islice(waiting, LINES_A_BLOCK)):
        data = gzip.compress(b"".join(block), mtime=0)
        place = {"offset": offset, "length": len(data), "digest": f"sha256:{hashlib.sha256(data).hexdigest()}"}
        entry += block[0].partition(b" {")[0] + b" " + orjson.dumps({**place, "filename": filename}) + b"\n"
        yield ZipNumBlock(data, entry)
        entry, offset = b"", offset + len(data)
