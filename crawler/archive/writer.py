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

import sqlite3
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future
from contextlib import contextmanager, suppress
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import Any
from zlib import crc32

from crawler.archive.decision import Added, Duplicate, Held, Lesser, Outcome, Twin, decide, moved
from crawler.archive.depths import listed_by, pass_on_depths
from crawler.archive.description import (
    check_repairable,
    describe,
    open_description,
    quarantine,
    repair_description,
    update_description,
)
from crawler.archive.files import CorpusLock, sync_directory, write_errors
from crawler.archive.inbag import refuse_bag
from crawler.archive.intact import record_if_intact
from crawler.archive.losses import CapturePlace
from crawler.archive.lostpictures import quarantine_damaged
from crawler.archive.manifest_lines import MANIFEST_NAME, TAG_NAME, manifest_problem
from crawler.archive.mending import mend_segments, renew_manifest, take_out
from crawler.archive.near import NearDuplicates, remove_near_index
from crawler.archive.ownprofile import bring_profile, keep_profile, repair_profiles
from crawler.archive.pictures import is_there, store
from crawler.archive.places import line_at
from crawler.archive.repair import CATALOGUE_NAME, Recovery, discard_catalogue, is_malformed, open_catalogue
from crawler.archive.sealing import Compression, Seal, seal_closed
from crawler.archive.segments import LineAppender, Place
from crawler.archive.warcs import CaptureWriter, account_for_captures, mend_warcs
from crawler.archive.witness import Witness
from crawler.exceptions import ConfigError, CorpusError
from crawler.frontier.local import Frontier
from crawler.frontier.targets import Validators, stub_reason, stub_state, target_id, unix_time
from crawler.frontier.visits import answer_of
from crawler.items import Article, Image
from crawler.jsonl import decode, encode
from crawler.text.rules import say_the_same

DEFAULT_SEGMENT_BYTES = 256 * 1024 * 1024
_LINES_A_GROUP = 1_000


