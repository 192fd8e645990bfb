"""Pages out of the WARC files of a corpus: the body that a record was made of, as the crawl read it."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import NamedTuple

from crawler.archive.warcs import FOLDER, INDEX_NAME
from crawler.items import Capture
from crawler.warc.coding import decode_body
from crawler.warc.index import CaptureIndex
from crawler.warc.reading import Record, http_head, read_record


class Page(NamedTuple):
    """The body of a response, decoded, and what its header says that it is."""

    body: bytes
    content_type: str | None


def is_held(capture: Capture) -> bool:
    """Tell whether *capture* says that it lies in a WARC file of the corpus itself."""
    return bool(capture.warc_file and capture.warc_file.startswith(f"{FOLDER}/") and capture.warc_offset is not None)


def load_page(root: Path, capture: Capture) -> Page:
    """Return the page that *capture* names; raise ``ValueError`` if it is not there, or not whole."""
    file, offset = capture.warc_file or "", capture.warc_offset or 0
    path = root / file
    if path.parent != root / FOLDER or path.is_symlink() or not path.is_file():
        raise ValueError(f"{file!r} is no WARC file of this corpus")
    record = read_record(path, offset)
    _, headers = http_head(record.block)
    payload = _original(root, record).payload if record.kind == "revisit" else record.payload
    return Page(decode_body(payload, headers.get("content-encoding")), headers.get("content-type"))


def _original(root: Path, revisit: Record) -> Record:
    """Return the response that *revisit* refers to."""
    url, date = (revisit.headers.get(f"warc-refers-to-{what}", "") for what in ("target-uri", "date"))
    try:
        with closing(CaptureIndex(root / INDEX_NAME, read_only=True)) as index:
            places = [
                (one.file, one.offset) for one in index.of_url(url) if one.date == date and one.kind == "response"
            ]
    except sqlite3.Error as error:
        raise ValueError(f"the index of the WARC files cannot be read ({error})") from error
    for file, offset in places:
        record = read_record(root / file, offset)
        if record.headers["warc-record-id"] == revisit.headers.get("warc-refers-to"):
            return record
    raise ValueError("it is a revisit of a response that is not there")
