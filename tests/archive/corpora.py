"""Makes corpora for tests of their readers."""

from __future__ import annotations

from pathlib import Path

from crawler.archive import Corpus, Outcome
from crawler.items import Article
from crawler.jsonl import with_checksum


def make_corpus(root: Path, *articles: Article, segment_bytes: int = 2**20, site: str = "replica") -> list[Outcome]:
    """Add *articles* to the corpus at *root*, created if needed; return the outcome of each."""
    corpus = Corpus(root, site, segment_bytes=segment_bytes)
    try:
        with corpus.group():
            return [corpus.add(article) for article in articles]
    finally:
        corpus.close()


def rewrite(path: Path, *changes: tuple[bytes, bytes]) -> None:
    """Replace bytes in the lines of the segment at *path*, with correct checksums, as a writer of such lines would."""
    lines = []
    for line in path.read_bytes().splitlines(keepends=True):
        content = line.rpartition(b',"crc32":"')[0] + b"}"
        for old, new in changes:
            content = content.replace(old, new)
        lines.append(with_checksum(content))
    path.write_bytes(b"".join(lines))


def without_checksums(path: Path) -> None:
    """Rewrite the lines of the segment at *path* as Gleaner wrote them before lines had checksums."""
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join(line.rpartition(b',"crc32":"')[0] + b"}\n" for line in lines))
