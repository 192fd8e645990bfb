"""The table of oddities (expected.tsv, shown in docs/warc.md) is correct, and no oddity is lost without a message."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.zoo.archives import ODDITIES
from tests.zoo.outcomes import LOST, harvested, recovered, replayed, served

EXPECTED = Path(__file__).with_name("expected.tsv")
"""The table of docs/warc.md, which the site shows: a line for each oddity, fields separated by tabs."""
TABLE = {
    name: tuple(outcomes)
    for name, *outcomes in (line.split("\t") for line in EXPECTED.read_text(encoding="utf-8").splitlines()[1:])
}


def test_table_names_the_files_of_the_zoo():
    assert list(TABLE) == list(ODDITIES)
    assert LOST not in {word for row in TABLE.values() for word in row}


@pytest.mark.parametrize("name", ODDITIES)
def test_file_is_read_as_the_table_says(name, tmp_path):
    oddity = ODDITIES[name]
    assert (harvested(oddity, tmp_path), replayed(oddity, tmp_path), recovered(oddity), served(name)) == TABLE[name]
