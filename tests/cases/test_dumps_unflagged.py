"""What is odd about a dump is flagged, or its rows are recovered: nothing passes without a word."""

from __future__ import annotations

import json
from pathlib import Path

from tests.crawling import scrapy

ROW = '[{"id":"1793356","sort":"1","contenttypeid":"21","pic":"/a.jpg","title":"x"} ]'
CASES = {
    "negative length": (f'string(-78) "{ROW}"', 1, {"bad-length"}),
    "length in other digits": (f'string(٧٨) "{ROW}"', 1, {"bad-length"}),
    "negative count": ('array(-1) { [0]=> array(2) { ["id"]=> string(1) "5" ["sort"]=> string(1) "7" } }', 1, {"bad-length"}),
    "negative length of a value": ('array(1) { [0]=> array(2) { ["id"]=> string(-1) "5" ["sort"]=> string(1) "7" } }', 1, {"value-length"}),
    "escaped twice": (f"string(98) {json.dumps(ROW)}", 1, set()),
    "long title": (f'string(5000077) "{ROW.replace("x", "x" * 5_000_000)}"', 1, {"long-value"}),
    "ids in a string": ('string(38) "[{"id":"1793356"},{"id":"1793357"} ]  "', 2, {"missing-key"}),
    "a title of NUL": ('string(36) "[{"id":"1793356","title":"\\u0000"}]"', 1, {"missing-key"}),
    "ids alone": ('[{"id":"1793356"},{"id":"1793357"}]', 0, {"id-list"}),
    "ids as numbers": ('[{"id":1793356}, {"id":1793357}]', 0, {"id-list"}),
    "ids and titles": ('[{"id":"1793356","title":"x"}]', 0, {"id-list"}),
    "ids that print_r shows": ("Array ( [0] => Array ( [id] => 1793356 ) )", 0, {"id-list"}),
}  # fmt: skip


def test_each_is_flagged_or_recovered(tmp_path: Path, seen):
    for number, (text, _, _) in enumerate(CASES.values()):
        (tmp_path / f"{number:02}.txt").write_text(f"A paragraph.\n{text}\n")
    done = scrapy("seeds", "inspect", tmp_path, "--json")
    told = {Path(one["file"]).name: one for one in map(json.loads, done.stdout.splitlines())}
    for number, (name, (_, rows, kinds)) in enumerate(CASES.items()):
        one = told[f"{number:02}.txt"]
        seen(f"{name}, rows", rows, len(one["related"]))
        seen(f"{name}, diagnoses", kinds, kinds & {diagnosis["kind"] for diagnosis in one["diagnoses"]})


def test_list_that_is_not_a_dump_is_shown_and_not_counted(tmp_path: Path, seen):
    (tmp_path / "seed.txt").write_text('A paragraph.\n[{"id":"1793356"}]')
    done = scrapy("seeds", "inspect", tmp_path / "seed.txt", "--json")
    told = json.loads(done.stdout)
    seen("ids alone, exit code", 4, done.returncode)
    seen("ids alone, diagnoses", ["id-list"], [one["kind"] for one in told["diagnoses"]])


def test_file_of_ids_alone_is_a_list_of_articles_and_said_to_be_one(tmp_path: Path, seen):
    (tmp_path / "seed.txt").write_text('[{"id":"1793356"}]')
    done = scrapy("seeds", "inspect", tmp_path / "seed.txt", "--json")
    seen("ids and nothing else, exit code", 0, done.returncode)
    seen("ids and nothing else, said", True, "they name 1 articles of alalam" in done.stderr)
