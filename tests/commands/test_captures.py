"""``scrapy captures list`` and ``count`` as a user runs them, against servers that behave and servers that do not."""

from __future__ import annotations

import gzip
import json
import random
import resource
import signal
import subprocess
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Event
from urllib.request import urlopen

import orjson
import pytest

from crawler.captures.answers import read_answer, read_pages
from crawler.captures.cdxwalk import CdxQuery, CdxWalk
from crawler.captures.lines import CaptureLine, read_captures, write_captures
from crawler.captures.scope import Pattern
from crawler.captures.work import ENDING
from tests import warm
from tests.archive.corpora import make_corpus
from tests.captures.ccindex import URLS, row, write_index
from tests.captures.cdxserver import CdxServer, Row, rows_of
from tests.crawling import REPOSITORY, scrapy, scrapy_command
from tests.factories import make_article
from tests.recover.webarchive import Answer, Asked, Pywb, archive, page
from tests.waiting import HANG_SECONDS

HOST = "example.org"
ROWS = rows_of([f"http://example.org/news/{number:04}" for number in range(60)])
AT_ONCE = 6000
"""Requests a minute: tests do not wait for a budget."""


@contextmanager
def serving(server: CdxServer, first: Callable[[Asked, int], Answer | None] = lambda _asked, _before: None) -> Iterator:
    """Serve *server* over HTTP; *first* may answer in its place."""

    def answer(asked: Asked, before: int) -> Answer:
        if (said := first(asked, before)) is not None:
            return said
        status, body = server.answer(asked.path)
        return status, {"Content-Type": "text/plain"}, body

    with archive(answer) as served:
        yield served


def site_of(tmp_path: Path, cdx: str, *more: str) -> str:
    """Write a profile whose archives are at *cdx*, without a wait between requests, and return its path."""
    archives = "".join(
        f'[[recover.archives]]\nname = "{name}"\ncdx = "{url}"\nreplay = "{url}/{{timestamp}}/{{url}}"\n'
        f"cdx_per_minute = {AT_ONCE}\n"
        for name, url in zip(("one", "two", "three"), (cdx, *more), strict=False)
    )
    path = tmp_path / "site.toml"
    path.write_text(
        f'name = "example"\ntimezone = "UTC"\n[article]\nurls = ["http://{HOST}/news/{{id}}"]\n'
        f"id_pattern = '/news/(?P<id>[0-9]+)'\n[recover]\npatience = 1\n{archives}"
    )
    return str(path)


def patient(site: str) -> str:
    """Let the profile at *site* wait for an archive that gives no answer."""
    Path(site).write_text(Path(site).read_text().replace("patience = 1\n", "patience = 60\n"))
    return site


def list_command(tmp_path: Path, *arguments: str, site: str | None = None) -> list[str]:
    there = ("--site", site or str(tmp_path / "site.toml"))
    return ["captures", "list", *there, "-o", str(tmp_path / "out.jsonl"), *arguments]


def listed(tmp_path: Path, name: str = "out.jsonl") -> list[Row]:
    return [(line.urlkey, line.timestamp, line.url) for line in read_captures(str(tmp_path / name))]


def test_all_captures_are_listed_sorted_with_counts_by_month(tmp_path):
    with serving(CdxServer(ROWS, resumes=True)) as (url, asked):
        done = scrapy(*list_command(tmp_path, "--json", site=site_of(tmp_path, f"{url}/cdx")))
    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout)
    assert (said["captures"], said["urls"], said["complete"]) == (len(ROWS), 60, True)
    assert sum(said["months"].values()) == len(ROWS)
    assert said["sources"] == {"one": {"kept": 180, "requests": 2, "rows": 180}}
    assert listed(tmp_path) == sorted(ROWS)
    assert not (tmp_path / f"out.jsonl{ENDING}").exists()
    assert len(asked) == 2  # the second asks for what is later


def test_repeated_content_is_left_out_unless_all_captures_are_wanted(tmp_path):
    with serving(CdxServer(ROWS)) as (one, _), serving(CdxServer(ROWS[:30])) as (two, _):
        site = site_of(tmp_path, f"{one}/cdx", f"{two}/cdx")
        assert scrapy(*list_command(tmp_path, site=site)).returncode == 0
        assert [line.source for line in read_captures(str(tmp_path / "out.jsonl"))] == ["one"] * len(ROWS)
        assert scrapy(*list_command(tmp_path, "--all", "--force", site=site)).returncode == 0
        assert len(listed(tmp_path)) == len(ROWS) + 30


