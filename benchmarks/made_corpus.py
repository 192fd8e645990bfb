"""Make a corpus of made-up articles, to measure and to try the commands on.

    python benchmarks/made_corpus.py DIR [N=100000]

The articles are those of ``scrapy replica``, brought to the archive as a crawl brings them; one in 5 is in Persian,
one in 25 a stub, one in 50 has a second version, one in 100 has the text of the article before it.
Prints how long it took and what came of it.
"""

from __future__ import annotations

import argparse
import random
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from itertools import islice
from pathlib import Path

from crawler.archive import Corpus
from crawler.items import Article, Capture, Image
from crawler.replica.site import Site
from crawler.text import clean_article

_GROUP = 500
_PERSIAN_ONE, _A_STUB, _CORRECTED, _A_DUPLICATE = 5, 25, 50, 100
"""One article in so many."""
_FETCHED = "2026-11-22T20:00:00+00:00"
_PERSIAN = (
    "رئیس‌جمهور روز یکشنبه در تهران گفت که کتاب‌های تازه در شهرهای دور نیز پخش خواهند شد",
    "به گزارش خبرنگار ما بیش از ۱۲۰۰ نفر در این مراسم شرکت کردند و از نمایشگاه دیدن نمودند",
    "کارشناسان می‌گویند که باران‌های پاییزی امسال کمتر از سال‌های گذشته بوده است",
)


def made_up(articles: int) -> Iterator[Article]:
    """Yield the records of a made-up crawl of *articles* articles, in the order in which it would archive them."""
    site = Site(articles=articles)
    for index in range(articles):
        number = site.id_at(index)
        if index % _A_STUB == 1:
            yield _stub(number, site)
            continue
        twin = index % _A_DUPLICATE == _A_DUPLICATE - 1
        paragraphs = site.article(number - site.step if twin else number).paragraphs
        article = _article(number, site, paragraphs, persian=index % _PERSIAN_ONE == 0)
        yield article
        if index % _CORRECTED == _PERSIAN_ONE:
            again = replace(article.capture, fetched="2026-11-29T20:00:00+00:00")
            corrected = f"{article.text}\n\nThis report was corrected."
            yield clean_article(replace(article, text=corrected, capture=again, run="made-2"))


def _article(number: int, site: Site, paragraphs: tuple[str, ...], *, persian: bool) -> Article:
    made, url = site.article(number), f"http://127.0.0.1:8765/news/{number}"
    words, draw = " ".join(_PERSIAN).split(), random.Random(number)
    text = "\n\n".join(" ".join(draw.sample(words, 16)) + "." for _ in range(8)) if persian else None
    return clean_article(
        Article(
            key=f"replica/{number}",
            kind="article",
            id=str(number),
            site="replica",
            url=url,
            title=made.title,
            kicker=made.kicker,
            text=text or "\n\n".join(paragraphs),
            language="fa" if persian else "en",
            desk_code=made.desk_code,
            authors=made.authors,
            published=made.published.isoformat(),
            published_from="page",
            images=(Image(pic=made.pic, status="skipped"),),
            related=made.related,
            capture=Capture(source="origin", url=url, fetched=_FETCHED, status=200),
            run="made-1",
        )
    )


def _stub(number: int, site: Site) -> Article:
    capture = Capture(source="origin", url=f"http://127.0.0.1:8765/news/{number}", fetched=_FETCHED, status=404)
    title = site.title(number)
    stub = Article(
        key=f"replica/{number}", kind="stub", id=str(number), site="replica", title=title, capture=capture, run="made-1"
    )
    return clean_article(stub)


def make(root: Path, articles: int) -> Counter[str]:
    """Make the corpus at *root*; return how often each outcome came."""
    outcomes: Counter[str] = Counter()
    corpus = Corpus(root, "replica")
    records = made_up(articles)
    try:
        while group := list(islice(records, _GROUP)):
            with corpus.group(wait=False):
                outcomes.update(type(corpus.add(record)).__name__ for record in group)
    finally:
        corpus.close()
    return outcomes


def main() -> None:
    """Read the arguments, make the corpus, print what came of it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("root", metavar="DIR", type=Path, help="where to make it")
    parser.add_argument(
        "articles", metavar="N", type=int, nargs="?", default=100_000, help="how many (default: 100000)"
    )
    arguments = parser.parse_args()
    root = arguments.root
    began = time.perf_counter()
    outcomes = make(root, arguments.articles)
    took = time.perf_counter() - began
    print(f"{root}: {dict(outcomes)} in {took:.1f} s, {outcomes.total() / took:,.0f} records/s")


if __name__ == "__main__":
    main()
