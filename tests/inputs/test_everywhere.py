"""Every command that reads a PATH reads a URL: of an HTTP server whose transfers break, and of an S3 server."""

from __future__ import annotations

import gzip
import io
import json
import signal
import subprocess
import zipfile
from contextlib import closing
from pathlib import Path
from zoneinfo import ZoneInfo

import pyarrow as pa
import pytest
from pyarrow import parquet

from crawler.captures.lines import read_captures, write_captures
from crawler.exceptions import ConfigError
from crawler.replica.site import Site
from crawler.seeds import read_seeds
from crawler.sites import load_profile
from crawler.warc.replay import Replay
from crawler.warc.sources import find_sources
from tests.crawling import HANG_SECONDS, REPOSITORY, crawl, records, scrapy, scrapy_command, write_seed
from tests.draft.lists import capture
from tests.inputs.fileserver import Served
from tests.inputs.s3 import BUCKET
from tests.scripted import Scripted, article, http, write_profile
from tests.warc.exchanges import exchange
from tests.warc.test_replay import write

IDS = [number for number in range(1790000, 1790400) if Site().answer(number) == "page"][:3]
NOISE = bytes(range(256)).hex() * 2_000


@pytest.fixture
def dump(tmp_path) -> str:
    return write_seed(tmp_path / "dump.txt", *IDS).read_text(encoding="utf-8")


def packed(*members: bytes) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for number, member in enumerate(members):
            archive.writestr(f"{number}.txt", member)
    return file.getvalue()


def table(text: str) -> bytes:
    file = io.BytesIO()
    rows = pa.table({"text": [*("no dump" * 1000 for _ in range(200)), text], "url": ["http://h/"] * 201})
    parquet.write_table(rows, file, row_group_size=50)
    return file.getvalue()


def ids(seeds) -> list[int]:
    return [int(item.id) for seed in seeds for one in seed.page.dumps for item in one.related]


FORMS = {
    "plain text": lambda dump: dump.encode(),
    "JSON lines in gzip": lambda dump: gzip.compress(
        (json.dumps({"text": NOISE}) + "\n" + json.dumps({"text": dump})).encode()
    ),
    "ZIP": lambda dump: packed(NOISE.encode() * 4, dump.encode()),
    "Parquet": table,
}