def test_busy_and_cut_answers_are_asked_again(tmp_path):
    server = CdxServer(ROWS, resumes=True, caps=100)

    def first(asked: Asked, before: int) -> Answer | None:
        if before:
            return None
        if "resumeKey" not in asked.path:
            return 429, {"Retry-After": "0"}, b""
        body = server.answer(asked.path)[1]
        return 200, {"Content-Length": str(len(body) + 100)}, body

    with serving(server, first) as (url, asked):
        site = patient(site_of(tmp_path, f"{url}/cdx"))
        done = scrapy(*list_command(tmp_path, site=site))
    assert done.returncode == 0, done.stderr
    assert listed(tmp_path) == sorted(ROWS)
    assert len(asked) == 4


def test_source_that_is_down_keeps_what_came_and_the_same_command_resumes(tmp_path):
    outage = b"<html><title>Internet Archive</title>\n<p>Temporarily offline</p>\n</html>\n"
    is_down = True

    def first(asked: Asked, _before: int) -> Answer | None:
        return (200, {"Content-Type": "text/html"}, outage) if is_down and "resumeKey" in asked.path else None

    with (
        serving(CdxServer(ROWS, resumes=True, caps=50), first) as (one, asked),
        serving(CdxServer(ROWS[:5])) as (two, _),
    ):
        command = list_command(tmp_path, "--json", site=site_of(tmp_path, f"{one}/cdx", f"{two}/cdx"))
        done = scrapy(*command)
        said = json.loads(done.stdout)
        assert (done.returncode, said["complete"], said["captures"]) == (9, False, 50)
        assert "not an answer of a capture index" in said["ends"]["one"]
        assert listed(tmp_path) == sorted(ROWS)[:50]
        is_down, asked[:] = False, []
        done = scrapy(*command)
        assert (done.returncode, json.loads(done.stdout)["complete"]) == (0, True), done.stderr
        assert all("resumeKey" in one.path for one in asked)
    assert listed(tmp_path) == sorted(ROWS)


def test_source_that_asks_for_fewer_requests_has_a_code_of_its_own(tmp_path):
    with serving(CdxServer(ROWS), lambda _asked, _before: (429, {"Retry-After": "3600"}, b"")) as (url, asked):
        done = scrapy(*list_command(tmp_path, site=site_of(tmp_path, f"{url}/cdx")))
    assert (done.returncode, len(asked)) == (18, 1)
    assert "gleaner: one: no answer (status 429)" in done.stderr


def test_lines_that_cannot_be_read_are_counted_and_said(tmp_path):
    class Dirty(CdxServer):
        def _text(self, rows):
            return (b"<b>busy</b>\n" + b"x" * 200_000 + b"\n" if rows else b"") + super()._text(rows)

    with serving(Dirty(ROWS)) as (url, _):
        command = list_command(tmp_path, site=site_of(tmp_path, f"{url}/cdx"))
        done = scrapy(*command)
    assert done.returncode == 0, done.stderr
    assert "2 that cannot be read" in done.stdout
    assert len(listed(tmp_path)) == len(ROWS)


@pytest.mark.parametrize("seed", range(3))
def test_listing_that_is_killed_at_any_page_ends_like_an_undisturbed_one_and_asks_no_page_twice(tmp_path, seed):
    deaths = sorted(random.Random(seed).sample(range(1, 18), 3))
    paths, unanswered = list[str](), list[str]()
    reached = Event()

    def first(asked: Asked, _before: int) -> Answer | None:
        paths.append(asked.path)
        if deaths and len(set(paths)) >= deaths[0]:
            deaths.pop(0)
            unanswered.append(asked.path)
            reached.set()
            Event().wait(HANG_SECONDS)  # until the client is dead
        return None

    with serving(CdxServer(ROWS, resumes=True, caps=10), first) as (url, _):
        command = list_command(tmp_path, site=site_of(tmp_path, f"{url}/cdx"))
        while deaths:
            with warm.Popen(scrapy_command(*command), cwd=REPOSITORY) as run:
                assert reached.wait(HANG_SECONDS)
                reached.clear()
                run.kill()
            assert not (tmp_path / "out.jsonl").exists()
        assert scrapy(*command).returncode == 0
        asked = list(paths)
        undisturbed = scrapy(
            *list_command(tmp_path, site=str(tmp_path / "site.toml"))[:-1], str(tmp_path / "whole.jsonl")
        )
    assert undisturbed.returncode == 0, undisturbed.stderr
    assert (tmp_path / "out.jsonl").read_bytes() == (tmp_path / "whole.jsonl").read_bytes()
    repeated = [path for path, times in Counter(asked).items() for _ in range(times - 1)]
    assert repeated == unanswered  # only those that were not answered
    assert [one.name for one in tmp_path.iterdir() if one.name.startswith(".tmp")] == []


