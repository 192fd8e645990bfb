"""Extracts all articles again from the pages in the corpus's WARC files, with the current extractor; no network.

It has two steps, with the file ``reextract.sqlite`` in the corpus between them: first every page is read and the new
record is compared with the one held (:class:`Draft`); then records that differ are written as new versions
(:func:`write`). Each step can be interrupted, and resumes. Fields about the capture do not change.
"""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import closing
from dataclasses import fields, replace
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import NamedTuple

import orjson
from w3lib.encoding import http_content_type_encoding

from crawler.archive import Corpus, Target
from crawler.archive.intact import Damages
from crawler.archive.reading import read_catalogue
from crawler.archive.tombstones import Withdrawn
from crawler.archive.warcs import FOLDER, INDEX_NAME
from crawler.batch.code import code_hash
from crawler.batch.pool import BatchPool
from crawler.batch.work import JobOutcome, Report
from crawler.batch.work import run as run_jobs
from crawler.corpus.lines import selected_lines
from crawler.corpus.selection import Selection
from crawler.frontier.targets import target_id
from crawler.items import Article, Capture, Image
from crawler.jsonl import decode, encode
from crawler.pages.facts import Cleaning, PageFacts, read_page
from crawler.pages.records import article_record
from crawler.recover.commoncrawl import read_record as read_capture
from crawler.sites import SiteProfile
from crawler.warc.coding import decode_body
from crawler.warc.index import CaptureIndex
from crawler.warc.reading import Record, http_head, read_record

DRAFT_NAME = "reextract.sqlite"
_STAYS = frozenset(
    {
        *("schema", "key", "kind", "id", "site", "url", "discovered_from", "depth", "capture", "version", "run"),
        *("content_sha256", "near_duplicate_of", "similarity", "duplicate_rule"),
    }
)
COMPARED = tuple(field.name for field in fields(Article) if field.name not in _STAYS)
"""The fields that are extracted again and compared."""
_GROUP_RECORDS = 100
_PAGES_AHEAD = 1_000
"""So many pages are read before the first of them is noted, at most."""
_SCHEMA = """
CREATE TABLE IF NOT EXISTS meta (name TEXT PRIMARY KEY, value TEXT);
CREATE TABLE IF NOT EXISTS remade (     -- an article each: from which version, with what outcome
    key TEXT PRIMARY KEY, version INTEGER NOT NULL, outcome TEXT NOT NULL, reason TEXT, changed TEXT, line BLOB
) WITHOUT ROWID;
"""


class Work(NamedTuple):
    """An article to extract again: the record held, the target of its page, and the outcomes of its pictures."""

    article: Article
    target: Target
    pictures: dict[str, Image]


