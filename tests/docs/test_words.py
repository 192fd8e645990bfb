"""The check of words finds the phrases on its list, and the lists of phrases and messages are complete."""

from __future__ import annotations

import pytest

from docs import messages, words
from tests.conftest import REPOSITORY

PHRASES = words.read_phrases(words.PHRASES.read_text(encoding="utf-8"))


@pytest.mark.parametrize(
    ("text", "line", "found"),
    [
        ("One file is told and passed over.", 1, "is told"),
        ("First.\n# It goes on\n# where it was, later.", 2, "goes on where it was"),
        ("The texts are alike by 0.86.", 1, "alike by 0"),
        ("Pages that COULD NOT BE HAD.", 1, "COULD NOT BE HAD"),
    ],
)
def test_phrase_is_found_with_its_line(text, line, found):
    findings = list(words.find(text, "a.md", PHRASES))
    assert (line, found) in {(one.line, one.words) for one in findings}
    assert all(one.advice for one in findings)


@pytest.mark.parametrize(
    "text",
    ["The index is rebuilt in one pass over the lines.", "The crawl was then stopped.", "Dear is a name: Deardra."],
)
def test_plain_sentence_has_no_findings(text):
    assert list(words.find(text, "a.md", PHRASES)) == []


def test_messages_have_kind_place_and_words():
    found = list(messages.messages())
    by_kind = {kind: {one.text for one in found if one.kind == kind} for kind in messages.KINDS}
    assert "disk full" in by_kind["printed"]
    assert "robots.txt cannot be read: {robots.unknown}" in by_kind["error"]
    assert "Picture %s refused: %s" in by_kind["log"]
    assert any("replace OUT" in text for text in by_kind["help"])
    for one in found[::20]:
        line = (REPOSITORY / one.path).read_text(encoding="utf-8").splitlines()[one.line - 1]
        assert '"' in line or "'" in line