def test_interrupt_ends_it_and_the_same_command_resumes(tmp_path):
    came, go_on = Event(), Event()

    def first(asked: Asked, _before: int) -> Answer | None:
        if "resumeKey" in asked.path and not go_on.is_set():
            came.set()
            go_on.wait(HANG_SECONDS)
        return None

    with serving(CdxServer(ROWS, resumes=True, caps=100), first) as (url, asked):
        command = list_command(tmp_path, site=site_of(tmp_path, f"{url}/cdx"))
        with warm.Popen(scrapy_command(*command), cwd=REPOSITORY, stderr=subprocess.PIPE, text=True) as run:
            assert came.wait(HANG_SECONDS)
            run.send_signal(signal.SIGINT)
            go_on.set()
            _, errors = run.communicate(timeout=HANG_SECONDS)
        assert run.returncode == 11, errors
        assert "the same command resumes" in errors
        assert "Traceback" not in errors
        assert not (tmp_path / "out.jsonl").exists()
        assert scrapy(*command).returncode == 0
        assert sum("resumeKey" not in one.path for one in asked) == 1
    assert listed(tmp_path) == sorted(ROWS)


def test_two_at_once_are_refused(tmp_path):
    came, go_on = Event(), Event()

    def first(_asked: Asked, _before: int) -> Answer | None:
        came.set()
        go_on.wait(HANG_SECONDS)
        return None

    with serving(CdxServer(ROWS), first) as (url, _):
        command = list_command(tmp_path, site=site_of(tmp_path, f"{url}/cdx"))
        with warm.Popen(scrapy_command(*command), cwd=REPOSITORY) as run:
            assert came.wait(HANG_SECONDS)
            second = scrapy(*command)
            go_on.set()
            assert run.wait(HANG_SECONDS) == 0
    assert second.returncode == 6
    assert "another process is listing to the same output" in second.stderr
    assert listed(tmp_path) == sorted(ROWS)


def test_unfinished_listing_is_not_mixed_with_other_arguments(tmp_path):
    answers = iter([(429, {"Retry-After": "99"}, b"")])
    with serving(CdxServer(ROWS), lambda _asked, _before: next(answers, None)) as (
        url,
        _,
    ):
        site = site_of(tmp_path, f"{url}/cdx")
        assert scrapy(*list_command(tmp_path, site=site)).returncode == 18
        other = list_command(tmp_path, "--from", "2014", site=site)
        done = scrapy(*other)
        assert (done.returncode, "other arguments (--from)" in done.stderr) == (4, True)
        assert scrapy(*other, "--force").returncode == 0
    assert listed(tmp_path) == sorted(row for row in ROWS if row[1] >= "2014")


def test_disk_that_is_full_ends_it_with_its_code_and_what_came_is_kept(tmp_path):
    rows = rows_of([f"http://example.org/news/{number:05}" for number in range(2000)])
    limit = 150_000

    def limited() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))

    with serving(CdxServer(rows, resumes=True, caps=400)) as (url, asked):
        command = list_command(tmp_path, site=site_of(tmp_path, f"{url}/cdx"))
        done = scrapy(*command, preexec_fn=limited)
        assert done.returncode == 3, done.stderr
        assert "no room left to write" in done.stderr
        assert not (tmp_path / "out.jsonl").exists()
        before = len(asked)
        assert scrapy(*command).returncode == 0
        assert before > 1
        assert all("resumeKey" in one.path for one in asked[before:])
    assert listed(tmp_path) == sorted(rows)


