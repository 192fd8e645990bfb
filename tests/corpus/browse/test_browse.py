"""``scrapy corpus browse``: a corpus in a real browser, and nothing that can be written or that runs."""

from __future__ import annotations

import json
import signal
import subprocess
from dataclasses import replace
from http.client import HTTPConnection
from urllib.parse import urlencode, urlsplit

import pytest
from PIL import Image as Pillow

from crawler.archive.pictures import store
from crawler.corpus.browse.look import look_up
from crawler.items import Image, RelatedItem
from tests import warm
from tests.archive.corpora import make_corpus
from tests.crawling import REPOSITORY, scrapy_command
from tests.factories import make_article, make_seed, make_stub, related_items
from tests.waiting import HANG_SECONDS

pytest.importorskip("datasette")

ATTACK = "<script>alert(1)</script><img src=http://127.0.0.1:9/x onerror=alert(2)>\"'><svg onload=alert(3)>"


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    root = tmp_path_factory.mktemp("browse") / "corpus"
    Pillow.new("RGB", (64, 48), "teal").save(root.with_name("picture.png"))
    path, sha256 = store(root, root.with_name("picture.png").read_bytes(), "png")
    picture = Image(pic="/a.png", status="stored", path=path, sha256=sha256, media_type="image/png")
    hostile = make_article(5, language="fa", text="harbour")
    make_corpus(
        root,
        make_seed(related=(1, 2)),
        make_article(
            1, title="The café by the harbour", text="Rain fell.\n\nThen it snowed.", published="2020-05-30T10:00:00+04:30",
            images=(picture,), related=related_items(2, 3),
        ),
        make_article(2, title="Another", published="2019-01-01"),
        make_stub(3, title="A lost one"),
        replace(
            hostile, title=ATTACK, text=ATTACK, url="javascript:alert(4)", published=ATTACK, language=ATTACK,
            related=(RelatedItem(id="1", title=ATTACK), RelatedItem(id=ATTACK)), images=(replace(picture, path="../../x"),),
        ),
    )  # fmt: skip
    return root


@pytest.fixture(scope="module")
def url(root):
    """Give the address of a running server; it ends with exit code 0 when it is interrupted."""
    command = scrapy_command("corpus", "browse", "--port", "0", "--json", "-s", f"CORPUS_DIR={root}")
    with warm.Popen(command, cwd=REPOSITORY, stdout=subprocess.PIPE, text=True) as server:
        yield json.loads(server.stdout.readline())["url"].rstrip("/")
        server.send_signal(signal.SIGINT)
        assert server.wait(HANG_SECONDS) == 0


def ask(url, path, method="GET", **headers):
    """Return status, headers and body of the answer to a request."""
    connection = HTTPConnection(urlsplit(url).netloc, timeout=HANG_SECONDS)
    try:
        connection.request(method, path, headers=headers)
        answer = connection.getresponse()
        return answer.status, dict(answer.getheaders()), answer.read()
    finally:
        connection.close()


def rows(page):
    return page.evaluate(
        "[...document.querySelectorAll('.rows-and-columns td.col-key')].map(td => td.innerText.trim())"
    )


def test_search_a_word_open_the_article_see_its_picture_and_its_neighbours(url, chromium):
    page = chromium.open(f"{url}/")
    assert page.evaluate("location.pathname") == "/corpus/articles"
    assert len(rows(page)) == 5
    page.go(f"{url}/corpus/articles?{urlencode({'_search': 'CAFE harbour'})}")
    assert rows(page) == ["replica/1"]
    assert page.evaluate("document.querySelector('.rows-and-columns img').getAttribute('src')").startswith(
        "/-/picture/"
    )
    page.click(".rows-and-columns td.col-title a")
    assert page.evaluate("document.querySelector('h1').innerText") == "The café by the harbour"
    assert page.evaluate("document.querySelector('.pictures img').naturalWidth") == 64
    lists = page.evaluate("[...document.querySelectorAll('.neighbours')].map(list => list.innerText)")
    assert "replica/2" in lists[0]
    assert "replica/3" in lists[0]
    assert "replica/seed-0e0b62733202" in lists[1]
    page.click(".neighbours a")
    assert page.evaluate("document.querySelector('h1').innerText") == "Another"
    assert page.complaints() == []


def test_facets_count_records(url):
    _, _, body = ask(url, "/corpus/articles.json?_facet=year&_facet=source&_facet=kind&_shape=objects")
    facets = json.loads(body)["facet_results"]
    counts = {name: {str(row["value"]): row["count"] for row in facet["results"]} for name, facet in facets.items()}
    assert counts["kind"] == {"article": 3, "seed": 1, "stub": 1}
    assert counts["source"] == {"origin": 4, "seed": 1}
    assert (counts["year"]["2019"], counts["year"]["2020"]) == (1, 1)


def test_texts_of_records_run_no_script_in_the_browser(url, chromium):
    page = chromium.open(f"{url}/corpus/articles")
    for path in ("/corpus/articles?_search=harbour", "/-/record?key=replica/5", "/catalogue"):
        assert page.complaints() == []
        assert {urlsplit(request).netloc for request in page.requests()} == {urlsplit(url).netloc}
        assert page.evaluate("[...document.links].filter(link => link.protocol === 'javascript:').length") == 0
        assert page.evaluate("document.querySelectorAll('img[onerror], svg[onload]').length") == 0
        page.go(url + path)


def test_the_line_of_a_record_comes_byte_by_byte(url, root):
    status, headers, body = ask(url, "/-/record.json?key=replica/1")
    assert (status, headers["content-type"]) == (200, "application/json; charset=utf-8")
    assert body in (root / "articles/articles-000001.jsonl").read_bytes()
    assert json.loads(body)["key"] == "replica/1"


def test_the_catalogue_answers_questions_in_sql(url):
    query = urlencode({"sql": "select key, state from targets where state = 'gone'", "_shape": "array"})
    assert json.loads(ask(url, f"/catalogue.json?{query}")[2]) == [{"key": "replica/3", "state": "gone"}]


REFUSED = [
    ("/corpus/articles", "POST", {}, 405),
    ("/corpus.json?sql=delete+from+documents", "GET", {}, 400),
    ("/catalogue.json?sql=with+x+as+(select+1)+delete+from+targets", "GET", {}, 400),
    ("/corpus.db", "GET", {}, 403),
    ("/corpus/articles", "GET", {"Host": "evil.example"}, 403),
    ("/-/picture/images/../corpus.json", "GET", {}, 404),
    ("/-/picture/..%2f..%2fetc%2fpasswd", "GET", {}, 404),
    ("/-/picture/images/ab/" + "0" * 64 + ".png", "GET", {}, 404),
    ("/-/record?key=replica/99", "GET", {}, 404),
    ("/-/record", "GET", {}, 404),
]


def test_corpus_is_not_written_and_other_hosts_are_refused(url, root):
    assert [ask(url, path, method, **headers)[0] for path, method, headers, _ in REFUSED] == [row[3] for row in REFUSED]
    assert look_up(root, "replica/3") is not None


def test_no_question_is_an_error(url):
    for question in ("", "?", '"', "a OR", "NEAR(", "*", "col:x", "'; drop table words; --"):
        assert ask(url, f"/corpus/articles.json?{urlencode({'_search': question})}")[0] == 200


def test_pages_may_load_nothing_from_elsewhere(url):
    policy = ask(url, "/-/record?key=replica/1")[1]["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "script-src" not in policy
    assert "default-src 'none'" in ask(url, "/corpus/articles")[1]["content-security-policy"]
