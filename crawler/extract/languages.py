"""Determines the language of an article from its text and the declarations of its page."""

from __future__ import annotations

import re
from collections.abc import Iterator

from crawler.extract.page import ArticlePage, FoundField
from crawler.text.language import are_kin, language_of

_TAG_RE = re.compile(r"^([a-z]{2,3})(?:[-_][a-z0-9]{1,8})*$", re.IGNORECASE)
_OLD_CODES = {"iw": "he", "in": "id", "ji": "yi"}


def find_language(page: ArticlePage, text: str | None) -> FoundField[str] | None:
    """Return the language of *page* as its ISO 639 code (``en``); None if it is neither declared nor recognized.

    *text* decides, with the declaration (``lang``, JSON-LD, Open Graph, meta; else the profile) as evidence. If the
    text agrees with a declaration, or is too short, the declaration is the source.
    """
    declared = list(_declared(page))
    if page.profile and page.profile.language:
        declared.append(FoundField(page.profile.language, "profile"))
    seen = language_of(text or "", declared[0].value if declared else None)
    if seen is None:
        return declared[0] if declared else None
    return next((found for found in declared if are_kin(found.value, seen)), FoundField(seen, "text"))


def _declared(page: ArticlePage) -> Iterator[FoundField[str]]:
    """Yield the languages that *page* declares, the most reliable first."""
    declared = [(page.root.get("lang") or page.root.get("{http://www.w3.org/XML/1998/namespace}lang") or "", "html")]
    for node in page.linked.articles:
        if isinstance(language := node.get("inLanguage"), str):
            declared.append((language, "json-ld"))
            break
    declared.append((page.meta("og:locale") or "", "open-graph"))
    declared.append((page.meta("content-language", "language", "dc.language", "dcterms.language") or "", "meta"))
    for value, source in declared:
        if match := _TAG_RE.match(value.strip()):
            code = match[1].lower()
            yield FoundField(_OLD_CODES.get(code, code), source)
