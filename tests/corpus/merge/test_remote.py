"""Corpora behind URLs: of an HTTP server whose transfers break, and of an S3 server."""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
from pathlib import Path

import pytest

from crawler.archive import Corpus
from crawler.corpus.fixity.bags import make_bag
from crawler.corpus.fixity.manifest import seal
from crawler.corpus.fixity.verify import verify
from crawler.corpus.merge.merge import merge
from crawler.corpus.merge.remote import RemoteCorpus
from crawler.exceptions import ConfigError, CorpusDamaged, CorpusError, CorpusLocked
from tests.archive.corpora import make_corpus, rewrite
from tests.archive.test_warcs import write
from tests.corpus.merge.test_merge import held, picture, some, with_picture
from tests.crawling import HANG_SECONDS, REPOSITORY, scrapy, scrapy_command
from tests.factories import make_article, make_seed, make_stub
from tests.inputs.fileserver import FileServer, Served
from tests.inputs.s3 import BUCKET, S3Server

PROFILE = b'name = "replica"\n'


@pytest.fixture
def there(tmp_path) -> Path:
    """Give a corpus of several segments with a picture, a WARC file and a site profile."""
    root = tmp_path / "there"
    make_corpus(root, make_seed(related=(1, 2)), make_stub(2, title="Lost"), segment_bytes=2000)
    article, _ = with_picture(root, 1, picture("red"))
    make_corpus(root, article, *(make_article(number, text=f"Text {number}") for number in range(3, 12)))
    write(root, b"one", b"two")
    corpus = Corpus(root, "replica")
    corpus.keep_profile(PROFILE)
    corpus.close()
    return root


@pytest.fixture
def here(tmp_path) -> Path:
    return tmp_path / "here"


def served(server: FileServer, root: Path, base: str = "/corpus", **how: object) -> str:
    for path in root.rglob("*"):
        if path.is_file():
            server.add(f"{base}/{path.relative_to(root)}", path.read_bytes(), **how)
    return server.url + base


def stored(s3: S3Server, root: Path, base: str) -> str:
    for path in root.rglob("*"):
        if path.is_file():
            s3.put(f"{base}/{path.relative_to(root)}", path.read_bytes())
    return f"s3://{BUCKET}/{base}"


def merged(here: Path, url: str) -> tuple[dict[str, int], list[str]]:
    other = RemoteCorpus(url, here)
    with other.fetched():
        (one,) = merge(here, [other]).values()
    return one.counts(), other.flaws


def assert_same(here: Path, there: Path) -> None:
    assert held(here, all_versions=True) == held(there, all_versions=True)
    assert verify(here).problems == []
    assert sorted(path.name for path in here.rglob("*.warc.gz")) == sorted(
        path.name for path in there.rglob("*.warc.gz")
    )
    assert len(list(here.glob("images/*/*"))) == 1
    assert (here / "site.toml").read_bytes() == PROFILE
    assert not list(here.glob(".merge-*"))


