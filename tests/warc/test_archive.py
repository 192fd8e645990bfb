"""Records of files in every form, past whatever is broken; every byte is a part of a record or reported."""

from __future__ import annotations

import gzip
import sys
from contextlib import closing
from pathlib import Path
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crawler.seeds.containers import STDIN
from crawler.warc.archive import Raw, read_archive, read_record_at, read_stream
from crawler.warc.framing import Gap
from crawler.warc.replay import Replay
from crawler.warc.sources import find_sources
from crawler.zstd import zstd
from tests.zoo.pages import HOST, IDS, arc, page, record

LIMIT = 1 << 20
RECORDS = [record(number) for number in IDS]
PACKERS = {"plain": b"".join, "gzip": lambda parts: b"".join(map(gzip.compress, parts))}
PACKERS["one member"] = lambda parts: gzip.compress(b"".join(parts))
PACKERS["zstd"] = lambda parts: b"".join(map(zstd.compress, parts))


def read(data: bytes, limit: int = LIMIT) -> list[Raw | Gap]:
    return list(read_archive(lambda at, count: data[at : at + count], len(data), limit))


def ids(data: bytes) -> list[int]:
    found = [one for one in read(data) if isinstance(one, Raw)]
    return [int(one.headers["warc-target-uri"].rpartition("/")[2]) for one in found]


@pytest.mark.parametrize("pack", PACKERS)
def test_every_record_is_read_with_its_block(pack):
    found = read(PACKERS[pack](RECORDS))
    assert [type(one) for one in found] == [Raw] * len(IDS)
    for number, one in zip(IDS, found, strict=True):
        assert one.block.endswith(page(number))
        assert (one.note, one.cut, one.length) == (None, False, len(one.block))


@pytest.mark.parametrize("pack", PACKERS)
def test_long_block_is_kept_up_to_the_limit(pack):
    long = record(IDS[0], b"HTTP/1.1 200 OK\r\n\r\n" + Random(1).randbytes(300_000))
    (first, second) = read(PACKERS[pack]([long, RECORDS[1]]), 1000)
    assert (len(first.block), first.length, len(second.block)) == (1000, 300_019, 1000)


def test_without_fastwarc_the_same_is_read(monkeypatch):
    data = PACKERS["gzip"](RECORDS * 20)
    fast = read(data)
    monkeypatch.setitem(sys.modules, "fastwarc.stream_io", None)
    assert read(data) == fast


def test_a_record_is_read_again_by_its_place():
    for pack in ("plain", "gzip", "zstd"):
        data = PACKERS[pack](RECORDS)
        for one in read(data):
            assert (
                read_record_at(lambda at, count, data=data: data[at : at + count], len(data), one.offset, LIMIT) == one
            )
        with pytest.raises(ValueError, match="no record"):
            read_record_at(lambda at, count, data=data: data[at : at + count], len(data), 7, LIMIT)


@pytest.mark.parametrize("number", range(len(IDS)))
@pytest.mark.parametrize("pack", ["gzip", "zstd"])
def test_a_damaged_member_costs_that_member(number, pack):
    parts = [PACKERS[pack]([one]) for one in RECORDS]
    parts[number] = parts[number][: len(parts[number]) // 2]
    data = b"".join(parts)
    sound = [one for one in IDS if one != IDS[number]]
    assert [one for one in ids(data) if one != IDS[number]] == sound
    assert any(isinstance(one, Gap) or one.cut for one in read(data))


@settings(max_examples=200, deadline=None)
@given(st.data())
def test_bytes_that_are_changed_cost_no_record_but_those_they_are_in(data):
    """... and its neighbour in a plain file, where only lengths and lines tell where a record ends."""
    pack = data.draw(st.sampled_from(["plain", "gzip"]))
    number = data.draw(st.integers(0, len(IDS) - 1))
    parts = [PACKERS[pack]([one]) for one in RECORDS]
    broken = bytearray(parts[number])
    for place in data.draw(st.lists(st.integers(0, len(broken) - 1), min_size=1, max_size=3)):
        broken[place] ^= data.draw(st.integers(1, 255))
    parts[number] = bytes(broken)
    found = ids_of_whole(b"".join(parts))
    near = {number} if pack == "gzip" else {number, number - 1}
    assert found >= {one for at, one in enumerate(IDS) if at not in near}


def ids_of_whole(data: bytes) -> set[int]:
    blocks = [one.block for one in read(data) if isinstance(one, Raw)]
    return {number for number in IDS if any(page(number) in block for block in blocks)}


@given(
    st.binary(max_size=600),
    st.sampled_from([b"", b"WARC/1.0\r\n", b"\x1f\x8b\x08\0", b"\x28\xb5\x2f\xfd", b"http://a 1.2.3.4 "]),
)
def test_any_bytes_are_read_to_their_end(data, start):
    for whole in (start + data, RECORDS[0] + start + data, gzip.compress(start + data) + data):
        read(whole)


@pytest.mark.parametrize("pack", ["plain", "gzip", "one member"])
@pytest.mark.parametrize("length", [3000, 10**6, 10**12])
def test_wrong_lengths_take_linear_time(pack, length):
    """Each of many records claims what is behind it."""
    small = record(IDS[0], b"HTTP/1.1 200 OK\r\n\r\nx", length=length)
    data, reads = PACKERS[pack]([small] * 2000), []

    def read_at(at: int, count: int) -> bytes:
        reads.append(min(count, len(data) - at))
        return data[at : at + count]

    found = list(read_archive(read_at, len(data), LIMIT))
    assert len([one for one in found if isinstance(one, Raw)]) == 2000
    assert sum(reads) < 100 * len(data) + (8 << 20)


@pytest.mark.parametrize("magic", [b"\x50\x2a\x4d\x18", b"\x5d\x2a\x4d\x18"])
def test_a_skippable_frame_that_claims_too_much_hides_no_record(magic):
    frames = PACKERS["zstd"](RECORDS[1:])
    data = PACKERS["zstd"](RECORDS[:1]) + magic + b"\xff\xff\xff\xff" + frames
    assert ids(data) == list(IDS)
    assert any(isinstance(one, Gap) for one in read(data))
    assert ids(magic + b"\xff\xff\xff\xff" + frames) == list(IDS[1:])


def test_a_pipe_is_read_too():
    data = b"".join(RECORDS)
    place = 0

    def read_next(count: int) -> bytes:
        nonlocal place
        place += count
        return data[place - count : place]

    assert len([one for one in read_stream(read_next, LIMIT) if isinstance(one, Raw)]) == len(IDS)
    assert STDIN == "-"


def test_a_url_of_an_arc_record_may_hold_spaces():
    data = arc(IDS[0]) + arc(IDS[1], url=f"{HOST}{IDS[1]}?a b (c)")
    assert [one.headers["warc-target-uri"] for one in read(data)] == [f"{HOST}{IDS[0]}", f"{HOST}{IDS[1]}?a b (c)"]


def test_a_file_that_was_indexed_before_is_unpacked_again(tmp_path: Path):
    """Its offsets are those in what it holds, also in the next run."""
    (tmp_path / "a.warc.gz").write_bytes(gzip.compress(b"".join(RECORDS)))
    for problems in (list[str](), list[str]()):
        sources = find_sources(str(tmp_path / "a.warc.gz"))
        cache = tmp_path / "replay.sqlite"
        with closing(Replay(sources, cache, max_body=LIMIT, on_problem=problems.append)) as replay:
            found = replay.find(f"{HOST}{IDS[2]}")
            assert found.exchange.body == page(IDS[2])
            assert found.offset == sum(map(len, RECORDS[:2]))
    assert problems == []
