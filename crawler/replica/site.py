"""The invented site: everything about the article of an id."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property, lru_cache

from crawler.items import RelatedItem
from crawler.replica import prose, words
from crawler.replica.calendar import flat_name, is_flat, tick_name
from crawler.replica.draw import Draw, number
from crawler.replica.layout import LAYOUTS, Layout, old_base
from crawler.replica.republish import edited
from crawler.replica.universe import NEIGHBOURING_ARTICLES, UNIVERSE_END, Universe

_RELATED_COUNTS = (1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 6, 6, 6, 7, 7, 8, 9, 10, 11, 12, 13)
_MAX_RELATED = max(_RELATED_COUNTS)
_NEW_SYSTEM = 2_003_654  # from this id on, `sort` grows in steps of 5
_NO_RELATED = 0.05
_CACHED_ARTICLES = 16_384
_KICKER, _DESK_CODE = 0.16, 0.125
# Kinds of picture in the universe, of 256: videos (12%), flat names (6%), never served (1.5%), small size only (3%).
_VIDEO_KINDS, _FLAT_KINDS, _GONE_KINDS, _GONE_ORIGINAL_KINDS = range(31), range(31, 46), range(46, 50), range(50, 58)
# A picture that is not served says so in the last digits of its name, so no list of them is needed.
_GONE, _GONE_ORIGINAL, _COMMON = 4040, 4041, 4000
_TAIL_RE = re.compile(r"(\d{4})(?:_25f_4x3)?\.\w+$", re.ASCII)


@dataclass(frozen=True, slots=True)
class ReplicaArticle:
    """An article of the replica, as its page shows it. ``pic`` is its own picture, ``related`` what its dump lists."""

    id: int
    title: str
    kicker: str | None
    published: datetime
    paragraphs: tuple[str, ...]
    authors: tuple[str, ...]
    desk_code: str | None
    pic: str
    slug: str
    related: tuple[RelatedItem, ...]


class Site(Universe):
    """An invented site: the article of every id follows from the values of the site; nothing is stored."""

    def article(self, article_id: int) -> ReplicaArticle:
        """Return the article of *article_id*, 0 to 9,999,999, whatever :meth:`answer` says of it."""
        draw = Draw(self.number, "article", article_id)
        return ReplicaArticle(
            id=article_id,
            title=self.title(article_id),
            kicker=draw.choice(words.KICKERS) if draw.chance(_KICKER) else None,
            published=self.calendar.published(article_id),
            paragraphs=self._paragraphs(article_id, draw),
            authors=prose.authors(draw),
            desk_code=draw.choice(words.DESK_CODES) if draw.chance(_DESK_CODE) else None,
            pic=self.pic(article_id),
            slug=self.slug(article_id),
            related=self.related(article_id),
        )

    def _paragraphs(self, article_id: int, draw: Draw) -> tuple[str, ...]:
        own = prose.paragraphs(self.number, article_id, draw)
        republished = self.republication(article_id)
        if republished is None:
            return own
        head = own[0].partition(". ")[0].removesuffix(".") + "."
        return edited(republished.edit, self.article(republished.of).paragraphs, draw, head)

    def title(self, article_id: int) -> str:
        """Return the title of *article_id*, different for every id."""
        return prose.title(self.number, article_id)

    def slug(self, article_id: int) -> str:
        """Return what the site puts behind *article_id* in a URL."""
        return prose.slug(self.title(article_id))

    def path(self, article_id: int, *, slugged: bool = False) -> str:
        """Return the path of the page of *article_id*: that by its id alone, or the one that is *slugged*."""
        layout = self.layout_of(article_id)
        if not slugged:
            return layout.address.format(id=article_id)
        day = self.calendar.published(article_id)
        return layout.page.format(id=article_id, slug=self.slug(article_id), date=f"{day:%Y/%m/%d}")

    def url(self, article_id: int, base: str, *, slugged: bool = False) -> str:
        """Return the URL of :meth:`path` at *base*; articles of an earlier era lie on another host."""
        is_old = self.layout_of(article_id) is not LAYOUTS[self.layout]
        return f"{old_base(base) if is_old else base}{self.path(article_id, slugged=slugged)}"

    def layout_of(self, article_id: int) -> Layout:
        """Return the URL shapes that hold for *article_id*."""
        layout = LAYOUTS[self.layout]
        return layout.at(self.calendar.published(article_id)) if layout.before else layout

    def link(self, article_id: int, base: str) -> str:
        """Return what pages at *base* link to *article_id* with: a path, or a URL if it lies on another host."""
        layout = LAYOUTS[self.layout]
        if layout.before:
            return self.url(article_id, base)
        return self.path(article_id, slugged=layout.always_slugged)

    def pic(self, article_id: int) -> str:
        """Return the path of the picture of *article_id*; some in the universe are videos, or are not served."""
        drawn = number(self.number, "pic", article_id)
        day, second = self.calendar.local(article_id)
        second -= drawn % 3000
        drawn //= 3000
        tail, flat, extension = drawn % _COMMON, is_flat(day), "jpg"
        if article_id < UNIVERSE_END:
            kind = drawn >> 32 & 255
            flat, extension = flat or kind in _FLAT_KINDS, "mp4" if kind in _VIDEO_KINDS else "jpg"
            tail = _GONE if kind in _GONE_KINDS else _GONE_ORIGINAL if kind in _GONE_ORIGINAL_KINDS else tail
        fraction = drawn // _COMMON % 1000 * 10_000 + tail
        if flat:
            return flat_name(self.calendar.at(day, second), fraction)
        return tick_name(day, second, fraction, extension)

    def related(self, article_id: int) -> tuple[RelatedItem, ...]:
        """Return the related items of *article_id* in the order of its dump: always of smaller ids, 0 to 13 of them."""
        draw = Draw(self.number, "related", article_id)
        ids = [self.id_at(index) for index in self._related_indexes(article_id, draw)]
        order = draw.below(3)
        if order < 2:  # noqa: PLR2004 - rising, falling, or as drawn
            ids.sort(reverse=order == 1)
        return self.listing(article_id, ids, falling=draw.chance(0.5))

    def listing(self, article_id: int, others: Sequence[int], *, falling: bool = False) -> tuple[RelatedItem, ...]:
        """Return what a dump of *article_id* says of *others* (13 at most), with rising or *falling* ``sort``."""
        step = 5 if article_id >= _NEW_SYSTEM else 1
        first = article_id * _MAX_RELATED * step  # so no row id of a relation is ever met twice
        sorts = range(first, first + len(others) * step, step)
        return tuple(
            [
                RelatedItem(id=str(other), sort=sort, content_type=21, pic=pic, title=title)
                for other, sort in zip(others, reversed(sorts) if falling else sorts, strict=True)
                for pic, title in (self._listed(other),)
            ]
        )

    @cached_property
    def _listed(self) -> Callable[[int], tuple[str, str]]:
        """The picture and title of an id, of which the latest are kept: related items come again and again."""
        return lru_cache(maxsize=_CACHED_ARTICLES)(lambda article_id: (self.pic(article_id), self.title(article_id)))

    def _related_indexes(self, article_id: int, draw: Draw) -> list[int]:
        wanted = draw.choice(_RELATED_COUNTS)
        if article_id >= UNIVERSE_END:
            before = self.articles
        else:
            before = max(0, (article_id - self.id_at(0)) // self.step)
            wanted = 0 if draw.chance(_NO_RELATED) else wanted
        if before <= wanted:
            return list(range(before))
        chosen: dict[int, None] = {}
        while len(chosen) < wanted:
            near = article_id < UNIVERSE_END and draw.chance(0.5)
            chosen[before - 1 - draw.below(min(NEIGHBOURING_ARTICLES, before)) if near else draw.below(before)] = None
        return list(chosen)

    def serves_picture(self, pic: str, *, original: bool) -> bool:
        """Return whether the picture at path *pic* is served, as the *original* or in its smaller size.

        Only pictures of the universe can be gone: those of a user's own seeds never are.
        """
        uploaded = self.calendar.uploaded(pic)
        if uploaded is None or uploaded >= self.calendar.published(UNIVERSE_END):
            return True
        tail = _TAIL_RE.search(pic)
        return tail is None or not (int(tail[1]) == _GONE or (original and int(tail[1]) == _GONE_ORIGINAL))
