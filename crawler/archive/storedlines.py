"""Appends and reads the lines of an open corpus, including those of the group that is being gathered."""

from __future__ import annotations

from concurrent.futures import Future
from contextlib import suppress
from pathlib import Path
from typing import Any

from crawler.archive.catalogue import Catalogue
from crawler.archive.intact import record_if_intact
from crawler.archive.places import line_at
from crawler.archive.segments import LineAppender, LinePlace
from crawler.items import Article
from crawler.jsonl import decode


class StoredLines:
    """The lines of the corpus at *root*; its *catalogue* has the CRCs that show whether a line is intact."""

    def __init__(self, root: Path, catalogue: Catalogue, segment_bytes: int) -> None:
        self._root = root
        self._catalogue = catalogue
        self._appender = LineAppender(root, segment_bytes)

    def append(self, family: str, line: bytes) -> LinePlace:
        """Append *line* to the last segment of *family*; return its future place."""
        return self._appender.append(family, line)

    def sync(self) -> Future[None]:
        """Begin to sync the appended lines; return the future of it (:meth:`LineAppender.sync`)."""
        return self._appender.sync()

    def close(self) -> None:
        """Close the segments, without syncing them."""
        self._appender.close()

    def at(self, place: LinePlace) -> bytes:
        """Return the line at *place*."""
        self._appender.write()
        return line_at(self._root, place)

    def record(self, place: LinePlace) -> dict[str, Any] | None:
        """Return the fields of the line at *place*; None if it is not intact."""
        return record_if_intact(self.at(place), self._catalogue.crc_of)

    def article(self, place: LinePlace) -> Article | None:
        """Return the record in the line at *place*; None if it is not intact (``verify`` reports it)."""
        return self.decoded(self.at(place))

    def decoded(self, line: bytes) -> Article | None:
        """Return the record in *line*, which the catalogue knows; None if it is not intact."""
        with suppress(ValueError):
            return decode(line) if record_if_intact(line, self._catalogue.crc_of) else None
        return None
