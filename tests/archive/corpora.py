"""Corpora for tests of those who read them."""

from __future__ import annotations

from pathlib import Path

from crawler.archive import Corpus, Outcome
from crawler.items import Article


def make_corpus(root: Path, *articles: Article, segment_bytes: int = 2**20, site: str = "replica") -> list[Outcome]:
    """Bring *articles* to the corpus at *root*, made if need be; return what became of each."""
    corpus = Corpus(root, site, segment_bytes=segment_bytes)
    try:
        with corpus.group():
            return [corpus.add(article) for article in articles]
    finally:
        corpus.close()
