"""The words of the invented news, which stand in ``words.toml``."""

from __future__ import annotations

import tomllib
from importlib.resources import files


def _options(text: str) -> tuple[str, ...]:
    return tuple(option.strip() for option in text.split(";"))


_WORDS = tomllib.loads(files(__package__).joinpath("words.toml").read_text(encoding="utf-8"))
WHO, DOES, WHAT, WHERE, FIRST, LAST = (
    _options(_WORDS[name]) for name in ("who", "does", "what", "where", "first", "last")
)
SENTENCES, LEADS, KICKERS, DESK_CODES, SECTIONS = (
    tuple(_WORDS[name]) for name in ("sentences", "leads", "kickers", "desk_codes", "sections")
)
BODY_SLOTS = {"place": WHERE, "last": LAST, "first": FIRST} | {
    name: _options(text) for name, text in _WORDS["slots"].items()
}
