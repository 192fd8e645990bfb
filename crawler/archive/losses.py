"""``lost-captures.jsonl``: the lost captures of a corpus, and when each loss was found.

The index of the WARC files follows from the files, so captures that are no longer in them disappear from it. They are
written here first. A loss that ``scrapy corpus repair`` reported is *repaired*: only a copy of the file can bring the
capture back, so ``verify`` still names it, but no longer counts it as damage.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

import orjson

from crawler.archive.files import write_pieces_atomically
from crawler.archive.segments import all_segments, read_lines
from crawler.exceptions import CorpusDamaged
from crawler.jsonl import decode

LOSSES_NAME = "lost-captures.jsonl"
_NAMES_A_WARC = b'"warc_file":"warc/'


class CapturePlace(NamedTuple):
    """Where a capture is: the file, relative to the corpus, and the byte offset of its record in it."""

    file: str
    offset: int


class Loss(NamedTuple):
    """A lost capture: where it was, what it was, why it is lost, and when (UTC) that was found and repaired.

    ``kind`` is ``response`` or ``revisit``, None where the index did not know it; ``date`` is that of the capture. A
    ``revisit`` whose own record is there is lost too if the response that it refers to is lost.
    """

    file: str
    offset: int
    kind: str | None
    url: str | None
    date: str | None
    reason: str
    found: str
    repaired: str | None = None

    @property
    def place(self) -> CapturePlace:
        """Where it was."""
        return CapturePlace(self.file, self.offset)

    @property
    def description(self) -> str:
        """What it was, for a person."""
        return f"the {self.kind} of {self.url}, captured {self.date}," if self.url else "a record"

    def __str__(self) -> str:
        return f"{self.file} at {self.offset}: {self.description} is lost ({self.reason})"


class Unreadable(NamedTuple):
    """The byte offset of an invalid line of ``lost-captures.jsonl``."""

    offset: int


def loss_at(
    place: tuple[str, int], reason: str, *, kind: str | None = None, url: str | None = None, date: str | None = None
) -> Loss:
    """Return the loss of the capture at *place*, found now."""
    return Loss(*place, kind, url, date, reason, datetime.now(UTC).isoformat(timespec="seconds"))


def read_losses(root: Path) -> Mapping[CapturePlace, Loss]:
    """Return the losses recorded in the corpus at *root*, by place; invalid lines are left out."""
    try:
        found = (root / LOSSES_NAME).stat()
    except OSError:
        return {}
    return _losses(root, found.st_mtime_ns, found.st_size)


@lru_cache(maxsize=2)
def _losses(root: Path, _changed: int, _size: int) -> Mapping[CapturePlace, Loss]:
    return {one.place: one for one in scan_losses(root) if isinstance(one, Loss)}


def scan_losses(root: Path) -> Iterator[Loss | Unreadable]:
    """Yield each line of ``lost-captures.jsonl`` of the corpus at *root*; nothing if there is no such file."""
    path = root / LOSSES_NAME
    if not path.exists():
        return
    offset = 0
    for line in path.read_bytes().splitlines(keepends=True):
        yield _loss(line) or Unreadable(offset)
        offset += len(line)


def _loss(line: bytes) -> Loss | None:
    try:
        fields = orjson.loads(line)
        loss = Loss(**fields)
    except (orjson.JSONDecodeError, TypeError):
        return None
    texts = (loss.kind, loss.url, loss.date, loss.repaired)
    is_one = isinstance(loss.file, str) and type(loss.offset) is int and isinstance(loss.reason, str)
    is_one = is_one and isinstance(loss.found, str) and all(text is None or isinstance(text, str) for text in texts)
    return loss if is_one else None


def record_losses(root: Path, losses: Iterable[Loss], *, back: Collection[CapturePlace] = ()) -> None:
    """Add *losses* to ``lost-captures.jsonl`` of the corpus at *root*, durably; remove losses of captures now *back*.

    A loss that is recorded already keeps the time when it was found. The caller holds the corpus's lock.
    """
    before = read_losses(root)
    after = {place: one for place, one in before.items() if place not in back}
    for one in losses:
        held = after.get(one.place)
        after[one.place] = one if held is None else held._replace(repaired=held.repaired or one.repaired)
    if after != before:
        write_pieces_atomically(
            root / LOSSES_NAME, (orjson.dumps(after[place]._asdict()) + b"\n" for place in sorted(after))
        )


def repaired(root: Path) -> list[Loss]:
    """Note that all recorded losses of the corpus at *root* are reported; return those that are new."""
    fresh = [one for one in read_losses(root).values() if one.repaired is None]
    now = datetime.now(UTC).isoformat(timespec="seconds")
    record_losses(root, (one._replace(repaired=now) for one in fresh))
    return [one._replace(repaired=now) for one in fresh]


def captures_named(root: Path) -> Iterator[tuple[CapturePlace, str | None, str | None, str]]:
    """Yield place, URL, time and record for each line of the corpus at *root* whose capture is in its WARC files.

    The record is named ``KEY version N``. Unreadable lines are skipped: ``verify`` reports them.
    """
    for path in all_segments(root):
        with suppress(CorpusDamaged):
            for _, line in read_lines(path):
                if _NAMES_A_WARC in line and (named := _named(line)):
                    yield named


def _named(line: bytes) -> tuple[CapturePlace, str | None, str | None, str] | None:
    try:
        article = decode(line)
        capture = article.capture
        if capture.warc_file is None or capture.warc_offset is None:
            return None
        place = CapturePlace(capture.warc_file, capture.warc_offset)
    except (ValueError, TypeError, AttributeError):
        return None
    return place, capture.url, capture.fetched, f"{article.key} version {article.version}"


def of_records(records: list[str]) -> str:
    """Return the end of a message about a loss: the *records* (``KEY version N``) that were made from it."""
    return f"; of it was made {', '.join(records)}" if records else ""
