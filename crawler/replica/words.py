"""The words of the invented news, which stand in ``words.toml``."""

from __future__ import annotations

import tomllib
from importlib.resources import files


def _options(text: str) -> tuple[str, ...]:
    return tuple(option.strip() for option in text.split(";"))


_WORDS = tomllib.loads(files(__package__).joinpath("words.toml").read_text(encoding="utf-8"))
SUBJECTS, VERBS, OBJECTS, PLACES, FIRST_NAMES, LAST_NAMES = (
    _options(_WORDS[name]) for name in ("who", "does", "what", "where", "first", "last")
)
SENTENCES, LEADS, KICKERS, DESK_CODES, SECTIONS = (
    tuple(_WORDS[name]) for name in ("sentences", "leads", "kickers", "desk_codes", "sections")
)
BODY_SLOTS = {"place": PLACES, "last": LAST_NAMES, "first": FIRST_NAMES} | {
    name: _options(text) for name, text in _WORDS["slots"].items()
}
