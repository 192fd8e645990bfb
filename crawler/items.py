"""The records of a corpus: what spiders yield, pipelines refine and the archive keeps.

The order of the fields is the order of the keys in a line of ``articles-*.jsonl``,
so it is part of the format; ``schema.json`` beside this file describes the same record.
None is ever changed: a pipeline returns a changed copy (:func:`dataclasses.replace`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Kind = Literal["article", "seed", "stub"]
DateSource = Literal["page", "metadata", "dump", "picture", "id"]
CaptureSource = str
"""``origin``, ``seed``, ``commoncrawl``, ``warc`` (a local file that a list names), or the name of a web archive in the
site profile, such as ``wayback``."""
ImageStatus = Literal["stored", "missing", "failed", "refused", "skipped"]
_MovedRule = Literal["moved-shorter", "moved-undated", "moved-pictureless", "moved-later"]
DuplicateRule = Literal["text", "url", "shorter", "undated", "pictureless", "later", _MovedRule]
"""Why a record is in duplicates/: its text or URL is that of another, or its text is nearly that of a better record.

It is ``shorter``, ``undated``, ``pictureless`` or came ``later``. ``moved-``: it was in articles/ before the better one
came, and its line repeats what it was there. See :mod:`crawler.archive.decision`.
"""

SCHEMA = 1


@dataclass(slots=True, unsafe_hash=True)
class RelatedItem:
    """One record of a dump: an article that the site itself called related.

    Not to be changed, like the other records; but not frozen, since dumps make them by the million, and a frozen
    constructor takes longer than all the rest of reading a record.
    """

    id: str
    sort: int | None = None
    content_type: int | None = None
    pic: str | None = None
    title: str | None = None
    partial: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Image:
    """A picture of an article, and what became of it.

    ``pic`` is the path a dump gave (None for one found only in the page), ``url`` where its bytes came
    from or would come from. ``status``: ``stored`` under ``path`` (relative to the corpus), ``missing``
    (the site answered that there is none), ``failed`` (no answer, worth another try), ``refused``
    (unsafe path, foreign host, not a picture, too big), ``skipped`` (IMAGES_FETCH does not ask for it). ``reason`` says
    why it is not stored, or what is wrong with one that is. ``phash`` tells pictures that show the same
    (:mod:`crawler.pages.likeness`). Lines of before have no ``reason``, which means None.
    """

    pic: str | None = None
    url: str | None = None
    status: ImageStatus | None = None
    path: str | None = None
    sha256: str | None = None
    phash: str | None = None
    bytes: int | None = None
    width: int | None = None
    height: int | None = None
    media_type: str | None = None
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class Attempt:
    """A request without success: its URL, the HTTP status (None: no answer, or no request), and the reason."""

    url: str
    status: int | None
    reason: str
    source: CaptureSource = "origin"


@dataclass(frozen=True, slots=True, kw_only=True)
class Capture:
    """Where a record's content was obtained: one HTTP response, or a seed dump.

    ``fetched`` is when we fetched it, UTC, ISO 8601; ``archived`` when the web archive that gave it had fetched it.
    ``attempts`` are the steps before it that gave nothing, all of them for a stub. For ``source`` ``seed``, ``url``
    is what the seed's own container (a JSON line) said, and ``fetched`` its timestamp, both None for a bare text.
    ``coding`` says how the coding of the body was not what its header said; None if it was.
    """

    source: CaptureSource
    url: str | None = None
    fetched: str | None = None
    status: int | None = None
    warc_file: str | None = None
    warc_offset: int | None = None
    archived: str | None = None
    attempts: tuple[Attempt, ...] = ()
    coding: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Article:
    """A line of the corpus: an article, the text of a seed, or a stub.

    ``dateline`` (where and by whom it was filed) and ``credit`` (what its foot says of who wrote it) are split off
    from the text; ``duplicate_rule`` says why a record is in duplicates/. They came last: lines of before do not have
    them, which means None.
    """

    schema: int = SCHEMA
    key: str
    kind: Kind
    id: str | None = None
    site: str
    url: str | None = None
    title: str | None = None
    kicker: str | None = None
    text: str | None = None
    language: str | None = None
    desk_code: str | None = None
    authors: tuple[str, ...] = ()
    published: str | None = None
    published_from: DateSource | None = None
    images: tuple[Image, ...] = ()
    related: tuple[RelatedItem, ...] = ()
    discovered_from: tuple[str, ...] = ()
    depth: int = 0
    capture: Capture
    version: int = 1
    content_sha256: str | None = None
    near_duplicate_of: str | None = None
    similarity: float | None = None
    run: str
    dateline: str | None = None
    credit: str | None = None
    duplicate_rule: DuplicateRule | None = None
