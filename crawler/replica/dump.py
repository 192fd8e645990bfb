"""The dump that the real site leaked into its pages, and the text that people keep of such a page."""

from __future__ import annotations

from crawler.items import RelatedItem
from crawler.replica.calendar import date_line
from crawler.replica.site import ReplicaArticle


def payload(related: tuple[RelatedItem, ...]) -> str:
    """Return ``[REC ,REC ]`` as the site wrote it: by hand, so quotes in a title are not escaped."""
    records = (
        f'{{"id":"{item.id}","sort":"{item.sort}","contenttypeid":"{item.content_type}"'
        f',"pic":"{item.pic}","title":"{item.title}"}}'
        for item in related
    )
    return f"[{' ,'.join(records)} ]"


def var_dump(related: tuple[RelatedItem, ...]) -> str:
    """Return what PHP's ``var_dump`` printed of the payload; the number counts its UTF-8 bytes.

    >>> var_dump((RelatedItem(id="1", sort=2, content_type=21, pic="/p.jpg", title="T"),))
    'string(72) "[{"id":"1","sort":"2","contenttypeid":"21","pic":"/p.jpg","title":"T"} ]"'
    """
    text = payload(related)
    return f'string({len(text.encode())}) "{text}"'


def seed_text(article: ReplicaArticle) -> str:
    """Return the text of an article's page with its dump: what ``scrapy crawl neighbours`` takes as a seed."""
    lines = [article.title, "", article.title, date_line(article.published), ""]
    lines += [line for paragraph in article.paragraphs for line in (paragraph, "")]
    lines += [article.desk_code] if article.desk_code else []
    return "\n".join([*lines, var_dump(article.related), ""])
