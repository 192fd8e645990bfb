"""Pages with a dump found in archives of all kinds, and in spite of all that is broken in them."""

from __future__ import annotations

import gzip
import io
import json
import zipfile
from pathlib import Path
from random import Random
from typing import Any

import pytest

from crawler.exceptions import SeedError
from crawler.seeds.find import harvest_file, may_hold_dump
from crawler.seeds.harvest import Yield, harvest
from crawler.sites import load_profile
from crawler.zstd import zstd
from tests.seeds.written import FORMS, RECORDS, json_string

pytest.importorskip("fastwarc", reason="the extra 'harvest' is not installed")

DUMP = json_string(RECORDS)


def record(number: int, body: bytes | None = None, kind: str = "conversion", host: str = "example.org") -> bytes:
    text = " ".join(str(Random(number).random()) for _ in range(40)) + f"\n{DUMP}\n"
    block = text.encode() if body is None else body
    head = (
        f"WARC/1.0\r\nWARC-Type: {kind}\r\nWARC-Target-URI: http://{host}/{number}\r\n"
        f"WARC-Date: 2016-05-0{number % 9 + 1}T00:00:00Z\r\nContent-Length: {len(block)}\r\n"
    )
    if kind == "response":
        head += "Content-Type: application/http; msgtype=response\r\n"
    return head.encode() + b"\r\n" + block + b"\r\n\r\n"


def members(count: int = 6) -> list[bytes]:
    # The time is fixed: after a cut, it is read as data, and at some times of day it looks like the end of a header.
    return [gzip.compress(record(number), mtime=0) for number in range(count)]


def found(path: Path, site: str | None = None) -> tuple[list[str], list[str]]:
    errors: list[SeedError] = []
    profile = load_profile(site) if site else None
    pages = list(harvest_file(str(path), profile, errors.append, lambda _: None))
    assert all(page.records == 3 for page in pages)
    return [str(page.url).rpartition("/")[2] for page in pages], [str(error) for error in errors]


def gathered(*paths: Path, jobs: int = 1) -> tuple[list[dict[str, Any]], list[Yield]]:
    out = io.BytesIO()
    results = list(harvest([str(path) for path in paths], out, jobs=jobs))
    return [json.loads(line) for line in out.getvalue().splitlines()], results


@pytest.mark.parametrize("ending", ["warc", "warc.gz", "wet.gz", "warc.zst"])
def test_every_record_with_a_dump_is_found_with_its_place(tmp_path: Path, ending: str) -> None:
    pages = [record(0), record(1, b"no dump"), record(2), record(3, kind="request"), record(4, kind="resource")]
    pack = {"gz": gzip.compress, "zst": zstd.compress}.get(ending.rpartition(".")[2], bytes)
    packed = [pack(page) for page in pages]
    path = tmp_path / f"a.{ending}"
    path.write_bytes(b"".join(packed))
    lines, (result,) = gathered(path)
    assert [line["url"] for line in lines] == [f"http://example.org/{number}" for number in (0, 2, 4)]
    assert [line["timestamp"] for line in lines] == [f"2016-05-0{number}T00:00:00Z" for number in (1, 3, 5)]
    assert list(lines[0]) == ["text", "url", "timestamp", "file", "offset", "records"]
    assert lines[0]["text"].endswith(f"\n{DUMP}\n")
    assert (lines[0]["file"], result.pages, result.records, result.errors) == (str(path), 3, 9, [])
    if ending != "warc.zst":
        assert [line["offset"] for line in lines] == [sum(map(len, packed[:number])) for number in (0, 2, 4)]


@pytest.mark.parametrize("name", ["a.wacz", "a.zip", "download"])
def test_wacz_is_recognised_by_its_content(tmp_path: Path, name: str) -> None:
    with zipfile.ZipFile(tmp_path / name, "w") as wacz:
        wacz.writestr("datapackage.json", "{}")
        wacz.writestr("archive/data.warc.gz", b"".join(members(2)))
        wacz.writestr("pages/pages.jsonl", json.dumps({"url": "http://example.org/9", "text": DUMP}))
    lines, (result,) = gathered(tmp_path / name)
    assert [(line["url"], line["file"]) for line in lines] == [
        (f"http://example.org/{number}", str(tmp_path / name)) for number in (0, 1)
    ]
    assert result.errors == []


@pytest.mark.parametrize("coding", ["identity", "gzip", "chunked"])
def test_http_bodies_come_decoded(tmp_path: Path, coding: str) -> None:
    page = f"<html><body><p>Body.</p>{DUMP}</body></html>".encode()
    body = {"gzip": gzip.compress(page), "chunked": b"%x\r\n%b\r\n0\r\n\r\n" % (len(page), page)}.get(coding, page)
    name = b"Transfer-Encoding" if coding == "chunked" else b"Content-Encoding"
    http = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n%b: %b\r\n\r\n" % (name, coding.encode())
    path = tmp_path / "a.warc.gz"
    path.write_bytes(gzip.compress(record(0, http + body, kind="response")))
    ((line,), _) = gathered(path)
    assert line["text"] == page.decode()


def damaged(member: bytes, place: int, size: int) -> bytes:
    return member[:place] + b"\xff" * size + member[place + size :]


def without(number: int) -> list[str]:
    return [str(other) for other in range(6) if other != number]


