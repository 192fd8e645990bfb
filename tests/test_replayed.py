"""What a crawl captured, opened with the software of web archivists: warcio, FastWARC, py-wacz, pywb, a browser."""

from __future__ import annotations

import gzip
import json
import subprocess
import zipfile
from contextlib import closing
from typing import NamedTuple
from urllib.request import urlopen

import pytest
from fastwarc.warc import ArchiveIterator

from crawler.archive.warcs import INDEX_NAME, warc_paths
from crawler.warc.cdxj import timestamp
from crawler.warc.index import CaptureIndex
from crawler.warc.reading import read_records
from crawler.warc.replay import Replay
from crawler.warc.sources import find_sources
from tests.archives import run_tool, tool, warcio_check
from tests.browser import Browser, find
from tests.crawling import crawl, records, scrapy, write_seed
from tests.recover.webarchive import answers, free_port, wait_until

NEIGHBOURS = (1793356, 1793883, 9999999)


# pywb shows the page in a frame of its own, once that is loaded.
SHOWN = """(async () => {
    for (let tries = 0; tries < 200; tries++) {
        const page = document.querySelector("iframe")?.contentDocument;
        if (page?.readyState === "complete" && page.images.length)
            return {text: page.body.innerText, widths: [...page.images].map(image => image.naturalWidth)};
        await new Promise(resolve => setTimeout(resolve, 100));
    }
    return {text: document.body.innerText, widths: []};
})()"""


class Captured(NamedTuple):
    corpus: object
    wacz: object
    site: str


@pytest.fixture(scope="module")
def captured(replica, tmp_path_factory):
    """A corpus with the captures of two crawls, the second with revisits, and a WACZ file of it."""
    folder = tmp_path_factory.mktemp("captured")
    for run in ("one", "two"):
        seed = write_seed(folder / f"{run}.txt", *NEIGHBOURS, *((1793911,) if run == "two" else ()))
        done = crawl(seed, folder / "corpus", replica.profile, settings=["ARCHIVE_WARC=1"])
        assert done.returncode == 0, done.stderr
    options = ("-o", folder / "corpus.wacz", "-s", f"CORPUS_DIR={folder / 'corpus'}", "--json")
    done = scrapy("corpus", "export", "--format", "wacz", *options)
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    articles = [record for record in records(folder / "corpus") if record["kind"] == "article"]
    assert told["records"] == len(articles)
    return Captured(folder / "corpus", folder / "corpus.wacz", replica.url)


@pytest.fixture(scope="module")
def pywb(captured, tmp_path_factory):
    """pywb with two collections: ``warcs`` of the WARC files, ``wacz`` of the WACZ file; its URL."""
    folder = tmp_path_factory.mktemp("pywb")
    for name, arguments in {"warcs": warc_paths(captured.corpus), "wacz": ["--unpack-wacz", captured.wacz]}.items():
        for command in (("init", name), ("add", name, *arguments)):
            done = run_tool("wb-manager", *command, cwd=folder)
            assert done.returncode == 0, done.stderr
    port = free_port()
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            [tool("wayback"), "--bind", "127.0.0.1", "--port", str(port)], cwd=folder, stdout=log, stderr=log
        )
    wait_until(lambda: answers(f"http://127.0.0.1:{port}/") or process.poll() is not None)
    yield f"http://127.0.0.1:{port}"
    process.terminate()
    process.wait(10)


def responses(corpus):
    with closing(CaptureIndex(corpus / INDEX_NAME, read_only=True)) as index:
        return list(index.all())


def test_warcio_and_fastwarc_find_every_file_sound(captured):
    paths = warc_paths(captured.corpus)
    assert len(paths) == 2
    for path in paths:
        checked = warcio_check(path)
        assert checked.returncode == 0, checked.stdout
        with path.open("rb") as file:
            read = sum(1 for _ in ArchiveIterator(file, verify_digests=True))
        assert read == sum(1 for _ in read_records(path))


def test_a_wacz_file_is_valid(captured):
    done = run_tool("wacz", "validate", "-f", captured.wacz)
    assert (done.returncode, "Valid" in done.stdout or "valid" in done.stdout) == (0, True), done.stdout + done.stderr


def test_a_wacz_file_lists_the_articles_as_its_pages(captured):
    articles = {record["key"]: record for record in records(captured.corpus) if record["kind"] == "article"}
    with zipfile.ZipFile(captured.wacz) as wacz:
        assert wacz.testzip() is None
        head, *pages = map(json.loads, wacz.read("pages/pages.jsonl").splitlines())
        lines = gzip.decompress(wacz.read("indexes/index.cdx.gz")).splitlines()
        archives = [entry for entry in wacz.infolist() if entry.filename.startswith("archive/")]
    assert head["format"] == "json-pages-1.0"
    assert {page["id"]: (page["title"], page["text"]) for page in pages} == {
        key: (article["title"], article["text"]) for key, article in articles.items()
    }
    assert {entry.compress_type for entry in archives} == {zipfile.ZIP_STORED}
    assert lines == sorted(lines)
    assert len(lines) == len(responses(captured.corpus))


def test_a_crawl_can_be_answered_out_of_a_wacz_file(captured, tmp_path):
    article = next(record for record in records(captured.corpus) if record["kind"] == "article")
    sources = find_sources(str(captured.wacz))
    with closing(Replay(sources, tmp_path / "index", max_body=1 << 24, on_problem=pytest.fail)) as replay:
        assert replay.find(article["capture"]["url"]).exchange.status == 200
        assert replay.captures == len(responses(captured.corpus))


@pytest.mark.parametrize("collection", ["warcs", "wacz"])
def test_pywb_replays_every_capture(captured, pywb, tmp_path, collection):
    """... revisits too, byte for byte."""
    kinds = set()
    with closing(
        Replay(find_sources(f"{captured.corpus}/warc"), tmp_path / "i", max_body=1 << 24, on_problem=pytest.fail)
    ) as replay:
        for capture in responses(captured.corpus):
            if capture.status != 200 or capture.url.endswith("/robots.txt"):
                continue
            url = f"{pywb}/{collection}/{timestamp(capture.date)}id_/{capture.url}"
            with urlopen(url, timeout=20) as response:
                assert response.read() == replay.find(capture.url).exchange.body
            kinds.add(capture.kind)
    assert "response" in kinds


def test_pywb_finds_the_body_of_a_revisit(captured, pywb):
    (revisit, *_) = [capture for capture in responses(captured.corpus) if capture.kind == "revisit"]
    with urlopen(f"{pywb}/warcs/{timestamp(revisit.date)}id_/{revisit.url}", timeout=20) as response:
        replayed = response.read()
    with urlopen(revisit.url, timeout=20) as response:
        assert replayed == response.read()


@pytest.mark.parametrize("collection", ["warcs", "wacz"])
def test_a_browser_shows_an_archived_article_with_its_picture(captured, pywb, tmp_path, collection):
    chromium = find() or pytest.skip("there is no Chromium here (Debian package chromium)")
    article = next(
        record
        for record in records(captured.corpus)
        if record["kind"] == "article" and any(image["status"] == "stored" for image in record["images"])
    )
    capture = article["capture"]
    with closing(Browser(chromium, tmp_path / "browser")) as browser:
        page = browser.open(f"{pywb}/{collection}/{timestamp(capture['fetched'])}/{capture['url']}")
        shown = page.evaluate(SHOWN)
    assert article["title"] in shown["text"]
    assert article["text"].split("\n\n")[0] in shown["text"]
    assert 855 in shown["widths"]  # the form of the picture that pages show; archived is the original
