"""Reads captured pages of a sample from local WARC files: by the places that a list names, or by their URLs."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from crawler.captures.lines import CaptureLine
from crawler.draft.pages import SampledPage
from crawler.warc.archive import read_record_at, reading
from crawler.warc.http import read_message
from crawler.warc.replay import Replay
from crawler.warc.sources import find_sources

MAX_PAGE_BYTES = 16 << 20
_OK = 200
_CHARSET_RE = re.compile(r"charset\s*=\s*[\"']?([A-Za-z0-9_.:-]{1,40})", re.IGNORECASE)

Find = Callable[[str, CaptureLine], SampledPage | None]
"""Returns the page of an id that a line names, None if it is not there. Raises ValueError, which says what is wrong."""


def charset_in(content_type: str | None) -> str | None:
    """Return the charset that a Content-Type names, None if it names none."""
    found = _CHARSET_RE.search(content_type or "")
    return found[1] if found else None


def page_at_place(article_id: str, line: CaptureLine, folders: Sequence[Path]) -> SampledPage | None:
    """Return the page in the WARC file that *line* names, looked for in *folders*; None if there is no such file."""
    if line.filename is None or line.offset is None:
        return None
    paths = (folder / line.filename for folder in folders)
    path = next((path for path in paths if path.is_file()), None)
    if path is None:
        return None
    try:
        with reading(path) as (read_at, size):
            record = read_record_at(read_at, size, line.offset, MAX_PAGE_BYTES)
        message = read_message(record.block)
        body = message.decoded(MAX_PAGE_BYTES).body if message and message.status == _OK else None
    except (OSError, ValueError) as error:
        raise ValueError(f"{path.name}: {error}") from error
    if message is None or body is None:
        raise ValueError(f"{path.name}: there is no page with status 200")
    return SampledPage(line, article_id, body, charset_in(message.header("content-type")))


@contextmanager
def pages_by_url(paths: Sequence[str], on_problem: Callable[[str], None]) -> Iterator[Find]:
    """Yield a function that finds pages in the WARC, ARC or WACZ files at *paths* by their URLs.

    Raises ConfigError if there are none.
    """
    if not paths:
        yield lambda _id, _line: None
        return
    sources = [source for path in paths for source in find_sources(path)]
    with tempfile.TemporaryDirectory(prefix="gleaner-") as folder:
        replay = Replay(sources, Path(folder) / "index.sqlite", max_body=MAX_PAGE_BYTES, on_problem=on_problem)

        def find(article_id: str, line: CaptureLine) -> SampledPage | None:
            found = replay.find(line.url)
            if found is None or found.exchange.status != _OK:
                return None
            headers = {name.lower(): value for name, value in found.exchange.headers}
            return SampledPage(line, article_id, found.exchange.body, charset_in(headers.get("content-type")))

        try:
            yield find
        finally:
            replay.close()
