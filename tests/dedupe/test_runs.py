"""Runs of the index of near duplicates: what is looked up in them, and what merging keeps."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crawler.dedupe import runs
from crawler.dedupe.runs import MAX_ENTRIES_PER_KEY, NUMBER, Entries, SortedRun, merge_runs, write_run
from crawler.exceptions import CorpusDamaged

HIGHEST = 0xFFFFFFFF


def entries_of(keys: list[int], first: int = 0) -> Entries:
    """Return the entries of documents, numbered from *first*, of which each has one of *keys*."""
    return np.sort(np.array([key << 32 | number for number, key in enumerate(keys, first)], np.uint64))


def documents(run: SortedRun, keys: list[int]) -> dict[int, list[int]]:
    """Return the numbers of the documents that have each of *keys*, as they are looked up."""
    asked = np.array(keys, np.uint64) << np.uint64(32)
    rows = run.windows(asked, asked | NUMBER) ^ asked[:, None]
    return {key: row[row < NUMBER].tolist() for key, row in zip(keys, rows, strict=True) if (row < NUMBER).any()}


def expected(keys: list[int]) -> dict[int, list[int]]:
    """Return the last documents that have each of *keys*."""
    return {key: [at for at, one in enumerate(keys) if one == key][-MAX_ENTRIES_PER_KEY:] for key in set(keys)}


# Anywhere, close together (one slot of the directory has them all), and at the ends of what there is.
keys_anywhere = st.integers(0, HIGHEST) | st.integers(0, 40) | st.integers(HIGHEST - 5, HIGHEST)


@given(keys=st.lists(keys_anywhere, min_size=1, max_size=300), others=st.lists(keys_anywhere, max_size=30))
@settings(max_examples=50)
def test_each_key_is_found_with_the_last_documents_that_have_it(tmp_path_factory, keys, others):
    path = tmp_path_factory.mktemp("runs") / "1.run"

    run = SortedRun(path, write_run(path, entries_of(keys)))

    assert documents(run, sorted({*keys, *others})) == expected(keys)


@given(st.lists(st.lists(keys_anywhere, min_size=1, max_size=100), min_size=2, max_size=4), st.integers(1, 40))
@settings(max_examples=50)
def test_runs_that_are_merged_piece_by_piece_are_one_run_of_all_entries(tmp_path_factory, several, piece):
    folder: Path = tmp_path_factory.mktemp("runs")
    keys = [key for some in several for key in some]
    parts, first = [], 0
    for number, some in enumerate(several):
        path = folder / f"{number}.run"
        parts.append(SortedRun(path, write_run(path, entries_of(some, first))))
        first += len(some)
    write_run(folder / "at_once.run", entries_of(keys))

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(runs, "_SLICE_ENTRIES", piece)
        merged = SortedRun(folder / "merged.run", merge_runs(folder / "merged.run", parts))

    assert documents(merged, sorted(set(keys))) == expected(keys)
    assert merged.entries.tolist() == SortedRun(folder / "at_once.run", len(merged.entries)).entries.tolist()


def test_a_long_run_of_even_keys_is_looked_up_without_a_search(tmp_path, monkeypatch):
    draw = np.random.default_rng(1)
    held = np.sort(draw.integers(0, 1 << 32, 50_000, np.uint64) << np.uint64(32) | np.arange(50_000, dtype=np.uint64))
    run = SortedRun(tmp_path / "1.run", write_run(tmp_path / "1.run", held))
    monkeypatch.setattr(run, "entries", None)

    rows = run.windows(held & ~NUMBER, held | NUMBER)

    assert (rows == held[:, None]).any(axis=1).all()


@pytest.mark.parametrize("change", [-1, 1, 8, -8, 4096])
def test_file_of_another_length_is_refused(tmp_path, change):
    path = tmp_path / "1.run"
    written = write_run(path, entries_of(list(range(50))))
    with path.open("r+b") as file:
        file.truncate(path.stat().st_size + change)

    with pytest.raises(CorpusDamaged, match=r"no run of 50 entries"):
        SortedRun(path, written)


def test_directory_that_leads_beyond_the_entries_is_refused(tmp_path):
    path = tmp_path / "1.run"
    written = write_run(path, entries_of(list(range(50))))
    with path.open("r+b") as file:
        file.write(b"\xff\xff\xff\xff")

    with pytest.raises(CorpusDamaged, match="beyond its 50 entries"):
        SortedRun(path, written)
