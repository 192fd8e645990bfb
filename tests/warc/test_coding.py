from __future__ import annotations

import contextlib
import gzip
import zlib
from random import Random

import brotli
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawler.warc.coding import TooLong, decode, decode_body
from crawler.zstd import zstd

PAGE = b"<p>A paragraph about the harbour.</p>" * 20


@pytest.mark.parametrize(
    ("body", "encoding"),
    [
        (PAGE, None),
        (PAGE, "identity"),
        (gzip.compress(PAGE, mtime=0), "gzip"),
        (gzip.compress(PAGE, mtime=0), " X-GZip "),
        (zlib.compress(PAGE), "deflate"),
        (zlib.compress(PAGE)[2:-4], "deflate"),
        (brotli.compress(PAGE), "br"),
        (zstd.compress(PAGE), "zstd"),
        (brotli.compress(gzip.compress(PAGE, mtime=0)), "gzip, br"),
    ],
    ids=lambda value: "" if isinstance(value, bytes) else str(value),
)
def test_every_coding_that_a_crawl_accepts_is_decoded(body, encoding):
    assert decode_body(body, encoding) == PAGE


def test_truncated_page_is_decoded_up_to_the_cut():
    assert PAGE.startswith(decode_body(gzip.compress(PAGE, mtime=0)[:-12], "gzip"))


COMPRESS = {"gzip": gzip.compress, "deflate": zlib.compress, "br": brotli.compress, "zstd": zstd.compress}


@pytest.mark.parametrize("encoding", COMPRESS)
def test_truncated_page_is_refused_where_it_must_be_whole(encoding):
    whole = COMPRESS[encoding](PAGE)
    assert decode_body(whole, encoding, whole=True) == PAGE
    for end in range(2, len(whole)):
        with pytest.raises(ValueError, match="cut short"):
            decode_body(whole[:end], encoding, whole=True)


@pytest.mark.parametrize("encoding", ["gzip", "deflate"])
def test_a_wrong_checksum_is_seen(encoding):
    whole = bytearray(COMPRESS[encoding](PAGE))
    whole[-6 if encoding == "gzip" else -1] ^= 1
    with pytest.raises(ValueError, match=f"not {encoding}"):
        decode_body(bytes(whole), encoding)


@pytest.mark.parametrize("encoding", ["gzip", "zstd"])
def test_several_members_are_one_page_and_later_bytes_are_left_out(encoding):
    members = COMPRESS[encoding](PAGE[:50]) + COMPRESS[encoding](PAGE[50:])
    assert decode_body(members + b"\0\0", encoding, whole=True) == PAGE
    with pytest.raises(TooLong):
        decode_body(members, encoding, limit=60)


NOISE = Random(1).randbytes(5000)


@pytest.mark.parametrize("encoding", ["gzip", "deflate", "br", "zstd", "compress"])
def test_bytes_that_are_neither_so_coded_nor_plain_are_refused(encoding):
    with pytest.raises(ValueError, match=encoding):
        decode_body(NOISE, encoding)


ARABIC = "<html><title>خبر</title><p>العالم - سوريا</p></html>"
PLAIN = [
    PAGE,
    ARABIC.encode(),
    ARABIC.encode("windows-1256"),
    ARABIC.encode("utf-16"),
    ARABIC.encode("utf-16-le"),
    b"ok",
    b"a\0b" + PAGE * 9,
    b"\xff\xd8\xff\xe0" + NOISE,
    b"RIFF1234WEBPVP8 " + NOISE,
]


@pytest.mark.parametrize("plain", PLAIN, ids=range(len(PLAIN)))
@pytest.mark.parametrize("encoding", ["gzip", "x-gzip", "deflate", "br", "zstd", "gzip, br", "rot13", "UTF-8", "none"])
def test_plain_bytes_are_taken_as_they_are_whatever_the_header_says(plain, encoding):
    decoded = decode(plain, encoding, "chunked")
    assert (decoded.body, decoded.undone, decoded.whole) == (plain, (), True)
    assert decoded.notes[0] == "chunked said, stored without it"
    assert all("said" in note for note in decoded.notes)


