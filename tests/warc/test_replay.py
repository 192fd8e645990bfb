from __future__ import annotations

import gzip
import zipfile
from contextlib import closing
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path

import pytest
from warcio.statusandheaders import StatusAndHeaders
from warcio.warcwriter import WARCWriter

from crawler.exceptions import ConfigError
from crawler.warc import Original, encode_exchange, write_warc
from crawler.warc.replay import Replay
from crawler.warc.sources import find_sources
from crawler.warc.writing import payload_digest
from tests.warc.exchanges import EXCHANGE, PAGE, exchange

URL = "http://example.org/news/1"


def replay(tmp_path: Path, spec: Path | str, problems: list[str] | None = None, max_body: int = 1 << 20) -> Replay:
    tell = (problems if problems is not None else []).append
    return Replay(find_sources(str(spec)), tmp_path / "replay.sqlite", max_body=max_body, on_problem=tell)


def found(tmp_path, spec, url=URL, **options):
    with closing(replay(tmp_path, spec, **options)) as opened:
        return opened.find(url)


def write(path: Path, *exchanges) -> Path:
    with path.open("wb") as file:
        write_warc(file, exchanges, path.name, {})
    return path


def foreign(path: Path, *records: tuple[str, list[tuple[str, str]], bytes], gz: bool = True) -> Path:
    """Write *records*, (url, HTTP headers, body), as other tools do."""
    with path.open("wb") as file:
        writer = WARCWriter(file, gzip=gz)
        for url, headers, body in records:
            head = StatusAndHeaders("200 OK", headers, protocol="HTTP/1.1")
            record = writer.create_warc_record(
                url, "response", payload=BytesIO(body), length=len(body), http_headers=head
            )
            writer.write_record(record)
    return path


def day(number: int, **changes):
    return exchange(url=URL, date=datetime(2020, 1, number, tzinfo=UTC), **changes)


def test_capture_is_found_as_it_was_written(tmp_path):
    path = write(tmp_path / "a.warc.gz", EXCHANGE)
    answer = found(tmp_path, path, EXCHANGE.url)
    assert (answer.file, answer.exchange.body, answer.exchange.headers) == ("a.warc.gz", PAGE, EXCHANGE.headers)
    assert (answer.exchange.date.isoformat(), answer.exchange.ip) == ("2026-11-22T12:30:15.123000+00:00", "127.0.0.1")
    assert path.read_bytes()[answer.offset : answer.offset + 2] == b"\x1f\x8b"


def test_urls_are_looked_up_by_canonical_form(tmp_path):
    path = write(tmp_path / "a.warc.gz", exchange(url="http://www.example.org/a?b=2&a=1"))
    with closing(replay(tmp_path, path)) as opened:
        assert opened.find("https://EXAMPLE.org:443/a?a=1&b=2#top")
        assert opened.find("http://example.org/a?a=1") is None


def test_the_newest_good_answer_is_taken(tmp_path):
    """A page that was there in 2020-01-02 is not lost because the site answered 404 later, or redirected."""
    days = day(1, body=b"old"), day(2, body=b"new"), day(3, status=301, body=b""), day(4, status=404, body=b"gone")
    path = write(tmp_path / "a.warc.gz", *days)
    assert found(tmp_path, path).exchange.body == b"new"


def test_the_very_url_is_preferred(tmp_path):
    """... so that a redirect from http to https is followed as it was."""
    path = write(
        tmp_path / "a.warc.gz",
        exchange(url="http://example.org/a", status=301, headers=(("Location", "https://example.org/a"),), body=b""),
        exchange(url="https://example.org/a", body=b"page"),
    )
    with closing(replay(tmp_path, path)) as opened:
        assert opened.find("http://example.org/a").exchange.status == 301
        assert opened.find("https://example.org/a").exchange.body == b"page"


def test_a_revisit_has_its_own_headers_and_the_body_it_refers_to(tmp_path):
    first = day(1, body=b"page", headers=(("X-Day", "1"),))
    second = exchange(url=f"{URL}?again", date=first.date.replace(day=2), body=b"page", headers=(("X-Day", "2"),))
    encoded = encode_exchange(first, None)
    original = Original(encoded.record_id, first.url, first.warc_date)
    path = tmp_path / "a.warc.gz"
    path.write_bytes(encoded.data + encode_exchange(second, None, original).data)
    answer = found(tmp_path, path, second.url)
    assert (answer.exchange.body, answer.exchange.headers) == (b"page", (("X-Day", "2"),))
    assert (answer.exchange.date.day, answer.offset) == (2, len(encoded.data))