class Draft:
    """The articles extracted again so far, by the extractor and rules of *fingerprint*; another one starts from zero.

    Outcomes: ``same``, ``changed``, ``written``, ``stale`` (a crawl brought a newer version meanwhile), ``lost`` (the
    current extractor finds no text in the page: never written), ``failed`` (the page cannot be read).
    ``sqlite3.Error`` is passed on.
    """

    def __init__(self, path: Path, fingerprint: str) -> None:
        self._withdrawn = Withdrawn.of(path.parent)
        self._connection = sqlite3.connect(path)
        self._connection.executescript(_SCHEMA)
        row = self._connection.execute("SELECT value FROM meta WHERE name = 'fingerprint'").fetchone()
        if row != (fingerprint,):
            self._connection.execute("DELETE FROM remade")
            self._connection.execute("INSERT OR REPLACE INTO meta VALUES ('fingerprint', ?)", (fingerprint,))
            self._connection.commit()

    def version(self, key: str) -> int | None:
        """Return from which version *key* was extracted again; None if it was not, or failed (then it is retried)."""
        row = self._connection.execute(
            "SELECT version + (outcome = 'written') FROM remade WHERE key = ? AND outcome != 'failed'", (key,)
        ).fetchone()
        return row and int(row[0])

    def add(self, old: Article, new: Article) -> None:
        """Note the outcome of *old*: *new* is the record extracted again."""
        new = self._withdrawn.redacted(new)
        changed = difference(old, new)
        outcome = "lost" if old.text and not new.text else "changed" if changed else "same"
        line = encode(new) if outcome == "changed" else None
        self._put(old, outcome, None, orjson.dumps(changed).decode(), line)

    def fail(self, old: Article, reason: str) -> None:
        """Note that the page of *old* cannot be read."""
        self._put(old, "failed", reason, None, None)

    def commit(self) -> None:
        """Commit the notes."""
        self._connection.commit()

    def counts(self) -> dict[str, int]:
        """Return how many articles had each outcome."""
        rows = self._connection.execute("SELECT outcome, count(*) FROM remade GROUP BY 1 ORDER BY 1")
        return {str(name): count for name, count in rows}

    def field_counts(self) -> dict[str, int]:
        """Return in how many of the changed articles each field differs."""
        rows = self._connection.execute(
            "SELECT f.value, count(*) FROM remade, json_each(changed) f WHERE outcome = 'changed' GROUP BY 1"
        )
        found = {str(name): count for name, count in rows}
        return {name: found[name] for name in COMPARED if name in found}

    def failures(self, at_most: int) -> list[tuple[str, str]]:
        """Return up to *at_most* keys whose pages cannot be read, and why."""
        rows = self._connection.execute("SELECT key, reason FROM remade WHERE outcome = 'failed' LIMIT ?", (at_most,))
        return [(str(key), str(reason)) for key, reason in rows]

    def keys(self, outcome: str, at_most: int) -> list[str]:
        """Return up to *at_most* keys with that *outcome*."""
        rows = self._connection.execute("SELECT key FROM remade WHERE outcome = ? LIMIT ?", (outcome, at_most))
        return [str(key) for (key,) in rows]

    def remade(self, key: str) -> Article | None:
        """Return the record of *key* that waits to be written."""
        row = self._connection.execute(
            "SELECT line FROM remade WHERE key = ? AND outcome = 'changed'", (key,)
        ).fetchone()
        return decode(row[0]) if row else None

    def waiting(self) -> list[tuple[int, Article]]:
        """Return the next records to write, each with the version that it was extracted from."""
        rows = self._connection.execute(
            "SELECT version, line FROM remade WHERE outcome = 'changed' ORDER BY key LIMIT ?", (_GROUP_RECORDS,)
        )
        return [(version, decode(line)) for version, line in rows]

    def settle(self, outcomes: Sequence[tuple[str, str]]) -> None:
        """Note the (outcome, key) of records that were added to the corpus, durably."""
        self._connection.executemany("UPDATE remade SET outcome = ?, line = NULL WHERE key = ?", outcomes)
        self._connection.commit()

    def close(self) -> None:
        """Close the file; uncommitted notes are lost."""
        self._connection.close()

    def _put(self, old: Article, outcome: str, reason: str | None, changed: str | None, line: bytes | None) -> None:
        row = (old.key, old.version, outcome, reason, changed, line)
        self._connection.execute("INSERT OR REPLACE INTO remade VALUES (?, ?, ?, ?, ?, ?)", row)


def works(
    root: Path, draft: Draft, on_progress: Callable[[int, int], None], damaged: Damages
) -> Generator[Work, None, None]:
    """Yield the articles of the corpus at *root* whose pages its WARC files hold, except those in *draft*.

    Lines that are not intact go to *damaged*.
    """
    with (
        selected_lines(root, Selection(kind="article"), on_progress=on_progress) as lines,
        read_catalogue(root) as connection,
    ):
        for line in lines:
            article = decode(line.raw)
            if is_held(article.capture) and draft.version(article.key) != article.version:
                yield Work(article, _target(connection, article), _pictures(article))
        damaged.add_all(lines.damaged)


def remade(work: Work, facts: PageFacts, profile: SiteProfile, run: str) -> Article:
    """Return the record with the new *facts* of the page that ``work.article`` was extracted from.

    Pictures keep their outcomes. A new picture is marked as skipped, because nothing is fetched here.
    """
    old = work.article
    new = article_record(work.target, facts, profile, old.capture, run=run, url=old.url or "")
    return replace(
        new,
        images=tuple(_settled(image, work, profile) for image in new.images),
        discovered_from=old.discovered_from,
        depth=old.depth,
        version=old.version,
    )


def difference(old: Article, new: Article) -> list[str]:
    """Return the names of the fields in which two records of one page differ."""
    return [name for name in COMPARED if getattr(old, name) != getattr(new, name)]


