"""JSON of all corpora, and invalid JSON: no line is lost."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from crawler.exceptions import SeedError
from crawler.seeds import SeedPage, read_seeds
from crawler.seeds.find import harvest_file
from tests.seeds.written import RECORDS, items, json_string

TEXT = f"Some body.\n\n{json_string(RECORDS)}\n"
URL, TIME = "https://example.org/news/1", "2017-05-04T00:00:00Z"

SHAPES: dict[str, dict[str, Any]] = {
    "c4": {"text": TEXT, "timestamp": TIME, "url": URL},
    "culturax": {"text": TEXT, "timestamp": TIME, "url": URL, "source": "mC4"},
    "oscar-2019": {"id": 5, "text": TEXT, "meta": {"url": URL, "ts": TIME}},
    "oscar-22.01": {
        "content": TEXT,
        "warc_headers": {"warc-record-id": "<urn:uuid:1>", "warc-date": TIME, "warc-target-uri": URL},
        "metadata": {"identification": {"label": "en", "prob": 0.9}, "annotation": None},
    },
    "oscar-hf": {"id": 1, "text": TEXT, "meta": {"warc_headers": {"warc-target-uri": URL, "warc-date": TIME}}},
    "dolma": {
        "id": "http://other.example/x",
        "source": "common-crawl",
        "added": "2023-01-01",
        "created": TIME,
        "text": TEXT,
        "metadata": {"url": URL, "source_domain": "example.org"},
    },
    "ccnet": {"url": URL, "date_download": TIME, "digest": "sha1:X", "title": "t", "raw_content": TEXT, "nlines": 3},
    "redpajama-v1": {"text": TEXT, "meta": {"url": URL, "timestamp": TIME, "language": "en"}},
    "redpajama-v1-as-text": {"text": TEXT, "meta": json.dumps({"url": URL, "timestamp": TIME})},
    "redpajama-v1-as-python": {"text": TEXT, "meta": str({"url": URL, "timestamp": TIME})},
    "redpajama-v2": {
        "raw_content": TEXT,
        "doc_id": "2023-06/0000",
        "meta": json.dumps({"url": URL, "date_download": TIME}),
    },
    "hplt-v1": {"id": 1, "document_lang": "en", "scores": [0.9], "langs": ["en"], "text": TEXT, "url": URL, "ts": TIME},
    "hplt-v2": {"f": "./x.warc.gz", "o": 1, "u": URL, "c": "text/html", "ts": TIME, "lang": ["eng_Latn"], "text": TEXT},
    "fineweb": {"text": TEXT, "id": "<urn:uuid:1>", "dump": "CC-MAIN-2013-20", "url": URL, "date": TIME},
    "datatrove": {"text": TEXT, "id": "1", "metadata": {"url": URL, "date": TIME}},
    "madlad-beside-url": {"text": TEXT, "url": URL, "timestamp": TIME},
    "dclm": {"text": TEXT, "url": URL, "metadata": {"WARC-Target-URI": "http://x/", "WARC-Date": TIME}},
    "news-please": {"maintext": TEXT, "url": URL, "date_download": TIME, "date_publish": "2017-05-03", "title": "t"},
    "realnews": {"title": "t", "text": TEXT, "url": URL, "publish_date": "05-03-2017", "warc_date": TIME},
    "trafilatura": {"title": "t", "raw_text": TEXT, "source": URL, "date": TIME},
    "wacz-pages": {"id": "1", "url": URL, "ts": TIME, "title": "t", "text": TEXT},
    "elasticsearch": {"_index": "x", "_id": "1", "_source": {"url": URL, "timestamp": TIME, "text": TEXT}},
    "html-beside-text": {"text": "Clean.", "html": TEXT, "url": URL, "timestamp": TIME},
    "mongodb": {"_id": {"$oid": "1"}, "content": TEXT, "url": URL, "crawled": {"$date": TIME}},
    "lines": {"text": TEXT.split("\n"), "url": URL, "timestamp": TIME},
    "unknown-field": {"leaked": TEXT, "url": URL, "timestamp": TIME},
}


def read(path: Path) -> tuple[list[SeedPage], list[str]]:
    errors: list[SeedError] = []
    pages = list(read_seeds([str(path)], ZoneInfo("UTC"), errors.append))
    return pages, [str(error).removeprefix(f"{path}: ") for error in errors]


def kinds(page: SeedPage) -> set[str]:
    return {diagnosis.kind for diagnosis in page.page.diagnoses}


def written(record: dict[str, Any], layout: str) -> str:
    backwards = dict(reversed(record.items()))
    return {
        "lines": lambda: f"{json.dumps(record)}\n{json.dumps(backwards)}\n",
        "list": lambda: json.dumps([record, backwards]),
        "list of lines": lambda: f"[\n{json.dumps(record)},\n{json.dumps(backwards)}\n]\n",
        "pretty": lambda: json.dumps([record, backwards], indent=2),
        "pretty objects": lambda: json.dumps(record, indent=4) + "\n" + json.dumps(backwards, indent=4),
        "rows": lambda: json.dumps({"rows": [{"row_idx": 0, "row": record}, {"row_idx": 1, "row": backwards}]}),
        "one line": lambda: json.dumps(record) + json.dumps(backwards),
    }[layout]()


@pytest.mark.parametrize("layout", ["lines", "list", "list of lines", "pretty", "pretty objects", "rows", "one line"])
@pytest.mark.parametrize("shape", SHAPES)
def test_text_url_and_time_are_found_in_every_shape(tmp_path: Path, shape: str, layout: str) -> None:
    path = tmp_path / "a.json"
    path.write_text(written(SHAPES[shape], layout))
    pages, errors = read(path)
    assert errors == []
    assert [(page.url, page.timestamp, page.page.dumps[0].related) for page in pages] == [
        (URL, TIME, items(RECORDS))
    ] * 2
    found = list(harvest_file(str(path), None, pytest.fail, lambda _: None))
    assert [(page.url, page.timestamp, page.records) for page in found] == [(URL, TIME, 3)] * 2


@pytest.mark.parametrize("charset", ["utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-8-sig"])
@pytest.mark.parametrize("name", ["a.jsonl", "a.json", "a"])
def test_lines_in_wide_charsets(tmp_path: Path, charset: str, name: str) -> None:
    record = {"url": URL, "text": f"Текст. {TEXT}"}
    path = tmp_path / name
    path.write_bytes(f"{json.dumps(record, ensure_ascii=False)}\n{json.dumps(record)}\n".encode(charset))
    pages, errors = read(path)
    assert errors == []
    assert [(page.text, page.url, len(page.page.dumps)) for page in pages] == [(record["text"], URL, 1)] * 2
    assert kinds(pages[0]) == {"bom" if charset == "utf-8-sig" else "utf-16"}
    assert len(list(harvest_file(str(path), None, pytest.fail, lambda _: None))) == 2


GOOD = json.dumps({"text": TEXT, "url": URL}).encode()
ODD = {
    "nan": (GOOD.replace(b'{"text"', b'{"score": NaN, "n": -Infinity, "text"'), "nan"),
    "lone surrogate": (GOOD.replace(b"Some", rb"So\ud83dme"), "lone-surrogate"),
    "lone surrogate elsewhere": (GOOD.replace(b'{"text"', rb'{"t": "\udc00", "text"'), "lone-surrogate"),
    "windows-1252": (GOOD.replace(b"Some body", b"Som\xe9 body"), "charset"),
    "cut utf-8": (GOOD.replace(b"Some body", b"\xc3\xa9" * 30 + b"\xc3"), "lost-bytes"),
    "controls": (GOOD.replace(b"Some body", b"Some\tbody\x01"), "loose-json"),
    "nul within": (GOOD.replace(b"Some body", b"Some\0body"), "nul"),
    "nul behind": (GOOD + bytes(64), None),
    "record separator": (b"\x1e" + GOOD, None),
    "comma behind": (GOOD + b",", None),
    "duplicate key": (b'{"text": "other", ' + GOOD[1:], "duplicate-key"),
    "garbage behind": (GOOD + b" ;", "garbage"),
    "huge number": (GOOD.replace(b'{"text"', b'{"n": ' + b"9" * 6000 + b', "text"'), None),
    "cut off": (GOOD[:-60], "cut-json"),
    "cut off in the last string": (GOOD[:-5], "cut-json"),
    "quote that is not escaped": (GOOD.replace(b"Some body", b'Some "body"'), "cut-json"),
    "nested deeply": (GOOD.replace(b'{"text"', b'{"n": ' + b"[" * 9000 + b"]" * 9000 + b', "text"'), "not-json"),
}


@pytest.mark.parametrize("oddity", ODD)
def test_odd_line_has_a_diagnosis_and_is_not_lost(tmp_path: Path, oddity: str) -> None:
    line, kind = ODD[oddity]
    path = tmp_path / "a.jsonl"
    path.write_bytes(GOOD + b"\n" + line + b"\n" + GOOD + b"\n")
    pages, _ = read(path)
    assert [page.line for page in pages] == [1, 2, 3]
    assert [len(page.page.dumps) for page in pages] == [1, 1, 1]
    if oddity != "cut off":
        assert pages[1].page.dumps[0].related == items(RECORDS)
    if kind:
        assert kind in kinds(pages[1])
    found = list(harvest_file(str(path), None, lambda _: None, lambda _: None))
    assert [page.offset for page in found] == [page.offset for page in pages]
    assert all("\ud83d" not in page.text for page in found)


def test_url_behind_a_quote_that_is_not_escaped_is_found(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_bytes(ODD["quote that is not escaped"][0])
    ((page,), errors) = read(path)
    assert (page.url, len(errors)) == (URL, 1)
    assert page.text.startswith('Some "body".\n')


@pytest.mark.parametrize("end", ["\r", "\r\n", "\n", "\r\r\n"])
def test_line_ends(tmp_path: Path, end: str) -> None:
    path = tmp_path / "a.jsonl"
    path.write_bytes(end.encode().join([GOOD] * 3))
    pages, errors = read(path)
    assert errors == []
    assert [page.text for page in pages] == [TEXT] * 3
    assert all(path.read_bytes()[page.offset :].startswith(GOOD) for page in pages)


def test_line_without_text_says_which_fields_it_has_once(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    lines = [{"headline": "x", "n": number} for number in range(5)]
    path.write_text("".join(json.dumps(line) + "\n" for line in lines) + '[1]\n"x"\n' + json.dumps({"text": "y"}))
    pages, errors = read(path)
    assert [page.text for page in pages] == ["y"]
    assert errors == [
        "line 1: no text: its fields are 'headline', 'n'",
        "line 6: no object, but a list",
        "line 7: no object, but a single value",
    ]


@pytest.mark.parametrize(
    "text",
    ['[{"id":"1","sort":"2","contenttypeid":"21","pic":"a.jpg","title":"T"}]', '{"related": [{"id": "1"}]}', "{x}"],
)
def test_json_without_pages_is_text(tmp_path: Path, text: str) -> None:
    (tmp_path / "a.json").write_text(text)
    ((page,), errors) = read(tmp_path / "a.json")
    assert (page.text, page.line, errors) == (text, None, [])


def test_list_of_many_pages_is_read_in_constant_memory(tmp_path: Path) -> None:
    record = json.dumps({"text": TEXT + "x" * 10_000, "url": URL})
    path = tmp_path / "a.json"
    path.write_text("[" + ", ".join([record] * 700) + "]")
    pages, errors = read(path)
    assert (len(pages), errors) == (700, [])
    assert {page.page.dumps[0].related for page in pages} == {items(RECORDS)}
