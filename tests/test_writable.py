"""Text that no file can hold is shown, and never ends a run."""

import json
import os

from hypothesis import given, settings
from hypothesis import strategies as st

from crawler.exceptions import CorpusError, SeedError
from crawler.writable import json_of, writable

NAMES = st.binary(min_size=1, max_size=40).filter(lambda name: b"\0" not in name and b"/" not in name)


@settings(deadline=None)
@given(NAMES)
def test_every_name_of_a_file_can_be_written_and_tells_its_bytes(name):
    shown = writable(os.fsdecode(name))
    assert shown.encode() == name.decode("utf-8", "backslashreplace").encode()
    assert json.loads(json_of({"file": os.fsdecode(name)})) == {"file": shown}
    assert str(SeedError(os.fsdecode(name), "no dump")) == f"{shown}: no dump"
    assert str(CorpusError(os.fsdecode(name), "x")).isprintable() or not shown.isprintable()


@settings(deadline=None)
@given(st.lists(st.integers(0, 0x10FFFF).map(chr) | st.integers(0xD800, 0xDFFF).map(chr)).map("".join))
def test_any_text_can_be_written_and_text_without_surrogates_is_the_same(text):
    assert writable(text).encode().decode() == writable(text)
    assert writable(text) == text or any("\ud800" <= char <= "\udfff" for char in text)


def test_json_is_made_writable_wherever_it_contains_text():
    value = {"caf\udce9": ["\udce9", {"x": ("\ud800",)}], "n": 1, "none": None}
    assert json.loads(json_of(value)) == {"caf\\xe9": ["\\xe9", {"x": ["\\ud800"]}], "n": 1, "none": None}
