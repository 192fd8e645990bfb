"""Some dozens of trials of each kind that needs no special rights; ``python -m tests.archive.trials`` runs more."""

from __future__ import annotations

import pytest

from tests.archive.dying import Row
from tests.archive.trials import KINDS, attempted


@pytest.mark.parametrize(
    ("kind", "times"), [("kill", 60), ("catalogue", 20), ("limit", 10), ("writers", 50), ("readers", 1000)]
)
def test_nothing_is_lost_torn_or_doubled(tmp_path, kind, times):
    row = attempted(kind, tmp_path, times, seed=times)
    print(row)  # noqa: T201 - for who counts them
    assert row.clean, str(row)
    assert row.trials == max(1, times // KINDS[kind][2])
    assert kind == "readers" or row.notes["acknowledged records looked for"] >= times // 2


def test_a_row_shows_what_was_violated():
    row = Row("kills", trials=3, lost=1, others=["corpus 1: too bad"])
    assert not row.clean
    assert str(row).split() == ["kills", "3", "1", "0", "0", "1", "corpus", "1:", "too", "bad"]
