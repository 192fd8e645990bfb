"""Lists in JSON."""

from __future__ import annotations

import json

import pytest

from tests.seeds.lists.read import NEWS, seeds_of

TWENTY_DIGITS = "99999999999999999999"


def test_lines_without_a_text_are_articles_and_lines_with_one_are_pages():
    lines = [
        {"url": f"{NEWS}17", "title": "Rain"},
        {"text": "A story.", "url": f"{NEWS}18"},
        {"id": 19},
        {"meta": {"x": 1}, "id": "0020"},
        {"nothing": 1},
    ]
    text = "\r\n".join(map(json.dumps, lines)) + f'\r\n{{"id": {TWENTY_DIGITS}}}\r\n'
    seeds = seeds_of(text, "lines.txt")
    assert [(target.id, target.title) for target in seeds.targets] == [
        ("17", "Rain"),
        ("19", None),
        ("0020", None),
        (TWENTY_DIGITS, None),
    ]
    assert [page.url for page in seeds.pages] == [f"{NEWS}18"]
    assert seeds.errors == ["lines.txt: line 5: no text: its fields are 'nothing'"]


def test_lines_of_captures_are_articles():
    line = {"urlkey": "ir,alalam,en)/news/17", "timestamp": "20160227101112", "url": f"{NEWS}17", "mime": "text/html"}
    assert seeds_of(json.dumps(line) + "\n").ids == ["17"]


@pytest.mark.parametrize(
    ("value", "ids"),
    [
        ([f"{NEWS}17", "18", 19, None], ["17", "18", "19"]),
        ([{"url": f"{NEWS}17"}, {"id": 18}], ["17", "18"]),
        ({"total": 2, "hits": [{"id": 5, "link": f"{NEWS}17"}], "tags": [{"id": 7}, "8"]}, ["17"]),
        ({"urls": [f"{NEWS}17", f"{NEWS}18"]}, ["17", "18"]),
    ],
)
@pytest.mark.parametrize("indent", [None, 2])
def test_lists_in_json_are_read_in_any_layout(value, ids, indent):
    assert seeds_of(json.dumps(value, indent=indent)).ids == ids


def test_json_feed_is_read_with_relative_urls():
    items = [
        {"id": f"{NEWS}17", "title": "Rain"},
        {"id": "2", "url": "/news/18", "content_html": "<p>x</p>"},
        {"id": "tag:x"},
    ]
    feed = {"version": "https://jsonfeed.org/version/1.1", "home_page_url": "https://en.alalam.ir/", "items": items}
    seeds = seeds_of(json.dumps(feed), "feed")
    assert [(target.id, target.title) for target in seeds.targets] == [("17", "Rain"), ("18", None)]
    assert "1 of 3 entries is no article of alalam" in seeds.errors[0]


@pytest.mark.parametrize(
    "text",
    [
        '[{"id":"17","sort":"5","pic":"a.jpg","title":"T"},{"id":"18","sort":"4","pic":"b.jpg","title":"U"}]',
        '{"related": [{"id": "1"}]}',
        '{"id": "some words"}',
        "[1.5, 2.5]",
        '{"a": ' * 500,
        "[" * 5000,
    ],
)
def test_other_json_is_no_list_of_articles(text):
    seeds = seeds_of(text)
    assert (seeds.targets, len(seeds.pages)) == ([], 1)


def test_json_document_that_is_too_long_is_reported():
    assert "give JSON lines" in seeds_of(json.dumps([NEWS + "1"] * 600_000)).errors[0]
