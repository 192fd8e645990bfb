"""Lists of captures, as we write them and as other tools do."""

from __future__ import annotations

import gzip
import io
import sys
from pathlib import Path

import orjson
import pytest

from crawler.captures.lines import MAX_LINE_BYTES, CaptureLine, encode_line, read_captures, write_captures
from crawler.exceptions import SeedError
from crawler.zstd import zstd

URL = "http://en.example.org/news/7"
LINE = CaptureLine("org,example,en)/news/7", "20160227101112", URL, "text/html", "200", "ABC", 900, "wayback")
PLACED = LINE._replace(timestamp="20170227101112", source="warc", filename="a.warc.gz", offset=77)
UNKNOWN = LINE._replace(mime=None, status=None, digest=None, length=None)

CDX_7 = "org,example,en)/news/7 20160227101112 http://en.example.org/news/7 text/html 200 ABC 900"
CDX_9 = "org,example,en)/news/7 20160227101112 http://en.example.org/news/7 text/html 200 ABC - 77 a.arc.gz"
CDX_11 = "org,example,en)/news/7 20160227101112 http://en.example.org/news/7 text/html 200 ABC - - 900 77 a.warc.gz"
CDXJ = (
    'org,example,en)/news/7 20160227101112 {"url": "http://en.example.org/news/7", "mime": "text/html", '
    '"status": "200", "digest": "ABC", "length": "900", "offset": "77", "filename": "a.warc.gz"}'
)
OPENWAYBACK = (
    '(org,example,en,)/news/7 2016-02-27T10:11:12Z response {"uri": "http://en.example.org/news/7", "mct": "text/html",'
    ' "hsc": "200", "sha": "ABC", "ref": "warcfile:a.warc.gz#77"}'
)
WAYBACK_JSON = (
    '[["urlkey","timestamp","original","mimetype","statuscode","digest","length"],\n'
    '["org,example,en)/news/7", "20160227101112", "http://en.example.org/news/7", "text/html", "200", "ABC", "900"],\n'
    "[],\n"
    '["org%2Cexample%2Cen%29%2Fnews%2F8+20160227101113"]]\n'
)


def read(tmp_path: Path, text: str | bytes, **options) -> list[CaptureLine]:
    path = tmp_path / "list"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return list(read_captures(str(path), **options))


@pytest.mark.parametrize("name", ["captures.jsonl", "captures.jsonl.gz", "captures.jsonl.zst"])
def test_written_lines_are_read_back(tmp_path, name):
    path = tmp_path / name
    assert write_captures(path, [LINE, PLACED, UNKNOWN]) == 3
    assert list(read_captures(str(path))) == [LINE, PLACED, UNKNOWN]


def test_compression_is_recognized_by_content_not_by_name(tmp_path):
    data = encode_line(LINE)
    for packed in (data, gzip.compress(data) + gzip.compress(data), zstd.compress(data)):
        assert set(read(tmp_path, packed)) == {LINE}


def test_fields_have_one_order_and_places_only_where_known():
    assert list(orjson.loads(encode_line(UNKNOWN))) == [*CaptureLine._fields[:8]]
    assert list(orjson.loads(encode_line(PLACED))) == [*CaptureLine._fields]


def test_same_lines_give_the_same_bytes(tmp_path):
    for name in ("a.gz", "b.gz"):
        write_captures(tmp_path / name, [LINE] * 1000)
    assert (tmp_path / "a.gz").read_bytes() == (tmp_path / "b.gz").read_bytes()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (CDX_7, LINE._replace(source="warc")),
        (f" CDX N b a m s k S\n{CDX_7}\n", LINE._replace(source="warc")),
        (CDX_9, LINE._replace(source="warc", length=None, filename="a.arc.gz", offset=77)),
        (CDX_11, LINE._replace(source="warc", filename="a.warc.gz", offset=77)),
        (f"!meta 0 {{}}\n{CDXJ}\n", LINE._replace(source="warc", filename="a.warc.gz", offset=77)),
        (OPENWAYBACK, LINE._replace(source="warc", length=None, filename="a.warc.gz", offset=77)),
        (WAYBACK_JSON, LINE._replace(source="warc")),
        (f" CDX a b k\n{URL} 20160227101112 ABC", LINE._replace(source="warc", mime=None, status=None, length=None)),
    ],
    ids=["cdx7", "cdx7-headed", "cdx9", "cdx11", "cdxj", "openwayback", "server-json", "own-fields"],
)
def test_indexes_of_other_tools_are_read(tmp_path, text, expected):
    assert read(tmp_path, text) == [expected]


