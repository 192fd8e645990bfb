"""Made-up lists of captures: the URL schemes of real sites, with the pages and files that stand beside articles."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Iterator
from datetime import date, datetime, timedelta

from crawler.captures.lines import CaptureLine
from crawler.warc.index import url_key

WORDS = [
    "rain",
    "snow",
    "storm",
    "talks",
    "vote",
    "court",
    "price",
    "town",
    "river",
    "bridge",
    "fire",
    "crash",
    "deal",
    "strike",
    "party",
    "leader",
    "police",
]
FIRST_DAY = date(2008, 1, 1)

UrlOf = Callable[[int], str]
"""Returns the URL of an article by its number, 1 and so on, two of them a day."""


def slug(number: int) -> str:
    """Return the slug of the article *number*: always the same."""
    draw = random.Random(number)
    return "-".join(draw.choices(WORDS, k=draw.randint(3, 7)))


def day(number: int) -> date:
    """Return the day on which article *number* was published."""
    return FIRST_DAY + timedelta(days=number // 2)


def capture(url: str, moment: str, mime: str = "text/html", status: str = "200") -> CaptureLine:
    """Return the line of a capture."""
    return CaptureLine(url_key(url), moment, url, mime, status, "DIGEST", 9_000, "wayback")


def captured_after(when: date, draw: random.Random, most: int = 300) -> str:
    """Return a time of capture at most so many days after *when*."""
    moment = datetime.combine(when, datetime.min.time()) + timedelta(seconds=draw.randint(0, most * 86_400))
    return moment.strftime("%Y%m%d%H%M%S")


def articles(url_of: UrlOf, numbers: Iterable[int], number: int = 1) -> Iterator[CaptureLine]:
    """Yield captures of the articles *numbers*: none of some, two of others."""
    draw = random.Random(number)
    for one in numbers:
        for _ in range(draw.choice((0, 1, 1, 2))):
            yield capture(url_of(one), captured_after(day(one), draw))


def beside(base: str, number: int = 2) -> Iterator[CaptureLine]:
    """Yield captures of what every site has beside its articles: lists, days, files, errors, what only looks alike."""
    draw = random.Random(number)
    for one in range(1, 60):
        for _ in range(10):
            yield capture(f"{base}/category/{one}", captured_after(FIRST_DAY, draw, 1_500))
            page = f"{base}/tag/{draw.choice(WORDS)}/page/{one}"
            yield capture(page, captured_after(FIRST_DAY, draw, 1_500))
        yield capture(f"{base}/{day(one * 40):%Y/%m/%d}/", captured_after(day(one * 40), draw))
        yield capture(f"{base}/img/{one}.jpg", captured_after(day(one), draw), "image/jpeg")
        yield capture(f"{base}/nothing/{one * 7}", captured_after(day(one), draw), status="404")
        yield capture(f"{base}/about/{draw.choice(WORDS)}", captured_after(FIRST_DAY, draw, 1_500))
        yield capture(f"{base}/?utm_source={one}", captured_after(FIRST_DAY, draw, 1_500))


def listed(*parts: Iterable[CaptureLine]) -> list[CaptureLine]:
    """Return *parts* as one list in order, as ``scrapy captures list`` writes it."""
    return sorted((line for part in parts for line in part), key=lambda line: (line.urlkey, line.timestamp))
