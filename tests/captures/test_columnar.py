"""Common Crawl's columnar index, in its own schema."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from crawler.captures.columnar import parquet_files, read_columnar
from crawler.captures.lines import CaptureLine
from crawler.captures.scope import ListingScope, pattern_of
from crawler.exceptions import ConfigError, SeedError
from tests.captures.ccindex import SCHEMA, URLS, WARC, row, write_index
from tests.inputs.fileserver import FileServer

pytest.importorskip("duckdb", reason="the extra 'columnar' is not installed")


def read(path: Path, target: str, **scope: Any) -> list[CaptureLine]:
    return list(read_columnar(str(path), ListingScope((pattern_of(target),), **scope), "commoncrawl"))


@pytest.fixture
def index(tmp_path):
    return write_index(tmp_path, [row(url, number) for number, url in enumerate(URLS)])


def test_captures_of_a_host_are_found_with_all_that_the_index_says(index):
    lines = read(index, "example.org")
    assert [line.url for line in lines] == [URLS[2], URLS[3], URLS[4]]
    assert lines[1] == CaptureLine(
        "org,example)/news/2", "20180104101112", URLS[3], "text/html", "200", "DIGEST3", 90, "commoncrawl", WARC, 300
    )


def test_index_by_url_is_read_in_parts(tmp_path):
    rows = [row(f"http://h{number:05}.example/", number % 28) for number in range(20_000)]
    path = write_index(tmp_path, rows, group_rows=500)
    with FileServer() as server:
        url = server.add(f"/{path.relative_to(tmp_path).as_posix()}", path.read_bytes())
        assert parquet_files(url) == [url]
        lines = list(read_columnar(url, ListingScope((pattern_of("h07777.example"),)), "commoncrawl"))
        assert all(asked is not None for _, asked in server.asked)
    assert [line.url for line in lines] == ["http://h07777.example/"]
    assert lines == read(path, "h07777.example")


def test_index_by_url_resumes_where_the_transfer_broke(index):
    with FileServer() as server:
        url = server.add("/a.parquet", index.read_bytes(), cuts=[300, 20])
        lines = list(read_columnar(url, ListingScope((pattern_of("example.org"),)), "commoncrawl"))
    assert lines == read(index, "example.org")


def test_index_by_url_that_is_not_there_is_one_line_without_the_query_of_its_url():
    with FileServer() as server:
        url = f"{server.url}/a.parquet?secret=1"
        with pytest.raises(SeedError) as caught:
            list(read_columnar(url, ListingScope((pattern_of("example.org"),)), "commoncrawl"))
    assert "404" in str(caught.value)
    assert "secret" not in str(caught.value)
    assert "\n" not in str(caught.value)


def test_domains_prefixes_spans_and_statuses_narrow_the_query(index):
    assert [line.url for line in read(index, "*.example.org")] == [URLS[2], URLS[3], URLS[4], URLS[1]]
    assert [line.url for line in read(index, "example.org/news/")] == [URLS[3], URLS[4]]
    assert [line.timestamp for line in read(index, "example.org", begin="20180105000000")] == ["20180105101112"]
    assert [line.url for line in read(index, "example.org", end="20180103235959")] == [URLS[2]]
    assert [line.url for line in read(index, "example.org", statuses=("404",))] == [URLS[5]]


def test_file_of_2013_without_later_columns_is_read(tmp_path):
    schema = pa.schema([field for field in SCHEMA if field.name not in {"content_mime_detected", "content_languages"}])
    rows = [{name: value for name, value in row(URLS[3], 3).items() if name in schema.names}]
    (line,) = read(write_index(tmp_path, rows, schema), "example.org")
    assert line.mime == "text/html"


def test_robots_txt_is_left_out(tmp_path):
    path = write_index(tmp_path, [row("http://example.org/robots.txt", 1)], subset="robotstxt")
    assert read(path, "example.org") == []


def test_row_that_is_no_capture_is_an_error_among_the_others(tmp_path):
    rows = [row(URLS[3], 3), row(URLS[3], 4) | {"url": "http://exa mple.org:x/"}, row(URLS[4], 5)]
    found = read(write_index(tmp_path, rows), "example.org")
    assert [type(one) for one in found] == [CaptureLine, SeedError, CaptureLine]


def test_what_is_no_such_index_is_refused_by_name(tmp_path):
    (tmp_path / "a.parquet").write_bytes(b"PAR1 and nothing else PAR1")
    with pytest.raises(SeedError, match=r"a\.parquet: cannot be read as Parquet"):
        read(tmp_path / "a.parquet", "example.org")
    pq.write_table(pa.table({"url": ["http://example.org/"]}), tmp_path / "b.parquet")
    with pytest.raises(SeedError, match="there is no column url_surtkey"):
        read(tmp_path / "b.parquet", "example.org")
    cut = tmp_path / "c.parquet"
    whole = write_index(tmp_path / "whole", [row(url, number % 28) for number, url in enumerate(URLS * 50)])
    cut.write_bytes(whole.read_bytes()[:-2000])
    with pytest.raises(SeedError, match=r"c\.parquet"):
        read(cut, "example.org")


def test_folder_gives_its_files_and_one_without_any_is_refused(tmp_path, index):
    assert parquet_files(str(tmp_path)) == [str(index)]
    (tmp_path / "empty").mkdir()
    with pytest.raises(ConfigError, match="no Parquet file"):
        parquet_files(str(tmp_path / "empty"))
