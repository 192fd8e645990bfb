"""Reads the pages of a sample: from local files where they are, the others from the archives of the list."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from crawler.captures.lines import LOCAL_SOURCE, CaptureLine
from crawler.cli.show import note
from crawler.cli.sites.fetching import FetchedSample, Wanted, fetch_sample
from crawler.draft.local import page_at_place, pages_by_url
from crawler.draft.pages import SampledPage
from crawler.sites import SiteProfile

if TYPE_CHECKING:
    from scrapy.settings import Settings

_NOT_LOCAL = "its WARC file is not here: name it with --warc"


def read_sample(
    chosen: Sequence[tuple[str, CaptureLine]],
    profile: SiteProfile,
    settings: Settings,
    *,
    lists: Sequence[str],
    warcs: Sequence[str],
) -> FetchedSample:
    """Return the pages of the captures *chosen*, (id, line) pairs from *lists*; those of archives by *profile*."""
    pages: list[SampledPage] = []
    failed: list[tuple[CaptureLine, str]] = []
    wanted: list[Wanted] = []
    folders = [Path(), *dict.fromkeys(Path(name).parent for name in lists)]
    with pages_by_url(warcs, note) as find:
        for article_id, line in chosen:
            try:
                page = find(article_id, line) or page_at_place(article_id, line, folders)
            except ValueError as error:
                failed.append((line, str(error)))
                continue
            if page is not None:
                pages.append(page)
            elif line.source == LOCAL_SOURCE:
                failed.append((line, _NOT_LOCAL))
            else:
                wanted.append(Wanted(article_id, line))
    fetched = fetch_sample(profile, wanted, settings)
    order = {article_id: place for place, (article_id, _) in enumerate(chosen)}
    all_pages = sorted([*pages, *fetched.pages], key=lambda page: order[page.article_id])
    return fetched._replace(pages=all_pages, failed=[*failed, *fetched.failed])
