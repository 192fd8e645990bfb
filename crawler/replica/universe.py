"""Which ids of the invented site answer, and how: a page, a redirect, nothing, or the story of an earlier article."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Literal, NamedTuple, get_args

from crawler.replica.calendar import Calendar
from crawler.replica.draw import Draw, chance, number
from crawler.replica.layout import LAYOUTS
from crawler.replica.republish import EDITS, Edit
from crawler.sites import load_profile

Answer = Literal["page", "slug", "missing", "lost"]
"""An id's URL gives its page, a redirect to its page at the slug, 404, or a soft 404."""
GoneKind = Literal["not found", "gone", "soft 404", "parked", "home"]
"""How an article that was switched off answers: 404, 410, "not found" or a parked domain with 200, or the home page."""
GONE_KINDS: tuple[GoneKind, ...] = get_args(GoneKind)

# Whatever seed a user brings, the ids in it lie here; these always have a page.
FIRST_OPEN, LAST_OPEN = 1_446_000, 9_999_999
# Below them lies the universe: the generated articles that related items are drawn from.
UNIVERSE_END = 1_445_000
MAX_ARTICLES = UNIVERSE_END - 1
_COMPACT_ARTICLES = 445_000
NEIGHBOURING_ARTICLES = 64
"""Half of the related items, and every story told again, are among so many articles before."""


class Republication(NamedTuple):
    """Whose story an article tells again, and what it makes of it."""

    of: int
    edit: Edit


@dataclass(frozen=True)
class Universe:
    """The ids of a made-up site, and how each answers. All of it follows from these values.

    ``number`` is the seed number; ``articles`` (1 to 1,444,999) the size of the universe; the shares (0 to 1)
    are of its ids: ``missing`` answers 404, ``soft_missing`` something that is not the article, ``redirects`` leads to
    the slug first (this one holds for the ids above the universe too), and ``republished`` tells the story of an
    earlier article again, under another title (:meth:`republication`). Of all ids ``gone``, and those in
    ``gone_ids``, were switched off, and of all pictures ``gone_pictures``. ``hidden_dumps`` have their dump where no
    reader sees it. ``layout`` names its URL shapes (:data:`~crawler.replica.layout.LAYOUTS`). Raises ValueError for
    other values.
    """

    number: int = 1
    articles: int = 3000
    missing: float = 0.03
    soft_missing: float = 0.02
    redirects: float = 0.1
    republished: float = 0.0
    gone: float = 0.0
    gone_pictures: float = 0.0
    gone_ids: frozenset[int] = frozenset()
    hidden_dumps: float = 0.0
    layout: str = "news"

    def __post_init__(self) -> None:
        if not 1 <= self.articles <= MAX_ARTICLES:
            raise ValueError(f"articles must be 1 to {MAX_ARTICLES}, not {self.articles}")
        for name in ("missing", "soft_missing", "redirects", "republished", "gone", "gone_pictures", "hidden_dumps"):
            if not 0 <= getattr(self, name) <= 1:
                raise ValueError(f"{name} must be a share from 0 to 1, not {getattr(self, name)}")

        if self.layout not in LAYOUTS:
            raise ValueError(f"layout must be one of {', '.join(LAYOUTS)}, not {self.layout!r}")

    @cached_property
    def calendar(self) -> Calendar:
        """The dates of ids, by the points of the real site's profile."""
        profile = load_profile("replica")
        return Calendar(profile.known, profile.zone)

    @cached_property
    def step(self) -> int:
        """The distance between two ids of the universe."""
        return (_COMPACT_ARTICLES if self.articles <= _COMPACT_ARTICLES else MAX_ARTICLES) // self.articles

    def id_at(self, index: int) -> int:
        """Return the id of article 0 to ``articles`` - 1 of the universe; ids grow with the index."""
        return UNIVERSE_END - (self.articles - index) * self.step

    def index_of(self, article_id: int) -> int | None:
        """Return the place of *article_id* in the universe, None if it is not in it."""
        index, rest = divmod(article_id - self.id_at(0), self.step)
        return index if rest == 0 and 0 <= index < self.articles else None

    def hides_dump(self, article_id: int) -> bool:
        """Return whether the page of *article_id* has its dump where no reader sees it."""
        return chance(self.hidden_dumps, self.number, "hidden", article_id)

    def answer(self, article_id: int) -> Answer:
        """Return what the URL of *article_id* answers, any number at all."""
        if not FIRST_OPEN <= article_id <= LAST_OPEN:
            if self.index_of(article_id) is None:
                return "missing"
            drawn = number(self.number, "answer", article_id) / 2**64
            if drawn < self.missing:
                return "missing"
            if drawn < self.missing + self.soft_missing:
                return "lost"
        return "slug" if chance(self.redirects, self.number, "slug", article_id) else "page"

    def gone_kind(self, article_id: int) -> GoneKind | None:
        """Return how *article_id* answers since it was switched off, None if it was not."""
        if article_id not in self.gone_ids and not chance(self.gone, self.number, "gone", article_id):
            return None
        return GONE_KINDS[number(self.number, "way", article_id) % len(GONE_KINDS)]

    def republication(self, article_id: int) -> Republication | None:
        """Return whose story *article_id* tells again, None if it has one of its own.

        The earlier article has one of its own, and it is there.
        """
        index = self.index_of(article_id)
        if index is None or not self._is_copy(article_id):
            return None
        draw = Draw(self.number, "republication", article_id)
        newest = index - 1 - draw.below(NEIGHBOURING_ARTICLES)
        for earlier in map(self.id_at, range(newest, max(-1, newest - NEIGHBOURING_ARTICLES), -1)):
            if not self._is_copy(earlier) and self.answer(earlier) in {"page", "slug"} and not self.gone_kind(earlier):
                return Republication(earlier, draw.choice(EDITS))
        return None

    def _is_copy(self, article_id: int) -> bool:
        return chance(self.republished, self.number, "republished", article_id)
