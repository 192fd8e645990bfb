"""The main job, end to end: seed dumps in, a corpus out, against the replica as a real site."""

from __future__ import annotations

import hashlib
import json
import os
import random
import signal
import subprocess
import time
from pathlib import Path

import orjson
import pytest

from crawler.archive import Corpus
from crawler.corpus.fixity.verify import record_validator, verify
from tests.conftest import NEIGHBOURS
from tests.crawling import AS_USERS, crawl, crawl_arguments, records, scrapy, scrapy_command, write_seed
from tests.waiting import HANG_SECONDS, wait_for

SHARED = Path(__file__).parents[2] / "shared" / "seeds"


@pytest.fixture
def seed(tmp_path):
    return write_seed(tmp_path / "seed.txt", *NEIGHBOURS)


@pytest.fixture
def corpus(tmp_path):
    return tmp_path / "corpus"


def test_a_seed_becomes_its_neighbours_with_pictures_and_relations(crawled):
    corpus, seed, done = crawled
    assert str(corpus / "articles") in done.stdout

    kept = records(corpus)
    assert sorted(record["kind"] for record in kept) == ["article"] * 5 + ["seed"]
    validator = record_validator()
    (seed_record,) = (record for record in kept if record["kind"] == "seed")
    assert seed_record["key"] == "replica/seed-" + hashlib.sha256(seed.read_bytes()).hexdigest()[:12]
    assert [item["id"] for item in seed_record["related"]] == [str(number) for number in NEIGHBOURS]
    assert seed_record["desk_code"] == "212-11"
    assert seed_record["text"] == "A paragraph about the harbour."
    for record in kept:
        validator.validate(record)
        if record["kind"] != "article":
            continue
        assert record["discovered_from"] == [seed_record["key"]]
        assert (record["depth"], record["capture"]["source"]) == (1, "origin")
        assert record["title"]
        assert record["related"]
        assert "string(" not in record["text"]
        assert record["published_from"] is not None
        stored = [image for image in record["images"] if image["status"] == "stored"]
        assert stored
        for image in stored:
            data = (corpus / image["path"]).read_bytes()
            assert hashlib.sha256(data).hexdigest() == image["sha256"]
            assert (len(data), image["media_type"]) == (image["bytes"], "image/jpeg")
    assert verify(corpus).problems == []


def test_second_identical_crawl_requests_nothing_and_writes_no_line(replica, crawled, tmp_path):
    corpus = crawled.copy(tmp_path)
    before = records(corpus)
    replica.reset()
    done = crawl(crawled.seed, corpus, replica.profile)
    assert done.returncode == 0, done.stderr
    stats = replica.stats()
    assert (stats["article"], stats["image"]) == (0, 0)
    assert records(corpus) == before


def test_greater_depth_continues_from_the_corpus(replica, crawled, tmp_path):
    corpus = crawled.copy(tmp_path)
    first = {record["key"] for record in records(corpus)}
    replica.reset()
    assert crawl(crawled.seed, corpus, replica.profile, "depth=2").returncode == 0
    kept = records(corpus) + records(corpus, "duplicates")
    listed = {f"replica/{item['id']}" for record in kept if record["depth"] <= 1 for item in record["related"]}
    assert {record["key"] for record in kept} == first | listed
    assert {record["depth"] for record in kept} == {0, 1, 2}
    assert replica.stats()["article"] < 2 * len(listed - first) + 1


def test_depth_0_archives_the_seeds_alone(replica, seed, corpus):
    replica.reset()
    assert crawl(seed, corpus, replica.profile, "depth=0").returncode == 0
    assert [record["kind"] for record in records(corpus)] == ["seed"]
    assert replica.stats()["article"] == 0


def test_max_articles_is_a_limit_and_the_next_run_resumes(replica, seed, corpus):
    assert crawl(seed, corpus, replica.profile, "max_articles=2").returncode == 0
    assert sum(record["kind"] == "article" for record in records(corpus)) == 2
    assert crawl(seed, corpus, replica.profile, "max_articles=2").returncode == 0
    assert sum(record["kind"] == "article" for record in records(corpus)) == 4