@pytest.mark.parametrize("number", [0, 2, 5])
@pytest.mark.parametrize("damage", ["bytes", "checksum", "cut"])
def test_broken_gzip_member_is_reported_and_later_members_are_read(tmp_path: Path, number: int, damage: str) -> None:
    parts = members()
    place = sum(map(len, parts[:number]))
    part = parts[number]
    parts[number] = {
        "bytes": damaged(part, 200, 30),
        "checksum": damaged(part, len(part) - 8, 4),
        "cut": part[: len(part) // 3],
    }[damage]
    path = tmp_path / "a.warc.gz"
    path.write_bytes(b"".join(parts))
    numbers, errors = found(path)
    assert numbers == without(number)
    if (number, damage) != (5, "cut"):  # FastWARC takes a cut at the very end for the end
        (error,) = errors
        assert f"offset {place}," in error


def test_invalid_record_is_reported_and_skipped(tmp_path: Path) -> None:
    parts = members()
    parts[2] = gzip.compress(b"no record at all\r\n\r\n")
    (tmp_path / "a.warc.gz").write_bytes(b"".join(parts))
    numbers, errors = found(tmp_path / "a.warc.gz")
    assert (numbers, len(errors)) == (without(2), 1)


@pytest.mark.parametrize("compress", [True, False])
def test_a_record_that_claims_too_much_swallows_no_other(tmp_path: Path, compress: bool) -> None:
    pages = [record(number) for number in range(6)]
    pages[2] = pages[2].replace(b"Content-Length: ", b"Content-Length: 9")
    path = tmp_path / "a.warc"
    path.write_bytes(b"".join(gzip.compress(page) if compress else page for page in pages))
    numbers, errors = found(path)
    assert (numbers, len(errors)) == (["0", "1", "2", "3", "4", "5"], 1)


@pytest.mark.parametrize("compress", [True, False])
@pytest.mark.parametrize("pages", [0, 1, 3])
def test_records_of_other_types_are_skipped_wherever_they_are(tmp_path: Path, pages: int, compress: bool) -> None:
    kinds = ["warcinfo", *("request", "conversion", "metadata") * pages, "request", "metadata"]
    records = [record(number, kind=kind) for number, kind in enumerate(kinds)]
    path = tmp_path / "a.warc"
    path.write_bytes(b"".join(gzip.compress(one) if compress else one for one in records))
    assert found(path) == ([str(3 * number + 2) for number in range(pages)], [])


@pytest.mark.parametrize("compress", [True, False])
def test_a_request_that_claims_too_much_swallows_no_page(tmp_path: Path, compress: bool) -> None:
    records = [record(0), record(1, kind="request"), record(2), record(3)]
    records[1] = records[1].replace(b"Content-Length: ", b"Content-Length: 9")
    path = tmp_path / "a.warc"
    path.write_bytes(b"".join(gzip.compress(one) if compress else one for one in records))
    numbers, errors = found(path)
    assert (numbers, len(errors)) == (["0", "2", "3"], 1)


def test_only_the_hosts_of_a_site(tmp_path: Path) -> None:
    path = tmp_path / "a.warc"
    path.write_bytes(record(0) + record(1, host="en.alalam.ir") + record(2, host="en.alalam.ir.evil.example"))
    assert found(path, "alalam") == (["1"], [])


@pytest.mark.parametrize("ending", ["jsonl", "jsonl.gz", "json.gz", "jsonl.zst"])
def test_json_lines(tmp_path: Path, ending: str) -> None:
    lines = [
        {"text": "nothing", "url": "http://example.org/0"},
        {"text": DUMP, "url": "http://example.org/1", "timestamp": "2016-05-01T00:00:00Z"},
        {"text": 'about string( and "contenttypeid" {', "url": "http://example.org/2"},
    ]
    data = "".join(json.dumps(line) + "\n" for line in lines).encode() + b'{"text": "contenttypeid'
    pack = {"gz": gzip.compress, "zst": zstd.compress}.get(ending.rpartition(".")[2], bytes)
    path = tmp_path / f"a.{ending}"
    path.write_bytes(pack(data))
    numbers, errors = found(path)
    assert (numbers, len(errors)) == (["1"], 1)


def test_harvested_line_is_a_seed(tmp_path: Path) -> None:
    (tmp_path / "a.warc").write_bytes(record(0))
    lines, _ = gathered(tmp_path / "a.warc")
    again = tmp_path / "harvest.jsonl"
    again.write_text(json.dumps(lines[0]) + "\n")
    assert found(again) == (["0"], [])


def test_plain_text_of_any_length(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text(("x" * 99 + "\n") * 30_000 + DUMP + "\n" + "y" * 50)
    lines, _ = gathered(path)
    assert len(lines) == 1
    assert DUMP in lines[0]["text"]


def test_files_in_parallel_give_the_same_lines_in_the_same_order(tmp_path: Path) -> None:
    for number in range(3):
        (tmp_path / f"{number}.warc").write_bytes(b"".join(record(10 * number + n) for n in range(3)))
    (tmp_path / "4.gz").write_bytes(b"\x1f\x8b\x08 broken")
    one, two = gathered(tmp_path), gathered(tmp_path, jobs=2)
    assert one == two
    assert len(one[0]) == 9
    assert [len(result.errors) for result in one[1]] == [0, 0, 0, 1]


def test_a_path_to_nothing_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(SeedError, match="no such file"):
        gathered(tmp_path / "missing.warc")


@pytest.mark.parametrize("name", FORMS)
def test_no_form_slips_through_the_sieve(name: str) -> None:
    assert may_hold_dump(FORMS[name](RECORDS[:1]).encode())
    assert not may_hold_dump(b"prose, with (brackets) and {braces} and = signs")
