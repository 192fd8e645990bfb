"""What a crawl captured, opened with the software of web archivists: warcio, FastWARC, py-wacz, pywb, a browser."""

from __future__ import annotations

import gzip
import json
import subprocess
import zipfile
from contextlib import closing
from urllib.request import urlopen

import pytest
from fastwarc.warc import ArchiveIterator

from crawler.archive.warcs import INDEX_NAME, warc_paths
from crawler.corpus.export import export
from crawler.corpus.reextract import load_page
from crawler.corpus.selection import Selection
from crawler.items import Capture
from crawler.warc.cdxj import timestamp
from crawler.warc.coding import decode_body
from crawler.warc.index import CaptureIndex
from crawler.warc.reading import read_records
from crawler.warc.replay import Replay
from crawler.warc.sources import find_sources
from tests.archives import run_tool, tool
from tests.browser import Browser, find
from tests.crawling import records
from tests.recover.webarchive import answers, free_port
from tests.waiting import HANG_SECONDS, wait_for

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


@pytest.fixture(scope="module")
def wacz(captured, tmp_path_factory):
    """A WACZ file of all captures."""
    path = tmp_path_factory.mktemp("wacz") / "corpus.wacz"
    exported = export(captured.corpus, "wacz", str(path), Selection())
    assert (exported.records, exported.without_capture) == (4, 1)
    return path


@pytest.fixture(scope="module")
def pywb(captured, wacz, tmp_path_factory):
    """pywb with two collections: ``warcs`` of the WARC files, ``wacz`` of the WACZ file; its URL."""
    folder = tmp_path_factory.mktemp("pywb")
    for name, arguments in {"warcs": warc_paths(captured.corpus), "wacz": ["--unpack-wacz", wacz]}.items():
        for command in (("init", name), ("add", name, *arguments)):
            done = run_tool("wb-manager", *command, cwd=folder)
            assert done.returncode == 0, done.stderr
    port = free_port()
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            [tool("wayback"), "--bind", "127.0.0.1", "--port", str(port)], cwd=folder, stdout=log, stderr=log
        )
    wait_for(lambda: answers(f"http://127.0.0.1:{port}/") or process.poll() is not None)
    yield f"http://127.0.0.1:{port}"
    process.terminate()
    process.wait(HANG_SECONDS)


def responses(corpus):
    with closing(CaptureIndex(corpus / INDEX_NAME, read_only=True)) as index:
        return list(index.all())


def test_fastwarc_finds_every_record(captured):
    for path in warc_paths(captured.corpus):
        with path.open("rb") as file:
            read = sum(1 for _ in ArchiveIterator(file, verify_digests=True))
        assert read == sum(1 for _ in read_records(path))


def test_a_wacz_file_is_valid(wacz):
    done = run_tool("wacz", "validate", "-f", wacz)
    assert (done.returncode, "Valid" in done.stdout or "valid" in done.stdout) == (0, True), done.stdout + done.stderr


def test_a_wacz_file_lists_the_articles_as_its_pages(captured, wacz):
    articles = {record["key"]: record for record in records(captured.corpus) if record["kind"] == "article"}
    with zipfile.ZipFile(wacz) as file:
        assert file.testzip() is None
        head, *pages = map(json.loads, file.read("pages/pages.jsonl").splitlines())
        lines = gzip.decompress(file.read("indexes/index.cdx.gz")).splitlines()
        archives = [entry for entry in file.infolist() if entry.filename.startswith("archive/")]
    assert head["format"] == "json-pages-1.0"
    assert {page["id"]: (page["title"], page["text"]) for page in pages} == {
        key: (article["title"], article["text"]) for key, article in articles.items()
    }
    assert {entry.compress_type for entry in archives} == {zipfile.ZIP_STORED}
    assert lines == sorted(lines)
    assert len(lines) == len(responses(captured.corpus))


def test_a_crawl_can_be_answered_out_of_a_wacz_file(captured, wacz, tmp_path):
    article = next(record for record in records(captured.corpus) if record["kind"] == "article")
    sources = find_sources(str(wacz))
    with closing(Replay(sources, tmp_path / "index", max_body=1 << 24, on_problem=pytest.fail)) as replay:
        assert replay.find(article["capture"]["url"]).exchange.status == 200
        assert replay.captures == len(responses(captured.corpus))


@pytest.mark.parametrize("collection", ["warcs", "wacz"])
def test_pywb_replays_every_capture(captured, pywb, collection):
    """... revisits too, byte for byte."""
    kept = [capture for capture in responses(captured.corpus) if capture.status == 200]
    assert {capture.kind for capture in kept} == {"response", "revisit"}
    for capture in kept:
        with urlopen(
            f"{pywb}/{collection}/{timestamp(capture.date)}id_/{capture.url}", timeout=HANG_SECONDS
        ) as response:
            replayed = decode_body(response.read(), response.headers["Content-Encoding"])
        assert replayed == load_page(captured.corpus, place_of(capture)).body


def test_pywb_finds_the_body_of_a_revisit(captured, pywb):
    (revisit, *_) = [capture for capture in responses(captured.corpus) if capture.kind == "revisit"]
    with urlopen(f"{pywb}/warcs/{timestamp(revisit.date)}id_/{revisit.url}", timeout=HANG_SECONDS) as response:
        assert response.read() == load_page(captured.corpus, place_of(revisit)).body


def place_of(capture):
    return Capture(source="origin", warc_file=capture.file, warc_offset=capture.offset)


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
