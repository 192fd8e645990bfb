# ruff: noqa: RUF001 - typographic quotes are part of what was met
"""Where seeds are read from, and what becomes of those that cannot be."""

from __future__ import annotations

import gzip
import io
import json
import subprocess
import sys
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from random import Random
from zoneinfo import ZoneInfo

import pytest

from crawler.exceptions import SeedError
from crawler.seeds import SeedPage, read_seeds, sources
from crawler.seeds.documents import document_of
from crawler.zstd import zstd
from tests.seeds.written import RECORDS, items, json_string

ZONE = ZoneInfo("Asia/Tehran")
TEXT = f"Some body “x”.\r\n\r\n{json_string(RECORDS)}\n"


def read(*paths: Path | str, errors: list[SeedError] | None = None) -> list[SeedPage]:
    return list(read_seeds([str(path) for path in paths], ZONE, None if errors is None else errors.append))


def packed(data: bytes, ending: str) -> bytes:
    return {"": bytes, ".gz": gzip.compress, ".zst": zstd.compress}[ending](data)


@pytest.mark.parametrize("ending", ["", ".gz", ".zst"])
def test_a_plain_file_is_one_page(tmp_path: Path, ending: str) -> None:
    path = tmp_path / f"a.txt{ending}"
    path.write_bytes(packed(TEXT.encode(), ending))
    (seed,) = read(path)
    assert (seed.source, seed.text, seed.line, seed.url) == (str(path), TEXT, None, None)
    assert seed.page.dumps[0].related == items(RECORDS)
    assert seed.text_sha256 == sha256(TEXT.encode()).hexdigest()


@pytest.mark.parametrize("ending", ["", ".gz", ".zst"])
def test_json_lines_are_a_page_each(tmp_path: Path, ending: str) -> None:
    lines = [
        json.dumps({"text": TEXT, "url": "https://en.alalam.ir/news/1", "timestamp": "2016-05-01T00:00:00Z"}),
        "",
        json.dumps({"text": "no dump"}),
    ]
    path = tmp_path / f"a.jsonl{ending}"
    path.write_bytes(packed("\n".join(lines).encode(), ending))
    first, second = read(path)
    assert (first.line, first.url, first.timestamp) == (1, "https://en.alalam.ir/news/1", "2016-05-01T00:00:00Z")
    assert first.page.dumps[0].related == items(RECORDS)
    assert (second.line, second.offset, second.page.dumps) == (3, len(lines[0]) + 2, ())


def test_several_members_and_frames_are_one_stream(tmp_path: Path) -> None:
    data = TEXT.encode()
    (tmp_path / "a.gz").write_bytes(gzip.compress(data[:50]) + gzip.compress(data[50:]))
    (tmp_path / "b.zst").write_bytes(zstd.compress(data[:50]) + zstd.compress(data[50:]))
    assert [seed.text for seed in read(tmp_path)] == [TEXT, TEXT]


def test_a_directory_is_walked_in_order_past_what_holds_no_pages(tmp_path: Path) -> None:
    for name in ("b/2.txt", "b/10.txt", "a.txt", "index.sqlite", ".hidden", ".git/x.txt", "p.jpg", "old.dump"):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(TEXT)
    names = [str(Path(seed.source).relative_to(tmp_path)) for seed in read(tmp_path)]
    assert names == ["a.txt", "old.dump", "b/10.txt", "b/2.txt"]


def test_a_glob_is_sorted_and_a_name_with_brackets_is_a_name(tmp_path: Path) -> None:
    for name in ("b.txt", "a.txt", "[a].txt"):
        (tmp_path / name).write_text(TEXT)
    assert [Path(seed.source).name for seed in read(tmp_path / "?.txt")] == ["a.txt", "b.txt"]
    assert [Path(seed.source).name for seed in read(tmp_path / "[a].txt")] == ["[a].txt"]


@pytest.mark.parametrize(("name", "message"), [("missing.txt", "no such file"), ("*.nope", "no file matches")])
def test_a_path_to_nothing_is_an_error_before_anything_is_read(tmp_path: Path, name: str, message: str) -> None:
    (tmp_path / "a.txt").write_text(TEXT)
    with pytest.raises(SeedError, match=message) as caught:
        read_seeds([str(tmp_path / "a.txt"), str(tmp_path / name)], ZONE)
    assert caught.value.exit_code == 4
    assert str(tmp_path / name) in str(caught.value)


def test_one_broken_file_among_many_is_reported_and_skipped(tmp_path: Path) -> None:
    (tmp_path / "a.gz").write_bytes(b"\x1f\x8b\x08 not really")
    (tmp_path / "b.zst").write_bytes(b"\x28\xb5\x2f\xfd nor this")
    (tmp_path / "c.jsonl").write_text('{"text": 5}\nnot json\n{"text": "fine"}\n')
    (tmp_path / "d.txt").write_text(TEXT)
    errors: list[SeedError] = []
    assert [seed.text for seed in read(tmp_path, errors=errors)] == ["fine", TEXT]
    assert [Path(error.source).name for error in errors] == ["a.gz", "b.zst", "c.jsonl", "c.jsonl"]
    assert "line 2" in str(errors[-1])
    with pytest.raises(SeedError):
        read(tmp_path)


