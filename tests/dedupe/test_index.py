"""The index of near duplicates: what it finds, and what a kill leaves of it."""

from __future__ import annotations

import random
from pathlib import Path

import numpy as np
import pytest

from crawler.dedupe import NearIndex, Sketch, index, runs, words_of
from crawler.dedupe.shingles import KEYS_PER_TEXT
from crawler.dedupe.words import Words

VOCABULARY = [f"w{number}" for number in range(3000)]


def text(seed: int, words: int = 120) -> Words:
    return words_of(" ".join(random.Random(seed).choices(VOCABULARY, k=words)))


def cut(words: Words, share: float = 0.25) -> Words:
    return words[: round(len(words) * (1 - share))]


def found(near: NearIndex, words: Words, threshold: float = 0.5) -> int | None:
    """Return the tag of the document most like *words*."""
    return next((seen.tag for seen, _ in near.find_similar(Sketch(words), threshold, lambda _: True)), None)


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Flushes, and so runs, of a few documents: merges come soon."""
    monkeypatch.setattr(index, "FLUSH_DOCUMENTS", 4)
    monkeypatch.setattr(runs, "_SLICE_ENTRIES", 64)


def filled(folder: Path, documents: int) -> NearIndex:
    near = NearIndex(folder)
    for number in range(len(near), documents):
        near.add(Sketch(text(number)), number, 1)
        if near.is_full:
            near.flush({"at": number + 1})
    return near


def test_a_shortened_copy_is_found_and_another_text_is_not(tmp_path):
    near = filled(tmp_path / "near", 10)

    [(seen, similarity)] = near.find_similar(Sketch(cut(text(3))), 0.5, lambda _: True)

    assert seen == (3, 1, 120, 0)
    assert similarity == pytest.approx(180 / 210)
    assert found(near, text(77)) is None


def test_only_documents_that_count_are_found(tmp_path):
    near = filled(tmp_path / "near", 3)

    assert near.find_similar(Sketch(cut(text(1))), 0.5, lambda seen: seen.tag != 1) == []


def test_most_similar_text_comes_first_and_of_equals_the_first_added(tmp_path):
    near = NearIndex(tmp_path / "near")
    for tag, share in enumerate((0.3, 0.1, 0.1, 0.2)):
        near.add(Sketch(cut(text(1), share)), tag, 1)

    assert [seen.tag for seen, _ in near.find_similar(Sketch(text(1)), 0.5, lambda _: True)] == [1, 2, 3, 0]


@pytest.mark.usefixtures("small")
def test_index_is_the_same_after_reopening(tmp_path):
    near = filled(tmp_path / "near", 200)
    near.flush({"at": 200})
    near.close()

    again = NearIndex(tmp_path / "near")

    assert (len(again), again.mark) == (200, {"at": 200})
    assert [found(again, cut(text(number))) for number in range(200)] == list(range(200))


@pytest.mark.usefixtures("small")
def test_runs_are_merged_so_that_there_are_few(tmp_path, monkeypatch):
    monkeypatch.setattr(index, "FAN_IN", 3)
    near = filled(tmp_path / "near", 1000)

    lengths = [run.entries.size for run in near._runs]
    assert len(lengths) <= 6  # one of each level, and 3 ** 5 is 243
    assert lengths == sorted(lengths, reverse=True)
    assert sum(lengths) == 1000 * KEYS_PER_TEXT
    assert all((run.entries[1:] > run.entries[:-1]).all() for run in near._runs)
    assert {path.name for path in (tmp_path / "near").glob("*.run")} == {run.path.name for run in near._runs}


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize("step", ["_append", "write_run", "merge_runs", "_replace"])
def test_a_flush_that_was_interrupted_never_was(tmp_path, monkeypatch, step):
    """Wherever a kill comes in a flush, the index is what it was before it: its documents and its mark."""
    near = filled(tmp_path / "near", 12)
    near.flush({"at": 12})

    def killed(*_args: object) -> None:
        raise KeyboardInterrupt

    for number in range(12, 16):
        near.add(Sketch(text(number)), number, 1)
    with monkeypatch.context() as patch:
        patch.setattr(index, step, killed)
        with pytest.raises(KeyboardInterrupt):
            near.flush({"at": 16})

    again = NearIndex(tmp_path / "near")
    assert (len(again), again.mark) == (12, {"at": 12})
    assert [found(again, text(number)) for number in range(16)] == [*range(12), None, None, None, None]
    for number in range(12, 40):
        again.add(Sketch(text(number)), number, 1)
    again.flush({"at": 40})
    assert [found(again, text(number)) for number in range(40)] == list(range(40))


@pytest.mark.parametrize("damage", ["state.json", "words.bin", "documents.bin", "000001.run"])
@pytest.mark.parametrize("to", [None, b"", b"{}", b'{"version": "0"}'])
def test_index_that_lost_a_file_starts_empty(tmp_path, damage, to):
    near = filled(tmp_path / "near", 5)
    near.flush({"at": 5})
    near.close()
    path = tmp_path / "near" / damage
    path.unlink() if to is None else path.write_bytes(to)

    again = NearIndex(tmp_path / "near")

    assert (len(again), again.mark) == (0, None)
    assert found(again, text(1)) is None


def test_boilerplate_that_all_texts_share_hides_no_copy(tmp_path):
    """Keys that thousands of documents have are skipped for rarer ones."""
    near = NearIndex(tmp_path / "near")
    template = text(-1, 60)
    for number in range(2000):
        near.add(Sketch(np.concatenate((text(number), template))), number, 1)

    assert found(near, np.concatenate((cut(text(1234)), template))) == 1234
    assert found(near, np.concatenate((text(9999), template))) is None


def test_often_republished_story_is_found_in_its_last_form(tmp_path):
    """Its keys are common, and no rarer ones say whose copy it is."""
    near = NearIndex(tmp_path / "near")
    for number in range(30):
        near.add(Sketch(text(1, 100 + 5 * number)), number, 1)
    near.flush({})

    assert found(near, text(1, 250)) == 29


@pytest.mark.parametrize("file", ["documents.bin", "words.bin", "000001.run"])
def test_rotten_bytes_make_wrong_answers_at_worst(tmp_path, file):
    near = filled(tmp_path / "near", 30)
    near.flush({"at": 30})
    near.close()
    path, draw = tmp_path / "near" / file, random.Random(1)
    path.write_bytes(bytes(byte if draw.random() < 0.9 else draw.randrange(256) for byte in path.read_bytes()))

    again = NearIndex(tmp_path / "near")

    answers = {found(again, text(number)) for number in range(30)}
    assert answers - {None} <= set(range(30)) or file == "documents.bin"  # where the tags are
