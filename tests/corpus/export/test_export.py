"""Every format holds what the corpus holds, and nothing that harms who opens it."""

from __future__ import annotations

import csv
import io
import json
import sys
from dataclasses import asdict
from unittest.mock import ANY

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import yaml

from crawler.archive.rebuilding import rebuild
from crawler.corpus.export import FORMATS, Exported, Options, export
from crawler.corpus.export import dataset as dataset_module
from crawler.corpus.export import parquet as parquet_module
from crawler.corpus.export.columns import SCHEMA
from crawler.corpus.export.table import COLUMNS, CUT_MARK, MAX_CELL_UNITS, defused, utf16_units
from crawler.corpus.selection import Selection
from crawler.exceptions import ConfigError, CorpusError
from crawler.items import Article, Image, RelatedItem
from tests.archive.corpora import make_corpus, rewrite
from tests.factories import make_article, make_stub

PLAIN = Options()
FULL = make_article(
    5,
    title="=cmd|' /C calc'!A0",
    kicker="+1",
    text='He said "no",\n\n@all and so on. وكتب',
    authors=("-Ann", "Bob"),
    published="2020-02-29T23:59:59+03:30",
    published_from="page",
    images=(Image(pic="/a.jpg", status="stored", path="images/aa/b.jpg", sha256="0" * 64, bytes=2**40, width=3),),
    related=(RelatedItem(id="6", sort=-5, content_type=21, title="@six"), RelatedItem(id="7", partial=True)),
    depth=2,
)


@pytest.fixture
def root(tmp_path):
    root = tmp_path / "corpus"
    make_corpus(
        root,
        FULL,
        make_stub(6, title="Only a title"),
        make_article(8, text="First"),
        make_article(8, text="Second"),
        make_article(9, text="Second"),
    )
    return root


def export_to(root, format_, tmp_path, *, options=PLAIN, all_versions=False, **asked):
    out = tmp_path / f"out.{format_}"
    return out, export(root, format_, str(out), Selection(**asked), all_versions=all_versions, options=options)


def records(root):
    lines = (root / "articles" / "articles-000001.jsonl").read_bytes().splitlines()
    return {(record := json.loads(line))["key"]: record for line in lines}


def test_jsonl_is_the_latest_lines_byte_for_byte(root, tmp_path):
    out, exported = export_to(root, "jsonl", tmp_path)
    lines = (root / "articles" / "articles-000001.jsonl").read_bytes().splitlines(keepends=True)
    assert out.read_bytes() == lines[0] + lines[1] + lines[3]
    assert exported == Exported(3)


def test_all_versions_are_all_lines(root, tmp_path):
    out, exported = export_to(root, "jsonl", tmp_path, all_versions=True)
    families = [next((root / family).iterdir()).read_bytes() for family in ("articles", "duplicates")]
    assert out.read_bytes() == b"".join(families)
    assert exported == Exported(5)


def test_parquet_holds_every_field_with_its_type(root, tmp_path):
    out, exported = export_to(root, "parquet", tmp_path)
    table = pq.read_table(out)
    assert exported == Exported(3)
    assert table.schema.equals(SCHEMA)
    for row in table.to_pylist():
        instant = row.pop("published_utc")
        assert {**row, "crc32": ANY} == records(root)[row["key"]]
        assert (instant and instant.isoformat()) == (row["published"] and "2020-02-29T20:29:59+00:00")


def test_the_columns_are_the_fields_of_the_record():
    fields = list(asdict(FULL))
    assert [name for name in SCHEMA.names if name != "published_utc"] == fields == list(Article.__slots__)
    assert [field.name for field in SCHEMA.field("images").type.value_type] == list(Image.__slots__)
    assert [field.name for field in SCHEMA.field("related").type.value_type] == list(RelatedItem.__slots__)
    flat = [name for name in COLUMNS if not name.startswith("capture_")]
    assert sorted([*flat, "capture"]) == sorted(fields)


def test_the_types_do_not_follow_what_happens_to_be_there(root, tmp_path):
    out, _ = export_to(root, "parquet", tmp_path, kind="stub")
    assert pq.read_schema(out).equals(SCHEMA)
    out.unlink()
    out, exported = export_to(root, "parquet", tmp_path, kind="seed")
    assert (pq.read_table(out).num_rows, exported.records) == (0, 0)
    assert pq.read_schema(out).equals(SCHEMA)