def test_nonsense_ends_before_anything_is_asked_or_written(tmp_path):
    done = scrapy("captures", "list", "word", "-o", tmp_path / "out.jsonl")
    assert (done.returncode, done.stdout, list(tmp_path.iterdir())) == (4, "", [])
    assert done.stderr.startswith("gleaner: 'word' is not a host")


def test_output_that_is_there_is_replaced_only_by_force(tmp_path):
    (tmp_path / "out.jsonl").write_bytes(b"mine")
    with serving(CdxServer(ROWS)) as (url, asked):
        command = list_command(tmp_path, site=site_of(tmp_path, f"{url}/cdx"))
        done = scrapy(*command)
        assert (done.returncode, asked, (tmp_path / "out.jsonl").read_bytes()) == (4, [], b"mine")
        assert "is there already: give --force" in done.stderr
        assert scrapy(*command, "--force").returncode == 0
    assert listed(tmp_path) == sorted(ROWS)


def test_archive_that_excludes_the_site_is_said_and_asked_once(tmp_path):
    refusal = b"org.archive.wayback.exception.RobotAccessControlException: Blocked By Robots"
    with serving(CdxServer(ROWS), lambda _asked, _before: (403, {}, refusal)) as (url, asked):
        done = scrapy(*list_command(tmp_path, site=site_of(tmp_path, f"{url}/cdx")))
    assert (done.returncode, len(asked)) == (0, 1)
    assert "it excludes example.org: Blocked By Robots" in done.stderr


def test_redirect_of_an_index_is_not_followed(tmp_path):
    with serving(CdxServer(ROWS)) as (other, elsewhere):
        moved = lambda _asked, _before: (302, {"Location": f"{other}/cdx"}, b"")  # noqa: E731
        with serving(CdxServer(ROWS), moved) as (url, _):
            done = scrapy(*list_command(tmp_path, site=site_of(tmp_path, f"{url}/cdx")))
    assert (done.returncode, elsewhere) == (9, [])
    assert "status 302" in done.stderr


def test_common_crawl_is_asked_for_the_collections_of_the_span_page_by_page(tmp_path):
    index = {
        "CC-MAIN-2013-20": CdxServer(ROWS[:80], page_rows=30),
        "CC-MAIN-2015-06": CdxServer([], page_rows=30),
        "CC-MAIN-2021-04": CdxServer(ROWS[80:], page_rows=30),
    }
    spans = {"CC-MAIN-2013-20": ("2013-05", "2013-06"), "CC-MAIN-2015-06": ("2015-01", "2015-02")}
    collinfo = [
        {"id": name, "from": f"{spans.get(name, ('2021-01', ''))[0]}-01T00:00:00", "to": "2021-02-01T00:00:00"}
        for name in index
    ]

    def answer(asked: Asked, _before: int) -> Answer:
        if asked.path == "/collinfo.json":
            return 200, {}, orjson.dumps(collinfo)
        server = index[asked.path[1:].partition("-index")[0]]
        if not server.rows:
            return 404, {}, b'{"message": "No Captures found for: example.org"}'
        status, body = server.answer(asked.path)
        return status, {}, body

    with archive(answer) as (url, asked):
        source = ("--source", f"commoncrawl:{url}")
        arguments = ("captures", "list", HOST, *source, "--to", "2016", "-o", tmp_path / "out.jsonl", "--json")
        done = scrapy(*arguments, "-s", "LOG_LEVEL=ERROR")
    assert done.returncode == 0, done.stderr
    assert not any("2021" in one.path for one in asked)
    assert listed(tmp_path) == sorted(row for row in ROWS[:80] if row[1] < "2017")
    assert {line.source for line in read_captures(str(tmp_path / "out.jsonl"))} == {"commoncrawl"}


@pytest.fixture(scope="module")
def pywb(tmp_path_factory) -> Iterator[Pywb]:
    """Serve two collections: some captures are in one of them only."""
    begin = datetime(2015, 1, 1, tzinfo=UTC)
    pages = [
        page(f"http://{HOST}/news/{number}", begin + timedelta(days=number), b"<p>Story %d</p>" % number)
        for number in range(40)
    ]
    gone = page(f"http://{HOST}/news/99", begin, b"gone", status=404)
    served = Pywb(tmp_path_factory.mktemp("pywb"), first=pages[:30], second=[*pages[20:], gone])
    yield served
    served.stop()


