"""Reports say what the corpus holds, number by number."""

from __future__ import annotations

import re
from dataclasses import replace

import orjson
import pytest
from lxml import html
from PIL import Image as Pillow

from crawler.archive.pictures import store
from crawler.corpus.report.make import list_keys, make_report
from crawler.corpus.report.related import MAX_NODES
from crawler.corpus.report.sheet import thumbnail
from crawler.exceptions import ConfigError, CorpusDamaged, CorpusError
from crawler.items import Capture, Image
from tests.archive.corpora import make_corpus
from tests.factories import make_article, make_seed, make_stub, related_items

RUN = "20261122T200000Z-ab12"


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    root = tmp_path_factory.mktemp("report") / "corpus"
    Pillow.new("RGB", (640, 480), "teal").save(root.with_name("picture.png"))
    path, sha256 = store(root, root.with_name("picture.png").read_bytes(), "png")
    picture = Image(pic="/a.png", status="stored", path=path, sha256=sha256, media_type="image/png")
    wayback = Capture(
        source="wayback", url="https://web.archive.org/x", fetched="2026-11-22T20:00:00+00:00", status=200
    )
    make_corpus(
        root,
        make_seed(related=(1, 2, 3, 9)),
        make_article(1, title="Rain", published="2020-05-30T10:00:00+04:30", related=related_items(4, 5)),
        make_article(2, published="2020-06-02", images=(picture, replace(picture, pic="/b.png", status="missing"))),
        make_article(3, published="2020-06-02T01:00:00+00:00", capture=wayback),
        make_article(6, text="Text of article 1."),
        make_stub(4),
        make_stub(5, status=503),
        make_article(1, title="Rain", text="Another text.", published="2020-05-30", run=RUN),
        make_article(7, language=None, run=RUN),
    )
    return root


def write_run(root, lines=None, name=RUN, **stats):
    folder = root / "runs" / name
    folder.mkdir(parents=True, exist_ok=True)
    times = {"start_time": "2026-11-22T20:00:00+00:00", "finish_time": "2026-11-22T20:00:09+00:00"}
    host = {"responses": 4, "seconds": 2.0, "slowest": 1.25, "bytes": 4096}
    content = {
        "spider": "neighbours",
        "exit_code": 9,
        "stats": {"elapsed_time_seconds": 9.0, **times, **stats},
        "hosts": {"slow.example": host, "fast.example": {**host, "seconds": 0.2}},
        "lines": lines,
    }
    (folder / "stats.json").write_bytes(orjson.dumps(content))


def numbers(page):
    """Return the linked numbers of a page: the group behind each, and what it says."""
    links = html.fromstring(page.decode()).xpath("//a[@class='num']")
    return {link.get("href").removeprefix("#keys-"): int(link.text.replace(",", "")) for link in links}


def test_report_has_the_numbers_of_a_corpus(root):
    assert numbers(make_report(root, None)) == {
        "seeds": 1,
        "known": 8,
        "asked": 7,
        "state-pending": 1,
        "state-fetched": 5,
        "state-gone": 1,
        "state-failed": 1,
        "articles": 4,
        "stubs": 2,
        "duplicates": 1,
        "duplicates-article": 1,
        "pictures-stored": 1,
        "pictures-missing": 1,
        "source-origin": 3,
        "source-wayback": 1,
        "published-2020-05-30-origin": 1,
        "published-2020-06-02-origin": 1,
        "published-2020-06-02-wayback": 1,
        "undated": 1,
        "language-en": 3,
        "language-unknown": 1,
        "reason-gone-status-404": 1,
        "reason-failed-status-503": 1,
        "relations": 6,
        "#nodes": 7,
    }


def test_however_few_keys_are_looked_at_the_numbers_are_those_of_all(root, monkeypatch):
    write_run(root, {"articles-000001.jsonl": [0, (root / "articles/articles-000001.jsonl").stat().st_size]})
    whole = [make_report(root, run) for run in (None, RUN)]
    monkeypatch.setattr("crawler.corpus.report.make.MAX_ROWS_READ", 1)
    sampled = [make_report(root, run) for run in (None, RUN)]
    assert list(map(numbers, sampled)) == list(map(numbers, whole))
    assert [page.count(b"<li>") for page in sampled] < [page.count(b"<li>") for page in whole]


def test_numbers_of_a_run_count_its_lines_and_requests(root):
    segment = (root / "articles/articles-000001.jsonl").read_bytes()
    start = segment.index(b'{"schema":1,"key":"replica/1"', segment.index(b'"replica/5"'))
    write_run(root, {"articles-000001.jsonl": [start, len(segment)]})
    page = make_report(root, RUN)
    found = numbers(page)
    assert (found["articles"], found["source-origin"], found["undated"]) == (2, 2, 1)
    assert "seeds" not in found
    assert "Exit code 9: finished, but some URLs gave no answer" in page.decode()
    hosts = html.fromstring(page.decode()).xpath("//table[contains(@class, 'hosts')]//th[@scope='row']//text()")
    assert hosts == ["slow.example", "fast.example"]