def write(draft: Draft, corpus: Corpus, on_progress: Callable[[int], None]) -> None:
    """Write the waiting records of *draft* as new versions; skip those of which the corpus holds a newer version."""
    done = 0
    while waiting := draft.waiting():
        outcomes = []
        with corpus.group():
            for version, article in waiting:
                held = corpus.catalogue.highest_version(article.key)
                current = held is not None and held.version == version
                if current:
                    corpus.add(article, differs=True)
                outcomes.append(("written" if current else "stale", article.key))
        draft.settle(outcomes)
        done += len(waiting)
        on_progress(done)


def fingerprint(profile: SiteProfile, rules_off: frozenset[str]) -> str:
    """Return a hash of the current extractor: its code and models, the site profile, the disabled rules."""
    code = code_hash(("extract", "text", "seeds", "sites", "pages"))
    return hashlib.sha256(f"{profile!r} {sorted(rules_off)} {code}".encode()).hexdigest()


def extract_again(
    root: Path, profile: SiteProfile, cleaning: Cleaning, run: str, work: Work, _report: Report
) -> Article | str:
    """Return the article of *work*, extracted again from its page, or the reason why the page cannot be read."""
    capture = work.article.capture
    try:
        page = load_page(root, capture)
        if capture.source == "commoncrawl":  # what was fetched is a WARC record itself
            inner = read_capture(page.body)
            page = StoredPage(inner.body, inner.content_type)
        charset = http_content_type_encoding(page.content_type) if page.content_type else None
        seen = datetime.fromisoformat(capture.archived) if capture.archived else None
        facts = read_page(page.body, work.article.url or "", profile, charset, seen, cleaning)
    except ValueError as error:
        return str(error)
    return remade(work, facts, profile, run)


def extract_pages(
    pool: BatchPool, job: partial[Article | str], todo: Iterator[Work], draft: Draft, retries: int, seconds: float
) -> None:
    """Let *pool* do the *job*, :func:`extract_again`, for all works *todo*; note what comes of each in *draft*.

    What is noted is kept, also if an interrupt or an error ends it. A page may take so many *seconds*.
    """
    try:
        outcomes: Iterator[JobOutcome[Work, Article | str]] = run_jobs(
            pool, job, todo, retries=retries, seconds=seconds, ahead=_PAGES_AHEAD
        )
        for number, outcome in enumerate(outcomes, 1):
            if isinstance(outcome.value, Article):
                draft.add(outcome.input.article, outcome.value)
            else:
                reason = outcome.value
                killed = f"it was not read within {seconds:g} s, or the process that read it was killed"
                draft.fail(outcome.input.article, reason or (killed if outcome.is_killed else str(outcome.failed)))
            if number % _GROUP_RECORDS == 0:
                draft.commit()
    finally:
        draft.commit()


def _target(connection: sqlite3.Connection, article: Article) -> Target:
    row = connection.execute("SELECT title, pic FROM targets WHERE tid = ?", (target_id(article.key),)).fetchone()
    title, pic = row or (None, None)
    return Target(key=article.key, id=article.id or "", depth=article.depth, title=title, pic=pic)


def _pictures(article: Article) -> dict[str, Image]:
    return {name: image for image in article.images for name in (image.pic, image.url) if name}


def _settled(image: Image, work: Work, profile: SiteProfile) -> Image:
    known = work.pictures.get(image.pic or image.url or "")
    if known:
        return known
    url = next(iter(profile.image_urls(image.pic)), None) if image.pic else image.url
    return replace(image, url=url, status="skipped")


class StoredPage(NamedTuple):
    """The decoded body of a response, and the type that its header states."""

    body: bytes
    content_type: str | None


def is_held(capture: Capture) -> bool:
    """Return whether *capture* names a WARC file of the corpus itself."""
    return bool(capture.warc_file and capture.warc_file.startswith(f"{FOLDER}/") and capture.warc_offset is not None)


def load_page(root: Path, capture: Capture) -> StoredPage:
    """Return the page that *capture* names; raise ``ValueError`` if it is missing or incomplete."""
    file, offset = capture.warc_file or "", capture.warc_offset or 0
    path = root / file
    if path.parent != root / FOLDER or path.is_symlink() or not path.is_file():
        raise ValueError(f"{file!r} is not a WARC file of this corpus")
    record = read_record(path, offset)
    _, headers = http_head(record.block)
    payload = _original(root, record).payload if record.kind == "revisit" else record.payload
    return StoredPage(decode_body(payload, headers.get("content-encoding")), headers.get("content-type"))


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
    raise ValueError("it is a revisit of a response that is missing")
