"""Files and folders that are there when they are whole."""

from __future__ import annotations

import io
import sys

import pytest

from crawler.corpus.output import MARKER, OutputError, output_file, output_folder
from crawler.exceptions import ConfigError

CORPUS = "corpus"


@pytest.fixture
def place(tmp_path):
    (tmp_path / CORPUS).mkdir()
    return tmp_path


def write_file(place, name, data=b"new", *, force=False):
    with output_file(str(place / name), place / CORPUS, force=force) as file:
        file.write(data)


def write_folder(place, name, *, force=False):
    with output_folder(str(place / name), place / CORPUS, force=force) as folder:
        (folder / "a").write_text("new")


def names(place):
    return sorted(path.name for path in place.iterdir())


def test_a_file_is_replaced_only_by_force_and_whole(place):
    write_file(place, "out", b"old")
    with pytest.raises(ConfigError, match="exists already: give --force"):
        write_file(place, "out")
    with pytest.raises(ZeroDivisionError), output_file(str(place / "out"), place / CORPUS, force=True) as file:
        file.write(b"half")
        raise ZeroDivisionError
    assert (place / "out").read_bytes() == b"old"
    write_file(place, "out", force=True)
    assert (place / "out").read_bytes() == b"new"
    assert names(place) == [CORPUS, "out"]


def test_a_folder_is_replaced_only_by_force_and_only_if_it_is_ours(place):
    write_folder(place, "out")
    with pytest.raises(ConfigError, match="exists already"):
        write_folder(place, "out")
    (place / "out" / "a").write_text("old")
    write_folder(place, "out", force=True)
    assert (place / "out" / "a").read_text() == "new"
    (place / "home").mkdir()
    write_folder(place, "home", force=True)
    (place / "home" / MARKER).unlink()
    with pytest.raises(ConfigError, match="not the folder of an export"):
        write_folder(place, "home", force=True)
    assert names(place) == [CORPUS, "home", "out"]


def test_a_folder_that_was_not_finished_is_not_there(place):
    with pytest.raises(KeyboardInterrupt), output_folder(str(place / "out"), place / CORPUS, force=False) as folder:
        (folder / "a").write_text("half")
        raise KeyboardInterrupt
    assert names(place) == [CORPUS]


@pytest.mark.parametrize("name", ["corpus", "corpus/articles.jsonl", "corpus/../corpus/x", "none/out"])
def test_places_that_are_refused(place, name):
    (place / CORPUS).mkdir(exist_ok=True)
    for write in (write_file, write_folder):
        with pytest.raises(ConfigError, match=r"inside the corpus|there is no folder"):
            write(place, name, force=True)


def test_a_link_into_the_corpus_is_refused(place):
    (place / "link").symlink_to(place / CORPUS / "x")
    with pytest.raises(ConfigError, match="inside the corpus"):
        write_file(place, "link", force=True)


def test_a_folder_is_never_replaced_by_a_file(place):
    (place / "out").mkdir()
    with pytest.raises(ConfigError, match="exists already"):
        write_file(place, "out", force=True)


def test_standard_output_is_for_pipes(place, monkeypatch):
    pipe = io.TextIOWrapper(io.BytesIO())
    monkeypatch.setattr(sys, "stdout", pipe)
    with output_file("-", place / CORPUS, force=False) as file:
        file.write(b"data")
    assert pipe.buffer.getvalue() == b"data"
    monkeypatch.setattr(pipe, "isatty", lambda: True, raising=False)
    with pytest.raises(ConfigError, match="could control a terminal"), output_file("-", place, force=False):
        pass
    with pytest.raises(ConfigError, match="is a folder"), output_folder("-", place, force=False):
        pass


def test_a_disk_that_fails_is_a_clear_error(place):
    with (
        pytest.raises(OutputError, match="cannot be written"),
        output_file(str(place / "out"), place / CORPUS, force=False),
    ):
        raise OSError(5, "Input/output error")
    with pytest.raises(OutputError, match="cannot be written"):
        write_file(place, "x" * 300)
