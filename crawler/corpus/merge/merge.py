"""Bringing the records of other corpora into one, each once.

The lines of the others are read in the order in which they were obtained, as far as their files allow, and brought to
:meth:`~crawler.archive.writer.Corpus.add` in groups: it decides what is new, what a duplicate, and which version it
is. What a record says of its origin (``run``, ``capture``) stays. A text that the corpus holds already, in whatever
version, is not brought again: so a merge can be stopped anywhere, and repeated.

The highest version of a key is what a corpus says of it. So a text that the corpus does not hold, but that is
*earlier* than the one it does, is left out unless all versions are asked for: nothing can be put before what is there.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from itertools import islice
from pathlib import Path
from typing import Any, Literal, NamedTuple

from crawler.archive.decision import Added, Duplicate, Lesser, as_brought, moved
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
from crawler.corpus.selection import Selection
from crawler.exceptions import ConfigError
from crawler.frontier.targets import target_id
from crawler.items import Article

_GROUP = 500
_SECONDS = len("2026-11-22T20:00:00")


@dataclass(slots=True)
class Merged:
    """What became of the records of one other corpus; ``earlier`` and ``refused`` ones were left out."""

    pictures: Pictures
    captures: Captures
    added: int = 0
    duplicates: int = 0
    unchanged: int = 0
    earlier: int = 0
    refused: int = 0
    damaged: Damages = field(default_factory=Damages)
    """Lines that are not intact, which are among the refused."""
    gave_profile: bool = False
    """Whether its site profile is that of the merged corpus now, which had none."""

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
    others: list[Path],
    *,
    all_versions: bool = False,
    segment_bytes: int = DEFAULT_SEGMENT_BYTES,
    near: float | None = None,
    on_progress: Callable[[int, int], None] = lambda _done, _total: None,
) -> dict[Path, Merged]:
    """Bring the records and pictures of *others* into the corpus at *root*, created if needed; return counts.

    What is similar by *near* is found again, as in a crawl; without it, near duplicates stay what the others found them
    to be. One without a catalogue that can be read, such as what a bag holds, is read as its files are; nothing is
    ever written to the others. *on_progress* receives how many records of how many were read. Raises
    ``ConfigError`` if they are not all of one site, or one of them is *root*; ``CorpusLocked`` if a crawl holds *root*
    (it may write to the others), and as :class:`~crawler.archive.writer.Corpus` does.
    """
    site = _common_site(root, others)
    records = Records(site)
    merged = {other: Merged(Pictures(other), Captures(other)) for other in others}
    with ExitStack() as stack:
        streams, total = [], 0
        for other in others:
            known = has_catalogue(other)
            for family in FAMILIES:
                if known:
                    lines = stack.enter_context(selected_lines(other, Selection(), all_versions=True, family=family))
                    streams.append(_in_time(lines, merged[other]))
                    total += lines.total
                else:
                    streams.append(_in_time(AllLines(other, family), merged[other]))
        corpus = Corpus(root, site, segment_bytes=segment_bytes)
        stack.callback(corpus.close)
        for other in others:
            merged[other].gave_profile = corpus.take_over(other)
        if near is not None:
            corpus.find_near_duplicates(near)
        with write_errors(root):
            for one_of_them in merged.values():
                one_of_them.captures.bring_all(root)
            mend_warcs(root)
        incoming = heapq.merge(*streams, key=lambda one: one.fetched)
        done = 0
        while group := list(islice(incoming, _GROUP)):
            with corpus.group(wait=False):
                for one in group:
                    _bring(corpus, records, one, all_versions=all_versions)
            done += len(group)
            on_progress(done, max(done, total))
    return merged


def _common_site(root: Path, others: list[Path]) -> str:
    """Return the site of all *others*, and of *root* if it is there."""
    for other in others:
        if other.resolve() == root.resolve():
            raise ConfigError(f"{other} is the corpus that the others are to be merged into")
    corpora = [root, *others] if is_corpus(root) else others
    sites = {str(describe(corpus).get("site")): corpus for corpus in reversed(corpora)}
    if len(sites) > 1:
        told = ", ".join(f"{corpus} is of {site!r}" for site, corpus in sites.items())
        raise ConfigError(f"a corpus holds one site, so these cannot be one: {told}")
    return next(iter(sites))


class _Incoming(NamedTuple):
    """A line of another corpus, the moment it was obtained (or that of a line before it), and where to count it."""

    fetched: str
    line: Line
    merged: Merged


def _in_time(lines: Lines | AllLines, merged: Merged) -> Iterator[_Incoming]:
    fetched = ""
    for line in lines:
        fetched = max(fetched, _fetched(line.record))  # lines are appended as time goes by, whatever their clock says
        yield _Incoming(fetched, line, merged)
    merged.refused += len(lines.damaged)
    merged.damaged.add_all(lines.damaged)


def _fetched(record: dict[str, Any] | None) -> str:
    """Return when a record was obtained, to the second, in a form that sorts; the empty text if it does not say."""
    capture = (record or {}).get("capture")
    fetched = capture.get("fetched") if isinstance(capture, dict) else None
    return fetched[:_SECONDS] if isinstance(fetched, str) else ""


def _bring(corpus: Corpus, records: Records, one: _Incoming, *, all_versions: bool) -> None:
    """Bring the record in a line to *corpus*, inside a group, if it tells anything new.

    What is known by its hash is not read further, so to merge again costs little; what is new is believed nothing.
    """
    merged, told = one.merged, one.line.record
    news = _news(corpus, told)
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
    """Move the record that *corpus* holds of a key to duplicates/, as the other corpus did."""
    of, rule = article.near_duplicate_of, article.duplicate_rule
    if of is None or rule is None:
        return False
    return corpus.move(Lesser(article.key, article.similarity, moved(as_brought(rule))), of=of, run=article.run)


def _is_near_duplicate(record: dict[str, Any]) -> bool:
    return record.get("near_duplicate_of") is not None and record.get("duplicate_rule") not in {None, "text", "url"}


def _marked(corpus: Corpus, article: Article) -> Article:
    """Return *article* as a near duplicate if it is one, and *corpus* does not find it again by itself."""
    rule = article.duplicate_rule
    if corpus.near is not None or rule is None or rule in {"text", "url"}:
        return replace(article, near_duplicate_of=None, similarity=None, duplicate_rule=None)
    return replace(article, duplicate_rule=as_brought(rule))


class Text(NamedTuple):
    """What a record says, as far as two records are compared by it."""

    kind: str | None
    content_sha256: str | None


Standing = Literal["unheld", "latest", "superseded", "earlier text", "other text"]
"""What a corpus holds of the text of a record: nothing of its kind; as the latest version of its key; under a record of
another kind; as an earlier version; or another text of its kind."""


def standing(text: Text, versions: Sequence[Text]) -> Standing:
    """Return how *text* stands to the *versions* of its key, oldest first.

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
    """Return whether *record* is new to *corpus*, or known, or of an earlier moment than what is held of its key.

    Or whether it is what is held, and a near duplicate of another, as the other corpus found.
    """
    held = corpus.catalogue.versions(record["key"])
    text = Text(record.get("kind"), record.get("content_sha256"))
    found = standing(text, [Text(version.kind, version.content_sha256) for version, _ in held])
    if found == "unheld":
        return "new"  # if another kind is held, the corpus knows which of two supersedes the other
    if found == "superseded":
        return "known"
    latest, place = held[-1]
    if found == "latest":
        may_move = corpus.near is None and _is_near_duplicate(record)
        stands = may_move and corpus.catalogue.standing(target_id(record["key"]), latest.version)
        return "moved" if stands else "known"
    before, fetched = _fetched(corpus.lines.record(place)), _fetched(record)
    if found == "earlier text":
        return "new" if fetched > before else "known"  # it went back to that text
    return "earlier" if fetched < before else "new"