def test_sealed_corpus_of_an_http_server_is_merged_although_transfers_break(server, here, there):
    seal(there, "gzip")
    url = served(server, there)
    for file in server.files.values():
        file.cuts = [len(file.data) // 3, len(file.data) // 4]
    assert merged(here, f"{url}/") == (some(added=12, pictures=1, warcs=1), [])
    assert_same(here, there)
    assert merged(here, url) == (some(unchanged=12), [])


def test_signed_urls_keep_their_query_and_no_message_shows_it(server, here, there):
    seal(there, None)
    url = served(server, there, user="Basic bWU6czNjcmV0").replace("http://", "http://me:s3cret@") + "?sig=s3cret"
    done = scrapy("corpus", "merge", url, "--json", "-s", f"CORPUS_DIR={here}")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["merged"] == {f"{server.url}/corpus": some(added=12, pictures=1, warcs=1)}
    assert "s3cret" not in done.stdout + done.stderr
    assert {asked.partition("?")[2] for asked, _ in server.asked} == {"sig=s3cret"}
    assert_same(here, there)


def test_live_corpus_of_a_store_is_merged_as_its_files_are_listed(s3, here, there):
    url = stored(s3, there, "live")
    assert merged(here, url) == (some(added=12, pictures=1, warcs=1), [])
    assert_same(here, there)


def test_sealed_corpus_of_a_store_is_merged_with_the_lines_after_its_seal(s3, here, there):
    seal(there, "zstd")
    make_corpus(there, make_article(20, text="after the seal"))
    done = scrapy("corpus", "merge", stored(s3, there, "sealed"), "-s", f"CORPUS_DIR={here}")
    assert done.returncode == 0, done.stderr
    assert "13 added" in done.stdout
    assert_same(here, there)


@pytest.mark.parametrize("end", ["", "/data"])
def test_bag_is_merged_by_its_own_url_or_that_of_its_payload(server, s3, here, there, tmp_path, end):
    make_bag(there, tmp_path / "bag", "gzip")
    assert merged(here, served(server, tmp_path / "bag", "/bag") + end) == (some(added=12, pictures=1, warcs=1), [])
    assert_same(here, there)
    assert merged(here, stored(s3, tmp_path / "bag", f"bag{len(end)}") + end) == (some(unchanged=12), [])


def test_two_corpora_of_which_one_is_a_folder(server, here, there, tmp_path):
    make_corpus(tmp_path / "local", make_article(50, text="local"))
    seal(there, None)
    done = scrapy("corpus", "merge", served(server, there), tmp_path / "local", "-s", f"CORPUS_DIR={here}")
    assert done.returncode == 0, done.stderr
    assert f"{server.url}/corpus: 12 added" in done.stdout
    assert f"{tmp_path}/local: 1 added" in done.stdout


def test_stopped_merge_fetches_no_segment_twice(server, here, there):
    seal(there, "gzip")
    url = served(server, there)
    image = next(path for path in server.files if "/images/" in path)
    server.files[image].statuses = [(503, "Retry-After: 4000")]
    with pytest.raises(CorpusError, match=r"images/.*503"):
        merged(here, url)
    assert list(here.glob(".merge-*/articles/*"))
    server.asked.clear()
    assert merged(here, url)[0]["pictures"] == 1
    assert not [path for path, _ in server.asked if path.endswith("articles-000001.jsonl.gz")]
    assert_same(here, there)


def test_line_changed_after_the_seal_is_left_out_and_the_command_ends_with_5(server, here, there):
    seal(there, None)
    segment = there / "articles" / "articles-000001.jsonl"
    segment.write_bytes(segment.read_bytes().replace(b"Lost", b"Last"))
    done = scrapy("corpus", "merge", served(server, there), "-s", f"CORPUS_DIR={here}")
    assert done.returncode == CorpusDamaged.exit_code
    assert "articles/articles-000001.jsonl: its SHA-256 is not that in manifest-sha256.txt" in done.stderr
    assert "its bytes do not match its crc32; left out" in done.stderr
    assert "2" not in {key for key, _ in held(here)}


def test_segment_written_anew_after_the_seal_is_reported(server, here, there):
    seal(there, None)
    rewrite(there / "articles" / "articles-000001.jsonl", (b"Lost", b"Last"))
    counts, flaws = merged(here, served(server, there))
    assert counts["added"] == 12
    assert len(flaws) == 1


def test_cut_manifest_is_refused_on_http_and_reported_of_a_store(server, s3, here, there):
    seal(there, None)
    manifest = there / "manifest-sha256.txt"
    manifest.write_bytes(b"".join(manifest.read_bytes().splitlines(keepends=True)[:2]))
    with pytest.raises(CorpusDamaged, match="manifest"):
        merged(here, served(server, there))
    assert not here.exists()
    counts, flaws = merged(here, stored(s3, there, "cut-manifest"))
    assert counts["added"] == 12
    assert "manifest" in flaws[0]


def test_lines_newer_than_the_manifest_are_never_dropped_silently(server, here, there):
    seal(there, "gzip")
    make_corpus(there, make_article(20, text="after the seal"))
    with pytest.raises(CorpusError, match=r"articles-0000\d\d.jsonl is newer than its manifest"):
        merged(here, served(server, there))


def test_picture_that_the_server_lacks_is_counted(server, here, there):
    seal(there, None)
    url = served(server, there)
    del server.files[next(path for path in server.files if "/images/" in path)]
    assert merged(here, url)[0] == some(added=12, pictures_failed=1, warcs=1)


@pytest.mark.usefixtures("s3")
def test_what_is_no_corpus_is_one_line_and_leaves_nothing(server, here, there):
    for url, words in (
        (f"{server.url}/nothing", "there is no corpus here (corpus.json: the server answers 404 So)"),
        (f"s3://{BUCKET}/nothing", "there is no corpus here (corpus.json: no such file or directory)"),
        (served(server, there), "there is no manifest-sha256.txt; run scrapy corpus seal there first"),
    ):
        done = scrapy("corpus", "merge", url, "-s", f"CORPUS_DIR={here}")
        assert done.returncode == CorpusError.exit_code
        assert done.stderr.count("\n") == 1
        assert words in done.stderr
        assert not here.exists()


def test_description_that_is_no_json_is_named_by_its_url(server, here):
    url = server.add("/corpus/corpus.json", b"<html>").removesuffix("/corpus.json")
    with pytest.raises(CorpusDamaged, match=f"corpus {url}: corpus.json cannot be read"):
        merged(here, url)


def test_corpus_of_another_site_is_refused_by_its_url(server, here, there):
    seal(there, None)
    make_corpus(here, make_article(1), site="other")
    with pytest.raises(ConfigError, match=f"{server.url}/corpus is of 'replica'"):
        merged(here, served(server, there))


def test_listed_segment_that_is_gone_is_an_error(server, here, there):
    seal(there, None)
    url = served(server, there)
    del server.files["/corpus/articles/articles-000001.jsonl"]
    with pytest.raises(
        CorpusError, match=r"articles-000001.jsonl is listed, but cannot be read: the server answers 404"
    ):
        merged(here, url)


def test_one_merge_of_a_url_runs_at_a_time(server, here, there):
    seal(there, None)
    url = served(server, there)
    with RemoteCorpus(url, here).fetched(), pytest.raises(CorpusLocked):
        merged(here, url)


def test_names_in_a_manifest_lead_nowhere_else(server, here, there, tmp_path):
    seal(there, None)
    url = served(server, there)
    shutil.rmtree(there / "warc")
    server.files["/corpus/tagmanifest-sha256.txt"].data = b""
    del server.files["/corpus/tagmanifest-sha256.txt"]
    evil = b"".join(
        b"%s  %s\n" % (b"0" * 64, name) for name in (b"articles/../../x.jsonl", b"warc/../../y.warc.gz", b"/etc/z")
    )
    server.files["/corpus/manifest-sha256.txt"].data += evil
    assert merged(here, url)[0]["added"] == 12
    assert not [path for path, _ in server.asked if ".." in path or "etc" in path]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["here", "there"]


@pytest.mark.parametrize("place", ["/articles/", "/warc/", "/images/"])
def test_killed_merge_ends_well_with_the_same_command(server, here, there, place):
    seal(there, "gzip")
    url = served(server, there)
    command = scrapy_command("corpus", "merge", url, "-s", f"CORPUS_DIR={here}")
    running: list[subprocess.Popen[bytes]] = []

    def kill(one: Served) -> None:
        one.then = None
        one.cuts = []
        running[0].kill()

    served_here = next(file for path, file in server.files.items() if place in path and "seal" not in path)
    served_here.cuts = [len(served_here.data) // 2] * 2
    served_here.then = kill
    running.append(subprocess.Popen(command, cwd=REPOSITORY, stderr=subprocess.DEVNULL))
    assert running[0].wait(timeout=HANG_SECONDS) == -signal.SIGKILL
    done = subprocess.run(command, cwd=REPOSITORY, check=False, capture_output=True, text=True, timeout=HANG_SECONDS)
    assert done.returncode == 0, done.stderr
    assert_same(here, there)
