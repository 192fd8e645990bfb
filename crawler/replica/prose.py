"""Plausible news English from a draw: titles that never repeat, paragraphs that hardly do."""

from __future__ import annotations

import re
from functools import cache
from itertools import islice

from crawler.replica import words
from crawler.replica.draw import Draw, Pattern

_SLOT_RE = re.compile(r"\{(\w+)\}")
_SLUG_RE = re.compile(r"[^a-z0-9]+")
_SLUG_LENGTH = 65
_TITLE_BITS = 24
_TITLE_MASK = 2**_TITLE_BITS - 1
_TITLE_FORMS = (
    "{who} {does} {what} in {where}",
    "{where}: {who} {does} {what}",
    "{who} {does} {what}, {where} Officials Say",
    "As {where} Waits, {who} {does} {what}",
)
_QUOTED = 33  # one title in so many
_HALVES = 2**8


def compile_pattern(text: str, slots: dict[str, tuple[str, ...]]) -> Pattern:
    """Turn a text with named slots into a pattern that :meth:`Draw.fill` fills quickly.

    >>> compile_pattern("The {adj} {thing}.", {"adj": ("old", "new"), "thing": ("dam",)})
    ('The %s %s.', (('old', 'new'), ('dam',)))
    """
    return _SLOT_RE.sub("%s", text), tuple(slots[name] for name in _SLOT_RE.findall(text))


def _joined_slots() -> dict[str, tuple[str, ...]]:
    """Return the slots of bodies with frequent neighbours joined beforehand: drawing one is cheaper than two."""
    slots = words.BODY_SLOTS
    sights = tuple(f"{adj} {thing}" for adj in slots["adj"] for thing in slots["thing"])
    return slots | {
        "many": tuple(f"{count} {group}" for count in slots["count"] for group in slots["group"]),
        "person": tuple(f"{first} {last}" for first in slots["first"] for last in slots["last"]),
        "sight": sights,
        "a_sight": tuple(f"{'an' if sight[0] in 'aeiou' else 'a'} {sight}" for sight in sights),
    }


_SLOTS = _joined_slots()
_LEAD_SLOTS = {name: _SLOTS[name] for name in ("day", "many", "role", "said", "when", "why")}


def title_parts(seed: int, article_id: int) -> tuple[str, str, str, str, int]:
    """Return who, does, what, where and the number of the form: different for every id below 2**24.

    The id is scrambled by steps that each can be undone (odd factors, right shifts), so no two ids meet.
    """
    mixed = (article_id * 0x9E3779B1 + seed * 0x85EBCA6B) & _TITLE_MASK
    mixed ^= mixed >> 13
    mixed = mixed * 0xC2B2AE35 & _TITLE_MASK
    mixed ^= mixed >> 11
    return (
        words.SUBJECTS[mixed & 63],
        words.VERBS[mixed >> 6 & 31],
        words.OBJECTS[mixed >> 11 & 63],
        words.PLACES[mixed >> 17 & 31],
        mixed >> 22,
    )


def title(seed: int, article_id: int) -> str:
    """Return the title of an article; some hold straight quotes, and some are quoted as a whole."""
    who, does, what, where, form = title_parts(seed, article_id)
    text = _TITLE_FORMS[form].format(who=who, does=does, what=what, where=where)
    return f'"{text}"' if article_id * 0x9E3779B1 >> 8 & 0xFFFF < 0xFFFF // _QUOTED else text


def slug(text: str) -> str:
    """Return the decoration that the site puts behind an id.

    >>> slug("Fishermen's Union Backs “Café” Deal")
    'fishermen-s-union-backs-caf-deal'
    """
    return _SLUG_RE.sub("-", text.lower())[:_SLUG_LENGTH].strip("-")


def paragraphs(seed: int, article_id: int, draw: Draw) -> tuple[str, ...]:
    """Return 5 to 15 paragraphs, the first of them about what the title says."""
    who, _, what, where, _ = title_parts(seed, article_id)
    chosen = {name: draw.choice(options) for name, options in _LEAD_SLOTS.items()}
    lead = draw.choice(words.LEADS).format(who=f"the {who}", what=what, place=where, **chosen)
    rest = [_paragraph(draw) for _ in range(4 + draw.below(11))]
    return (f"{_capital(lead)} {_paragraph(draw)}", *rest)


def authors(draw: Draw) -> tuple[str, ...]:
    """Return no name (most often), one or two."""
    return tuple(draw.choice(_SLOTS["person"]) for _ in range((0, 0, 0, 1, 1, 2)[draw.below(6)]))


def teaser(seed: int, n: int) -> str:
    """Return the *n*-th paragraph for a side bar; it belongs to no article."""
    return _paragraph(Draw(seed, "teaser", n))


def _paragraph(draw: Draw) -> str:
    numbers, forms = draw.numbers, _sentences()
    chosen = []
    for drawn in islice(numbers, 1 + next(numbers) % 4):  # one number a sentence: its bits choose form and halves
        openings, endings = forms[drawn % len(forms)]
        chosen.append(openings[drawn >> 8 & _HALVES - 1] + endings[drawn >> 20 & _HALVES - 1])
    return " ".join(chosen)


@cache
def _sentences() -> tuple[tuple[tuple[str, ...], tuple[str, ...]], ...]:
    """Return, for each form of sentence, many beginnings and many endings that go together.

    Drawing two halves costs a fifth of filling every slot each time, and 24 * 256 * 256 sentences are enough.
    """
    halves = (text.split("|") for text in words.SENTENCES)
    return tuple((_halves(opening), _halves(ending)) for opening, ending in halves)


def _halves(text: str) -> tuple[str, ...]:
    pattern = compile_pattern(text, _SLOTS)
    draw = Draw("half", text)
    return tuple(_capital(draw.fill(pattern)) for _ in range(_HALVES))


def _capital(sentence: str) -> str:
    return sentence[0].upper() + sentence[1:]
