# ruff: noqa: Q003, RUF001 - attacks are quoted and spelt as attackers do
"""Nothing that a page, a dump or a file of runs says does anything in a report: no script, no request, no style."""

from __future__ import annotations

from dataclasses import replace
from itertools import product

import orjson
import pytest

from crawler.corpus.report.make import make_report
from crawler.corpus.report.page import shown, web_address
from crawler.items import Capture, Image, RelatedItem
from tests.archive.corpora import make_corpus
from tests.factories import make_article, make_stub

PAYLOADS = (
    "alert(1)", "document.title='owned'", "console.log('owned')", "fetch('http://127.0.0.1:9/owned')",
    "location='http://127.0.0.1:9/'", "import('http://127.0.0.1:9/x.js')",
)  # fmt: skip
SHAPES = (
    "<script>{}</script>", "</script><script>{}</script>", "</style><script>{}</script>", "</title><script>{}</script>",
    "</textarea><script>{}</script>", "--><script>{}</script><!--", "]]><script>{}</script>", "<ScRiPt >{}</sCrIpT>",
    "<script\x00>{}</script>", "<img src=x onerror={}>", "<img src='http://127.0.0.1:9/p.png' onload=\"{}\">",
    "<svg onload={}>", "<svg><script>{}</script></svg>", "<svg/onload={}//", "<svg><animate onbegin={} attributeName=x>",
    "<svg><a xlink:href='javascript:{}'><text>x</text></a></svg>", "<math><mtext></mtext><script>{}</script></math>",
    "<svg><style><img src=x onerror={}></style></svg>", "<noscript><p title='</noscript><img src=x onerror={}>'>",
    "<iframe srcdoc='<script>{}</script>'>", "<iframe src='javascript:{}'></iframe>", "<object data='javascript:{}'>",
    "<embed src='javascript:{}'>", "<link rel=stylesheet href='http://127.0.0.1:9/x.css'>{}",
    "<style>@import 'http://127.0.0.1:9/';*{{background:url(http://127.0.0.1:9/)}}</style>{}",
    "<base href='http://127.0.0.1:9/'>{}", "<meta http-equiv=refresh content='0;url=http://127.0.0.1:9/'>{}",
    "<form action='http://127.0.0.1:9/'><button autofocus onfocus={}>", "<body onload={}>", "<details open ontoggle={}>",
    "<input autofocus onfocus={}>", "<video><source onerror={}></video>", "<marquee onstart={}>", "<x onclick={}>x</x>",
    "\" onmouseover=\"{}\" x=\"", "' onmouseover='{}' x='", "` onmouseover=`{}`", "\" style=\"background:url(//127.0.0.1:9)\" {}",
    "javascript:{}", "JaVaScRiPt:{}", " javascript:{}", "java\tscript:{}", "data:text/html,<script>{}</script>",
    "vbscript:{}", "{{{{{}}}}}", "{{% {} %}}", "${{{}}}", "&lt;script&gt;{}&lt;/script&gt;", "&#60;script&#62;{}&#60;/script&#62;",
    "\u202e<script>{}</script>", "\u2066\u202e{}", "\ud7ff\ufffe{}", "<scr\u200bipt>{}</script>", "＜script＞{}＜/script＞",
    "%3Cscript%3E{}%3C/script%3E", "+ADw-script+AD4-{}", "\x1b]52;c;{}\x07", "\u2028{}\u2029", "<!--<script>{}", "<![CDATA[{}]]>",
    "http://127.0.0.1:9/\"><script>{}</script>", "http://127.0.0.1:9/\nX: {}", "<portal src='javascript:{}'>",
)  # fmt: skip
STRINGS = [shape.format(payload) for shape, payload in product(SHAPES, PAYLOADS)]


def test_hostile_strings_are_a_few_hundred():
    assert len(set(STRINGS)) > 350


