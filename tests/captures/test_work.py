"""The working file of a listing, and which captures are the same."""

from __future__ import annotations

import sqlite3

import pytest

from crawler.captures.lines import CaptureLine
from crawler.captures.work import ENDING, ListingBusy, WorkingFile, distinct
from crawler.exceptions import ConfigError

URL = "http://example.org/1"
LINE = CaptureLine("org,example)/1", "20160227101112", URL, "text/html", "200", "A", 9, "wayback")
ARGUMENTS = {"urls": ["host example.org"]}


@pytest.fixture
def output(tmp_path):
    return tmp_path / "captures.jsonl"


def later(digest: str | None, year: int = 2017, **values) -> CaptureLine:
    return LINE._replace(timestamp=f"{year}0101000000", digest=digest, **values)


def test_earliest_capture_of_each_content_of_a_url_is_kept():
    other_url = later("A", urlkey="org,example)/2", url="http://example.org/2")
    lines = [LINE, later("A", 2017), later("B", 2018), later("A", 2019), other_url]
    assert list(distinct(lines, ())) == [LINE, later("B", 2018), other_url]


def test_digests_are_compared_not_their_spelling():
    spelled = ["3I42H3S6NNFQ2MSVX7XZKYAYSCX5QBYJ", "sha1:3I42H3S6NNFQ2MSVX7XZKYAYSCX5QBYJ"]
    spelled.append("sha1:da39a3ee5e6b4b0d3255bfef95601890afd80709")
    assert list(distinct([later(one, 2016 + n) for n, one in enumerate(spelled)], ())) == [later(spelled[0], 2016)]


def test_captures_without_a_digest_are_the_same_only_with_the_same_url_and_time():
    bare, again, other = later(None), later(None, source="ukwa"), later(None, url="https://example.org/1")
    assert list(distinct([bare, again, other, later(None, 2018)], ("wayback", "ukwa"))) == [
        bare,
        other,
        later(None, 2018),
    ]


def test_capture_that_one_index_knows_better_is_kept_once():
    bare, known = later(None, source="ukwa"), later("A")
    assert list(distinct([bare, known], ("ukwa", "wayback"))) == [known]


def test_of_two_archives_with_the_same_capture_the_one_named_first_is_kept():
    ours, theirs = later("A"), later("A", source="ukwa")
    assert list(distinct([theirs, ours], ("wayback", "ukwa"))) == [ours]
    assert list(distinct([ours, theirs], ("ukwa", "wayback"))) == [theirs]


def test_captures_and_state_are_there_when_it_is_opened_again(output):
    place = LINE._replace(source="warc", filename="a.warc.gz", offset=0)
    with WorkingFile(output, ARGUMENTS) as work:
        work.add_tasks([("wayback", {"url": "a"}), ("wayback", {"url": "b"})])
        task = work.next_task("wayback")
        work.keep(task, [later("B"), LINE, LINE, place], {"page": 3}, done=False, counts={"requests": 1})
    with WorkingFile(output, ARGUMENTS) as work:
        assert work.is_resumed
        work.add_tasks([("wayback", {"url": "a"})])
        task = work.next_task("wayback")
        assert (task.what, task.state) == ({"url": "a"}, {"page": 3})
        assert list(work.captures()) == [place, LINE, later("B")]
        assert work.counts() == {"wayback": {"requests": 1}}
        work.keep(task, [], {}, done=True)
        assert work.next_task("wayback").what == {"url": "b"}


def test_other_arguments_are_refused_and_named_or_begin_anew(output):
    with WorkingFile(output, ARGUMENTS) as work:
        work.add_tasks([("wayback", {})])
    with pytest.raises(ConfigError, match=r"other arguments \(--from, urls\)"):
        WorkingFile(output, {"urls": [], "--from": "2013"})
    with WorkingFile(output, {"urls": []}, replace=True) as work:
        assert (work.is_resumed, work.next_task("wayback")) == (False, None)


def test_two_at_once_are_refused(output):
    with WorkingFile(output, ARGUMENTS), pytest.raises(ListingBusy, match="another process"):
        WorkingFile(output, ARGUMENTS)
    WorkingFile(output, ARGUMENTS).close()


def test_file_that_is_none_of_ours_is_refused(output):
    path = output.with_name(output.name + ENDING)
    path.write_bytes(b"not a database" * 100)
    with pytest.raises(ConfigError, match="remove it"):
        WorkingFile(output, ARGUMENTS)
    path.unlink()
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE captures (x)")
    with pytest.raises(ConfigError), WorkingFile(output, ARGUMENTS) as work:
        work.add_tasks([("wayback", {})])
        work.keep(work.next_task("wayback"), [LINE], {}, done=True)
