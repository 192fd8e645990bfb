"""An article's fields, cleaned together."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from crawler.items import Article, RelatedItem
from crawler.text.clean import clean_line, clean_text
from crawler.text.mojibake import mend
from crawler.text.normal import content_sha256


def clean_article(article: Article) -> Article:
    """Return a copy of *article* whose words are clean, with the ``content_sha256`` of its text.

    Title, kicker, authors and the titles of related items become clean lines, the text clean paragraphs.
    What is empty after cleaning is None; an author named twice is named once. All else stays as it is.
    """
    text = _or_none(clean_text(article.text or ""))
    return replace(
        article,
        title=_line(article.title),
        kicker=_line(article.kicker),
        text=text,
        authors=_distinct(article.authors),
        related=tuple(_clean_related(item) for item in article.related),
        content_sha256=content_sha256(text),
    )


def _clean_related(item: RelatedItem) -> RelatedItem:
    return replace(item, title=_line(item.title))


def _line(value: str | None) -> str | None:
    return _or_none(clean_text(value).replace("\n\n", " ")) if value else None


def _distinct(names: Iterable[str]) -> tuple[str, ...]:
    cleaned = (clean_line(mend(name)) for name in names)
    return tuple(dict.fromkeys(name for name in cleaned if name))


def _or_none(value: str) -> str | None:
    return value or None