def test_a_304_is_answered_with_what_it_confirms(tmp_path):
    first = day(1, body=b"page", headers=(("X-Day", "1"),))
    encoded = encode_exchange(first, None)
    original = Original(encoded.record_id, first.url, first.warc_date, payload_digest(b"page"))
    confirmed = encode_exchange(day(2, status=304, body=b"", headers=(("ETag", "x"),)), None, original)
    assert b"WARC-Profile: http://netpreserve.org/warc/1.1/revisit/server-not-modified\r\n" in gzip.decompress(
        confirmed.response
    )
    path = tmp_path / "a.warc.gz"
    path.write_bytes(confirmed.data + encoded.data)
    with closing(replay(tmp_path, path)) as opened:
        (_, revisit) = opened._index.of_url(URL)
        answer = opened._exchange(revisit)
    assert (answer.status, answer.body, answer.headers, answer.date.day) == (200, b"page", (("X-Day", "1"),), 2)


def test_revisit_of_a_missing_response_is_reported_and_skipped(tmp_path):
    problems: list[str] = []
    path = tmp_path / "a.warc.gz"
    path.write_bytes(encode_exchange(day(1), None, Original("<urn:x>", "http://example.org/other", "2019")).data)
    assert found(tmp_path, path, problems=problems) is None
    assert "a revisit of a response that is missing" in problems[0]


@pytest.mark.parametrize("gz", [True, False])
def test_files_of_other_tools_are_read(tmp_path, gz):
    """Chunks are undone; the content coding stays, as Scrapy undoes it."""
    body = gzip.compress(PAGE, mtime=0)
    chunked = b"%x\r\n%b\r\n0\r\n\r\n" % (len(body), body)
    headers = [("Transfer-Encoding", "chunked"), ("Content-Encoding", "gzip")]
    path = foreign(tmp_path / ("a.warc.gz" if gz else "a.warc"), (URL, headers, chunked), gz=gz)
    answer = found(tmp_path, path)
    assert (answer.exchange.body, answer.exchange.headers) == (body, (("Content-Encoding", "gzip"),))


def test_files_are_found_in_folders_globs_and_wacz(tmp_path):
    (folder := tmp_path / "captures" / "deep").mkdir(parents=True)
    warc = write(folder / "a.warc.gz", day(1, body=b"first"), exchange(url=f"{URL}0", body=b"second"))
    with zipfile.ZipFile(folder.parent / "b.wacz", "w") as wacz:
        wacz.writestr("datapackage.json", b"{}" * 100)
        wacz.writestr("archive/data.warc.gz", write(tmp_path / "c.warc.gz", day(2, body=b"in the WACZ")).read_bytes())
    for spec in (folder.parent, f"{tmp_path}/captures/**/*"):
        assert found(tmp_path, spec, f"{URL}0").exchange.body == b"second"
        answer = found(tmp_path, spec)
        assert (answer.file, answer.exchange.body) == ("b.wacz/archive/data.warc.gz", b"in the WACZ")
    assert found(tmp_path, warc).file == "a.warc.gz"


def test_invalid_wacz_is_refused(tmp_path):
    (tmp_path / "a.wacz").write_bytes(b"PK")
    with pytest.raises(ConfigError, match=r"a\.wacz: it cannot be read as a WACZ file"):
        find_sources(str(tmp_path))


def test_indexed_files_are_not_read_again_unless_changed(tmp_path, monkeypatch):
    path = write(tmp_path / "a.warc.gz", day(1, body=b"one"))
    assert found(tmp_path, path).exchange.body == b"one"
    monkeypatch.setattr("crawler.warc.replay.read_archive", None)
    assert found(tmp_path, path).exchange.body == b"one"
    monkeypatch.undo()
    write(path, day(1, body=b"another"))
    assert found(tmp_path, path).exchange.body == b"another"
    assert found(tmp_path, write(tmp_path / "b.warc.gz", day(1, body=b"b"))).exchange.body == b"b"


@pytest.mark.parametrize("place", [0, 300, 700])
def test_broken_records_are_reported_and_later_records_found(tmp_path, place):
    data = bytearray(write(tmp_path / "a.warc.gz", *(day(number) for number in range(1, 4))).read_bytes())
    data[place : place + 60] = bytes(60)
    problems: list[str] = []
    (tmp_path / "a.warc.gz").write_bytes(data + data[:40])
    answer = found(tmp_path, tmp_path / "a.warc.gz", problems=problems)
    assert answer.exchange.date.day == 3
    assert problems


def test_bodies_beyond_the_limit_are_reported_and_skipped(tmp_path):
    problems: list[str] = []
    path = write(tmp_path / "a.warc.gz", day(1, body=bytes(2000)), day(2, body=bytes(3000)))
    assert found(tmp_path, path, problems=problems, max_body=2500).exchange.date.day == 1
    assert "longer than 2500 bytes" in problems[0]
