from __future__ import annotations

import gzip
import zlib
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from crawler.warc import Original, encode_exchange, encode_warcinfo
from crawler.warc.exchange import Exchange
from crawler.warc.reading import BrokenRecord, Record, read_record, read_records
from tests.warc.exchanges import EXCHANGE, PAGE

INFO = "<urn:uuid:12345678-1234-1234-1234-123456789012>"


def members() -> list[bytes]:
    """Return the records of a small file, a response, its request, a revisit and its request behind the warcinfo."""
    first = encode_exchange(EXCHANGE, INFO)
    again = encode_exchange(EXCHANGE, INFO, Original(first.record_id, EXCHANGE.url, EXCHANGE.warc_date))
    info = encode_warcinfo("a.warc.gz", {}, record_id=INFO, date=EXCHANGE.date)
    return [info, first.response, first.request, again.response, again.request]


def read(path: Path, data: bytes) -> list[Record | BrokenRecord]:
    path.write_bytes(data)
    return list(read_records(path))


def test_every_record_is_read_where_it_lies(tmp_path):
    parts = members()
    found = read(tmp_path / "a.warc.gz", b"".join(parts))

    assert [one.kind for one in found] == ["warcinfo", "response", "request", "revisit", "request"]
    assert [one.length for one in found] == [len(part) for part in parts]
    assert [one.payload for one in found][1:] == [PAGE, b"", b"", b""]
    assert read_record(tmp_path / "a.warc.gz", found[1].offset) == found[1]


def test_every_truncation_within_a_record_is_reported(tmp_path):
    """... and whole records before it are read."""
    parts = members()
    data = b"".join(parts)
    ends = [len(b"".join(parts[:count])) for count in range(len(parts) + 1)]
    for length in sorted({*range(0, len(data), 7), *ends[:-1], *(end - 1 for end in ends[1:])}):
        found = read(tmp_path / "a.warc.gz", data[:length])
        whole = sum(end <= length for end in ends) - 1
        assert [isinstance(one, Record) for one in found] == [True] * whole + [False] * (length not in ends)


def test_a_changed_bit_makes_its_record_broken_or_changes_nothing_in_it(tmp_path):
    """Bits that gzip does not use (its padding, the name of the system) are all that may pass."""
    response = members()[1]
    (intact,) = read(tmp_path / "a.warc.gz", response)
    passed = []
    for bit in range(0, 8 * len(response), 5):
        changed = bytearray(response)
        changed[bit // 8] ^= 1 << bit % 8
        found = read(tmp_path / "a.warc.gz", bytes(changed))
        if found == [intact]:
            passed.append(bit // 8)
        else:
            assert isinstance(found[0], BrokenRecord)
    assert len(passed) < 2 * 8


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        (b"WARC/1.1", b"WARC/9.1", "there is no WARC record in it"),
        (b"Content-Length: 148", b"Content-Length: 147", "its Content-Length is 147, which is not its length"),
        (b"Content-Length: 148", b"Content-Length: 1e9", "its Content-Length is 1e9, which is not its length"),
        (b"harbour", b"airport", "its block does not match its digest"),
        (b"WARC-Date:", b"WARC-Dat\xff:", "its headers are not UTF-8"),
        (b"WARC-Date:", b"WARC-Datt:", "it has no warc-date"),
        (b"Address: 1", b"Address 1", "'WARC-IP-Address 127.0.0.1' is no header"),
        (b"\r\n\r\n", b"\r\n  ", "its headers do not end"),
    ],
)
def test_record_of_another_form_is_reported(tmp_path, old, new, reason):
    """... also where gzip has nothing to complain about; the records around it are read."""
    data = gzip.decompress(members()[1]).replace(old, new)
    before, _, *after = members()
    found = read(tmp_path / "a.warc.gz", b"".join([before, gzip.compress(data, mtime=0), *after]))
    assert [type(one) for one in found] == [Record, BrokenRecord, Record, Record, Record]
    assert found[1].reason[:60] == reason[:60]


def test_a_bomb_is_not_blown_up(tmp_path, monkeypatch):
    monkeypatch.setattr("crawler.warc.reading.MAX_RECORD_BYTES", 1 << 20)
    (found,) = read(tmp_path / "a.warc.gz", gzip.compress(bytes(1 << 25)))
    assert found == BrokenRecord(0, "it is longer than 1048576 bytes")


@given(st.binary(max_size=300), st.booleans())
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_bytes_before_a_record_are_skipped(tmp_path, data, deflated):
    data = b"".join([b"\x1f\x8b\x08\x00", zlib.compress(data)]) if deflated else data
    found = read(tmp_path / "a.warc.gz", data + members()[0])
    assert found[-1].kind == "warcinfo"


@given(
    body=st.binary(max_size=2000),
    headers=st.lists(st.tuples(st.text(min_size=1, max_size=5), st.text(max_size=9)), max_size=3),
    url=st.text(min_size=1, max_size=40).map("http://127.0.0.1/{}".format),
)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_written_record_is_read_back(tmp_path, body, headers, url):
    written = Exchange(url=url, date=EXCHANGE.date, status=200, headers=tuple(headers), body=body)
    found = read(tmp_path / "a.warc.gz", encode_exchange(written, None).data)
    assert [one.kind for one in found] == ["response", "request"]
    assert found[0].payload == body
