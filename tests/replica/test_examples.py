"""The seeds in examples/ are what the replica prints, so their titles and pictures are those of its pages."""

from __future__ import annotations

import io
import json
import re
from dataclasses import replace
from pathlib import Path

import pytest
from warcio.archiveiterator import ArchiveIterator

from crawler.replica import Site
from crawler.replica.dump import seed_text
from crawler.warc import write_warc
from tests.recover.webarchive import captured, utc

SEEDS = Path(__file__).resolve().parents[2] / "examples" / "seeds"
HARBOUR = [1795060, 1795248, 1795519, 1795725, 1796287, 1797070, 1797133, 1797268, 1797547, 1797573]
CAPTURES = SEEDS.parent / "captures" / "lanternport.warc.gz"
BASE = "http://127.0.0.1:8765"
SITE = Site()


def page_text(article_id, others, *, falling=False):
    return seed_text(replace(SITE.article(article_id), related=SITE.listing(article_id, others, falling=falling)))


def test_harbour_is_a_whole_dump_of_ten():
    text = (SEEDS / "harbour.txt").read_text(encoding="utf-8")
    assert text == page_text(1797789, HARBOUR)
    declared, payload = re.search(r'string\((\d+)\) "(\[.*\])"\n$', text).groups()
    assert int(declared) == len(payload.encode()) != len(payload)


@pytest.mark.parametrize("article_id", HARBOUR)
def test_neighbours_of_harbour_resolve_with_a_picture_and_related_items(article_id):
    assert SITE.answer(article_id) in {"page", "slug"}
    article = SITE.article(article_id)
    assert article.related
    assert article.pic.endswith(".jpg")
    assert SITE.serves_picture(article.pic, original=True)


def test_cut_is_cut_inside_a_picture():
    text = (SEEDS / "levy-cut.txt").read_text(encoding="utf-8")
    assert page_text(1797793, [1797416, 1797097, 1797549, 1797669]).startswith(text)
    assert re.search(r'"pic":"[^"]*_\d{1,17}$', text)


def test_json_lines_hold_two_captures_of_a_page():
    lines = [json.loads(line) for line in (SEEDS / "archive.jsonl").read_text(encoding="utf-8").splitlines()]
    twin = [1797097, 1797549, 1797923]
    assert [line["text"] for line in lines] == [
        page_text(1797983, twin),
        page_text(1797983, twin[::-1], falling=True),
        page_text(1797936, [1797070, 1797669, 1797573, 1797809]),
    ]
    assert all(line["url"] and line["timestamp"] for line in lines)


def captures():
    """Return the exchanges of examples/captures: six articles in three months, a picture, and the home page."""
    days = (utc(2016, 4, 2), utc(2016, 4, 9), utc(2016, 4, 20), utc(2016, 5, 3), utc(2016, 5, 28), utc(2016, 7, 1))
    pages = [(f"/news/{one}/{SITE.slug(one)}", day) for one, day in zip(HARBOUR, days, strict=False)]
    picture = f"/news/image/855x495/{SITE.pic(HARBOUR[0])}"
    paths = [*pages, (picture, utc(2016, 4, 2)), ("/", utc(2016, 5, 3))]
    return [exchange for path, day in paths for exchange in captured(BASE, path, day, SITE)]


def written_captures():
    """Return a WARC file of them."""
    stream = io.BytesIO()
    write_warc(stream, captures(), CAPTURES.name, {"software": "scrapy replica"})
    return stream.getvalue()


def test_captures_are_pages_and_a_picture_of_the_replica():
    with CAPTURES.open("rb") as stream:
        kept = [
            (
                record.rec_headers["WARC-Target-URI"],
                record.rec_headers["WARC-Date"][:10],
                record.content_stream().read(),
            )
            for record in ArchiveIterator(stream)
            if record.rec_type == "response"
        ]
    assert kept == [(one.url, f"{one.date:%Y-%m-%d}", one.body) for one in captures()]
