"""Public names say what they do in their first sentence, and functions show it with an example that runs."""

from __future__ import annotations

import importlib
import inspect
import re

import pytest

ROOMS = ("seeds", "extract", "archive", "warc", "dedupe")
PUBLIC = [
    (room, name, value)
    for room in ROOMS
    for name, value in ((name, getattr(importlib.import_module(f"crawler.{room}"), name))
                        for name in importlib.import_module(f"crawler.{room}").__all__)
    if inspect.isclass(value) or inspect.isfunction(value)
]  # fmt: skip
FUNCTIONS = [(room, name, value) for room, name, value in PUBLIC if inspect.isfunction(value)]
WITHOUT_EXAMPLE = {"seeds.read_seeds"}
"""Functions whose example would need files; this list only shrinks."""
MAX_SENTENCE_LETTERS = 160


def named(cases):
    return [pytest.param(room, name, value, id=f"{room}.{name}") for room, name, value in cases]


@pytest.mark.parametrize(("room", "name", "value"), named(PUBLIC))
def test_first_sentence_says_what_it_does(room, name, value):
    first = (inspect.getdoc(value) or "").partition("\n\n")[0]
    assert re.match(r"[A-Z]", first), f"crawler.{room}.{name} has no docstring"
    assert first.endswith("."), f"crawler.{room}.{name}: {first}"
    sentence = re.split(r"(?<=[.;:]) ", first)[0]
    assert len(sentence) <= MAX_SENTENCE_LETTERS, f"crawler.{room}.{name}: its first sentence is long"


@pytest.mark.parametrize(("room", "name", "value"), named(FUNCTIONS))
def test_function_begins_with_a_verb(room, name, value):
    first = inspect.getdoc(value).split()[0]
    assert first in {"Return", "Yield", "Write", "Read", "Open", "Make", "Raise", "Take"}, (
        f"crawler.{room}.{name}: {first}"
    )


@pytest.mark.parametrize(("room", "name", "value"), named(FUNCTIONS))
def test_function_has_an_example_that_runs(room, name, value):
    """Its doctest runs with the other tests."""
    has_example = ">>> " in inspect.getdoc(value)
    assert has_example is (f"{room}.{name}" not in WITHOUT_EXAMPLE), f"crawler.{room}.{name}"


def test_list_of_functions_without_example_names_public_ones():
    assert {f"{room}.{name}" for room, name, _ in FUNCTIONS} >= WITHOUT_EXAMPLE
