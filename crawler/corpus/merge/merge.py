"""Merges the records of other corpora into one, each once.

The lines of the others are read in the order in which they were obtained, as far as their files allow, and added in
groups with :meth:`~crawler.archive.writer.Corpus.add`, which decides what is new, a duplicate, or a new version. The
origin of a record (``run``, ``capture``) stays. A text that the corpus holds already, in any version, is not
added again, so a merge can be stopped at any point and repeated.

The highest version of a key is the current one. A text that the corpus does not hold, but that is *earlier* than the
one that it holds, cannot be put before it. So it is left out, unless all versions are requested.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from itertools import islice
from pathlib import Path
from typing import Any, Literal, NamedTuple

from crawler.archive.decision import Added, Duplicate, MovedRecord, as_brought, moved
from crawler.archive.description import describe, is_corpus
from crawler.archive.files import write_errors
from crawler.archive.intact import Damages
from crawler.archive.opened import DEFAULT_SEGMENT_BYTES
from crawler.archive.reading import has_catalogue
from crawler.archive.segments import FAMILIES
from crawler.archive.warcs import mend_warcs
from crawler.archive.writer import Corpus
from crawler.corpus.lines import AllLines, Line, Lines, selected_lines
from crawler.corpus.merge.foreign import Pictures, Records
from crawler.corpus.merge.foreigncaptures import Captures
from crawler.corpus.merge.others import OtherCorpus
from crawler.corpus.selection import Selection
from crawler.corpus.withdrawal import all_unfinished, open_with_tombstones
from crawler.exceptions import ConfigError
from crawler.frontier.targets import target_id
from crawler.items import Article

_GROUP_RECORDS = 500
_SECONDS = len("2026-11-22T20:00:00")


@dataclass(slots=True)
class Merged:
    """The outcomes of the records of one *other* corpus; ``earlier`` and ``refused`` ones were left out."""

    other: OtherCorpus
    pictures: Pictures
    captures: Captures
    added: int = 0
    duplicates: int = 0
    unchanged: int = 0
    earlier: int = 0
    refused: int = 0
    damaged: Damages = field(default_factory=Damages)
    """Lines that are not intact; they are also counted as refused."""
    gave_profile: bool = False
    """Whether the merged corpus, which had no site profile, took over that of this one."""

    def counts(self) -> dict[str, int]:
        """Return all counts by name."""
        names = ("added", "duplicates", "unchanged", "earlier", "refused")
        counts = {name: getattr(self, name) for name in names}
        return {
            **counts,
            "pictures": self.pictures.copied,
            "pictures_failed": self.pictures.failed,
            "warcs": self.captures.copied,
        }


def merge(
    root: Path,
    corpora_to_merge: Sequence[Path | OtherCorpus],
    *,
    all_versions: bool = False,
    segment_bytes: int = DEFAULT_SEGMENT_BYTES,
    near: float | None = None,
    on_progress: Callable[[int, int], None] = lambda _done, _total: None,
) -> dict[Path, Merged]:
    """Merge the records and pictures of *corpora_to_merge* into the corpus at *root*, created if needed.

    Returns the counts by folder.
    *near* is the least similarity of near duplicates, which are then searched as in a crawl; without it, the near
    duplicates of the others are kept as they are. A corpus without a readable catalogue, for example in a bag, is read
    from its files. Nothing is ever written to the others. *on_progress* receives how many records were read, and how
    many there are. Raises ``ConfigError`` if they are not all of one site, or one of them is *root*; ``CorpusLocked``
    if a crawl has *root* open (it may have the others open); and the errors of :class:`~crawler.archive.writer.Corpus`.
    """
    others = [OtherCorpus(one) if isinstance(one, Path) else one for one in corpora_to_merge]
    folders = [other.root for other in others]
    site = _common_site(root, others)
    records = Records(site)
    merged = {other.root: Merged(other, Pictures(other), Captures(other)) for other in others}
    with ExitStack() as stack:
        streams, total = [], 0
        for other in folders:
            known = has_catalogue(other)
            for family in FAMILIES:
                if known:
                    lines = stack.enter_context(selected_lines(other, Selection(), all_versions=True, family=family))
                    streams.append(_in_time(lines, merged[other]))
                    total += lines.total
                else:
                    streams.append(_in_time(AllLines(other, family), merged[other]))
        corpus = open_with_tombstones(root, site, folders, segment_bytes=segment_bytes)
        stack.callback(corpus.close)
        for other in folders:
            merged[other].gave_profile = corpus.take_over(other)
        if near is not None:
            corpus.find_near_duplicates(near)
        with write_errors(root), all_unfinished(root, corpus.withdrawn):
            for other_merged in merged.values():
                other_merged.captures.copy_files(root)
            mend_warcs(root)
        incoming = heapq.merge(*streams, key=lambda one: one.fetched)
        done = 0
        while group := list(islice(incoming, _GROUP_RECORDS)):
            with corpus.group(wait=False):
                for one in group:
                    _bring(corpus, records, one, all_versions=all_versions)
            done += len(group)
            on_progress(done, max(done, total))
    return merged


def _common_site(root: Path, others: Sequence[OtherCorpus]) -> str:
    """Return the site of all *others*, and of the corpus at *root* if it is there."""
    for other in others:
        if other.root.resolve() == root.resolve():
            raise ConfigError(f"{other.name} is the corpus to merge into; give other corpora")
    corpora = [OtherCorpus(root), *others] if is_corpus(root) else others
    sites = {str(describe(corpus.root).get("site")): corpus.name for corpus in reversed(corpora)}
    if len(sites) > 1:
        sites_of_corpora = ", ".join(f"{name} is of {site!r}" for site, name in sites.items())
        raise ConfigError(f"a corpus holds one site, so these cannot be merged: {sites_of_corpora}")
    return next(iter(sites))


class _Incoming(NamedTuple):
    """A line of another corpus, when it was obtained (or a line before it), and where to count it."""

    fetched: str
    line: Line
    merged: Merged


def _in_time(lines: Lines | AllLines, merged: Merged) -> Iterator[_Incoming]:
    fetched = ""
    for line in lines:
        fetched = max(fetched, _fetched(line.record))  # lines were appended in order of time, even if a clock was wrong
        yield _Incoming(fetched, line, merged)
    merged.refused += len(lines.damaged)
    merged.damaged.add_all(lines.damaged)


def _fetched(record: dict[str, Any] | None) -> str:
    """Return when a record was obtained, to the second, in a form that sorts; empty if it is not known."""
    capture = (record or {}).get("capture")
    fetched = capture.get("fetched") if isinstance(capture, dict) else None
    return fetched[:_SECONDS] if isinstance(fetched, str) else ""


def _bring(corpus: Corpus, records: Records, one: _Incoming, *, all_versions: bool) -> None:
    """Add the record in a line to *corpus*, inside a group, if it is new.

    A record with a known hash is not read further, so merging again costs little. A new one is checked completely.
    """
    merged, record = one.merged, one.line.record
    news = _news(corpus, record)
    if news == "known":
        merged.unchanged += 1
        return
    article = records.read(one.line.raw)
    if article is None:
        merged.refused += 1
        return
    if news == "earlier" and not all_versions:
        merged.earlier += 1
        return
    if news == "moved":
        merged.duplicates += _move(corpus, article)
        return
    article = merged.pictures.bring(corpus, article)
    article = replace(_marked(corpus, article), capture=merged.captures.placed(article.capture))
    outcome = corpus.add(article)
    if isinstance(outcome, Added):
        merged.added += 1
    elif isinstance(outcome, Duplicate):
        merged.duplicates += 1
    else:
        merged.unchanged += 1


def _move(corpus: Corpus, article: Article) -> bool:
    """Move the record of a key in *corpus* to duplicates/, as the other corpus did."""
    of, rule = article.near_duplicate_of, article.duplicate_rule
    if of is None or rule is None:
        return False
    return corpus.move(MovedRecord(article.key, article.similarity, moved(as_brought(rule))), of=of, run=article.run)


def _is_near_duplicate(record: dict[str, Any]) -> bool:
    return record.get("near_duplicate_of") is not None and record.get("duplicate_rule") not in {None, "text", "url"}


def _marked(corpus: Corpus, article: Article) -> Article:
    """Return *article* marked as a near duplicate if it is one and *corpus* does not search for them itself."""
    rule = article.duplicate_rule
    if corpus.near is not None or rule is None or rule in {"text", "url"}:
        return replace(article, near_duplicate_of=None, similarity=None, duplicate_rule=None)
    return replace(article, duplicate_rule=as_brought(rule))


class Text(NamedTuple):
    """The parts of a record that two records are compared by."""

    kind: str | None
    content_sha256: str | None


Standing = Literal["unheld", "latest", "superseded", "earlier text", "other text"]
"""How a corpus holds the text of a record: nothing of its kind; as the latest version of its key; under a record of
another kind; as an earlier version; or another text of its kind."""


def standing(text: Text, versions: Sequence[Text]) -> Standing:
    """Return how *text* relates to the *versions* of its key, which are given oldest first.

    >>> standing(Text("article", "b"), [Text("article", "a")])
    'other text'
    """
    if not versions:
        return "unheld"
    latest = versions[-1]
    if text == latest:
        return "latest"
    if text.kind != latest.kind:
        return "superseded" if text in versions else "unheld"
    return "earlier text" if text in versions else "other text"


def _news(corpus: Corpus, record: dict[str, Any]) -> Literal["new", "known", "earlier", "moved"]:
    """Return whether *record* is new to *corpus*, known, or earlier than the version held under its key.

    ``moved``: it is the version held, and the other corpus found it to be a near duplicate.
    """
    held = corpus.catalogue.versions(record["key"])
    text = Text(record.get("kind"), record.get("content_sha256"))
    found = standing(text, [Text(version.kind, version.content_sha256) for version, _ in held])
    if found == "unheld":
        return "new"  # if another kind is held, the corpus decides which one supersedes the other
    if found == "superseded":
        return "known"
    latest, place = held[-1]
    if found == "latest":
        may_move = corpus.near is None and _is_near_duplicate(record)
        stands = may_move and corpus.catalogue.standing(target_id(record["key"]), latest.version)
        return "moved" if stands else "known"
    before, fetched = _fetched(corpus.lines.record(place)), _fetched(record)
    if found == "earlier text":
        return "new" if fetched > before else "known"  # the page went back to that text
    return "earlier" if fetched < before else "new"
