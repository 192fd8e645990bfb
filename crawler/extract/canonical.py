"""Extracts the canonical URL of a page."""

from __future__ import annotations

from crawler.extract.page import ArticlePage, FoundField


def find_canonical_url(page: ArticlePage) -> FoundField[str] | None:
    """Return the canonical URL that *page* names (``link``, Open Graph, JSON-LD), absolute; None if it names none."""
    for link in page.links.get("canonical", ()):
        if url := page.absolute(link):
            return FoundField(url, "link")
    if url := page.absolute(page.meta("og:url")):
        return FoundField(url, "open-graph")
    for node in page.linked.articles:
        main = page.linked.resolve(node.get("mainEntityOfPage"))
        main = main.get("@id") if isinstance(main, dict) else main
        for value in (main, node.get("url")):
            if isinstance(value, str) and (url := page.absolute(value)):
                return FoundField(url, "json-ld")
    return None