def test_parquet_is_written_in_row_groups(tmp_path, monkeypatch):
    make_corpus(tmp_path / "corpus", *(make_article(n) for n in range(25)))
    monkeypatch.setattr(parquet_module, "_GROUP_ROWS", 10)
    monkeypatch.setattr(parquet_module, "_CHUNK_ROWS", 5)
    out, _ = export_to(tmp_path / "corpus", "parquet", tmp_path)
    file = pq.ParquetFile(out)
    assert [file.metadata.row_group(number).num_rows for number in range(file.num_row_groups)] == [10, 10, 5]
    assert file.metadata.row_group(0).column(0).compression == "ZSTD"


def test_value_that_fits_no_column_leaves_out_only_its_record(root, tmp_path):
    segment = root / "articles" / "articles-000001.jsonl"
    rewrite(segment, (b'"sort":-5', b'"sort":"x"'))
    rebuild(root, "for the test")
    out, exported = export_to(root, "parquet", tmp_path)
    assert exported == Exported(2, damaged=1)
    assert pq.read_table(out)["key"].to_pylist() == ["replica/6", "replica/8"]


@pytest.mark.parametrize("bom", [False, True])
def test_csv_opens_in_a_spreadsheet_without_running_anything(root, tmp_path, bom):
    out, exported = export_to(root, "csv", tmp_path, options=Options(bom=bom))
    data = out.read_bytes()
    assert data.startswith(b"\xef\xbb\xbf") is bom
    rows = list(csv.DictReader(io.StringIO(data.decode("utf-8-sig"), newline="")))
    assert len(rows) == exported.records == 3
    assert list(rows[0]) == list(COLUMNS)
    full = rows[0]
    assert full["title"] == "'=cmd|' /C calc'!A0"
    assert full["kicker"] == "'+1"
    assert full["authors"] == "'-Ann; Bob"
    assert full["text"] == records(root)["replica/5"]["text"]
    assert json.loads(full["related"]) == records(root)["replica/5"]["related"]
    assert (full["depth"], full["capture_status"], full["language"]) == ("2", "200", "en")
    assert not [cell for row in rows for cell in row.values() if cell.startswith(("=", "+", "-", "@", "\t", "\r"))]