def test_two_collections_of_pywb_are_one_list(tmp_path, pywb):
    site = site_of(tmp_path, f"{pywb.url}/first-index", f"{pywb.url}/second-index")
    done = scrapy(*list_command(tmp_path, "--json", site=site))
    assert done.returncode == 0, done.stderr
    lines = list(read_captures(str(tmp_path / "out.jsonl")))
    assert len({line.urlkey for line in lines}) == len(lines) == 40
    assert [line.source for line in lines].count("two") == 10
    assert {line.status for line in lines} == {"200"}
    assert json.loads(done.stdout)["months"] == {"2015-01": 31, "2015-02": 9}
    done = scrapy(*list_command(tmp_path, "--status", "any", "--from", "2015-02", "--force", site=site))
    assert done.returncode == 0, done.stderr
    assert len(listed(tmp_path)) == 9


def test_small_pages_of_pywb_are_windows_of_time(pywb):
    asked = CdxQuery(cdx=f"{pywb.url}/first-index", pattern=Pattern("host", HOST), limit=7)
    walk, found = CdxWalk(asked), set()
    while (query := walk.ask()) is not None:
        with urlopen(query.url, timeout=HANG_SECONDS) as response:
            body = response.read()
        if query.kind == "pages":
            walk.take_pages(read_pages(body))
            continue
        answer = read_answer(body, "pywb")
        found |= {line.url for line in answer.lines}
        walk.take(answer)
    assert found == {f"http://{HOST}/news/{number}" for number in range(30)}
    assert (walk.state.windows, walk.state.is_incomplete) == ([], False)