class Corpus:
    """The corpus in *root*, made if need be, locked and mended, until :meth:`close`.

    *site* is the name of its site profile; a corpus holds one site. All methods belong to one thread at a time.

    Raises :class:`~crawler.exceptions.CorpusLocked` if another process has it, ``ConfigError`` if it is of another
    site or no folder, ``CorpusDamaged`` if it is of another schema, ``DiskFull`` and ``CorpusError`` if it cannot be
    written.
    """

    def __init__(self, root: Path, site: str, *, segment_bytes: int = DEFAULT_SEGMENT_BYTES) -> None:
        self.root = root
        self._site = site
        self._broken: CorpusError | None = None
        self._depth: int | None = None
        self.durable: Future[None] = Future()
        """Of the group that ended last: done once all that was done in it is durable, with ``CorpusError`` if not."""
        with write_errors(root):
            refuse_bag(root)
            _make_folder(root)
            self._lock = CorpusLock(root)
            try:
                self.description, rebuilt = open_description(root, site)
                self.catalogue, self.recovery = open_catalogue(root)
                self.recovery.described = rebuilt
                self.captures: CaptureWriter | None = None
                self._near: NearDuplicates | None = None
                self.mended = mend_warcs(root)
                self.frontier = Frontier(self.catalogue)
                self._lines = LineAppender(root, segment_bytes)
            except BaseException:
                self._lock.release()
                raise

    @contextmanager
    def group(self, *, wait: bool = True) -> Iterator[None]:
        """Acknowledge together all that is done inside: it is durable once this ends, and undone if it raises.

        With *wait* false this ends before, and ``durable`` is the future that tells when it is: the next group can be
        gathered while the disk syncs this one. The catalogue may then be committed later, for many groups at once.

        After an error here the corpus takes nothing more: what a failed ``fsync`` left on disk, nobody knows
        (https://wiki.postgresql.org/wiki/Fsync_Errors). Opening it anew mends it.
        """
        if self._broken:
            raise self._broken
        try:
            with write_errors(self.root):
                self.catalogue.begin()
                yield
                self.durable = self._lines.sync()
                if wait or self.catalogue.wants_commit:
                    self._commit()
        except BaseException as error:
            self._broken = error if isinstance(error, CorpusError) else CorpusError(str(self.root), repr(error))
            with suppress(sqlite3.Error):  # the first error is what tells
                self.catalogue.rollback()
            raise

    def _commit(self) -> None:
        """Commit to the catalogue what follows from all lines so far, which is written while the disk syncs them."""
        try:
            self.pass_on_depths()
        finally:
            self.durable.result()
        self.catalogue.commit()
        if self._near:
            self._near.committed()

    def pass_on_depths(self) -> None:
        """Bring nearer to the seeds what is listed by records that are (:mod:`crawler.archive.depths`), in a group."""
        pass_on_depths(self.catalogue, self.line)

    def listed_by(self, key: str) -> set[str]:
        """Return the keys that the records of *key* list."""
        return listed_by(self.catalogue, self.line, key)

    def look_up(self, articles: Sequence[Article]) -> None:
        """Look up together what is known of *articles*, which are then added: half as dear as one by one."""
        self.catalogue.look_up(articles)

    def add(self, article: Article, validators: Validators | None = None, *, anew: bool = False) -> Outcome:
        """Bring *article* to the corpus, inside a :meth:`group`, and return what became of it.

        Its ``version`` is set here, its ``near_duplicate_of`` unless it has one with a rule, and to its
        ``discovered_from`` is added what the corpus knows. If a target of its key was leased, the lease ends.
        *validators* are what its response gave to ask conditionally with next time. *anew*: see :func:`decide`.
        """
        held, twin, sources = self.catalogue.known(article)
        if article.near_duplicate_of and article.duplicate_rule:
            twin = Twin(article.near_duplicate_of, article.similarity, article.duplicate_rule)
        if held and not anew and held.kind == article.kind == "article":
            held = self._as_cleaned_today(article, held)
            anew = self._has_more_pictures(article) or self._lists_more(article)
        outcome = decide(article, held, twin, anew=anew)
        if not isinstance(outcome, Added | Duplicate):
            self._answer(article, held, validators)
            return outcome
        if self._near and isinstance(outcome, Added):
            outcome = self._near.decide(article, outcome.version)
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
        place = self._lines.append("duplicates" if duplicate_of else "articles", line)
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
            if self._near:
                self._near.take(article, outcome.version, place, line)
            self._supersede(article, outcome)

    def _supersede(self, article: Article, outcome: Added) -> None:
        for lesser in outcome.over:
            self.move(lesser, of=article.key, run=article.run)

    def move(self, lesser: Lesser, *, of: str, run: str) -> bool:
        """Repeat in duplicates/ the record of a key that stands in articles/, as *run* found a better one, *of*.

        The new line is the key's highest version: so the key stands in duplicates/ from now on. It is no visit. Return
        False if the record cannot be read: then it stays where it is.
        """
        held, place = self.catalogue.versions(lesser.key)[-1]
        article = self._record(place)
        if article is None:
            return False
        sources = self.catalogue.discovered_from(lesser.key)
        self._write(replace(article, run=run), Duplicate(of, lesser.similarity, held.version + 1, lesser.rule), sources)
        return True

    def _record(self, place: Place) -> Article | None:
        """Return the record in the line at *place*, None if it is not intact; verify tells what is wrong with it."""
        return self._decoded(self.line(place))

    def _decoded(self, line: bytes) -> Article | None:
        with suppress(ValueError):
            return decode(line) if self.record(line) else None
        return None

    def record(self, line: bytes) -> dict[str, Any] | None:
        """Return what the *line*, which the catalogue knows, says; None if it is not the one that was written."""
        return record_if_intact(line, self.catalogue.crc_of)

    def keep_profile(self, content: bytes) -> Path | None:
        """Keep *content* as the site profile of this corpus, durably (:mod:`crawler.archive.ownprofile`).

        Returns where the one is that was kept before, if it is another.
        """
        with write_errors(self.root):
            self.description, earlier = keep_profile(self.root, content)
        return earlier

    def allow_depth(self, depth: int | None) -> int:
        """Return how far from the seeds a crawl may go that asks for *depth* (None: as far as crawls could so far).

        corpus.json keeps the greatest depth. Where it has none, as in an older corpus, the one counts that was reached.
        """
        so_far = self._depth_so_far()
        self._depth = so_far if depth is None else max(depth, so_far)
        if depth is not None:
            self._note_depth(self._depth)
        return so_far if depth is None else depth

    def _depth_so_far(self) -> int:
        kept = self.description.get("depth")
        return self.frontier.greatest_depth() if kept is None else int(kept)

    def _note_depth(self, depth: int) -> None:
        if depth != self.description.get("depth"):
            with write_errors(self.root):
                self.description = update_description(self.root, depth=depth)

    def take_over(self, other: Path) -> bool:
        """Take over from the corpus at *other*, which is only read, its site profile and how deep crawls of it went.

        Return whether its profile is this corpus's own now.
        """
        with write_errors(self.root):
            brought = bring_profile(self.root, other)
        self.description = describe(self.root)
        depth = describe(other).get("depth")
        if depth is not None:
            self._note_depth(max(depth, self._depth_so_far()))
        return brought

    @property
    def finds_near_duplicates(self) -> bool:
        """Whether :meth:`find_near_duplicates` was called."""
        return self._near is not None

    def find_near_duplicates(self, threshold: float, on_progress: Callable[[int], None] = lambda _read: None) -> int:
        """Begin to look for near duplicates among the records that are added, alike by *threshold* (0 to 1) or more.

        Takes in first the lines of articles/ that the index has not read, and returns how many there were. They are
        looked up as if they came now: they may have come without an index, or a kill before what they are better than
        was moved. *on_progress* is told how many there were so far.
        """
        with write_errors(self.root):
            near = NearDuplicates(self.root, self.catalogue, threshold)
        self._near, count = near, 0
        unread = near.unread()
        while part := list(islice(unread, _LINES_A_GROUP)):
            with self.group():
                for place, line in part:
                    self._take_in(near, place, line)
            count += len(part)
            on_progress(count)
        return count

    def _take_in(self, near: NearDuplicates, place: Place, line: bytes) -> None:
        article = self._decoded(line)
        if article is None:
            return
        if self.catalogue.standing(target_id(article.key), article.version) is None:
            return
        outcome = near.decide(article, article.version)
        near.take(article, article.version, place, line)
        if isinstance(outcome, Added):
            self._supersede(article, outcome)
        else:
            lesser = Lesser(article.key, outcome.similarity, moved(outcome.rule))
            self.move(lesser, of=outcome.of, run=article.run)

    def _as_cleaned_today(self, article: Article, held: Held) -> Held:
        """Return *held* with the hash of *article* if only the cleaning of their texts differs.

        Rules change, and a site's boilerplate is learned: no page has changed by that.
        """
        if held.content_sha256 == article.content_sha256:
            return held
        record = self._record(self.catalogue.versions(article.key)[-1][1])
        if record is None or not say_the_same(record.text, article.text, self.catalogue.boilerplate):
            return held
        return held._replace(content_sha256=article.content_sha256)

    def line(self, place: Place) -> bytes:
        """Return the line at *place*, also one of the group that is being gathered."""
        self._lines.write()
        return line_at(self.root, place)

    def _has_more_pictures(self, article: Article) -> bool:
        """Tell whether *article* has a picture that was requested before without success, or another for one lost."""
        stored = [image for image in article.images if image.status == "stored"]
        known = ((image, self.catalogue.picture(image.pic or image.url or "")) for image in stored)
        return any(held is not None and self._is_more(image, held) for image, held in known)

    def _is_more(self, image: Image, held: Image) -> bool:
        if held.status != "stored":
            return True
        return image.path != held.path and not is_there(self.root, held.path, held.bytes)

    def has_picture(self, image: Image) -> bool:
        """Tell whether the file of *image*, which is stored, is there. For any thread."""
        return is_there(self.root, image.path, image.bytes)

    def _lists_more(self, article: Article) -> bool:
        """Tell whether *article* lists one that this crawl could ask for, and would not by what the corpus knows."""
        if self._depth is None or article.depth >= self._depth or not article.related:
            return False
        listed = {target_id(f"{article.site}/{item.id}") for item in article.related}
        return self.catalogue.brings_nearer(listed, article.depth + 1)

    def keep_captures(self, run: str, max_bytes: int, facts: Mapping[str, str]) -> CaptureWriter:
        """Begin to keep the captures of *run* in WARC files of about *max_bytes*; *facts* go into their warcinfo."""
        with write_errors(self.root):
            self.captures = CaptureWriter(self.root, self._site, run, max_bytes=max_bytes, facts=facts)
        return self.captures

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

    def store_picture(self, data: bytes, extension: str) -> tuple[str, str]:
        """Keep the bytes of a picture, durably; return its path in the corpus and its SHA-256. For any thread."""
        with write_errors(self.root):
            return store(self.root, data, extension)

    def seal(self, compression: Compression | None, *, within: float) -> list[Seal]:
        """Seal the closed segments (:mod:`crawler.archive.sealing`), outside any group; return the new seals.

        For the end of a crawl: past *within* seconds no further segment is begun, and the next call goes on. An error
        here harms no line.
        """
        with write_errors(self.root):
            return seal_closed(self.root, compression, within=within, crc_of=self.catalogue.crc_of)

    def close(self) -> None:
        """Close the corpus and let it go."""
        try:
            if not self._broken:
                with self.group():
                    pass
            with write_errors(self.root):
                if self._near:
                    self._near.close(keep=self._broken is None)
                if self.captures:
                    self.captures.close()
        finally:
            self._lines.close()
            self.catalogue.close()
            if self._broken and is_malformed(self._broken.__cause__):
                discard_catalogue(self.root)
            self._lock.release()


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