@pytest.mark.parametrize("plain", PLAIN[:5], ids=range(5))
@pytest.mark.parametrize("coding", COMPRESS)
@pytest.mark.parametrize("said", [None, "", "identity", "none", "UTF-8", "br", "gzip", "deflate", "zstd", "rot13"])
def test_compressed_bytes_are_decompressed_whatever_the_header_says(plain, coding, said):
    decoded = decode(COMPRESS[coding](plain), said)
    assert (decoded.body, decoded.undone, decoded.whole) == (plain, (coding,), True)
    assert bool(decoded.notes) == (said != coding)


@pytest.mark.parametrize("said", ["gzip", "gzip, gzip", "gzip,deflate", None, '"gzip"', "gzip;q=1.0"])
def test_as_many_layers_are_undone_as_there_are(said):
    once, twice = gzip.compress(PAGE), gzip.compress(gzip.compress(PAGE))
    assert (decode(once, said).body, decode(twice, said).body) == (PAGE, PAGE)


def test_more_layers_than_anybody_makes_are_refused():
    body = PAGE
    for _ in range(30):
        body = gzip.compress(body)
    with pytest.raises(ValueError, match="more than 10 content codings"):
        decode(body, None)
    with pytest.raises(ValueError, match="more than 10 content codings"):
        decode(PAGE, "gzip," * 1000)


def chunked(body: bytes, size: int = 100, end: bytes = b"\r\n", extension: bytes = b"") -> bytes:
    parts = [body[place : place + size] for place in range(0, len(body), size)]
    chunks = [b"%x%b%b%b%b" % (len(part), extension, end, part, end) for part in parts]
    return b"".join(chunks) + b"0" + end + end


@pytest.mark.parametrize("said", ["chunked", "Chunked, gzip", "", None])
@pytest.mark.parametrize("form", [{}, {"end": b"\n"}, {"extension": b" ;x=1"}, {"extension": b"  "}, {"size": 7}])
def test_chunks_are_undone_where_there_are_any(said, form):
    for body in (PAGE, gzip.compress(PAGE), zstd.compress(PAGE)):
        decoded = decode(chunked(body, **form), None, said)
        assert (decoded.body, decoded.undone[0], decoded.whole) == (PAGE, "chunked", True)


def test_chunks_that_break_off_are_a_body_that_is_cut_short():
    whole = chunked(PAGE)
    decoded = decode(whole[:-100], None, "chunked")
    assert PAGE.startswith(decoded.body)
    assert (len(decoded.body) > 500, decoded.whole) == (True, False)


def test_a_page_that_begins_with_a_number_has_no_chunks():
    page = b"20\r\n" + PAGE
    assert decode(page, None, "chunked").body == page
    assert decode(page, None).body == page


@pytest.mark.parametrize("tail", [bytes(70_000), b"\0" * 3, b"\r\n", b"<!-- cached -->"])
def test_bytes_after_the_compressed_data_are_left_out(tail):
    decoded = decode(gzip.compress(PAGE) + tail, "gzip")
    assert (decoded.body, decoded.whole) == (PAGE, True)


def test_zeros_may_stand_between_members():
    assert decode(gzip.compress(PAGE) + bytes(9) + gzip.compress(b"!"), "gzip").body == PAGE + b"!"


def test_many_small_members_take_linear_time():
    body = gzip.compress(b"") * 20_000
    reads = []

    class Watched(bytes):
        def __getitem__(self, key):
            reads.append(len(part := super().__getitem__(key)))
            return part

    assert decode(Watched(body), "gzip").body == b""
    assert sum(reads) < 40 * len(body)


@pytest.mark.parametrize("compress", [gzip.compress, brotli.compress, zstd.compress, zlib.compress])
def test_a_bomb_is_refused(compress, monkeypatch):
    monkeypatch.setattr("crawler.warc.coding.MAX_BODY", 1 << 16)
    names = {gzip.compress: "gzip", brotli.compress: "br", zstd.compress: "zstd", zlib.compress: "deflate"}
    with pytest.raises(ValueError, match="longer than 65536"):
        decode_body(compress(bytes(1 << 20)), names[compress])


@given(st.binary(max_size=200), st.sampled_from(["gzip", "deflate", "br", "zstd", "gzip,br", "x"]))
def test_any_bytes_raise_only_the_documented_error(body, encoding):
    for said in (encoding, None):
        with contextlib.suppress(ValueError):
            decode(body, said, "chunked")
