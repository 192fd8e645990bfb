# ruff: noqa: RUF002 - the letters of other scripts are the subject
"""Removes invisible characters, except those that carry meaning."""

from __future__ import annotations

import re
from functools import lru_cache

_CP1252 = {code: bytes([code]).decode("cp1252", "ignore") for code in range(0x80, 0xA0)}
"""How HTML and every browser read the C1 control codes: as bytes of Windows-1252."""

# Unicode's Cc, Cf and Cs without white space, without the two joiners (judged by their neighbours), and without the
# signs of Arabic, Syriac and others that are visible though in Cf; then invisible fillers; noncharacters.
_CLASSES = {
    "controls": "\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f",
    "bidi": "\u061c\u200e\u200f\u202a-\u202e\u2066-\u206f",
    "soft-hyphens": "\xad",
    "zero-width": "\u200b\u2060-\u2064\ufeff\u180e\ufff9-\ufffc\U000e0001\u034f\u115f\u1160\u17b4\u17b5\u2800"
    "\u3164\uffa0\ufdd0-\ufdef"
    + "".join(chr(plane * 0x10000 + 0xFFFE) + chr(plane * 0x10000 + 0xFFFF) for plane in range(17)),
}
_SURROGATES = "\ud800-\udfff"
"""A lone surrogate is not valid in UTF-8, so these are always removed, whichever rules are disabled."""

_C1_RE = re.compile("[\x80-\x9f]")
_ASTRAL = "\U000e0001" + "".join(chr(plane * 0x10000 + 0xFFFE + last) for plane in range(1, 17) for last in (0, 1))
# A non-joiner separates letters of joining scripts (Persian plural, Hebrew to Syriac, Indic to Myanmar, Khmer,
# Mongolian); a joiner also combines emoji. Everywhere else both are leftovers of the editor that made the page.
_JOINED_SCRIPTS = "\u0590-\u109f\u1780-\u18af\ua800-\uabff\ufb1d-\ufdff\ufe70-\ufefc\U00010a00-\U00011fff"
_EMOJI = "\u2190-\u2bff\ufe0f\u20e3\U0001f000-\U0001faff\U000e0020-\U000e007f"
_STRAY_JOINER_RE = re.compile(
    f"(?<![{_JOINED_SCRIPTS}])\u200c|\u200c(?![{_JOINED_SCRIPTS}])"
    f"|(?<![{_JOINED_SCRIPTS}{_EMOJI}])\u200d|\u200d(?![{_JOINED_SCRIPTS}{_EMOJI}])"
)

_JOINERS_RE = re.compile("[\u200c\u200d]{2,}")
"""Keyboards and editors can write a joiner twice; a run means the same as one of them."""

INVISIBLE_RULES = (*_CLASSES, "joiners")
"""The names of the rules of this module; each can be disabled."""


@lru_cache(maxsize=16)
def _hidden(off: frozenset[str]) -> re.Pattern[str]:
    return re.compile(f"[{''.join(chars for name, chars in _CLASSES.items() if name not in off)}{_SURROGATES}]")


HIDDEN_RE = _hidden(frozenset())
# The same characters one by one: testing the set of a text's characters is five times faster than a search.
_UNWANTED = frozenset(map(chr, _CP1252)) | frozenset(HIDDEN_RE.findall("".join(map(chr, range(0x10000))) + _ASTRAL))


def drop_invisible(text: str, off: frozenset[str] = frozenset()) -> str:
    r"""Return *text* without control characters, bidi controls, soft hyphens, lone surrogates and stray joiners.

    C1 control codes become the Windows-1252 characters that browsers show for them. Zero-width joiners stay
    between letters of scripts that use them, and inside emoji. White space does not change.
    The rules in *off* (of :data:`INVISIBLE_RULES`) are not applied.

    >>> drop_invisible("co\u00adop \x93x\x94 می\u200cخواهم a\u200cb")
    'coop “x” می\u200cخواهم ab'
    """
    if text.isascii() and text.isprintable():
        return text
    if not _UNWANTED.isdisjoint(set(text)):
        if "controls" not in off:
            text = _C1_RE.sub(lambda match: _CP1252[ord(match[0])], text)
        text = _hidden(off).sub("", text)
    if ("\u200c" in text or "\u200d" in text) and "joiners" not in off:
        text = _JOINERS_RE.sub(lambda run: min(run[0]), text)  # the non-joiner, if it is among them
        while (fewer := _STRAY_JOINER_RE.sub("", text)) != text:
            text = fewer
    return text
