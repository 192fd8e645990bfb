"""Templates of articles: URLs with ``{id}``, or with ``{id:07}`` where ids have zeros before them, to 7 digits."""

from __future__ import annotations

import re

MAX_WIDTH = 20
_FIELD_RE = re.compile(r"\{id(?::0(?P<width>[1-9][0-9]?))?\}", re.ASCII)


def is_template(url: str) -> bool:
    """Return whether *url* holds the field of an id once, and no other braces."""
    found = list(_FIELD_RE.finditer(url))
    rest = _FIELD_RE.sub("", url)
    return len(found) == 1 and "{" not in rest and "}" not in rest and int(found[0]["width"] or 1) <= MAX_WIDTH


def written_id(template: str, article_id: str) -> str:
    """Return *article_id* as *template* writes it.

    >>> written_id("http://example.org/{id:07}.html", "123")
    '0000123'
    """
    found = _FIELD_RE.search(template)
    return article_id.zfill(int(found["width"] or 1)) if found else article_id


def article_url(template: str, article_id: str) -> str:
    """Return the URL that *template* gives for *article_id*.

    >>> article_url("http://example.org/{id:07}.html", "123")
    'http://example.org/0000123.html'
    """
    return _FIELD_RE.sub(lambda _: written_id(template, article_id), template, count=1)


def before_id(template: str) -> str:
    """Return the part of *template* before the id."""
    return _FIELD_RE.split(template, maxsplit=1)[0]