@pytest.mark.parametrize("form", FORMS)
def test_seeds_by_url_are_those_of_the_file(server, s3, dump, form):
    data = FORMS[form](dump)
    broken = [len(data) // 3, 0, len(data) // 4]
    for url in (
        server.add("/whole", data),
        server.add("/broken", data, cuts=broken),
        server.add("/without-ranges", data, ranges=False),
        server.add("/without-length", data, length=None),
        s3.put(f"{form.replace(' ', '-')}/seeds", data),
    ):
        assert ids(read_seeds([url], ZoneInfo("UTC"), pytest.fail)) == IDS


def test_folders_of_a_bucket_are_walked(s3, dump):
    for name in ("walk/a.txt", "walk/b/c.txt", "walk/picture.jpg", "walk/.hidden"):
        s3.put(name, dump.encode())
    sources = [seed.source for seed in read_seeds([f"s3://{BUCKET}/walk/"], ZoneInfo("UTC"))]
    assert sources == [f"s3://{BUCKET}/walk/a.txt", f"s3://{BUCKET}/walk/b/c.txt"]


@pytest.fixture
def warc(tmp_path, dump) -> bytes:
    pages = [exchange(url=f"http://h/{number}", body=f"{number} {dump}".encode()) for number in range(30)]
    return write(tmp_path / "a.warc.gz", *pages).read_bytes()


def harvested(path: Path) -> list[dict]:
    return [json.loads(line) for line in path.read_text().splitlines()]


@pytest.mark.parametrize("jobs", [1, 2])
def test_harvest_reads_archives_by_url_and_resumes_them(server, s3, warc, tmp_path, jobs):
    out = tmp_path / "out.jsonl"
    broken = server.add("/a.warc.gz", warc, cuts=[len(warc) // 2, 0, 100], user="Basic bWU6czNjcmV0")
    secret = broken.replace("http://", "http://me:s3cret@") + "?X-Amz-Signature=s3cret"
    stored = s3.put(f"harvest-{jobs}/a.warc.gz", warc)
    done = scrapy("seeds", "harvest", secret, stored, "-o", out, "-j", jobs)
    assert done.returncode == 0, done.stderr
    lines = harvested(out)
    assert [line["url"] for line in lines] == [f"http://h/{number}" for number in range(30)] * 2
    assert {line["file"] for line in lines} == {broken, stored}
    assert "s3cret" not in done.stderr + done.stdout + out.read_text()


def test_list_of_paths_is_read_from_its_own_host_or_the_given_base(server, s3, warc, tmp_path):
    names = ["crawl-data/CC-MAIN-2016-07/1/warc/a.warc.gz", "crawl-data/CC-MAIN-2016-07/2/warc/b.warc.gz"]
    for name in names:
        server.add(f"/{name}", warc)
        s3.put(name, warc)
    lines = "\r\n".join([*names, "../../etc/passwd.warc", "http://192.0.2.1/c.warc.gz", ""])
    content = gzip.compress(("\r\n".join([names[0]] * 30) + "\r\n" + lines).encode())
    (tmp_path / "list.gz").write_bytes(content)
    out = tmp_path / "out.jsonl"
    own = server.add("/crawl-data/CC-MAIN-2016-07/warc.paths.gz", content)
    for arguments in (
        (own,),
        (s3.put("crawl-data/warc.paths.gz", content),),
        (tmp_path / "list.gz", "--base", f"{server.url}/"),
        (tmp_path / "list.gz", "--base", f"s3://{BUCKET}"),
    ):
        done = scrapy("seeds", "harvest", *arguments, "-o", out, "-j", 1)
        assert done.returncode == 0, done.stderr
        assert len(harvested(out)) == 32 * 30
        assert "2 lines are no paths below" in done.stderr
        assert "such as line 33" in done.stderr


def test_local_list_of_paths_needs_a_base(tmp_path):
    (tmp_path / "wet.paths").write_text("crawl-data/a.warc.wet.gz\ncrawl-data/b.warc.wet.gz\n")
    done = scrapy("seeds", "harvest", tmp_path / "wet.paths", "-o", tmp_path / "out")
    assert done.returncode == 4
    assert "a list of paths: give --base" in done.stderr


def replayed(spec: str, tmp_path: Path) -> Replay:
    return Replay(find_sources(spec), tmp_path / "index.sqlite", max_body=1 << 20, on_problem=pytest.fail)


def test_archives_by_url_are_replayed_in_ranges(server, s3, tmp_path):
    pages = [exchange(url=f"http://h/{number}", body=f"{number} {NOISE}".encode()) for number in range(30)]
    data = write(tmp_path / "a.warc.gz", *pages).read_bytes()
    wacz = io.BytesIO()
    with zipfile.ZipFile(wacz, "w", zipfile.ZIP_STORED) as archive:
        archive.writestr("datapackage.json", "{}")
        archive.writestr("archive/a.warc.gz", data)
    urls = [
        server.add("/a.warc.gz", data, cuts=[1000, 0]),
        server.add("/a.wacz", wacz.getvalue(), cuts=[500]),
        s3.put("replay/a.warc.gz", data),
        s3.put("replay-wacz/a.wacz", wacz.getvalue()),
        f"s3://{BUCKET}/replay/",
    ]
    for number, url in enumerate(urls):
        folder = tmp_path / str(number)
        folder.mkdir()
        with closing(replayed(url, folder)) as replay:
            assert replay.captures == 30
            found = replay.find("http://h/17")
            assert found.exchange.body == f"17 {NOISE}".encode()
            assert found.file == ("a.wacz/archive/a.warc.gz" if url.endswith(".wacz") else "a.warc.gz")
        before = len(server.asked)
        with closing(replayed(url, folder)) as replay:  # the index is kept while the file is the same
            assert replay.find("http://h/3").exchange.body == f"3 {NOISE}".encode()
        assert len(server.asked) - before <= 8


@pytest.mark.parametrize("how", [{"ranges": False}, {"statuses": [(403, "")] * 9}])
def test_archive_that_cannot_be_replayed_is_one_clear_line(server, how):
    url = server.add("/a.warc.gz", b"WARC/1.0\r\n", **how)
    with pytest.raises(ConfigError, match=r"^SOURCE: http://127.0.0.1:\d+/a.warc.gz: the server"):
        find_sources(f"{url}?token=1")


def test_lists_of_captures_and_profiles_are_read_by_url(server, s3, tmp_path):
    line = {
        "url": "http://h/news/1",
        "timestamp": "20160227101112",
        "mime": "text/html",
        "status": "200",
        "digest": "A",
    }
    lines = gzip.compress((json.dumps(line) + "\n").encode() * 1000)
    for url in (server.add("/captures.jsonl.gz", lines, cuts=[10]), s3.put("captures.jsonl.gz", lines)):
        assert len(list(read_captures(url))) == 1000
    profile = write_profile(tmp_path / "site.toml", "http://h").read_bytes()
    for url in (server.add("/site.toml", profile), s3.put("site.toml", profile)):
        assert load_profile(url).name == "replica"


def test_crawl_takes_seeds_profile_and_sources_by_url(server, s3, tmp_path, dump):
    """The guard does not hold for them: the user named them."""
    site = Scripted(lambda path: article(path) if path.startswith("/news/") else http(404))
    with site:
        profile = write_profile(tmp_path / "site.toml", site.url).read_bytes()
        data = json.dumps({"text": dump, "url": f"{site.url}/news/7"}).encode()
        seeds = f"{server.add('/dump.jsonl', data, cuts=[200])}?token=s3cret,{s3.put('crawl/list.txt', str(IDS[0]).encode())}"
        quick = ("IMAGES_FETCH=none", "DOWNLOAD_DELAY=0")
        done = crawl(seeds, tmp_path / "corpus", s3.put("crawl/site.toml", profile), settings=quick)
        assert done.returncode == 0, done.stderr
        kept = records(tmp_path / "corpus")
        assert {record["id"] for record in kept} == {"7", *map(str, IDS)}
        everything = b"".join(path.read_bytes() for path in (tmp_path / "corpus").rglob("*") if path.is_file())
        assert b"s3cret" not in everything + done.stderr.encode() + done.stdout.encode()
    pages = [
        exchange(url=f"{site.url}/news/{number}", body=article(f"/news/{number}").partition(b"\r\n\r\n")[2])
        for number in IDS
    ]
    warc = server.add("/pages.warc.gz", write(tmp_path / "pages.warc.gz", *pages).read_bytes(), cuts=[100])
    source = (*quick, f"SOURCE=warc:{warc}")
    done = crawl(tmp_path / "dump.txt", tmp_path / "replayed", tmp_path / "site.toml", settings=source)
    assert done.returncode == 0, done.stderr
    captures = [
        record["capture"]["warc_file"] for record in records(tmp_path / "replayed") if record["kind"] == "article"
    ]
    assert captures == ["pages.warc.gz"] * len(IDS)


def test_seed_by_url_that_changes_or_is_refused_is_reported(server, tmp_path):
    profile = write_profile(tmp_path / "site.toml", "http://127.0.0.1:9")
    done = crawl(f"{server.url}/none.txt?token=s3cret", tmp_path / "corpus", profile)
    assert done.returncode == 4
    assert f"{server.url}/none.txt: cannot be read (the server answers 404 So)" in done.stderr
    assert "s3cret" not in done.stderr


def test_seeds_of_a_missing_bucket_end_the_crawl_before_it_begins(s3, tmp_path):  # noqa: ARG001
    profile = write_profile(tmp_path / "site.toml", "http://127.0.0.1:9")
    done = crawl(f"s3://{BUCKET}/none/", tmp_path / "corpus", profile)
    assert done.returncode == 4
    assert f"s3://{BUCKET}/none/: no such file or directory" in done.stderr


def test_seed_whose_transfer_stays_broken_gives_exit_code_9(server, tmp_path, dump):
    gone = server.add("/gone.jsonl", b"x" * 100, statuses=[(403, "")] * 9)
    profile = write_profile(tmp_path / "site.toml", "http://127.0.0.1:9")
    (tmp_path / "known.txt").write_text(dump)
    done = crawl(f"{tmp_path / 'known.txt'},{gone}", tmp_path / "corpus", profile, "depth=0")
    assert done.returncode == 9
    assert "the server answers 403" in done.stderr


def changed(served) -> None:
    served.etag = '"two"'


def test_harvest_of_a_file_that_changed_once_begins_it_again(server, warc, tmp_path):
    url = server.add("/a.warc.gz", warc, cuts=[len(warc) // 2], then=changed)
    done = scrapy("seeds", "harvest", url, "-o", tmp_path / "out", "--json")
    assert done.returncode == 0, done.stderr
    lines = (tmp_path / "out").read_bytes().splitlines()
    assert len(lines) == len(set(lines)) == 30


@pytest.mark.parametrize("jobs", [1, 2])
def test_harvest_of_a_file_that_changes_gives_exit_code_9(server, warc, tmp_path, jobs):
    url = server.add("/a.warc.gz", warc, cuts=[len(warc) // 2], then=changed)
    whole = server.add("/b.warc.gz", warc)
    done = scrapy("seeds", "harvest", url, whole, "-o", tmp_path / "out", "-j", jobs, "--retries", 0, "--json")
    assert done.returncode == 9, done.stderr
    assert json.loads(done.stdout)["cut"] == 1
    assert f"{url}: cannot be read to its end (it changed while it was read)" in done.stderr
    assert 30 <= len(harvested(tmp_path / "out")) < 60


@pytest.mark.parametrize("verb", ["count", "draft"])
def test_count_and_draft_that_are_killed_leave_nothing_and_end_well_with_the_same_command(server, tmp_path, verb):
    list_of_captures = tmp_path / "captures.jsonl"
    write_captures(
        list_of_captures, (capture(f"http://127.0.0.1:9/news/{one}", "20160228120000") for one in range(1000, 9000))
    )
    url = server.add("/captures.jsonl", list_of_captures.read_bytes())
    out = tmp_path / "out"
    out.mkdir()
    arguments = {
        "count": ("captures", "count", url, "--json", "-s", f"CORPUS_DIR={out / 'corpus'}"),
        "draft": ("sites", "draft", url, "-o", out / "drafted.toml", "--pages", "0", "--json"),
    }[verb]
    command = scrapy_command(*arguments)
    running: list[subprocess.Popen[bytes]] = []

    def kill(served: Served) -> None:
        served.then = None
        running[0].kill()

    served = server.files["/captures.jsonl"]
    served.cuts, served.then = [len(served.data) // 2], kill
    running.append(subprocess.Popen(command, cwd=REPOSITORY, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL))
    assert running[0].wait(timeout=HANG_SECONDS) == -signal.SIGKILL
    assert list(out.iterdir()) == []
    served.cuts = []
    again = subprocess.run(command, cwd=REPOSITORY, check=False, capture_output=True, text=True, timeout=HANG_SECONDS)
    assert again.returncode == 0, again.stderr
    said = json.loads(again.stdout)
    assert [said["captures"]] == [8000]
