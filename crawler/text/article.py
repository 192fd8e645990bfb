"""Cleans all fields of an article."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from crawler.items import Article, RelatedItem
from crawler.text.clean import NO_RULES, clean_text
from crawler.text.normal import content_sha256
from crawler.text.rules import clean_story


def clean_article(article: Article, off: frozenset[str] = NO_RULES) -> Article:
    """Return a copy of *article* with clean text fields, and with the ``content_sha256`` of its text.

    Title, kicker, authors and the titles of related items become clean lines; the text becomes clean paragraphs by all
    rules (:mod:`crawler.text.rules`). A field that is empty after cleaning becomes None; repeated authors are removed.
    Other fields stay as they are. *off* are the disabled rules.
    """
    related = clean_related(article.related, off)
    titles = [item.title for item in related if item.title]
    story = clean_story(article.text, dateline=article.dateline, credit=article.credit, related=titles, off=off)
    return replace(
        article,
        title=clean_title(article.title, off),
        kicker=clean_title(article.kicker, off),
        text=story.text,
        authors=clean_names(article.authors, off),
        related=related,
        content_sha256=content_sha256(story.text),
        dateline=story.dateline,
        credit=story.credit,
    )


def clean_title(value: str | None, off: frozenset[str] = NO_RULES) -> str | None:
    """Return *value* as one clean line; None if it is empty."""
    return (clean_text(value, off).replace("\n\n", " ") or None) if value else None


def clean_names(names: Iterable[str], off: frozenset[str] = NO_RULES) -> tuple[str, ...]:
    """Return *names* as clean lines, each once."""
    cleaned = (clean_title(name, off) for name in names)
    return tuple(dict.fromkeys(filter(None, cleaned)))


def clean_related(items: Iterable[RelatedItem], off: frozenset[str] = NO_RULES) -> tuple[RelatedItem, ...]:
    """Return *items* with clean titles."""
    return tuple(replace(item, title=clean_title(item.title, off)) for item in items)
