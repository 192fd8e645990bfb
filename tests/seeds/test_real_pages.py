"""The real pages: every record of every dump, no more and no fewer."""

from __future__ import annotations

import csv
from collections import defaultdict
from hashlib import sha256
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from crawler.seeds import SeedPage, read_seeds

SEEDS = Path(__file__).parents[3] / "shared" / "seeds"
ORIGINAL = SEEDS / "000_7c9f7c6341137de6.txt"
ZONE = ZoneInfo("Asia/Tehran")

pytestmark = pytest.mark.skipif(not ORIGINAL.exists(), reason="the real pages are not beside this checkout")


@pytest.fixture(scope="module")
def pages() -> dict[str, SeedPage]:
    """Return the pages by the names of their files, without the tables of what is right, which are beside them."""
    found = {Path(page.source).name: page for page in read_seeds([str(SEEDS / "pages")], ZONE)}
    return {name: page for name, page in found.items() if name.endswith(".txt")}


def rows(name: str) -> list[dict[str, str]]:
    with (SEEDS / "pages" / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file, delimiter="\t"))


def test_the_original_seed_has_ten_records_and_the_declared_length_is_exact():
    (seed,) = read_seeds([str(ORIGINAL)], ZONE)
    (dump,) = seed.page.dumps
    assert [item.id for item in dump.related] == (
        ["1793356", "1793883", "1793911", "1793934", "1794312", "1794341", "1794478", "1794480", "1794482", "1794486"]
    )
    assert (dump.declared_length, dump.length_verdict, dump.diagnoses) == (1896, "exact", ())
    assert (seed.page.title, seed.page.published, seed.page.desk_code) == (None, None, "212-11")
    assert len(seed.page.paragraphs) == 6


def test_the_hash_of_a_seed_is_that_of_its_file():
    (seed,) = read_seeds([str(ORIGINAL)], ZONE)
    assert seed.text_sha256 == sha256(ORIGINAL.read_bytes()).hexdigest()
    assert seed.text_sha256.startswith("0e0b62733202")


def test_whole_records_equal_the_list_of_records(pages):
    expected = defaultdict(list)
    for row in rows("records.tsv"):
        expected[row["file"]].append((row["id"], row["sort"], row["contenttypeid"], row["pic"]))
    found = {
        name: [
            (item.id, str(item.sort), str(item.content_type), item.pic)
            for dump in page.page.dumps
            for item in dump.related
            if not item.partial
        ]
        for name, page in pages.items()
    }
    assert {name: records for name, records in found.items() if records} == expected


def test_every_page_of_the_index_is_read_as_it_says(pages):
    for row in rows("index.tsv"):
        page = pages[row["file"]].page
        dumps = page.dumps
        if row["declared_N"] == "-":
            assert dumps == (), row["file"]
            continue
        (dump,) = dumps
        assert dump.declared_length == int(row["declared_N"]), row["file"]
        assert (dump.length_verdict == "truncated") is (row["truncated"] == "yes"), row["file"]
        tail = row["tail_lines"].split(";")[0]
        assert page.desk_code == (None if tail == "-" else tail), row["file"]


def test_titles_stand_where_the_layout_has_them(pages):
    for row in rows("index.tsv"):
        page = pages[row["file"]].page
        assert (page.title is not None) is (row["layout"] in {"D", "S", "KD", "G"}), row["file"]
        assert (page.published is not None) is (row["date_line"] != "(none)"), row["file"]
    assert pages["plain-006.txt"].page.kicker == "Kicker line about the story"
    assert pages["plain-016.txt"].page.dateline == "العالم - سوريا"
    assert pages["dumps-075.txt"].page.credits == ("ABC News",)


def test_no_paragraph_holds_a_piece_of_a_dump(pages):
    assert not [p for page in pages.values() for p in page.page.paragraphs if "contenttypeid" in p or "string(" in p]
