"""The checksum of a line: written with it, checked when it is read, and no part of the record."""

from __future__ import annotations

import json
from zlib import crc32

import pytest

from crawler.jsonl import checksum_holds, decode, encode, with_checksum
from tests.factories import make_article

LINE = encode(make_article(title="مدينة القدس"), version=2)
BEFORE = b',"crc32":"'


def test_the_last_field_is_the_crc32_of_all_bytes_before_it():
    covered, _, rest = LINE.rpartition(BEFORE)
    assert rest == b'%08x"}\n' % crc32(covered)
    assert list(json.loads(LINE))[-1] == "crc32"
    assert checksum_holds(LINE)


def test_a_line_reads_back_without_its_checksum_and_is_written_again_with_its_own():
    record = decode(LINE)
    assert record.version == 2
    assert encode(record) == LINE
    assert encode(record, version=3) != LINE
    assert checksum_holds(encode(record, version=3))


@pytest.mark.parametrize("bit", range(8))
def test_no_flipped_bit_is_read_as_a_record(bit):
    """In the newline it is the reader of lines who sees it: the next line is then part of this one."""
    for at in range(len(LINE) - 1):
        flipped = bytearray(LINE)
        flipped[at] ^= 1 << bit
        assert not checksum_holds(bytes(flipped))
        with pytest.raises(ValueError):  # noqa: PT011 - orjson words some of them
            decode(bytes(flipped))


def test_two_lines_that_a_lost_newline_joined_are_not_what_was_written():
    assert checksum_holds(LINE[:-1] + b" " + LINE) is False


@pytest.mark.parametrize("line", [b"", b"\n", b"{}\n", b"x" * 19, b'{"run":"a"}\n', LINE[:40], LINE[:-5]])
def test_a_line_without_a_checksum_is_neither_right_nor_wrong(line):
    assert checksum_holds(line) is None


def test_line_older_than_checksums_is_read():
    record = json.loads(LINE)
    del record["crc32"]
    old = json.dumps(record, separators=(",", ":"), ensure_ascii=False).encode() + b"\n"
    assert decode(old) == decode(LINE)
    assert with_checksum(old.rstrip(b"\n")) == LINE
