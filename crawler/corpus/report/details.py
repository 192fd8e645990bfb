"""Reads titles, URLs and pictures of the keys that a report lists from the lines, up to a limit."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from crawler.archive.intact import CrcOf, Damage, Damages, NotIntactError, intact_record, key_in
from crawler.archive.pictures import images_of
from crawler.archive.places import line_at, lines_from
from crawler.archive.segments import LinePlace, segment_name, segment_paths
from crawler.corpus.report.collect import count_host, count_picture
from crawler.corpus.report.tally import KeyEntry, Tally

MAX_SINGLE_LINES = 50_000
"""Lines of a run that are read for its pictures, unless all are requested."""


class SingleLines:
    """Reads single lines of plain segments of the corpus at *root*: in a compressed one, each takes seconds.

    *crc_of* is what the catalogue knows; lines that are not intact go to *damaged*, each once.
    """

    def __init__(self, root: Path, crc_of: CrcOf, damaged: Damages) -> None:
        self._root = root
        self._crc_of = crc_of
        self._damaged = damaged
        paths = segment_paths(root, "articles") + segment_paths(root, "duplicates")
        self._plain = {segment_name(path) for path in paths if path.suffix == ".jsonl"}

    def record(self, place: LinePlace | None) -> dict[str, Any]:
        """Return the record at *place*; an empty one if it is damaged or in a compressed segment."""
        if place is None or place.segment not in self._plain:
            return {}
        try:
            line = line_at(self._root, place)
        except OSError:
            return {}
        return _record(place, line, self._crc_of, self._damaged)

    def described(self, entry: KeyEntry) -> KeyEntry:
        """Return *entry* with the title and URL of its line."""
        record = self.record(entry.place)
        title, url = record.get("title"), record.get("url")
        return entry._replace(
            title=title if isinstance(title, str) else entry.title, url=url if isinstance(url, str) else entry.url
        )


def describe_all(tally: Tally, lines: SingleLines) -> None:
    """Complete the entries that are kept of each group; each line is read once."""
    known: dict[LinePlace, KeyEntry] = {}
    for group in tally.groups.values():
        for number, entry in enumerate(group.entries):
            if entry.place is not None:
                if entry.place not in known:
                    known[entry.place] = lines.described(entry)
                described = known[entry.place]
                group.entries[number] = entry._replace(title=described.title, url=described.url)


def _record(place: LinePlace, line: bytes, crc_of: CrcOf, damaged: Damages) -> dict[str, Any]:
    """Return the record in *line*; if it is damaged, add it to *damaged* and return an empty one."""
    try:
        return intact_record(line, crc_of)
    except NotIntactError as error:
        if all(place != one.place for one in damaged):
            damaged.add(Damage(place, key_in(line), str(error)))
        return {}


def count_lines(
    root: Path, lines: dict[str, tuple[int, int]], tally: Tally, max_lines: int | None, crc_of: CrcOf, damaged: Damages
) -> bool:
    """Count pictures and hosts of the records in *lines* (segment to start and end); return whether all were read.

    At most *max_lines* lines are read; None: all. *crc_of* is what the catalogue knows; lines that are not intact go to
    *damaged*.
    """
    read = 0
    for segment, (start, end) in lines.items():
        for place, raw in lines_from(root, segment, start, end):
            if max_lines is not None and read >= max_lines:
                return False
            read += 1
            record = _record(place, raw, crc_of, damaged)
            if not record:
                continue
            _count_host(record, tally)
            for image in images_of(record):
                name, url = image.get("pic") or image.get("url"), image.get("url")
                if isinstance(name, str):
                    entry = KeyEntry(name, None, url if isinstance(url, str) else None, f"of {record.get('key')}")
                    count_picture(tally, entry, image.get("status"))
    return True


def _count_host(record: dict[str, Any], tally: Tally) -> None:
    capture = record.get("capture")
    url = capture.get("url") if isinstance(capture, dict) and record.get("kind") == "article" else None
    with suppress(ValueError):  # an invalid URL
        if isinstance(url, str) and (host := urlsplit(url).netloc):
            title = record.get("title")
            count_host(tally, KeyEntry(str(record.get("key")), title if isinstance(title, str) else None, url), host)
