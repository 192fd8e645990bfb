"""Ids in pandas, as README and tutorial say to read them: the two files of the public reports."""

from __future__ import annotations

import json
import re

import pytest

from tests.docs.test_docs import PAGES

pd = pytest.importorskip("pandas", reason="pandas is not installed; the group test of pyproject.toml brings it")
CALLS = [
    (page.name, call)
    for page in PAGES
    for call in re.findall(r"`(pd\.read_json\([^`]*\))`", page.read_text(encoding="utf-8"))
]
FILES = {
    "ids with zeros": [{"id": "0012345", "desk_code": "007", "related": [{"id": "0012346"}]}, {"id": "0012346", "desk_code": "12", "related": []}],
    "ids of 20 digits": [{"id": "20160308000000000001", "related": []}, {"id": "20160308000000000002", "related": []}],
    "an id that is null": [{"id": "1793001", "related": []}, {"id": None, "related": [{"id": "1793001"}]}],
}  # fmt: skip


@pytest.mark.parametrize("kind", FILES)
@pytest.mark.parametrize(("page", "call"), CALLS)
def test_ids_are_those_of_the_file(page, call, kind, tmp_path, seen):
    path = tmp_path / "lines.jsonl"
    path.write_text("".join(json.dumps(line) + "\n" for line in FILES[kind]))
    frame = eval(re.sub(r'"[^"]+"', repr(str(path)), call, count=1), {"pd": pd})
    ids = [None if pd.isna(one) else one for one in frame["id"]]
    seen(f"{kind}, as {page} reads them", [line["id"] for line in FILES[kind]], ids)
    listed = [one["id"] for related in frame["related"] for one in related]
    expected = sum(line["id"] in listed for line in FILES[kind])
    seen(f"{kind}, found in related", expected, int(frame["id"].isin(listed).sum()))