@pytest.mark.parametrize("pack", [gzip.compress, zstd.compress])
def test_file_whose_end_is_lost_is_read_up_to_there(tmp_path: Path, pack: Callable[[bytes], bytes]) -> None:
    noise = Random(1)
    pages_of_noise = [json.dumps({"text": f"{noise.randbytes(2000).hex()} {TEXT}"}) for _ in range(99)]
    for name, data in (("a.jsonl", "\n".join(pages_of_noise)), ("b.txt", TEXT + noise.randbytes(200_000).hex())):
        packed_data = pack(data.encode())
        (tmp_path / name).write_bytes(packed_data[: len(packed_data) * 3 // 4])
    errors: list[SeedError] = []
    *pages, text = read(tmp_path, errors=errors)
    assert len(pages) > 50
    assert {page.page.dumps[0].related for page in (*pages, text)} == {items(RECORDS)}
    # of the JSON lines, the one with the cut is reported, too
    assert [Path(error.source).name for error in errors] == ["a.jsonl", "a.jsonl", "b.txt"]
    assert "cannot be read to its end" in str(errors[-1])


def test_warc_file_as_seeds_names_the_harvest_command(tmp_path: Path) -> None:
    (tmp_path / "a.warc").write_bytes(b"WARC/1.0\r\n")
    with pytest.raises(SeedError, match="harvest"):
        read(tmp_path / "a.warc")


def test_an_empty_file_is_a_page_without_a_dump(tmp_path: Path) -> None:
    (tmp_path / "a.txt").touch()
    (seed,) = read(tmp_path)
    assert (seed.text, seed.page.dumps) == ("", ())


@pytest.mark.parametrize("text", [TEXT, json.dumps({"text": TEXT, "url": "u"}) + "\n"])
def test_standard_input_is_text_or_json_lines(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(text.encode())))
    (seed,) = read("-")
    assert (seed.source, seed.text) == ("-", TEXT)


def test_a_file_longer_than_a_page_comes_in_parts_that_end_with_a_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sources, "MAX_PAGE_BYTES", 1000)
    dump = json_string(RECORDS) + "\n"
    data = (("x" * 99 + "\n") * 3 + dump) * 10
    (tmp_path / "a.txt").write_text(data)
    seeds = read(tmp_path)
    assert "".join(seed.text for seed in seeds) == data
    assert [found.related for seed in seeds for found in seed.page.dumps] == [items(RECORDS)] * 10
    assert all(data.encode()[seed.offset :].startswith(seed.text.encode()) for seed in seeds)


def test_json_line_longer_than_a_page_is_skipped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sources, "MAX_PAGE_BYTES", 1000)
    (tmp_path / "a.jsonl").write_text(json.dumps({"text": "x" * 3000}) + "\n" + json.dumps({"text": "y"}) + "\n")
    errors: list[SeedError] = []
    (seed,) = read(tmp_path, errors=errors)
    assert (seed.text, seed.line, seed.offset, len(errors)) == ("y", 2, 3013, 1)


@pytest.mark.parametrize(
    ("data", "text"),
    [
        ("“x”".encode(), "“x”"),
        (b"\xef\xbb\xbfx", "\ufeffx"),
        ("“x”".encode("utf-16"), "“x”"),
        ("It’s so, more or less.".encode("windows-1252"), "It’s so, more or less."),
        ("خبر عاجل".encode("windows-1256"), "خبر عاجل"),
        ("سوريا".encode()[:-1], "سوري\ufffd"),
        (("سوريا " * 20).encode() + b"\xff", "سوريا " * 20 + "\ufffd"),
    ],
)
def test_bytes_to_text(data: bytes, text: str) -> None:
    assert document_of(data).text == text


def test_the_reader_is_a_library_without_scrapy() -> None:
    code = (
        "import sys, crawler.seeds; sys.exit(any(name.split('.')[0] in {'scrapy', 'twisted'} for name in sys.modules))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False, cwd=Path(__file__).parents[2]).returncode == 0


@pytest.mark.parametrize(
    ("charset", "title"),
    [
        ("windows-1251", "Министр открыл новый порт в городе"),
        ("koi8-r", "Министр открыл новый порт в городе"),
        ("iso-8859-6", "افتتح وزير النقل الميناء الجديد"),
        ("windows-1256", "شهردار گفت پل چوبي ساخته شد"),
        ("windows-1255", "שר התחבורה חנך את הנמל החדש"),
        ("windows-1254", "Ulaştırma Bakanı yeni limanı açtı çağırdı İstanbul şehir"),
        ("windows-1250", "Žluťoučký kůň otevřel nový přístav"),
        ("gb18030", "部长为新港口揭幕，许多企业家出席仪式"),
    ],
)
def test_declared_length_counts_bytes_of_the_charset_of_the_file(tmp_path: Path, charset: str, title: str) -> None:
    rows = " ,".join(f'{{"id":"{place}","sort":"{place}","contenttypeid":"21","title":"{title}"}}' for place in "123")
    payload = f"[{rows} ]".encode(charset)
    (tmp_path / "a.txt").write_bytes(title.encode(charset) + b'\n\nstring(%d) "%b"\n' % (len(payload), payload))
    ((page,),) = [read(tmp_path / "a.txt")]
    dump = page.page.dumps[0]
    assert (dump.length_verdict, dump.encoding, dump.related[0].title) == ("exact", charset, title)
    assert "charset" in {diagnosis.kind for diagnosis in page.page.diagnoses}