def test_timemaps_of_pywb_are_asked_for_the_urls_of_an_earlier_list(tmp_path, pywb):
    known = [
        CaptureLine("k", "20150101000000", f"http://{HOST}/news/{n}", None, None, None, None, "x")
        for n in (1, 2, 2, 35)
    ]
    elsewhere = known[0]._replace(url="http://other.example/")
    write_captures(tmp_path / "known.jsonl.gz", [*known, elsewhere])
    source = (
        "--source",
        f"second=timemap:{pywb.url}/second/timemap/link/{{url}}",
        "--urls",
        tmp_path / "known.jsonl.gz",
    )
    done = scrapy("captures", "list", HOST, *source, "-o", tmp_path / "out.jsonl", "--json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["sources"]["second"]["requests"] == 3
    assert [(line.url, line.source) for line in read_captures(str(tmp_path / "out.jsonl"))] == [
        (f"http://{HOST}/news/35", "second")
    ]


def test_columnar_index_is_listed_beside_an_index_server_of_the_same_name(tmp_path):
    write_index(tmp_path / "cc", [row(url, number) for number, url in enumerate(URLS)])
    with archive(lambda asked, _before: (200, {}, b"[]") if asked.path == "/collinfo.json" else (404, {}, b"")) as (
        url,
        _,
    ):
        sources = ("--source", f"columnar:{tmp_path / 'cc'}", "--source", f"commoncrawl:{url}")
        done = scrapy("captures", "list", "*.example.org", *sources, "-o", tmp_path / "out.jsonl", "--json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["sources"] == {"commoncrawl": {"kept": 4, "requests": 1, "rows": 4}}


def test_local_files_are_listed_with_their_places(tmp_path, pywb):
    with (tmp_path / "index.cdxj").open("w") as out:
        out.write((pywb.folder / "collections" / "second" / "indexes" / "index.cdxj").read_text())
    (tmp_path / "bad.warc.gz").write_bytes(
        gzip.compress(b"WARC/1.0\r\nWARC-Type: response\r\nContent-Length: 99\r\n\r\n")
    )
    sources = [
        ("--source", str(one)) for one in (pywb.file("first"), tmp_path / "index.cdxj", tmp_path / "bad.warc.gz")
    ]
    arguments = ("captures", "list", HOST, *(part for one in sources for part in one), "-o", tmp_path / "out.jsonl")
    done = scrapy(*arguments)
    assert done.returncode == 0, done.stderr
    assert "the record at offset 0: there is no URL in it" in done.stderr
    lines = list(read_captures(str(tmp_path / "out.jsonl")))
    assert len(lines) == 40
    assert {line.source for line in lines} == {"warc"}
    one = next(line for line in lines if line.filename == str(pywb.file("first")))
    assert pywb.file("first").read_bytes()[one.offset : one.offset + 2] == b"\x1f\x8b"
    assert gzip.decompress(pywb.file("first").read_bytes()[one.offset : one.offset + one.length]).startswith(b"WARC/")


def test_local_file_that_cannot_be_read_is_said_and_the_others_are_listed(tmp_path):
    (tmp_path / "a.warc.lz4").write_bytes(bytes.fromhex("04224d186440a7") + b"captures" * 30)
    row = b"org,example)/ 20160228120000 http://example.org/ text/html 200 AAAA 900\n"
    (tmp_path / "b.cdx").write_bytes(row)
    out = tmp_path / "captures.jsonl"
    arguments = ("captures", "list", "example.org", "-o", out, "--source", tmp_path / "a.warc.lz4")
    done = scrapy(*arguments, "--source", tmp_path / "b.cdx")
    assert done.returncode == 9
    assert f"{tmp_path}/a.warc.lz4: not read: LZ4 data" in done.stderr
    assert [one.url for one in read_captures(str(out))] == ["http://example.org/"]


def test_captures_are_counted_by_month_and_kind_and_what_the_corpus_has(tmp_path):
    lines = [
        CaptureLine("a", "20150101000000", f"http://{HOST}/news/1", "text/html", "200", "A", 1, "one"),
        CaptureLine("a", "20150201000000", f"http://{HOST}/news/1?x", "text/html", "200", "B", 1, "two"),
        CaptureLine("b", "20150201000000", f"http://{HOST}/news/2", "text/html", "200", "C", 1, "one"),
        CaptureLine("c", "20150202000000", f"http://{HOST}/logo.png", "image/png", "200", "D", 1, "one"),
        CaptureLine("d", "20150202000000", f"http://{HOST}/", "text/html", "200", "E", 1, "one"),
    ]
    write_captures(tmp_path / "list.jsonl.gz", lines)
    site = site_of(tmp_path, "http://127.0.0.1:9/cdx")
    make_corpus(tmp_path / "corpus", make_article(key="example/2", id="2", site="example"), site="example")
    corpus_dir = ("-s", f"CORPUS_DIR={tmp_path / 'corpus'}")
    done = scrapy("captures", "count", tmp_path / "list.jsonl.gz", "--site", site, "--json", *corpus_dir)
    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout)
    assert (said["captures"], said["kinds"]) == (5, {"article": 3, "picture": 1, "other": 1})
    assert said["months"]["2015-02"] == {"article": 2, "picture": 1, "other": 1}
    assert said["sources"]["two"] == {"article": 1, "picture": 0, "other": 0}
    assert (said["articles"], said["corpus"]["articles"], said["corpus"]["share"]) == (2, 1, 0.5)
    done = scrapy("captures", "count", tmp_path / "list.jsonl.gz", "--site", site, *corpus_dir)
    assert "distinct articles: 2" in done.stdout
    assert "1 (50%)" in done.stdout


def test_count_lists_first_if_it_is_given_a_host(tmp_path):
    with serving(CdxServer(ROWS)) as (url, _):
        site = site_of(tmp_path, f"{url}/cdx")
        done = scrapy("captures", "count", HOST, "--site", site, "--json", "-s", f"CORPUS_DIR={tmp_path / 'none'}")
    assert done.returncode == 0, done.stderr
    assert (json.loads(done.stdout)["articles"], json.loads(done.stdout)["corpus"]) == (60, None)


def test_count_refuses_what_is_no_list(tmp_path):
    (tmp_path / "empty.jsonl").write_bytes(b"")
    (tmp_path / "page.html").write_text("<p>no list</p>")
    for name in ("empty.jsonl", "page.html"):
        done = scrapy("captures", "count", tmp_path / name)
        assert (done.returncode, "there is no capture in it" in done.stderr) == (4, True), done.stderr
    done = scrapy("captures", "count", tmp_path / "page.html", "--from", "2013")
    assert (done.returncode, "--from is for listing" in done.stderr) == (4, True)
