"""Made-up records for tests: valid by default, changed by keyword."""

from __future__ import annotations

from typing import Any

from crawler.items import Article, Capture, RelatedItem
from crawler.text import clean_article


def make_article(article_id: int | str = 7, **changes: Any) -> Article:
    """Return an article record as the crawl brings it to the archive."""
    number = str(article_id)
    fields: dict[str, Any] = {
        "key": f"replica/{number}",
        "kind": "article",
        "id": number,
        "site": "replica",
        "url": f"http://127.0.0.1/news/{number}",
        "title": f"Title {number}",
        "text": f"Text of article {number}.",
        "language": "en",
        "capture": Capture(
            source="origin", url=f"http://127.0.0.1/news/{number}", fetched="2026-11-22T20:00:00+00:00", status=200
        ),
        "run": "run-1",
    }
    return clean_article(Article(**{**fields, **changes}))


def make_stub(article_id: int | str = 7, status: int | None = 404, **changes: Any) -> Article:
    """Return a stub: what is known of an article that could be fetched nowhere."""
    capture = Capture(source="origin", url=f"http://127.0.0.1/news/{article_id}", status=status)
    return make_article(article_id, kind="stub", url=None, text=None, capture=capture, **changes)


def make_seed(name: str = "0e0b62733202", related: tuple[int, ...] = (), **changes: Any) -> Article:
    """Return the record of a seed of unknown id that lists the ids in *related*."""
    return make_article(
        "0",
        **{
            "key": f"replica/seed-{name}",
            "kind": "seed",
            "id": None,
            "url": None,
            "title": None,
            "text": f"Text of seed {name}.",
            "capture": Capture(source="seed"),
            "related": related_items(*related),
            **changes,
        },
    )


def related_items(*ids: int) -> tuple[RelatedItem, ...]:
    """Return related items with these ids."""
    return tuple(RelatedItem(id=str(number), sort=order, content_type=21) for order, number in enumerate(ids))