@pytest.fixture(scope="module")
def pages(tmp_path_factory):
    """Return the files of two reports, of a corpus and of its run, in which every text is one of the strings."""
    folder = tmp_path_factory.mktemp("hostile")
    root = folder / "corpus"
    articles = [hostile(number, string) for number, string in enumerate(STRINGS)]
    make_corpus(root, *articles, *(stub(number + 5000, string) for number, string in enumerate(STRINGS[:40])))
    description = orjson.loads((root / "corpus.json").read_bytes())
    (root / "corpus.json").write_bytes(orjson.dumps({**description, "site": STRINGS[0], "created": STRINGS[1]}))
    run = root / "runs/20261122T200000Z-ab12"
    run.mkdir(parents=True)
    host = {"responses": 1, "seconds": 1, "slowest": 1, "bytes": 1}
    record = {
        "spider": STRINGS[2],
        "exit_code": 0,
        "stats": {"start_time": "2026-11-22T00:00:00+00:00", "finish_time": "2026-11-22T23:00:00+00:00"},
        "hosts": dict.fromkeys(STRINGS[:10], host),
        "lines": {"articles-000001.jsonl": [0, (root / "articles/articles-000001.jsonl").stat().st_size]},
    }
    (run / "stats.json").write_bytes(orjson.dumps(record))
    files = []
    for name in (None, run.name):
        files.append(folder / f"{name}.html")
        files[-1].write_bytes(make_report(root, name))
    return files


def hostile(number, string):
    """Return a record as another program might write it: no cleaning has seen its texts."""
    facts = Capture(source=string, url=string, fetched="2026-11-22T20:00:00+00:00", status=200)
    image = Image(pic=string, url=string, status="missing")
    listed = (RelatedItem(id=string, title=string, pic=string), RelatedItem(id=str(number + 1000), title=string))
    return replace(
        make_article(number, text=f"{number}"), title=string, url=string, language=string, related=listed, capture=facts,
        images=(image,), published="2020-01-01T00:00" + string if number % 2 else string,
    )  # fmt: skip


def stub(number, string):
    return replace(make_stub(number), title=string, key=f"replica/{string}")


@pytest.mark.parametrize("number", [0, 1])
def test_browser_runs_no_script_and_sends_no_request(pages, chromium, number):
    url = pages[number].as_uri()
    page = chromium.open(url)
    assert page.requests() == [url]
    assert page.complaints() == []
    assert "owned" not in page.evaluate("document.title.replace(/[^a-z].*/s, '')")
    assert (
        page.evaluate(
            "document.querySelectorAll('script, iframe, object, embed, form, base, link[rel=stylesheet]').length"
        )
        == 0
    )
    assert page.evaluate("document.querySelectorAll('style').length") == 1
    attributes = "[...document.querySelectorAll('*')].flatMap(e => [...e.attributes].map(a => a.name))"
    assert page.evaluate(f"{attributes}.filter(name => name.startsWith('on') || name === 'style')") == []
    schemes = page.evaluate(
        "[...new Set([...document.querySelectorAll('a')].map(a => new URL(a.href, location).protocol))]"
    )
    assert set(schemes) <= {"file:", "http:", "https:"}


def test_the_policy_would_stop_a_script_that_came_through(pages, chromium, tmp_path):
    text = pages[0].read_text(encoding="utf-8")
    for number, attack in enumerate(
        ("<script>alert(1)</script>", "<img src=x onerror=alert(1)>", "<style>a{}</style>")
    ):
        file = tmp_path / f"{number}.html"
        file.write_text(text.replace("<main>", f"<main>{attack}"), encoding="utf-8")
        assert "Content Security Policy" in chromium.open(file.as_uri()).complaints()[0]


@pytest.mark.parametrize("width", [360, 1100])
@pytest.mark.parametrize("number", [0, 1])
def test_no_word_is_so_long_that_the_page_must_be_pushed_aside(pages, chromium, width, number):
    page = chromium.open(pages[number].as_uri(), width=width)
    assert page.evaluate("document.documentElement.scrollWidth") == width


def test_a_number_opens_its_keys_without_a_script(pages, chromium):
    page = chromium.open(f"{pages[0].as_uri()}#keys-articles")
    assert page.evaluate("document.getElementById('keys-articles').closest('details').open")


@pytest.mark.parametrize("string", STRINGS[::7])
def test_links_lead_to_the_web_only(string):
    address = web_address(string)
    assert address is None or address.startswith("http://127.0.0.1:9/")
    assert web_address(f"https://x.example/{string}") is None or "<" not in string


def test_shown_text_is_short_and_cannot_change_the_reading_direction():
    assert shown("\u202eabc\x1b[31m" + "x" * 999, 10) == "\ufffdabc\ufffd[31mx…"
