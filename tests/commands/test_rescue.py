"""``scrapy seeds rescue``: where each step found an article or did not, and why."""

from __future__ import annotations

import json
import signal
import subprocess
import threading

from crawler.replica import Site
from crawler.replica.routes import Routes
from tests import warm
from tests.crawling import REPOSITORY, scrapy, scrapy_command
from tests.recover.webarchive import archive, recovering
from tests.scripted import Scripted, http, write_profile
from tests.waiting import HANG_SECONDS
from tests.zoo.pages import record

GONE, NOWHERE, THERE = 1793356, 1793357, 1793358
TITLE = Site().title(GONE)


def test_each_step_is_printed_and_the_exit_code_says_whether_all_were_found(start_replica, tmp_path):
    replica = start_replica("--gone-ids", f"{GONE},{NOWHERE}")
    page = Routes(Site(), replica.url).reply(f"/news/{GONE}/{Site().slug(GONE)}", {})[1].body

    def answer(asked, _before):
        if asked.path.startswith("/cdx"):
            return 200, {}, f"key 20160227000000 {replica.url}/news/{GONE} text/html 200 D 9\n".encode()
        return 200, {"Content-Type": "text/html"}, page

    with archive(answer) as (wayback, _):
        site = recovering(
            replica.profile,
            tmp_path,
            wayback=wayback,
            cdx=f"{wayback}/cdx",
            cdx_per_minute=6000,
            captures_per_minute=6000,
        )
        corpus = ("-s", f"CORPUS_DIR={tmp_path / 'corpus'}")
        asked = (f"{replica.url}/news/{GONE}/slug", str(NOWHERE), str(THERE))
        done = scrapy("seeds", "rescue", *asked, "--json", "-a", f"site={site}", *corpus)
        assert done.returncode == 9, done.stderr
        gone, nowhere, there = map(json.loads, done.stdout.splitlines())
        assert [one["found"] for one in (gone, nowhere, there)] == [True, False, True]
        assert (gone["record"]["title"], gone["record"]["capture"]["source"]) == (TITLE, "wayback")
        assert gone["record"]["capture"]["archived"] == "2016-02-27T00:00:00+00:00"
        assert [attempt["source"] for attempt in nowhere["attempts"]] == ["origin", "wayback"]
        assert (nowhere["attempts"][1]["reason"], nowhere["waiting"]) == ("wayback: no capture", False)
        assert (there["attempts"], there["record"]["capture"]["source"]) == ([], "origin")

        done = scrapy("seeds", "rescue", str(GONE), "--site", site, *corpus)
        assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert lines[0] == f"replica/{GONE}"
    assert f"wayback      found (captured 2016-02-27T00:00:00+00:00)  {wayback}/web/20160227000000id_/" in done.stdout
    assert f"title        {TITLE}" in done.stdout
    assert not (tmp_path / "corpus").exists()


def test_archives_are_not_blamed_when_pages_come_from_warc_files(tmp_path):
    profile = tmp_path / "site.toml"
    profile.write_text(
        'name = "little"\nlanguage = "en"\ntimezone = "UTC"\n[article]\nurls = ["http://en.alalam.ir/news/{id}"]\n'
        "id_pattern = '/news/(?P<id>[0-9]+)'\n[image]\nurls = [\"http://en.alalam.ir/pic/{pic}\"]\n"
        '[recover]\nwayback = "http://127.0.0.1:9"\n'
    )
    (tmp_path / "a.warc").write_bytes(record(1793001))
    there = ("--site", str(profile), "-s", f"SOURCE=warc:{tmp_path}/a.warc", "-s", f"CORPUS_DIR={tmp_path}/corpus")
    done = scrapy("seeds", "rescue", "1793001", "1793099", "--json", *there)
    found, missing = map(json.loads, done.stdout.splitlines())
    assert (done.returncode, found["found"], missing["found"], missing["waiting"]) == (9, True, False, False)
    reasons = [(attempt["source"], attempt["reason"]) for attempt in missing["attempts"]]
    assert reasons == [("origin", "not in the WARC files")]


def test_argument_that_is_no_article_of_the_site_is_one_line(tmp_path):
    done = scrapy("seeds", "rescue", "https://elsewhere.example/news/1", "-s", f"CORPUS_DIR={tmp_path}")
    assert (done.returncode, done.stdout) == (4, "")
    assert "not an id or URL of an article" in done.stderr
    assert scrapy("seeds", "rescue").returncode == 2


def test_stopped_by_a_signal_it_says_so_and_not_that_nothing_was_found(tmp_path):
    asked = threading.Event()

    def never(_path):
        asked.set()
        return http(429, b"", "Retry-After: 60")

    with Scripted(never) as site:
        command = scrapy_command(
            "seeds",
            "rescue",
            "1",
            "--site",
            write_profile(tmp_path / "site.toml", site.url),
            "-s",
            "ROBOTSTXT_OBEY=False",
        )
        with warm.Popen(command, cwd=REPOSITORY, stdout=subprocess.PIPE, text=True) as run:
            assert asked.wait(HANG_SECONDS)
            run.send_signal(signal.SIGINT)
            assert run.wait(HANG_SECONDS) == 11
