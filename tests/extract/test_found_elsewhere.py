"""Fields that pages give in other places and forms than metadata: authors, dates and titles of made pages."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from crawler.extract import extract

URL = "https://www.example.com/news/a-flood-and-its-bridges"
TEXT = "".join(
    f"<p>The river rose by {n} metres in the night, the city's water office said on Friday; three bridges were closed.</p>"
    for n in range(2, 7)
)


def fields(above: str = "", *, head: str = "", below: str = "", title: str = "A flood and its bridges", url: str = URL):
    page = f"<html lang=en><head><title>A flood and its bridges</title>{head}</head><body>{above}<h1>{title}</h1>{below}{TEXT}</body></html>"
    return extract(page.encode(), url, fetched=datetime(2026, 1, 1, tzinfo=UTC))


BYLINES = {
    "a line with the date": ("<p>By Val Riley October 20</p>", ["Val Riley"]),
    "a line with weekday and date": ("<p>By Val Riley, Tue, Oct. 20, 2020 5:10 pm</p>", ["Val Riley"]),
    "without a blank": ("<div><span>By</span><span>Val Riley</span></div>", ["Val Riley"]),
    "in two lines": ("<p>Written by</p><p>Val Riley</p>", ["Val Riley"]),
    "a sentence": ("<p>This post was written by Val Riley, head of water.</p>", ["Val Riley"]),
    "before the newspaper": (
        '<div class="byline"><span><a href="/staff/1">Val Riley</a>\n</span><span>Cherry Hill Courier</span></div>',
        ["Val Riley"],
    ),
    "a month as first name": (
        '<p class="byline"><a href="/people/9" rel="author">April Fulton</a></p>',
        ["April Fulton"],
    ),
    "twice, for wide and narrow screens": (
        '<p><a rel="author" href="/a"><b>Val Riley</b><i>Val Riley</i></a></p>',
        ["Val Riley"],
    ),
    "a link to the author's page": ('<p><a href="https://www.example.com/author/yucy/">Yucy</a></p>', ["Yucy"]),
    "a variable of a template": ('<p class="author">page.head.extra.author</p>', []),
    "a placeholder": ('<p><a href="/author/x">Your Name</a></p>', []),
    "a button": ('<p><a href="/author/x">Read more</a></p>', []),
}


@pytest.mark.parametrize("name", BYLINES)
def test_an_author_is_named_by(name: str) -> None:
    below, authors = BYLINES[name]
    assert fields(below=below)["authors"] == authors


@pytest.mark.parametrize("label", ["Written by", "By:", "Verfasst von"])
def test_the_card_of_a_page_names_its_author(label: str) -> None:
    head = f'<meta name="twitter:label1" content="{label}"><meta name="twitter:data1" content="Val Riley">'
    assert fields(head=head)["authors"] == ["Val Riley"]
    other = '<meta name="twitter:label1" content="Reading time"><meta name="twitter:data1" content="Five Minutes">'
    assert fields(head=other)["authors"] == []


@pytest.mark.parametrize(
    "line",
    [
        "Originally published on 26 Sep 2019 at 4:12pm, but updated since",
        "Published: September 26, 2019",
        "نشر في 26 سبتمبر 2019",
    ],
)
def test_a_line_that_says_what_its_date_is_dates_the_page_wherever_it_is(line: str) -> None:
    page = fields(below="<p>Bridges.</p>" * 40 + f"<p>{line}</p>")
    assert (page["published"] or "")[:10] == "2019-09-26"


def test_times_of_comments_and_teasers_date_the_page_only_if_nothing_else_does() -> None:
    comment = '<div class="comments"><time datetime="2021-05-05">May 5</time></div>'
    teasers = "".join(
        f"<article><h3>Other {n}</h3><time datetime='2022-02-0{n}'>Feb</time></article>" for n in range(1, 6)
    )
    own = '<p class="meta">26 September 2019</p>'
    assert fields(comment + f"<div>{teasers}</div>", below=own)["published"] == "2019-09-26T00:00:00"
    assert fields(comment)["published"] == "2021-05-05T00:00:00"


def test_a_url_may_write_its_month_as_a_word() -> None:
    url = "https://www.example.com/blog/2023/october/03/a-flood"
    assert fields(below="<p class=date>03/10/2023</p>", url=url)["published"][:10] == "2023-10-03"


@pytest.mark.parametrize(
    "heading",
    [
        "A flood<br>and its bridges",
        '<span class="kicker">Weather</span> A flood and its bridges',
        '<span class="visually-hidden">Title:</span>A flood and its bridges',
        "Opinion | A flood and its bridges | Editorial",
    ],
)
def test_a_heading_may_hold_more_than_the_title(heading: str) -> None:
    assert fields(title=heading)["title"] == "A flood and its bridges"


CONTROLS = [
    "button",
    "button><div",
    "select><option",
    "object",
    "canvas",
    "map",
    "video",
    "svg",
    "math",
    "a href='/x'",
    "embed",
    "applet",
]


@pytest.mark.parametrize("control", CONTROLS)
def test_an_article_inside_a_control_that_was_left_open_is_read(control: str) -> None:
    whole = fields()["text"]
    assert fields(f"<main><{control}>Menu")["text"] == whole


def test_a_control_with_a_paragraph_is_still_a_control() -> None:
    assert (
        "Subscribe"
        not in fields(below="<button><p>Subscribe to the bridge of the week, now and for ever.</p></button>")["text"]
    )


def test_controls_left_open_in_each_other_take_linear_time() -> None:
    page = b"<button><select><option>" * 2_000 + b"<p>One</p>" * 5_000
    assert extract(page, URL)["title"] is None


def test_an_undated_recipe_of_cookies_is_no_request_for_consent() -> None:
    recipe = (
        "<p>Bake a cookie for twelve minutes.</p><p>Let the cookies cool, and eat each cookie with milk and honey.</p>"
        * 2
    )
    page = f"<html lang=en><head><title>Cookies</title></head><body><h1>Cookies of my mother</h1>{recipe}</body></html>"
    assert extract(page.encode(), URL)["text"].startswith("Bake a cookie")


def test_what_only_screen_readers_read_out_is_no_text() -> None:
    link = '<a href="/x">the office<span class="sr-only"> (opens in a new window)</span></a>'
    text = fields(
        below=f"<p>The level of the water is measured by {link} every hour of every day, on all three bridges.</p>"
    )["text"]
    assert text.startswith("The level of the water is measured by the office every hour")