def test_an_id_that_the_site_has_not_becomes_a_stub_dated_by_its_picture(replica, tmp_path, corpus):
    pic = "/2016/02/26/alalam_635921016327147719_25f_4x3.jpg"
    seed = write_seed(tmp_path / "seed.txt", 5, pic=pic)
    assert crawl(seed, corpus, replica.profile).returncode == 0
    (stub,) = (record for record in records(corpus) if record["kind"] == "stub")
    assert (stub["key"], stub["title"], stub["text"]) == ("replica/5", "Story 5", None)
    assert (stub["published"], stub["published_from"]) == ("2016-02-26T16:40:32+03:30", "picture")
    assert stub["capture"]["status"] == 404
    assert stub["images"][0]["status"] == "stored"
    replica.reset()
    assert crawl(seed, corpus, replica.profile).returncode == 0
    assert replica.stats()["article"] == 0


def test_article_without_answer_is_a_stub_and_tried_again_and_changes_the_exit_code(replica, tmp_path, seed, corpus):
    dead = tmp_path / "dead.toml"
    dead.write_text(replica.profile.read_text(encoding="utf-8").replace(replica.url, "http://127.0.0.1:9"))
    done = crawl(seed, corpus, dead, settings=["RETRY_TIMES=0", "ROBOTSTXT_OBEY=False"])
    assert done.returncode == 9
    assert "5 targets gave no answer" in done.stdout
    assert sorted(record["kind"] for record in records(corpus)) == ["seed"] + ["stub"] * 5
    assert crawl(seed, corpus, replica.profile).returncode == 0
    latest = {record["key"]: record for record in records(corpus)}
    assert sorted(record["kind"] for record in latest.values()) == ["article"] * 5 + ["seed"]
    assert {record["version"] for record in latest.values() if record["kind"] == "article"} == {2}


@pytest.mark.skipif(not SHARED.exists(), reason="the facsimiles of real seeds are not beside this checkout")
def test_every_related_id_of_all_real_seeds_is_in_the_corpus(replica, corpus):
    assert crawl(SHARED, corpus, replica.profile).returncode == 0
    everything = records(corpus) + records(corpus, "duplicates")
    keys = {record["key"] for record in everything}
    listed = {item["id"] for record in everything if record["kind"] == "seed" for item in record["related"]}
    assert len(listed) > 200
    assert {f"replica/{number}" for number in listed} <= keys
    assert verify(corpus).problems == []


@pytest.mark.parametrize(
    ("changes", "code", "message"),
    [
        ({"seeds": "/nowhere/seed.txt"}, 4, "/nowhere/seed.txt"),
        ({"seeds": "LICENSE"}, 4, "no dump"),
        ({"site": "alalm"}, 4, "unknown (known: alalam, replica"),
        ({"site": "pyproject.toml"}, 4, "unknown key"),
        ({"arguments": ["depth=-1"]}, 4, "-a depth=-1"),
        ({"arguments": ["depht=2"]}, 4, "unknown argument -a depht="),
        ({"settings": ["IMAGES_FETCH=some"]}, 4, "IMAGES_FETCH"),
        ({"settings": ["EXTRACT_PROCESSES=-1"]}, 4, "EXTRACT_PROCESSES is '-1': give a whole number from 0 to"),
        ({"settings": ["FRONTIER_URL=http://127.0.0.1"]}, 4, "FRONTIER_URL"),
        ({"settings": ["FRONTIER_URL=redis://:s3cret@127.0.0.1:1"]}, 8, "redis://127.0.0.1:1 is gone"),
    ],
)
def test_a_senseless_run_ends_with_one_line_before_anything_is_written(replica, seed, corpus, changes, code, message):
    done = crawl(
        changes.get("seeds", seed),
        corpus,
        changes.get("site", replica.profile),
        *changes.get("arguments", ()),
        settings=changes.get("settings", ()),
    )
    assert done.returncode == code
    errors = [line for line in done.stderr.splitlines() if line.startswith("gleaner: ")]
    assert len(errors) == 1, done.stderr
    assert message in errors[0]
    assert "Traceback" not in done.stderr
    assert not (corpus / "articles").exists()