def rebuild(root: Path, reason: str, *, mend: bool = False) -> Recovery:
    """Make the catalogue of the corpus at *root* anew from its lines alone; return what was found.

    Attempts and the reasons of failures are forgotten; everything else comes back. So is corpus.json rebuilt, if it is
    missing or damaged. Targets whose lines the catalogue before knew, and that are lost or damaged, are pending again.
    With *mend* lines that are not as they were written are moved to quarantine/, and segments, seals and manifest are
    made to fit. Raises ``CorpusError`` if there is no corpus.
    """
    check_repairable(root)
    with write_errors(root):
        lock = CorpusLock(root)
        try:
            described = repair_description(root)
            manifest = _take_away_manifest(root)
            damaged = quarantine_damaged(root)
            witness = Witness(root / CATALOGUE_NAME)
            taken = mend_segments(root, witness) if mend else []
            recovery = _reopen(root, reason, witness)
            if mend and (rest := take_out(root, recovery.damaged)):
                taken += rest
                recovery = _reopen(root, reason, None, before=recovery)
            recovery.described = described
            recovery.profiles = repair_profiles(root) if mend else []
            recovery.manifest = manifest
            recovery.damaged_pictures = damaged
            recovery.taken = taken + (renew_manifest(root) if mend else [])
            if taken:
                remove_near_index(root)
            recovery.mended = mend_warcs(root, rebuild=reason)
            recovery.lost = account_for_captures(root)
        finally:
            lock.release()
    return recovery


def _reopen(root: Path, reason: str, witness: Witness | None, *, before: Recovery | None = None) -> Recovery:
    """Rebuild the catalogue; return what was found, with what a rebuild *before* found that shows no longer."""
    catalogue, recovery = open_catalogue(root, rebuild=reason, witness=witness)
    catalogue.close()
    if before:
        recovery.cut = before.cut + recovery.cut
        recovery.gone = before.gone + recovery.gone
    return recovery


def _make_folder(root: Path) -> None:
    try:
        root.mkdir(parents=True, exist_ok=True)
    except (FileExistsError, NotADirectoryError) as error:
        raise ConfigError(f"corpus {root}: a file is in its place; give another CORPUS_DIR") from error


def _take_away_manifest(root: Path) -> str | None:
    """Move a manifest that is not what was written to quarantine/, and return what is wrong; None if it is well."""
    problem = manifest_problem(root)
    if problem:
        quarantine(root, root / MANIFEST_NAME)
        (root / MANIFEST_NAME).unlink(missing_ok=True)
        (root / TAG_NAME).unlink()
        sync_directory(root)
    return problem
