"""What a list names: articles, and further sitemaps."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

MAX_URL_LETTERS = 4_000
"""A longer URL or id is cut, so that it names nothing."""
MAX_TITLE_LETTERS = 500

_URL_NAMES = (
    *("url", "loc", "link", "uri", "href", "permalink", "article_url", "page_url", "source_url", "canonical_url"),
    *("original_url", "original", "target_uri", "warc_target_uri", "web_url", "address"),
)
_ID_NAMES = ("id", "article_id", "articleid", "news_id", "newsid", "guid", "key")
_TITLE_NAMES = ("title", "headline")
_PICTURE_NAMES = ("image", "picture", "pic", "thumbnail", "banner_image")
NAMES_OF_ARTICLES = frozenset((*_URL_NAMES, *_ID_NAMES))
"""Names of the columns and fields that say which article is meant."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedArticle:
    """An article that a list names, as it stands there: unchecked, and perhaps of another site.

    ``source`` is the name of the list, ``line`` the number of the line, row or entry, from 1. ``url`` may be relative;
    ``base`` is then what the list says that it is relative to, None if it does not. ``id`` counts only without a URL:
    in many tables it is the number of the row.
    """

    source: str
    line: int
    url: str | None = None
    id: str | None = None
    title: str | None = None
    picture: str | None = None
    base: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedSitemap:
    """A further sitemap that the sitemap index ``source`` names; ``url`` is unchecked."""

    source: str
    url: str


Listed: TypeAlias = ListedArticle | ListedSitemap


def listed_fields(fields: Mapping[str, Any], source: str, line: int) -> ListedArticle | None:
    """Return the article that a row or an object with *fields* names; None if no field can name one.

    >>> listed_fields({"ID": 17, "Title": "Rain"}, "a.csv", 2)
    ListedArticle(source='a.csv', line=2, url=None, id='17', title='Rain', picture=None, base=None)
    """
    named = {column_name(name): value for name, value in fields.items()}
    if NAMES_OF_ARTICLES.isdisjoint(named):
        return None

    def first(names: tuple[str, ...]) -> str | None:
        return next((text for name in names if (text := _text(named.get(name)))), None)

    url, article_id = first(_URL_NAMES), first(_ID_NAMES)
    if url is None and article_id and "://" in article_id:
        url = article_id
    return ListedArticle(
        source=source,
        line=line,
        url=url,
        id=article_id,
        title=first(_TITLE_NAMES),
        picture=first(_PICTURE_NAMES),
    )


def column_name(name: object) -> str:
    """Return the *name* of a column or field as it is looked up.

    >>> column_name(" Article-ID ")
    'article_id'
    """
    return str(name).strip().strip("\ufeff\"'").strip().lower().replace("-", "_").replace(" ", "_")


def _text(value: Any) -> str:
    if isinstance(value, str | int) and not isinstance(value, bool):
        return str(value).strip()[:MAX_URL_LETTERS]
    return ""


Note = Callable[[str], None]
"""Receives a message about the list as a whole."""