def test_lines_without_a_source_get_the_given_one(tmp_path):
    assert [line.source for line in read(tmp_path, f"{CDX_7}\n{encode_line(PLACED).decode()}", source="ukwa")] == [
        "ukwa",
        "warc",
    ]


def test_index_file_that_pywb_names_is_not_a_source(tmp_path):
    (line,) = read(tmp_path, CDXJ[:-1] + ', "source": "a/indexes/index.cdxj", "source-coll": "a"}', source="ukwa")
    assert line.source == "ukwa"


def test_key_is_ours_whatever_the_index_says(tmp_path):
    (line,) = read(tmp_path, "en.example.org/news/7 20160227101112 https://www.En.Example.org/news/7/ - - - -")
    assert line.urlkey == "org,example,en)/news/7"
    assert (line.mime, line.status, line.digest, line.length) == (None, None, None, None)


def test_captures_of_no_web_page_are_left_out(tmp_path):
    others = "\n".join(CDX_7.replace(URL, url) for url in ("dns:example.org", "urn:pageinfo:x", "whois://a/b"))
    assert read(tmp_path, f"{others}\n{CDX_7}") == [LINE._replace(source="warc")]


def test_url_with_other_letters_is_escaped(tmp_path):
    (line,) = read(tmp_path, CDX_7.replace("news/7 text", "اخبار\\x text"))
    assert line.url == "http://en.example.org/%D8%A7%D8%AE%D8%A8%D8%A7%D8%B1%5Cx"


@pytest.mark.parametrize(
    ("bad", "said"),
    [
        ("<html>Temporarily offline</html>", "not a line of captures"),
        ("org,example)/ 20160227101112\tcdx-00000.gz\t0\t275\t1", "a line of a ZipNum index"),
        (CDX_7.replace("20160227101112", "20161327101112"), "not a timestamp"),
        (CDX_7.replace("20160227101112", "yesterday"), "not a timestamp"),
        (CDX_7.replace(URL, "example.org:80/news"), "not the URL of a web page"),
        (CDX_7.replace(URL, f"http://example.org/{'a' * 5000}"), "a URL of over"),
        (CDXJ[:-5], "not JSON"),
        ('{"timestamp": "20160227101112"}', "there is no URL"),
        ("[1, 2", "not the names of an index's fields"),
        ("[1, x", "not JSON"),
        ("x" * (3 * MAX_LINE_BYTES), "a line of over"),
        (b"\xff\xfe\x00", "not UTF-8"),
    ],
)
def test_bad_line_is_an_error_with_file_and_line_or_skipped(tmp_path, bad, said):
    bad = bad if isinstance(bad, bytes) else bad.encode()
    text = CDX_7.encode() + b"\n" + bad + b"\n" + CDX_7.encode()
    with pytest.raises(SeedError, match=f"list:2: {said}"):
        read(tmp_path, text)
    errors: list[SeedError] = []
    assert len(read(tmp_path, text, on_error=errors.append)) == 2
    assert [str(one).count("list:2: ") for one in errors] == [1]


def test_file_cut_within_its_compression_gives_its_lines_and_an_error(tmp_path):
    whole = gzip.compress(b"".join(encode_line(LINE._replace(digest=f"{n:032x}")) for n in range(5000)))
    errors: list[SeedError] = []
    lines = read(tmp_path, whole[: len(whole) // 2], on_error=errors.append)
    assert 0 < len(lines) < 5000
    assert errors


def test_other_files_are_refused_by_name(tmp_path):
    with pytest.raises(SeedError, match="not a list of captures"):
        read(tmp_path, "WARC/1.0\r\nWARC-Type: warcinfo\r\nContent-Length: 0\r\n\r\n\r\n\r\n")
    with pytest.raises(SeedError, match=r"missing\.jsonl"):
        list(read_captures(str(tmp_path / "missing.jsonl")))


def test_standard_input_is_read(monkeypatch):
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(encode_line(LINE))))
    assert list(read_captures("-")) == [LINE]
