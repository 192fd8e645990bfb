"""The table of oddities in docs/warc.md is true, and no oddity is lost without a word."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.zoo.archives import ODDITIES
from tests.zoo.outcomes import LOST, harvested, recovered, replayed

DOCS = Path(__file__).parents[2] / "docs" / "warc.md"
ROW_RE = re.compile(r"\| ([^|]+) \| (\S+) \| (\S+) \| (\S+) \|")
TABLE = {
    row[1]: row.groups()[1:]
    for row in map(ROW_RE.fullmatch, DOCS.read_text(encoding="utf-8").partition("## Oddities of files")[2].splitlines())
    if row and row[1] not in {"oddity", "---"}
}


def test_table_names_the_files_of_the_zoo():
    assert list(TABLE) == list(ODDITIES)
    assert LOST not in {word for row in TABLE.values() for word in row}


@pytest.mark.parametrize("name", ODDITIES)
def test_file_is_read_as_the_table_says(name, tmp_path):
    oddity = ODDITIES[name]
    assert (harvested(oddity, tmp_path), replayed(oddity, tmp_path), recovered(oddity)) == TABLE[name]
