"""Where each field is found, and what wins when the places disagree."""

# ruff: noqa: RUF001 - the letters of other scripts are the subject

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from crawler.extract import extract
from crawler.sites import load_profile

NOW = datetime(2024, 6, 1, tzinfo=UTC)
URL = "http://www.example.com/story"


def record(head="", body="", url=URL, profile=None):
    page = f"<html><head>{head}</head><body>{body}</body></html>"
    return extract(page.encode(), url, profile, fetched=NOW)


def json_ld(text):
    return f'<script type="application/ld+json">{text}</script>'


ARTICLE = '{"@type":"NewsArticle","headline":"H","datePublished":"2020-01-02T03:04:05Z","author":{"name":"Ann Lee"}}'


@pytest.mark.parametrize(
    "text",
    [
        ARTICLE,
        f"[{ARTICLE}]",
        f'{{"@context":"x","@graph":[{{"@type":"WebSite","name":"S"}},{ARTICLE}]}}',
        f'{{"@type":"WebPage","mainEntity":{ARTICLE}}}',
        ARTICLE[:-1] + ",}",
        ARTICLE.replace('"H"', '"H\n"'),
        f"<!-- {ARTICLE} -->",
        f"{ARTICLE};",
        ARTICLE.replace('"', "&quot;"),
        ARTICLE.replace('{"name"', '{"text":"a "quoted" word","name"'),
        '{"@graph":[{"@type":"Article","headline":"H","datePublished":"2020-01-02T03:04:05Z","author":{"@id":"#a"}},'
        '{"@type":"Person","@id":"#a","name":"Ann Lee"}]}',
    ],
    ids=["plain", "list", "graph", "nested", "comma", "newline", "comment", "semicolon", "entities", "quotes", "id"],
)
def test_json_ld_in_every_shape(text):
    found = record(json_ld(text))
    assert found["published"] == "2020-01-02T03:04:05+00:00"
    assert found["authors"] == ["Ann Lee"]
    assert found["title"] == "H"


def test_json_ld_of_other_articles_is_not_used():
    other = ARTICLE.replace("2020", "2011")
    text = f'[{{"@type":"ItemList","itemListElement":[{other}]}},{ARTICLE}]'
    assert record(json_ld(text))["published"].startswith("2020")


@pytest.mark.parametrize("date", ["2093-01-01T00:00:00Z", "1970-01-01T00:00:00Z", "0001-01-01", "soon"])
def test_an_impossible_date_loses(date):
    head = json_ld(ARTICLE.replace("2020-01-02T03:04:05Z", date))
    found = record(head + '<meta property="article:published_time" content="2019-05-06T07:08:09+02:00">')
    assert found["published"] == "2019-05-06T07:08:09+02:00"
    assert found["sources"]["published"] == "open-graph"


def test_a_day_without_time_is_midnight_and_says_so():
    found = record('<meta name="date" content="2016-02-28">')
    assert found["published"] == "2016-02-28T00:00:00"
    assert found["sources"]["published"] == "meta:day"


def test_the_time_of_day_comes_from_a_later_source_of_the_same_day():
    found = record('<meta name="date" content="2016-02-28">', '<time datetime="2016-02-28T09:10:11+01:00">x</time>')
    assert found["published"] == "2016-02-28T09:10:11+01:00"


def test_the_url_tells_the_day_at_last():
    found = record(url="http://www.example.com/2016/02/28/story.html")
    assert (found["published"], found["sources"]["published"]) == ("2016-02-28T00:00:00", "url:day")


def test_a_visible_date_line_is_local_time_of_the_site():
    found = record(body="<h1>T</h1><div>Fri Jan 3, 2014 10:41:53</div>", profile=load_profile("alalam"))
    assert found["published"] == "2014-01-03T10:41:53+03:30"


def test_selectors_of_the_profile_come_first():
    selectors = {"title": "h3", "date": ".when", "authors": ".who", "body": ".txt", "bad": "]["}
    profile = replace(load_profile("alalam"), selectors=selectors)
    body = (
        "<h1>Wrong</h1><h3>Right</h3><i class=when>2015-06-07 08:09</i><b class=who>Bo Ek</b>"
        "<div class=txt><p>One paragraph.</p><p>Another.</p></div><p>Not this, though it is much longer.</p>"
    )
    found = record(json_ld(ARTICLE), body, profile=profile)
    assert (found["title"], found["authors"], found["text"]) == ("Right", ["Bo Ek"], "One paragraph.\n\nAnother.")
    assert found["published"] == "2015-06-07T08:09:00+04:30"
    assert {found["sources"][name] for name in ("title", "authors", "text", "published")} == {"profile"}


def test_a_broken_selector_costs_nothing():
    profile = replace(load_profile("alalam"), selectors={"title": "]["})
    assert record(body="<h1>Title</h1>", profile=profile)["title"] == "Title"


def test_the_heading_that_the_metadata_confirms_is_the_title():
    head = '<title>Rain in the hills - Daily</title><meta property="og:title" content="Rain in the hills">'
    assert record(head, "<h1>Daily</h1><h1>Rain in the hills</h1>")["title"] == "Rain in the hills"
    assert record(head, "<h1>News | Rain in the hills</h1>")["title"] == "Rain in the hills"


def test_long_title_is_whole():
    title = "Rain in the hills and " * 12 + "at sea"
    assert record("", f"<h1>{title}</h1>")["title"] == title


def test_the_name_of_the_site_is_no_part_of_the_title():
    assert record("<title>Rain in the hills | Example</title>")["title"] == "Rain in the hills"


