"""Reads lists of captures for a crawl: finds the captures of a site's articles, and counts all others."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from pathlib import Path

from crawler.captures.choice import is_usable
from crawler.captures.lines import LOCAL_SOURCE, CaptureLine, read_captures
from crawler.captures.table import FoundCapture
from crawler.exceptions import ProfileError, SeedError
from crawler.recover.holdings import IndexLine
from crawler.sites import SiteProfile
from crawler.sites.captured import captured_id
from crawler.sites.recovery import COMMONCRAWL

LINES_A_PART = 5_000
STDIN = "-"

NOT_AN_ARTICLE = "not_an_article"
UNREADABLE = "unreadable"


class CaptureLists:
    """The lists of captures at *paths*, read for the articles of *profile*.

    ``counts`` says how many lines there were (``lines``), and how many of them are of no use, by reason:
    ``unused/unreadable``, ``unused/not_an_article``, ``unused/status_404``, ``unused/type_image/png``,
    ``unused/without_place`` (of a file, but without its name or offset).
    """

    def __init__(
        self, paths: Sequence[str], profile: SiteProfile, default_source: str | None, on_error: Callable[[str], None]
    ) -> None:
        self._paths = paths
        self._profile = profile
        self._default_source = default_source
        self._on_error = on_error
        self.counts: Counter[str] = Counter()
        for path in paths:
            if path != STDIN and "://" not in path and not Path(path).is_file():
                raise SeedError(path, "there is no such file" if not Path(path).exists() else "it is not a file")

    def parts(self) -> Iterator[list[FoundCapture]]:
        """Yield the captures of articles, up to :data:`LINES_A_PART` at a time.

        Raises SeedError, which names the file, if a list cannot be read or names an archive that the profile does not.
        """
        for path in self._paths:
            found = self._found(path)
            while part := list(islice(found, LINES_A_PART)):
                yield part

    def _found(self, path: str) -> Iterator[FoundCapture]:
        source = self._default_source or LOCAL_SOURCE
        for line in read_captures(path, self._unreadable, source=source):
            self.counts["lines"] += 1
            article_id = captured_id(self._profile, line.url)
            reason = self._refusal(line) if article_id else NOT_AN_ARTICLE
            if article_id is None or reason is not None:
                self.counts[f"unused/{reason}"] += 1
                continue
            self._check_source(path, line)
            yield FoundCapture(article_id, line.source, _index_line(line, Path(path)))

    def _unreadable(self, error: SeedError) -> None:
        self.counts["lines"] += 1
        self.counts[f"unused/{UNREADABLE}"] += 1
        self._on_error(str(error))

    def _refusal(self, line: CaptureLine) -> str | None:
        """Return why *line*, which is of an article, is of no use; None if it may be its page."""
        status = int(line.status) if line.status else None
        if not is_usable(status, line.mime or ""):
            return f"status_{status}" if not is_usable(status, "") else f"type_{line.mime}"
        has_place = line.filename is not None and line.offset is not None
        if line.source in {LOCAL_SOURCE, COMMONCRAWL} and not has_place:
            return "without_place"
        return "without_place" if line.source == COMMONCRAWL and not line.length else None

    def _check_source(self, path: str, line: CaptureLine) -> None:
        recovery = self._profile.recovery
        known = [archive.name for archive in recovery.archives]
        if recovery.commoncrawl_data:
            known.append(COMMONCRAWL)
        if line.source in {*known, LOCAL_SOURCE}:
            return
        names = ", ".join(known) or "none"
        raise ProfileError(
            self._profile.name,
            f"it has no archive {line.source!r}, which {path} names for {line.url} (it has: {names});"
            " add a table [[recover.archives]]",
        )


def _index_line(line: CaptureLine, listed_in: Path) -> IndexLine:
    filename = line.filename
    if filename is not None and line.source == LOCAL_SOURCE:
        beside = listed_in.parent / filename
        filename = str((beside if _is_there(beside) and not _is_there(Path(filename)) else Path(filename)).absolute())
    return IndexLine(
        timestamp=line.timestamp,
        url=line.url,
        mime=line.mime or "",
        status=int(line.status) if line.status else None,
        digest=line.digest or "",
        length=line.length,
        offset=line.offset,
        filename=filename,
    )


def _is_there(path: Path) -> bool:
    """Return whether *path* is a file, or the name of a part of one: ``news.wacz/archive/data.warc.gz``."""
    return any(one.is_file() for one in (path, *path.parents))
