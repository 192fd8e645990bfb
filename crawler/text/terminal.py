"""Makes foreign text safe for terminals and logs: no character in it can control them."""

from __future__ import annotations

import re

# C0, DEL and C1 control terminals; the bidi marks, embeddings and isolates reorder a line, U+2028/9 end one;
# a lone surrogate cannot be written at all. All of them are shown as escapes.
_UNSAFE_RE = re.compile(
    "[\x00-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u2028\u2029\u202a-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\ud800-\udfff"
    "\U000e0000-\U000e007f]"
)


def safe(text: str) -> str:
    r"""Return *text* in a printable form: controls and characters that reorder text become escapes.

    >>> safe("\x1b]52;c;cm0gLXJm\x07 fine\u202eevil")
    '\\x1b]52;c;cm0gLXJm\\x07 fine\\u202eevil'
    """
    return _UNSAFE_RE.sub(_escape, text)


def safe_json(line: str) -> str:
    r"""Return a line of JSON with the same meaning that is safe to print: it escapes what :func:`safe` escapes.

    >>> print(safe_json('{"title": "\u009b31m red"}'))
    {"title": "\u009b31m red"}
    """
    return _UNSAFE_RE.sub(_escape_json, line)


def _escape_json(match: re.Match[str]) -> str:
    # Outside its strings, a JSON line from a serializer has none of these characters.
    units = match[0].encode("utf-16-be", "surrogatepass")
    return "".join(f"\\u{units[at : at + 2].hex()}" for at in range(0, len(units), 2))


def _escape(match: re.Match[str]) -> str:
    code = ord(match[0])
    if code <= 0xFF:  # noqa: PLR2004 - two digits hold it
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"  # noqa: PLR2004 - four digits hold it
