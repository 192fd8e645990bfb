"""A corpus that is open for writing, and the order of its writes.

1. A picture: temporary file, ``fsync``, rename to its SHA-256, ``fsync`` of the folder.
2. A capture, if they are kept: its records at the end of a WARC file, ``fdatasync`` (:mod:`crawler.archive.warcs`).
3. The lines of a group of records that name them: one ``write`` to the end of a segment.
4. ``fdatasync`` of the segment. Now the records of the group are acknowledged: no death of the process undoes them.
5. ``COMMIT`` of the catalogue, of a group or of several: the lines are indexed, the targets they list are pending,
   their own targets are fetched. (These rows are gathered in memory and written while the disk does step 4,
   :mod:`crawler.archive.gathering`; what counts is the commit.)

So whatever instant a kill chooses, a line that the catalogue knows is on disk and whole. Lines written in step 3
that missed step 5 are taken in when the corpus is next opened, a torn one is cut off, leases come back: an article
is in the corpus once or will be fetched again (:mod:`crawler.archive.repair`). What follows from no line (a lease,
a failure, a visit that found nothing new) is acknowledged after step 5 only.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import Any
from zlib import crc32

from crawler.archive.decision import Added, Duplicate, Held, Lesser, Outcome, Twin, decide, moved
from crawler.archive.files import write_errors
from crawler.archive.lookup import RecordLookup
from crawler.archive.losses import CapturePlace
from crawler.archive.lostpictures import has_more_pictures
from crawler.archive.near import NearDuplicates
from crawler.archive.opened import DEFAULT_SEGMENT_BYTES, OpenCorpus
from crawler.archive.segments import LinePlace
from crawler.frontier.targets import Validators, stub_reason, stub_state, target_id, unix_time
from crawler.frontier.visits import answer_of
from crawler.items import Article
from crawler.jsonl import encode
from crawler.text.rules import say_the_same

MAX_GROUP_LINES = 1_000


class Corpus(OpenCorpus):
    """An open corpus to which records are added: see :class:`~crawler.archive.opened.OpenCorpus`.

    It decides of each whether it is new, a version, a duplicate or nothing new (:mod:`crawler.archive.decision`),
    writes its line, and moves to duplicates/ what it is better than.
    """

    def __init__(self, root: Path, site: str, *, segment_bytes: int = DEFAULT_SEGMENT_BYTES) -> None:
        super().__init__(root, site, segment_bytes=segment_bytes)
        self._lookup = RecordLookup(self.catalogue)

    def look_up(self, articles: Sequence[Article]) -> None:
        """Look up together what is known of *articles*, which are then added: half the cost of one by one."""
        self._lookup.look_up(articles)

    def add(self, article: Article, validators: Validators | None = None, *, anew: bool = False) -> Outcome:
        """Bring *article* to the corpus, inside a :meth:`group`, and return what became of it.

        Its ``version`` is set here, its ``near_duplicate_of`` unless it has one with a rule, and to its
        ``discovered_from`` is added what the corpus knows. If a target of its key was leased, the lease ends.
        *validators* are what its response gave to ask conditionally with next time. *anew*: see :func:`decide`.
        """
        held, twin, sources = self._lookup.known(article)
        if article.near_duplicate_of and article.duplicate_rule:
            twin = Twin(article.near_duplicate_of, article.similarity, article.duplicate_rule)
        if held and not anew and held.kind == article.kind == "article":
            held = self._as_cleaned_today(article, held)
            anew = has_more_pictures(self.root, self.catalogue, article) or self.depths.lists_nearer(article)
        outcome = decide(article, held, twin, anew=anew)
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
        """Write the line of *article*, which *sources* list, index it, and move to duplicates/ what it is better than.

        In this order: of a kill between two lines it is seen what is left to do (:meth:`find_near_duplicates`).
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
            for lesser in outcome.over:
                self.move(lesser, of=article.key, run=article.run)

    def move(self, lesser: Lesser, *, of: str, run: str) -> bool:
        """Repeat in duplicates/ the record of a key that stands in articles/, as *run* found a better one, *of*.

        The new line is the key's highest version: so the key stands in duplicates/ from now on. It is no visit. Return
        False if the record cannot be read: then it stays where it is.
        """
        held, place = self.catalogue.versions(lesser.key)[-1]
        article = self.lines.article(place)
        if article is None:
            return False
        sources = self.catalogue.discovered_from(lesser.key)
        self._write(replace(article, run=run), Duplicate(of, lesser.similarity, held.version + 1, lesser.rule), sources)
        return True

    def find_near_duplicates(self, threshold: float, on_progress: Callable[[int], None] = lambda _read: None) -> int:
        """Begin to look for near duplicates among the records that are added, alike by *threshold* (0 to 1) or more.

        Takes in first the lines of articles/ that the index has not read, and returns how many there were. They are
        looked up as if they came now: they may have come without an index, or a kill before what they are better than
        was moved. *on_progress* is told how many there were so far.
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
            for lesser in outcome.over:
                self.move(lesser, of=article.key, run=article.run)
        else:
            lesser = Lesser(article.key, outcome.similarity, moved(outcome.rule))
            self.move(lesser, of=outcome.of, run=article.run)

    def _as_cleaned_today(self, article: Article, held: Held) -> Held:
        """Return *held* with the hash of *article* if only the cleaning of their texts differs.

        Rules change, and a site's boilerplate is learned: no page has changed by that.
        """
        if held.content_sha256 == article.content_sha256:
            return held
        record = self.lines.article(self.catalogue.versions(article.key)[-1][1])
        if record is None or not say_the_same(record.text, article.text, self.catalogue.boilerplate):
            return held
        return held._replace(content_sha256=article.content_sha256)

    def unchanged(self, key: str, checked: float) -> None:
        """Note that the site said, at the Unix time *checked*, that the archived *key* is as it was (304)."""
        self.frontier.end(key, state=None, reason=None)
        self.catalogue.visits.record(target_id(key), "unchanged", checked)

    def _answer(self, article: Article, held: Held | None, validators: Validators | None) -> None:
        """Note what a visit found that adds no line. A seed is no visit: it ends no lease."""
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


def _changes(article: Article, outcome: Added | Duplicate, sources: set[str]) -> dict[str, Any]:
    """Return the fields of *article* that the corpus knows better: *sources* are the keys of those that list it."""
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