def test_corpus_held_by_another_crawl_is_not_touched(replica, seed, corpus):
    holder = Corpus(corpus, "replica")
    done = crawl(seed, corpus, replica.profile)
    holder.close()
    assert done.returncode == 6
    assert "gleaner: corpus" in done.stderr
    assert records(corpus) == []


def test_damaged_corpus_is_not_touched(replica, seed, corpus):
    corpus.mkdir()
    (corpus / "corpus.json").write_text('{"schema": 9}')
    done = crawl(seed, corpus, replica.profile)
    assert done.returncode == 5
    assert "corpus.json is not of schema 1" in done.stderr
    assert records(corpus) == []


def test_a_spider_that_there_is_not_is_wrong_usage():
    done = scrapy("crawl", "neighbors")
    assert (done.returncode, "there is no spider 'neighbors'" in done.stdout + done.stderr) == (2, True)


def test_a_limit_that_was_set_ends_a_crawl_with_its_own_code(replica, seed, corpus):
    done = crawl(seed, corpus, replica.profile, settings=["CLOSESPIDER_PAGECOUNT=1"])
    assert done.returncode == 15, done.stderr
    assert verify(corpus).problems == []


FULL_DISK = """
mount -t tmpfs -o size=200k none "$1" || exit 77
shift
"$@"; echo "first $?"
mount -o remount,size=64m none "$DISK"
"$@"; echo "second $?"
cp -a "$DISK/." "$COPY"
"""


def test_a_full_disk_ends_the_crawl_with_its_own_code_and_loses_nothing(replica, seed, tmp_path):
    """The disk is a tmpfs in a mount namespace of its own; the second crawl finds it larger."""
    disk, copy = tmp_path / "disk", tmp_path / "copy"
    disk.mkdir()
    command = scrapy_command(*crawl_arguments(seed, disk, replica.profile))
    done = subprocess.run(
        ["unshare", "--map-root-user", "--mount", "sh", "-c", FULL_DISK, "sh", disk, *command],
        cwd=Path(__file__).parents[1],
        env={**os.environ, "DISK": str(disk), "COPY": str(copy)},
        capture_output=True,
        text=True,
        check=False,
        timeout=HANG_SECONDS,
    )
    if done.returncode in {1, 77} and "first" not in done.stdout:
        pytest.skip(f"no mount namespace is available here: {done.stderr.strip()}")
    assert "first 3" in done.stdout, done.stderr
    assert "second 0" in done.stdout, done.stderr
    assert "no room left" in done.stderr
    assert sorted(record["kind"] for record in records(copy)) == ["article"] * 5 + ["seed"]
    assert verify(copy).problems == []


# Two of different kinds: of two of one kind that come at once, the system may hand on one.
@pytest.mark.parametrize(("signals", "code"), [((signal.SIGINT,), 11), ((signal.SIGINT, signal.SIGTERM), 13)])
def test_one_signal_stops_gently_two_stop_at_once_and_the_next_run_resumes(start_replica, seed, corpus, signals, code):
    replica = start_replica("--delay", "300")
    arguments = crawl_arguments(seed, corpus, replica.profile, "depth=3", settings=[AS_USERS])
    repository = Path(__file__).parents[1]
    with subprocess.Popen(
        scrapy_command(*arguments), cwd=repository, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as crawling:
        wait_for(lambda: len(records(corpus)) > 2)
        for number in signals:
            crawling.send_signal(number)
        output, _ = crawling.communicate(timeout=HANG_SECONDS)
    assert crawling.returncode == code, output
    if code == 11:
        assert "it resumes the crawl" in output
        run = next((corpus / "runs").iterdir())
        assert json.loads((run / "stats.json").read_bytes())["exit_code"] == 11
    assert crawl(seed, corpus, replica.profile).returncode == 0
    assert verify(corpus).problems == []
    assert {f"replica/{number}" for number in NEIGHBOURS} <= {record["key"] for record in records(corpus)}


def test_a_signal_while_it_begins_stops_it_as_gently(replica, seed, corpus, tmp_path):
    (tmp_path / "scrapy.cfg").write_text("[settings]\ndefault = stopped\n")
    (tmp_path / "stopped.py").write_text(
        "import os, signal\n"
        "from scrapy import signals\n"
        "from crawler.settings import *\n"
        "class Stop:\n"
        "    @classmethod\n"
        "    def from_crawler(cls, crawler):\n"
        "        crawler.signals.connect(cls.stop, signal=signals.spider_opened)\n"
        "        return cls()\n"
        "    def stop():\n"
        "        os.kill(os.getpid(), signal.SIGINT)\n"
        "EXTENSIONS = {**EXTENSIONS, 'stopped.Stop': 5}\n"
    )
    done = subprocess.run(
        scrapy_command(*crawl_arguments(seed, corpus, replica.profile)), cwd=tmp_path, capture_output=True, text=True,
        check=False, timeout=HANG_SECONDS, env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[1])},
    )  # fmt: skip
    assert (done.returncode, "it resumes the crawl" in done.stdout) == (11, True), done.stderr
    reader, unread = os.pipe()  # the next one goes on, also when nobody reads what it says
    os.close(reader)
    command = scrapy_command(*crawl_arguments(seed, corpus, replica.profile))
    done = subprocess.run(
        command,
        cwd=Path(__file__).parents[1],
        stdout=unread,
        stderr=subprocess.PIPE,
        text=True,
        check=False,
        timeout=HANG_SECONDS,
    )
    os.close(unread)
    assert (done.returncode, "Broken" in done.stderr) == (0, False), done.stderr
    assert verify(corpus).problems == []


