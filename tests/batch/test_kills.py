"""A harvest on a cluster survives kills of a worker, of the command and of the scheduler; kills.py does it at length."""

from __future__ import annotations

import pytest

from tests.batch.kills import DONE, GONE, KILLED, harvest_with_kills


@pytest.mark.parametrize("victim", ["worker", "client", "scheduler"])
def test_killed_harvest_has_the_parts_of_one_process_in_the_end(tmp_path, victim):
    pytest.importorskip("distributed", reason="the extra cluster is not installed")
    killed, codes, _, wrong = harvest_with_kills(tmp_path, 1, [victim], files=12)
    assert (dict(killed), wrong) == ({victim: 1}, [])
    assert set(codes) <= {DONE, GONE, KILLED}
