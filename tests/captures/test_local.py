"""Captures in local WARC, ARC and WACZ files, and in indexes."""

from __future__ import annotations

import gzip
import json
import zipfile
from datetime import UTC, datetime
from pathlib import Path

import pytest

from crawler.captures.local import local_files, parts_of_file, read_index_file, read_warc_file
from crawler.exceptions import ConfigError, SeedError
from crawler.warc import write_warc
from tests.archives import run_tool
from tests.recover.webarchive import page

WHEN = datetime(2016, 2, 27, 10, 11, 12, tzinfo=UTC)
URLS = [f"http://example.org/news/{number}" for number in range(5)]
ARC = (
    b"filedesc://a.arc 0.0.0.0 20130101000000 text/plain 76\n1 0 InternetArchive\n"
    b"URL IP-address Archive-date Content-type Archive-length\n\n\n"
    b"http://example.org/old 1.2.3.4 20130102030405 text/html 59\n"
    b"HTTP/1.0 200 OK\r\nContent-Type: text/html; charset=x\r\n\r\n<p>old"
)


@pytest.fixture
def warc(tmp_path) -> Path:
    path = tmp_path / "a.warc.gz"
    with path.open("wb") as stream:
        write_warc(stream, [page(url, WHEN, b"<p>Story</p>" + url.encode()) for url in URLS], path.name, {})
    return path


def found_in(path: Path, start: int = 0):
    return [one for part in parts_of_file(str(path)) for one in read_warc_file(part, "warc", start)]


def test_places_of_records_are_those_that_another_tool_finds(warc):
    lines = [one.line for one in found_in(warc)]
    done = run_tool("cdxj-indexer", str(warc))
    assert done.returncode == 0, done.stderr
    expected = [json.loads(line.split(" ", 2)[2]) for line in done.stdout.splitlines()]
    assert [line.url for line in lines] == URLS
    for line, other in zip(lines, expected, strict=True):
        assert (line.offset, line.length, line.status) == (int(other["offset"]), int(other["length"]), other["status"])
        assert (line.digest.removeprefix("sha1:"), line.mime) == (other["digest"].removeprefix("sha1:"), other["mime"])
        assert line.filename == str(warc)


def test_reading_resumes_at_the_place_of_a_capture(warc):
    everything = found_in(warc)
    for number, one in enumerate(everything):
        assert found_in(warc, one.place) == everything[number + 1 :]


def test_records_of_a_file_in_one_gzip_member_have_no_place(warc, tmp_path):
    packed = tmp_path / "one.warc.gz"
    packed.write_bytes(gzip.compress(gzip.decompress(warc.read_bytes())))
    lines = [one.line for one in found_in(packed)]
    assert [line.url for line in lines] == URLS
    assert {(line.offset, line.length) for line in lines} == {(None, None)}


def test_wacz_gives_the_captures_of_its_warc_files(warc, tmp_path):
    wacz = tmp_path / "a.wacz"
    with zipfile.ZipFile(wacz, "w") as archive:
        archive.write(warc, "archive/a.warc.gz")
        archive.writestr("datapackage.json", "{}")
    lines = [one.line for one in found_in(wacz)]
    assert [line.url for line in lines] == URLS
    assert lines[0].filename == f"{wacz}/archive/a.warc.gz"


def test_arc_file_is_read_and_its_digest_is_made(tmp_path):
    (tmp_path / "a.arc").write_bytes(ARC)
    (line,) = [one.line for one in found_in(tmp_path / "a.arc") if one.line]
    assert (line.url, line.timestamp, line.mime, line.status) == (
        "http://example.org/old",
        "20130102030405",
        "text/html",
        "200",
    )
    assert len(line.digest) == 32


def test_broken_record_is_an_error_and_the_others_are_found(warc, tmp_path):
    data, second = bytearray(warc.read_bytes()), found_in(warc)[1].line
    data[second.offset + 40 : second.offset + 60] = b"\0" * 20
    broken = tmp_path / "broken.warc.gz"
    broken.write_bytes(data)
    found = found_in(broken)
    assert [one.line.url for one in found if one.line] == [URLS[0], *URLS[2:]]
    assert [str(one.error).startswith(str(broken)) for one in found if one.error] == [True]


def test_bad_lines_of_an_index_are_errors_in_their_place(tmp_path):
    line = "org,example)/{0} 20130101000000 http://example.org/{0} text/html 200 - 9"
    path = tmp_path / "a.cdx"
    path.write_text(f"bad\n{line.format(1)}\nworse\n{line.format(2)}\nworst\n")
    found = list(read_index_file(str(path), "ukwa", 0))
    assert [bool(one.line) for one in found] == [False, True, False, True, False]
    assert [one.line.url for one in read_index_file(str(path), "ukwa", 1) if one.line] == ["http://example.org/2"]


def test_file_without_any_capture_is_refused(tmp_path):
    path = tmp_path / "a.txt"
    path.write_text("nothing of the kind\n" * 5)
    with pytest.raises(SeedError, match=r"a\.txt:1: not a line of captures"):
        list(read_index_file(str(path), "warc", 0))


def test_folder_gives_captures_and_indexes_only(warc, tmp_path):
    for name in ("b.cdxj.gz", "notes.txt", "c.jsonl"):
        (tmp_path / name).write_bytes(b"")
    assert [Path(one).name for one in local_files(str(tmp_path))] == ["a.warc.gz", "b.cdxj.gz", "c.jsonl"]
    assert local_files(str(tmp_path / "*.gz")) == [str(warc), str(tmp_path / "b.cdxj.gz")]
    (tmp_path / "empty").mkdir()
    with pytest.raises(ConfigError, match="there is no WARC"):
        local_files(str(tmp_path / "empty"))