def test_killed_at_random_instants_the_corpus_ends_as_that_of_an_undisturbed_crawl(replica, seed, tmp_path):
    """GLEANER_KILLS sets how many instants; each crawl is killed, started again, killed ... and at last let finish."""
    kills = int(os.environ.get("GLEANER_KILLS", "4"))
    undisturbed, disturbed = tmp_path / "undisturbed", tmp_path / "disturbed"
    assert crawl(seed, undisturbed, replica.profile, "depth=2").returncode == 0
    chance = random.Random(kills)
    command = scrapy_command(*crawl_arguments(seed, disturbed, replica.profile, "depth=2", settings=[AS_USERS]))
    for _ in range(kills):
        with subprocess.Popen(
            command, cwd=Path(__file__).parents[1], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        ) as crawling:
            time.sleep(chance.uniform(0.4, 2.4))
            crawling.kill()
        if (disturbed / "corpus.json").exists():
            assert verify_after_kill(disturbed) == []
    done = crawl(seed, disturbed, replica.profile, "depth=2")
    assert done.returncode == 0, done.stderr
    assert keys_and_kinds(disturbed) == keys_and_kinds(undisturbed)
    assert verify(disturbed).problems == []


def verify_after_kill(corpus):
    return verify(corpus).problems if (corpus / "catalogue.sqlite").exists() else []


def keys_and_kinds(corpus):
    """Return each line's key and version, sorted; a line that is there twice shows twice."""
    return sorted(
        (record["key"], record["version"])
        for family in ("articles", "duplicates")
        for record in records(corpus, family)
    )


def test_stats_and_verify_speak_json(crawled, tmp_path):
    corpus = crawled.copy(tmp_path)
    stats = orjson.loads(scrapy("corpus", "stats", "--json", "-s", f"CORPUS_DIR={corpus}").stdout)
    assert stats["records"] == {"article": 5, "seed": 1}
    done = scrapy("corpus", "verify", "--json", "-s", f"CORPUS_DIR={corpus}")
    assert (done.returncode, orjson.loads(done.stdout)["ok"]) == (0, True)
    segment = corpus / "articles" / "articles-000001.jsonl"
    segment.write_bytes(segment.read_bytes().replace(b"harbour", b"harbous", 1))
    done = scrapy("corpus", "verify", "--json", "-s", f"CORPUS_DIR={corpus}")
    problems = orjson.loads(done.stdout)["problems"]
    assert done.returncode == 5
    assert "content_sha256 does not match the text" in problems[0]["message"]
    assert scrapy("corpus", "stats", "-s", f"CORPUS_DIR={corpus / 'nowhere'}").returncode == 1
