"""A corpus that is open for writing, and the order of its writes.

1. A picture: temporary file, ``fsync``, rename to its SHA-256, ``fsync`` of the folder.
2. A capture, if they are kept: its records at the end of a WARC file, ``fdatasync`` (:mod:`crawler.archive.warcs`).
3. The lines of a group of records that name them: one ``write`` to the end of a segment.
4. ``fdatasync`` of the segment. Now the records of the group are acknowledged: no death of the process undoes them.
5. ``COMMIT`` of the catalogue, of a group or of several: the lines are indexed, the targets they list are pending,
   their own targets are fetched. (These rows are gathered in memory and written while the disk does step 4,
   :mod:`crawler.archive.gathering`; what counts is the commit.)

So at whatever instant a kill comes, a line that the catalogue knows is on disk and whole. When the corpus is next
opened, lines that were written in step 3 but missed step 5 are indexed, a torn line is cut off, and leases end: an
article is in the corpus once or will be fetched again (:mod:`crawler.archive.repair`). Data that follows from no line
(a lease, a failure, a visit that found nothing new) is acknowledged only after step 5.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import Any
from zlib import crc32

from crawler.archive.decision import (
    Added,
    Duplicate,
    HeldVersion,
    MovedRecord,
    Outcome,
    RepeatedRecord,
    Unchanged,
    decide,
    moved,
)
from crawler.archive.files import write_errors
from crawler.archive.lookup import RecordLookup
from crawler.archive.losses import CapturePlace
from crawler.archive.lostpictures import has_more_pictures
from crawler.archive.near import NearDuplicates
from crawler.archive.opened import DEFAULT_SEGMENT_BYTES, OpenCorpus
from crawler.archive.segments import LinePlace
from crawler.archive.tombstones import Withdrawn
from crawler.archive.withdrawal import finish
from crawler.frontier.targets import WITHDRAWN, Validators, stub_reason, stub_state, target_id, unix_time
from crawler.frontier.visits import answer_of
from crawler.items import Article
from crawler.jsonl import encode
from crawler.text.rules import are_equal_when_cleaned

MAX_GROUP_LINES = 1_000
_MIN_VERSIONS_IN_DISORDER = 2


_LATEST_DUPLICATES = """
SELECT t.key, r.version, r.duplicate_of FROM records r JOIN targets t USING (tid)
WHERE r.duplicate_of IS NOT NULL AND r.version = (SELECT max(v.version) FROM records v WHERE v.tid = r.tid)"""


class Corpus(OpenCorpus):
    """An open corpus to which records are added: see :class:`~crawler.archive.opened.OpenCorpus`.

    It decides whether each is new, a version, a duplicate or unchanged (:mod:`crawler.archive.decision`), writes its
    line, and moves records that it is better than to duplicates/.
    """

    def __init__(self, root: Path, site: str, *, segment_bytes: int = DEFAULT_SEGMENT_BYTES) -> None:
        super().__init__(root, site, segment_bytes=segment_bytes)
        self._lookup = RecordLookup(self.catalogue)
        if self.withdrawn.is_unfinished:
            with write_errors(root):
                self._take_back_duplicates()
                finish(root)
            self.withdrawn = Withdrawn.of(root)

    def look_up(self, articles: Sequence[Article]) -> None:
        """Look up together what is known about *articles*, which are then added: half the cost of one by one."""
        self._lookup.look_up(articles)

    def add(self, article: Article, validators: Validators | None = None, *, differs: bool = False) -> Outcome:
        """Add *article* to the corpus, inside a :meth:`group`, and return the outcome.

        This sets its ``version``, its ``near_duplicate_of`` unless it has one with a rule, and adds what the corpus
        knows to its ``discovered_from``. If a target of its key was leased, the lease ends. *validators* come from its
        response, for the next conditional request. *differs*: see :func:`decide`.
        """
        if self.withdrawn:
            if self.withdrawn.covers(article):
                self.frontier.end(article.key, state="dropped", reason=WITHDRAWN)
                return Unchanged(0)
            article = self.withdrawn.redacted(article)
        held, repeated, sources = self._lookup.known(article)
        if article.near_duplicate_of and article.duplicate_rule:
            repeated = RepeatedRecord(article.near_duplicate_of, article.similarity, article.duplicate_rule)
        if held and not differs and held.kind == article.kind == "article":
            held = self._as_cleaned_today(article, held)
            differs = has_more_pictures(self.root, self.catalogue, article) or self.depths.lists_nearer(article)
        outcome = decide(article, held, repeated, differs=differs)
        if not isinstance(outcome, Added | Duplicate):
            self._answer(article, held, validators)
            return outcome
        if self.near and isinstance(outcome, Added):
            outcome = self.near.decide(article, outcome.version)
        self._write(article, outcome, sources, validators)
        return outcome

    def _write(
        self,
        article: Article,
        outcome: Added | Duplicate,
        sources: set[str],
        validators: Validators | None = None,
    ) -> None:
        """Write the line of *article*, which *sources* list; index it; move records that it is better than.

        In this order, so that after a kill between two lines :meth:`find_near_duplicates` sees what is left to do.
        """
        changes = _changes(article, outcome, sources)
        duplicate_of, rule = (outcome.of, outcome.rule) if isinstance(outcome, Duplicate) else (None, None)
        line = encode(article, **changes)
        capture = article.capture
        if self.captures and capture.warc_file and capture.warc_offset is not None:
            self.captures.make_durable(CapturePlace(capture.warc_file, capture.warc_offset))
        place = self.lines.append("duplicates" if duplicate_of else "articles", line)
        self.catalogue.index(
            article,
            place,
            crc32(line),
            version=outcome.version,
            duplicate_of=duplicate_of,
            rule=rule,
            validators=validators,
        )
        if isinstance(outcome, Added):
            if self.near:
                self.near.take(article, outcome.version, place, line)
            for worse in outcome.over:
                self.move(worse, of=article.key, run=article.run)

    def move(self, worse: MovedRecord, *, of: str, run: str) -> bool:
        """Repeat a record of articles/ in duplicates/, because *run* found a better one, whose key is *of*.

        The new line is the key's highest version, so the key is in duplicates/ from now on. It is not a visit. Return
        False if the record cannot be read; then it stays where it is.
        """
        held, place = self.catalogue.versions(worse.key)[-1]
        article = self.lines.article(place)
        if article is None:
            return False
        sources = self.catalogue.discovered_from(worse.key)
        self._write(replace(article, run=run), Duplicate(of, worse.similarity, held.version + 1, worse.rule), sources)
        return True

    def put_newest_last(self, key: str, run: str) -> bool:
        """Repeat the article *key* as it was captured last, if its highest version is older and has another text.

        So the highest version is the article as it was last, in whatever order its captures came. Return whether *run*
        wrote a line. It is not done where a line cannot be read, or the highest version is in duplicates/.
        """
        versions = [(held, place) for held, place in self.catalogue.versions(key) if held.kind == "article"]
        tid = target_id(key)
        if len(versions) < _MIN_VERSIONS_IN_DISORDER or self.catalogue.standing(tid, versions[-1][0].version) is None:
            return False
        articles = [self.lines.article(place) for _, place in versions]
        moments = [captured_at(article) for article in articles]
        newest = max(range(len(versions)), key=lambda at: (moments[at], at))
        article, last = articles[newest], versions[-1][0]
        if article is None or article.content_sha256 == last.content_sha256:
            return False
        self._write(replace(article, run=run), Added(last.version + 1), self.catalogue.discovered_from(key))
        return True

    def find_near_duplicates(self, threshold: float, on_progress: Callable[[int], None] = lambda _read: None) -> int:
        """Start looking for near duplicates of added records, with a similarity of *threshold* (0 to 1) or more.

        It first reads the lines of articles/ that the index has not read, and returns how many there were. They are
        looked up as if they came now: they may come from a crawl without an index, or a kill may have come before the
        records that they are better than were moved. *on_progress* receives how many were read so far.
        """
        with write_errors(self.root):
            near = NearDuplicates(self.root, self.catalogue, threshold)
        self.near, count = near, 0
        unread = near.unread()
        while part := list(islice(unread, MAX_GROUP_LINES)):
            with self.group():
                for place, line in part:
                    self._take_in(near, place, line)
            count += len(part)
            on_progress(count)
        return count

    def _take_in(self, near: NearDuplicates, place: LinePlace, line: bytes) -> None:
        article = self.lines.decoded(line)
        if article is None:
            return
        if self.catalogue.standing(target_id(article.key), article.version) is None:
            return
        outcome = near.decide(article, article.version)
        near.take(article, article.version, place, line)
        if isinstance(outcome, Added):
            for worse in outcome.over:
                self.move(worse, of=article.key, run=article.run)
        else:
            worse = MovedRecord(article.key, outcome.similarity, moved(outcome.rule))
            self.move(worse, of=outcome.of, run=article.run)

    def _take_back_duplicates(self) -> None:
        """Repeat in articles/ each record in duplicates/ that repeats a withdrawn record, which is not there."""
        rows = [
            (key, version) for key, version, of in self.catalogue.run(_LATEST_DUPLICATES) if of in self.withdrawn.keys
        ]
        with self.group():
            for key, version in rows:
                article = self.lines.article(self.catalogue.versions(key)[-1][1])
                if article is not None:
                    alone = replace(article, near_duplicate_of=None, similarity=None, duplicate_rule=None)
                    self._write(alone, Added(version + 1), self.catalogue.discovered_from(key))

    def _as_cleaned_today(self, article: Article, held: HeldVersion) -> HeldVersion:
        """Return *held* with the hash of *article* if their texts differ only in their cleaning.

        Rules change and a site's boilerplate is learned, but the page itself has not changed.
        """
        if held.content_sha256 == article.content_sha256:
            return held
        record = self.lines.article(self.catalogue.versions(article.key)[-1][1])
        if record is None or not are_equal_when_cleaned(record.text, article.text, self.catalogue.boilerplate):
            return held
        return held._replace(content_sha256=article.content_sha256)

    def unchanged(self, key: str, checked: float) -> None:
        """Note that at the Unix time *checked* the site said that the archived *key* is unchanged (304)."""
        self.frontier.end(key, state=None, reason=None)
        self.catalogue.visits.record(target_id(key), "unchanged", checked)

    def _answer(self, article: Article, held: HeldVersion | None, validators: Validators | None) -> None:
        """Note a visit that adds no line. A seed is not a visit: it ends no lease."""
        if article.kind == "seed":
            return
        state = "fetched" if article.kind == "article" or (held and held.kind == "article") else None
        if state is None:
            state = stub_state(article.capture.status)
        self.frontier.end(article.key, state=state, reason=stub_reason(article))
        tid = target_id(article.key)
        self.catalogue.visits.record(tid, answer_of(article, "unchanged"), unix_time(article.capture.fetched) or 0.0)
        self.catalogue.add_pictures(article)
        if validators:
            self.catalogue.visits.validate(tid, validators)


def captured_at(article: Article | None) -> float:
    """Return the Unix time at which the page of *article* was captured; 0 if it is unknown."""
    if article is None:
        return 0.0
    return unix_time(article.capture.archived) or unix_time(article.capture.fetched) or 0.0


def _changes(article: Article, outcome: Added | Duplicate, sources: set[str]) -> dict[str, Any]:
    """Return the fields of *article* that the corpus sets; *sources* are the keys of the records that list it."""
    changes: dict[str, Any] = {}
    if outcome.version != article.version:
        changes["version"] = outcome.version
    discovered_from = tuple(sorted(sources.union(article.discovered_from)))
    if discovered_from != article.discovered_from:
        changes["discovered_from"] = discovered_from
    if isinstance(outcome, Duplicate):
        changes |= {"near_duplicate_of": outcome.of, "similarity": outcome.similarity}
        changes["duplicate_rule"] = outcome.rule
    return changes
