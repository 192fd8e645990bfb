from __future__ import annotations

import contextlib
import gzip
import zlib

import brotli
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawler.warc.coding import TooLong, decode_body
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
def test_every_coding_that_a_crawl_asks_for_is_undone(body, encoding):
    assert decode_body(body, encoding) == PAGE


def test_of_a_page_that_was_cut_short_there_is_what_there_is():
    assert PAGE.startswith(decode_body(gzip.compress(PAGE, mtime=0)[:-12], "gzip"))


COMPRESS = {"gzip": gzip.compress, "deflate": zlib.compress, "br": brotli.compress, "zstd": zstd.compress}


@pytest.mark.parametrize("encoding", COMPRESS)
def test_where_a_page_must_be_whole_one_that_was_cut_short_is_refused(encoding):
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
def test_several_members_are_one_page_and_what_follows_them_is_none_of_it(encoding):
    members = COMPRESS[encoding](PAGE[:50]) + COMPRESS[encoding](PAGE[50:])
    assert decode_body(members + b"\0\0", encoding, whole=True) == PAGE
    with pytest.raises(TooLong):
        decode_body(members, encoding, limit=60)


@pytest.mark.parametrize("encoding", ["gzip", "deflate", "br", "zstd", "compress"])
def test_what_is_not_so_coded_is_refused(encoding):
    with pytest.raises(ValueError, match=encoding):
        decode_body(PAGE, encoding)


@pytest.mark.parametrize("compress", [gzip.compress, brotli.compress, zstd.compress, zlib.compress])
def test_a_bomb_is_refused(compress, monkeypatch):
    monkeypatch.setattr("crawler.warc.coding.MAX_BODY", 1 << 16)
    names = {gzip.compress: "gzip", brotli.compress: "br", zstd.compress: "zstd", zlib.compress: "deflate"}
    with pytest.raises(ValueError, match="longer than 65536"):
        decode_body(compress(bytes(1 << 20)), names[compress])


@given(st.binary(max_size=200), st.sampled_from(["gzip", "deflate", "br", "zstd", "gzip,br", "x"]))
def test_no_bytes_raise_anything_else(body, encoding):
    with contextlib.suppress(ValueError):
        decode_body(body, encoding)