@pytest.mark.parametrize("letter", ["a", "\N{GRINNING FACE}"])
def test_cell_longer_than_a_spreadsheet_takes_is_cut_with_a_mark_for_spreadsheets_alone(tmp_path, letter):
    text = letter * (MAX_CELL_UNITS // len(letter.encode("utf-16-le")) * 2 + 9)
    make_corpus(tmp_path / "corpus", make_article(1, text=text), make_article(2, text="short"))
    out, exported = export_to(tmp_path / "corpus", "csv", tmp_path)
    assert exported.cut_cells == 0
    assert next(csv.DictReader(io.StringIO(out.read_text(encoding="utf-8"), newline="")))["text"] == text
    out.unlink()
    out, exported = export_to(tmp_path / "corpus", "csv", tmp_path, options=Options(bom=True))
    assert exported.cut_cells == 1
    cell = next(csv.DictReader(io.StringIO(out.read_text(encoding="utf-8-sig"), newline="")))["text"]
    assert cell.endswith(CUT_MARK)
    assert text.startswith(cell.removesuffix(CUT_MARK))
    assert MAX_CELL_UNITS - 1 <= utf16_units(cell) <= MAX_CELL_UNITS


@pytest.mark.parametrize("start", [*"=+-@\t\r\n", "\uff1d", "\uff20"])
def test_formulas_are_defused(start):
    assert defused(f"{start}1") == f"'{start}1"


@pytest.mark.parametrize("cell", ["", "plain", " =1", "'=1", "a=b"])
def test_other_cells_stay_as_they_are(cell):
    assert defused(cell) == cell


def test_txt_is_a_file_for_each_text_and_an_index(root, tmp_path):
    out, exported = export_to(root, "txt", tmp_path)
    assert exported == Exported(2, without_text=1)
    assert (out / "2020" / "5.txt").read_text() == f"{FULL.title}\n\n{FULL.text}\n"
    assert (out / "undated" / "8-v2.txt").read_text() == "Title 8\n\nSecond\n"
    with (out / "index.csv").open(newline="") as file:
        index = list(csv.DictReader(file))
    assert [row["file"] for row in index] == ["2020/5.txt", "undated/8-v2.txt"]
    assert index[0]["title"].startswith("'=")


@pytest.mark.parametrize(
    "key", ["../../../etc/passwd", "replica/../../x", "replica/", "a/CON.", "a/" + "9" * 300, "\x00"]
)
def test_txt_names_are_safe_whatever_the_keys(root, tmp_path, key):
    segment = root / "articles" / "articles-000001.jsonl"
    rewrite(segment, (b'"replica/5"', json.dumps(key).encode()))
    rebuild(root, "for the test")
    out, exported = export_to(root, "txt", tmp_path)
    assert exported.records == 2
    files = {path.relative_to(out).as_posix() for path in out.rglob("*.txt")}
    assert len(files) == 2
    assert all(len(name) < 100 and set(name) <= set("abcdefghijklmnopqrstuvwxyzCON0123456789-./") for name in files)
    assert not (tmp_path / "etc").exists()


def test_hf_is_a_folder_of_shards_and_a_card(root, tmp_path, monkeypatch):
    monkeypatch.setattr(dataset_module, "SHARD_BYTES", 1)
    monkeypatch.setattr(parquet_module, "_CHUNK_ROWS", 2)
    out, exported = export_to(root, "hf", tmp_path)
    shards = sorted(path.name for path in (out / "data").iterdir())
    assert shards == ["train-00000-of-00002.parquet", "train-00001-of-00002.parquet"]
    assert exported == Exported(3)
    assert pa.concat_tables([pq.read_table(out / "data" / name) for name in shards]).num_rows == 3
    _, head, body = (out / "README.md").read_text().split("---\n", 2)
    card = yaml.safe_load(head)
    assert card["language"] == ["en"]
    assert card["size_categories"] == ["n<1K"]
    assert card["license"] == "other"
    (split,) = card["configs"][0]["data_files"]
    assert [path.name for path in sorted(out.glob(split["path"]))] == shards
    assert "remain their publishers'" in body
    assert all(f"{name}" in body for name in SCHEMA.names)


def test_hf_of_nothing_is_one_empty_shard(root, tmp_path):
    out, exported = export_to(root, "hf", tmp_path, since="2030")
    assert exported == Exported(0)
    assert pq.read_table(out / "data").num_rows == 0


def test_hostile_values_do_not_reach_the_card(root, tmp_path):
    segment = root / "articles" / "articles-000001.jsonl"
    hostile = b'"x\\n---\\n<script>"'
    rewrite(segment, (b'"en"', hostile), (b'"origin"', hostile))
    rebuild(root, "for the test")
    out, _ = export_to(root, "hf", tmp_path)
    assert "<script>" not in (out / "README.md").read_text()


@pytest.mark.parametrize("format_", sorted(set(FORMATS) - {"wacz"}))  # wacz: it exports captures, and here are none
def test_existing_file_is_not_replaced_and_no_partial_file_remains(root, tmp_path, format_):
    out, first = export_to(root, format_, tmp_path)
    with pytest.raises(ConfigError, match="exists already"):
        export_to(root, format_, tmp_path)
    assert export_to(root, format_, tmp_path, options=Options(force=True)) == (out, first)
    with pytest.raises(CorpusError):
        export(tmp_path / "none", format_, str(tmp_path / "other"), Selection())
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(["corpus", out.name])


def test_a_corpus_without_captures_makes_no_wacz(root, tmp_path):
    with pytest.raises(ConfigError, match="holds no captures"):
        export_to(root, "wacz", tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["corpus"]


def test_without_pyarrow_it_says_what_to_install(root, tmp_path, monkeypatch):
    monkeypatch.delitem(sys.modules, "crawler.corpus.export.parquet")
    monkeypatch.setitem(sys.modules, "pyarrow.parquet", None)
    with pytest.raises(ConfigError, match=r"pip install 'scrapy-gleaner\[export\]'"):
        export_to(root, "parquet", tmp_path)