@pytest.mark.parametrize(
    ("body", "authors"),
    [
        ("<p class=byline>By Ann Lee and Bo Ek</p>", ["Ann Lee", "Bo Ek"]),
        ("<a rel=author>Ann Lee</a>", ["Ann Lee"]),
        ("<span itemprop=author><b itemprop=name>Ann Lee</b></span>", ["Ann Lee"]),
        ("<div class=comment><b itemprop=author>Troll</b></div>", []),
        ("<div class=author>Ann O&#39;Neil, Staff Writer</div>", ["Ann O'Neil"]),
        ("<p>By Ann Lee</p>", ["Ann Lee"]),
        ("<p>By the river it rained.</p>", []),
    ],
)
def test_authors_on_the_page(body, authors):
    assert record(body=f"<h1>T</h1>{body}")["authors"] == authors


def test_the_publisher_is_the_author_only_if_nobody_else_is():
    head = '<meta property="og:site_name" content="Daily Example"><meta name="author" content="Daily Example">'
    assert record(head)["authors"] == ["Daily Example"]
    assert record(head, "<p class=byline>By Ann Lee</p>")["authors"] == ["Ann Lee"]


@pytest.mark.parametrize(
    ("language", "text", "expected"),
    [
        ("en-US", "The river rose in the night and it has fallen.", "en"),
        ("en", "رودخانه در شب گذشته دو متر بالا آمد و پل‌ها بسته شد. گزارش‌ها می‌گویند", "fa"),
        ("", "ارتفع منسوب النهر في الليل وأغلقت الجسور أمام حركة المرور", "ar"),
        ("", "הנהר עלה בלילה בשני מטרים והגשרים נסגרו לתנועה", "he"),
        ("", "Река поднялась ночью на два метра, мосты закрыты", "ru"),
        ("", "Der Fluss ist in der Nacht gestiegen und die Brücken sind nicht offen", "de"),
        ("zh-CN", "河水在夜间上涨了两米，桥梁关闭。", "zh"),
    ],
)
def test_language(language, text, expected):
    body = f'<html lang="{language}"><body><h1>T</h1><article>{f"<p>{text} {text}</p>" * 4}</article></body></html>'
    assert extract(body.encode(), URL)["language"] == expected


def test_pictures_are_absolute_and_the_lead_comes_first():
    text = "<p>A paragraph that is long enough to be taken for the text of an article, with a comma or two.</p>" * 5
    body = (
        f"<article><h1>T</h1>{text}<figure><img data-src='/b.jpg' src='data:x'><figcaption>A bridge</figcaption></figure>"
        f"<img src='/logo.png'><img src='/dot.gif' width=1>{text}</article>"
    )
    found = record('<meta property="og:image" content="//cdn.example.com/a.jpg"><base href="/x/">', body)
    assert found["images"] == [
        {"url": "http://cdn.example.com/a.jpg", "caption": None},
        {"url": "http://www.example.com/b.jpg", "caption": "A bridge"},
    ]


@pytest.mark.parametrize("href", ["javascript:alert(1)", "http://[bad", "", "ftp://x/y"])
def test_invalid_canonical_url_is_ignored(href):
    assert record(f'<link rel=canonical href="{href}">')["canonical_url"] is None


@pytest.mark.parametrize(
    "body",
    [
        "<h1>Page not found</h1><p>Sorry.</p>",
        "<nav>" + "<a href=/x>World</a> <a href=/y>Sport</a>" * 40 + "</nav>",
        "<form><label>User</label><input><label>Password</label><input></form>",
        "",
    ],
    ids=["error", "menu", "login", "empty"],
)
def test_a_page_without_article_has_no_text_and_says_why(body):
    found = record(body=body)
    assert found["text"] is None
    assert found["sources"]["no_text"]
    assert "text" not in found["sources"]


@pytest.mark.parametrize(("line", "expected"), [
    ("January 1, 2020 10:04 pm", "2020-01-01T22:04:05-05:00"),  # five hours away, to the minute
    ("January 1, 2020 10:04 pm EST", "2020-01-01T22:04:05-05:00"),
    ("January 1, 2020 9:30 pm", "2020-01-02T03:04:05+00:00"),  # another moment
    ("January 2, 2020", "2020-01-02T03:04:05+00:00"),
])  # fmt: skip
def test_a_line_that_gives_minutes_tells_the_zone_of_a_universal_time(line, expected):
    head = '<meta property="article:published_time" content="2020-01-02T03:04:05Z">'
    page = f"<html lang=en><head>{head}</head><body><h1>A title</h1><p class=date>{line}</p></body></html>"
    assert extract(page.encode(), "http://example.com/1", fetched=NOW)["published"] == expected


@pytest.mark.parametrize("mark", ['itemprop="dateModified"', 'class="updated"', 'class="modified-date"'])
def test_modification_time_is_not_the_publication_where_the_page_shows_a_date(mark):
    time = f'<time {mark} datetime="2017-11-27T19:20:45+01:00">27/11/2017 01:57 | Actualizado a 27/11/2017 19:20</time>'
    found = record(body=f"<h1>Old quay to be paved</h1>{time}<p>The quay is paved.</p>")
    assert found["published"].startswith("2017-11-27T01:57")


def test_time_of_a_change_alone_is_better_than_nothing():
    time = '<time itemprop="dateModified" datetime="2017-11-27T19:20:45+01:00"></time>'
    assert record(body=f"<h1>Old quay</h1>{time}<p>Paved.</p>")["published"].startswith("2017-11-27T19:20:45")
