"""Compares the declared length with the payload: how much is missing, and in which decoding nothing is missing.

PHP counted bytes of the site's text. The extraction of the page may have decoded those bytes in a wrong encoding and
written the result in another. So the length shows not only whether the dump is whole: the decoding in which the payload
has exactly that many bytes is the right one.
"""

from __future__ import annotations

from dataclasses import dataclass

from ftfy import bad_codecs

from crawler.seeds.model import LengthVerdict

bad_codecs.ok()  # registers sloppy-windows-1252, which browsers and most extractors call windows-1252

_WRONG_READINGS = ("sloppy-windows-1252", "latin-1", "windows-1256")
_SINGLE_BYTE = (
    "windows-1252",
    "windows-1256",
    *(f"windows-{number}" for number in (1251, 1255, 1254, 1250, 1253, 1257)),
)
"""Code pages of one script give the same counts: the first with all letters represents KOI8-R and ISO 8859, too."""
_DOUBLE_BYTE = ("gb18030", "big5", "cp932", "cp949")
_FIRST_DOUBLE_BYTE = "\u3000"
LOST = "\ufffd"
"""The replacement for a byte that could not be decoded: the letter is lost, and no rule restores it."""
UNKNOWN_SINGLE_BYTE = "an unknown single-byte encoding"


@dataclass(frozen=True, slots=True)
class Judgement:
    """How a payload compares with its declared length.

    ``undo`` are the codecs with which the text was wrongly decoded, the last one first: encode it in each and decode
    the bytes as UTF-8 to get the site's text.
    """

    verdict: LengthVerdict
    actual: int
    encoding: str = "utf-8"
    undo: tuple[str, ...] = ()


def judge_length(payload: bytes, declared: int) -> Judgement:
    """Compare *payload* (UTF-8, whole) with the *declared* number of bytes, in every possible decoding."""
    if len(payload) == declared:
        return Judgement("exact", declared)
    if not payload.isascii():
        text = payload.decode("utf-8", "replace")
        if LOST in text and len(text) == declared:
            return Judgement("exact", declared, UNKNOWN_SINGLE_BYTE)
        for name in _SINGLE_BYTE:
            if len(text) == declared and _encoded(text, name) is not None and _reread(text, name) is None:
                return Judgement("exact", declared, name)
        if max(text) >= _FIRST_DOUBLE_BYTE and LOST not in text:
            for name in _DOUBLE_BYTE:
                if len(_encoded(text, name) or b"") == declared:
                    return Judgement("exact", declared, name)
        if found := _mojibake(text, declared, ()):
            return found
    verdict: LengthVerdict = "short" if len(payload) < declared else "long"
    return Judgement(verdict, len(payload))


def repair(text: str, undo: tuple[str, ...]) -> str:
    """Return *text* with the wrong decodings *undo* reversed as far as possible."""
    for name in undo:
        better = _reread(text, name)
        if better is None:
            break
        text = better
    return text


def _mojibake(text: str, declared: int, undone: tuple[str, ...]) -> Judgement | None:
    """Return a chain of at most two wrong decodings without which *text* has *declared* bytes."""
    for name in _WRONG_READINGS:
        better = _reread(text, name)
        if better is None or better == text:
            continue
        chain = (*undone, name)
        if len(better.encode("utf-8", "surrogatepass")) == declared:
            return Judgement("exact", declared, f"utf-8 read as {_plain_name(name)}" + " twice" * len(undone), chain)
        if not undone and (found := _mojibake(better, declared, chain)):
            return found
    return None


def _reread(text: str, name: str) -> str | None:
    """Return the bytes of *text* in the encoding *name* decoded as UTF-8, None if that is impossible."""
    if LOST in text:  # the sloppy codecs encode it as a control character
        return None
    raw = _encoded(text, name)
    if raw is None:
        return None
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        return None


def _encoded(text: str, name: str) -> bytes | None:
    try:
        return text.encode(name)
    except UnicodeEncodeError:
        return None


def _plain_name(codec: str) -> str:
    return codec.removeprefix("sloppy-")
