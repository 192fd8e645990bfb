"""An article's fields, cleaned together."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from crawler.items import Article, RelatedItem
from crawler.text.clean import clean_text
from crawler.text.normal import content_sha256
from crawler.text.rules import clean_story


def clean_article(article: Article) -> Article:
    """Return a copy of *article* whose words are clean, with the ``content_sha256`` of its text.

    Title, kicker, authors and the titles of related items become clean lines, the text clean paragraphs by all rules
    (:mod:`crawler.text.rules`). What is empty after cleaning is None; an author named twice is named once. All else
    stays as it is.
    """
    related = clean_related(article.related)
    titles = [item.title for item in related if item.title]
    story = clean_story(article.text, dateline=article.dateline, credit=article.credit, related=titles)
    return replace(
        article,
        title=clean_title(article.title),
        kicker=clean_title(article.kicker),
        text=story.text,
        authors=clean_names(article.authors),
        related=related,
        content_sha256=content_sha256(story.text),
        dateline=story.dateline,
        credit=story.credit,
    )


def clean_title(value: str | None) -> str | None:
    """Return *value* as one clean line, None if there is nothing in it."""
    return (clean_text(value).replace("\n\n", " ") or None) if value else None


def clean_names(names: Iterable[str]) -> tuple[str, ...]:
    """Return *names* as clean lines, each once."""
    return tuple(dict.fromkeys(name for name in map(clean_title, names) if name))


def clean_related(items: Iterable[RelatedItem]) -> tuple[RelatedItem, ...]:
    """Return *items* with clean titles."""
    return tuple(replace(item, title=clean_title(item.title)) for item in items)