def test_each_number_leads_to_keys_and_all_links_lead_somewhere(root):
    page = html.fromstring(make_report(root, None).decode())
    ids = page.xpath("//@id")
    assert len(ids) == len(set(ids))
    inside = [href[1:] for href in page.xpath("//@href") if href.startswith("#")]
    assert set(inside) <= set(ids)
    rows = page.xpath("//*[@id='keys-duplicates']//li")
    assert [row.text_content().split() for row in rows] == [["replica/6", "Title", "6", "of", "replica/1"]]


def test_a_long_list_is_cut_and_names_the_command_that_prints_it_all(tmp_path):
    root = tmp_path / "a corpus"
    make_corpus(root, *(make_article(number) for number in range(30)))
    page = html.fromstring(make_report(root, None).decode())
    (section,) = page.xpath("//*[@id='keys-articles']")
    assert len(section.xpath(".//li")) == 20
    command = f"scrapy corpus report -s CORPUS_DIR='{root}' --keys articles"
    assert section.xpath(".//p")[0].text_content() == f"10 more: {command}"
    found = []
    assert list_keys(root, None, "articles", lambda entry: found.append(entry.key)) == 30
    assert found == [f"replica/{number}" for number in range(30)]


def test_a_great_graph_is_sampled_and_says_so(tmp_path):
    hub = related_items(*range(1000, 1005))
    make_corpus(
        tmp_path / "c", *(make_article(n, related=(*hub, *related_items(n + 2000, n + 5000))) for n in range(400))
    )
    page = html.fromstring(make_report(tmp_path / "c", None).decode())
    circles = page.xpath("//*[local-name()='circle']")
    assert 50 < len(circles) <= MAX_NODES
    assert "of 2,800 links shown" in page.text_content()


def test_relations_are_keys_that_list_others(root):
    found = []
    assert list_keys(root, None, "relations", lambda entry: found.append((entry.key, entry.note))) == 6
    assert ("replica/1", "lists replica/4") in found
    assert len(set(found)) == 6
    section = html.fromstring(make_report(root, None).decode()).xpath("//*[@id='keys-relations']//li")
    assert [row.text_content().split()[-2:] for row in section] == [note.split() for _, note in found]


def test_a_run_tells_what_it_held_already_and_how_many_articles_a_host_gave(tmp_path):
    root = tmp_path / "c"
    make_corpus(root, *(make_article(number) for number in range(1, 5)))
    first_line = (root / "articles/articles-000001.jsonl").read_bytes().splitlines(keepends=True)[0]
    write_run(root, {"articles-000001.jsonl": [0, len(first_line)]})
    found = numbers(make_report(root, RUN))
    assert (found["state-fetched"], found["articles"], found["unchanged"]) == (4, 1, 3)
    keys = []
    for name in ("unchanged", "host-127-0-0-1"):
        list_keys(root, RUN, name, lambda entry: keys.append(entry.key))
    assert sorted(keys[:3]) == [f"replica/{number}" for number in range(2, 5)]
    assert keys[3:] == ["replica/1"]


def test_the_report_of_the_corpus_links_to_those_of_its_runs(root):
    write_run(root, **{"gleaner/archived/article": 2})
    (root / "runs" / RUN / "report.html").touch()
    for beside, links in ((True, [f"runs/{RUN}/report.html", f"runs/{RUN}/report.html#keys-articles"]), (False, [])):
        page = html.fromstring(make_report(root, None, beside_runs=beside).decode())
        assert page.xpath("//*[@aria-labelledby='h-runs']//a/@href") == links


def test_page_contains_a_contact_sheet(root):
    page = html.fromstring(make_report(root, None).decode())
    (picture,) = page.xpath("//img")
    assert picture.get("src").startswith("data:image/webp;base64,")
    assert picture.get("alt") == "Picture of: Title 2"
    assert (picture.get("width"), picture.get("height")) == ("240", "180")


def test_file_that_is_no_picture_has_no_thumbnail(tmp_path):
    (tmp_path / "text").write_text("no picture")
    (tmp_path / "link").symlink_to(tmp_path / "text")
    Pillow.new("1", (6000, 6000)).save(tmp_path / "bomb.png")
    assert [thumbnail(tmp_path / name) for name in ("none", "text", "link", "bomb.png")] == [None] * 4


def test_an_empty_corpus_has_a_report(tmp_path):
    make_corpus(tmp_path / "c")
    page = make_report(tmp_path / "c", None).decode()
    assert "No article has a date." in page
    assert not re.search(">None<|src=", page.split("</style>")[1])


def test_errors_name_what_there_is(root, tmp_path):
    write_run(root)
    with pytest.raises(CorpusError, match="no corpus here"):
        make_report(tmp_path, None)
    with pytest.raises(ConfigError, match=f"no record of a run 'x'; the latest is {RUN}"):
        make_report(root, "x")
    with pytest.raises(ConfigError, match=r"no record of a run '\.\./\.\./x'"):
        make_report(root, "../../x")
    with pytest.raises(ConfigError, match="no number has this name; known: articles, asked, "):
        list_keys(root, None, "nothing", print)
    (root / "runs/bad").mkdir(exist_ok=True)
    (root / "runs/bad/stats.json").write_text("[1]")
    with pytest.raises(CorpusDamaged, match="is not the record of a run"):
        make_report(root, "bad")
