"""Whole pages to records."""

import pickle
import sys
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crawler.extract import extract
from crawler.sites import load_profile

KEYS = ["title", "published", "modified", "authors", "text", "language", "images", "canonical_url", "kicker", "sources"]
PARAGRAPHS = [
    "The river rose by two metres in the night, the city's water office said on Friday.",
    "Three bridges were closed to traffic, and schools near the harbour will stay shut until Monday.",
    "Officials expect the water to fall slowly, since more rain is forecast for the mountains this weekend.",
]
PAGE = f"""<!doctype html><html lang="en"><head><title>River rises - Daily Example</title>
<meta property="og:image" content="/pics/river.jpg"><link rel="canonical" href="/news/7">
<script type="application/ld+json">{{"@type":"NewsArticle","headline":"River rises","author":{{"name":"Ann Lee"}},
"datePublished":"2014-01-03T07:11:53Z"}}</script></head>
<body><nav><ul><li><a href="/">Home</a></li><li><a href="/w">World</a></li></ul></nav>
<article><h1>River rises</h1><p>Fri Jan 3, 2014 10:41:53</p>{"".join(f"<p>{p}</p>" for p in PARAGRAPHS)}
<div>string(50) "[{{"id":"1","sort":"2","contenttypeid":"21","pic":"a.jpg","title":"Leaked"}} ]"</div></article>
<footer><p>Copyright Daily Example</p></footer></body></html>""".encode()


def test_a_plain_page_gives_every_field():
    record = extract(PAGE, "http://example.com/news/7?x=1")
    assert list(record) == KEYS
    assert record["title"] == "River rises"
    assert record["published"] == "2014-01-03T10:41:53+03:30"  # the zone from the line below the title
    assert record["authors"] == ["Ann Lee"]
    assert record["text"] == "\n\n".join(PARAGRAPHS)
    assert record["language"] == "en"
    assert record["images"][0] == {"url": "http://example.com/pics/river.jpg", "caption": None}
    assert record["canonical_url"] == "http://example.com/news/7"
    assert record["sources"]["published"] == "json-ld"
    assert "modified" not in record["sources"]


def test_dates_are_in_the_zone_of_the_profile():
    record = extract(PAGE, "http://example.com/news/7", load_profile("alalam"))
    assert record["published"] == "2014-01-03T10:41:53+03:30"


def test_a_record_can_be_pickled():
    record = extract(PAGE, "http://example.com/")
    assert pickle.loads(pickle.dumps(record)) == record


def test_the_clock_is_an_argument():
    before = datetime(2013, 1, 1, tzinfo=UTC)
    assert extract(PAGE, "http://example.com/", fetched=before)["published"] is None


def test_a_library_that_cannot_be_loaded_is_no_page_without_text(monkeypatch):
    monkeypatch.setitem(sys.modules, "trafilatura", None)
    monkeypatch.setattr("crawler.extract.body.MAX_DOUBT_SHARE", -1)
    with pytest.raises(ImportError):
        extract(PAGE, "http://example.com/")


@settings(deadline=None)
@given(st.binary())
def test_it_never_raises(data):
    assert list(extract(data, "http://example.com/")) == KEYS
