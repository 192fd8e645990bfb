"""A flipped bit in a segment, plain or compressed: export leaves out what changed, counts it, and ends with 5."""

from __future__ import annotations

import json

import pytest

from crawler.corpus.fixity.manifest import seal
from tests.archive.corpora import make_corpus
from tests.crawling import scrapy
from tests.factories import make_article

TEXT = "The library museum of the city is an orchard now, and its hospital is a school. "


@pytest.mark.parametrize("compression", [None, "gzip", "zstd"])
def test_a_flipped_bit_is_not_exported(seen, tmp_path, compression):
    root = tmp_path / "corpus"
    make_corpus(root, *(make_article(number, text=f"{number}. {TEXT * 9}") for number in range(100)))
    seal(root, compression)
    (path,) = (root / "articles").glob("*.jsonl*")
    whole = set(exported(root, tmp_path / "whole")[1])
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1 << 5
    path.write_bytes(data)

    done, lines = exported(root, tmp_path / "out")

    facts = json.loads(done.stdout)
    named = [line for line in done.stderr.splitlines() if "articles-000001.jsonl at" in line and "replica/" in line]
    seen(f"{path.name}: exit code of export", 5, done.returncode)
    seen("altered lines", set(), set(lines) - whole)
    seen("lines given and left out", 100, len(lines) + facts["damaged"])
    seen("lines named", facts["damaged"], len(named))
    seen("traceback", False, "Traceback" in done.stderr)


def exported(root, out):
    done = scrapy(
        *("corpus", "export", "--format", "jsonl", "-o", out, "--json", "-s", f"CORPUS_DIR={root}"),
    )
    return done, out.read_bytes().splitlines()
