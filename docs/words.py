"""Finds phrases that must not come back, and prints what to say instead: part of ``make lint``.

    python -m docs.words            # prints file:line: phrase -> advice; exit code 1 if there is any

docs/phrases.txt lists the phrases. It comes from readers whose first language is not English.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[1]
PHRASES = Path(__file__).with_name("phrases.txt")
FOLDERS = ("crawler", "tests", "docs", "examples", "benchmarks", ".ci")
SUFFIXES = {".md", ".py", ".html", ".json", ".toml", ".yml"}
FILES = ("README.md", "CONTRIBUTING.md", "SECURITY.md", "CHANGELOG.md", "Makefile", "pyproject.toml", "mkdocs.yml")
EXAMPLES = {"docs/words.py", "tests/docs/test_words.py"}
"""Files that quote the phrases."""
GAP = r"(?:\s*\n[\s#]*|[ \t]+)"
"""Between two words: spaces, or a line break with the mark of a comment."""


class Phrase(NamedTuple):
    """A phrase to avoid, as a regular expression, and what to say instead."""

    pattern: re.Pattern[str]
    advice: str


class Finding(NamedTuple):
    """A phrase that was found: its file, its line (from 1), its words, and what to say instead."""

    path: str
    line: int
    words: str
    advice: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.words} -> {self.advice}"


def main() -> int:
    """Print every finding in the project; return 1 if there are any."""
    phrases = read_phrases(PHRASES.read_text(encoding="utf-8"))
    count = 0
    for path in files():
        for finding in find(path.read_text(encoding="utf-8"), path.relative_to(ROOT).as_posix(), phrases):
            sys.stdout.write(f"{finding}\n")
            count += 1
    return min(count, 1)


def read_phrases(text: str) -> list[Phrase]:
    """Return the phrases in *text*: a line each, expression and advice separated by a tab; ``#`` begins a comment."""
    rows = [line.split("\t") for line in text.splitlines() if line and not line.startswith("#")]
    return [Phrase(re.compile(one.replace(" ", GAP), re.IGNORECASE), advice) for one, advice in rows]


def find(text: str, name: str, phrases: list[Phrase]) -> Iterator[Finding]:
    r"""Yield what *phrases* find in *text*, the content of the file *name*.

    >>> phrases = read_phrases("in vain\\twithout success")
    >>> [str(one) for one in find("It was requested in\\nvain.", "a.md", phrases)]
    ['a.md:1: in vain -> without success']
    """
    for phrase in phrases:
        for match in phrase.pattern.finditer(text):
            line = text.count("\n", 0, match.start()) + 1
            yield Finding(name, line, re.sub(r"[\s#]+", " ", match[0]), phrase.advice)


def files() -> Iterator[Path]:
    """Yield the files to look at, except the list of phrases."""
    found = [ROOT / name for name in FILES]
    for folder in FOLDERS:
        found += [path for path in (ROOT / folder).rglob("*") if path.suffix in SUFFIXES or path.name == "run"]
    for path in sorted(found):
        if path.relative_to(ROOT).as_posix() not in EXAMPLES:
            yield path


if __name__ == "__main__":
    sys.exit(main())
