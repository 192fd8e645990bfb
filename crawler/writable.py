"""Text that any file, terminal and JSON can hold, from text that none can: names of files that are not UTF-8.

Python holds the bytes of such a name as lone surrogates, which no encoding allows. They stay in a path that is
opened; in a message, a line of JSON or a log, they are shown as bytes.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any


def writable(text: str) -> str:
    r"""Return *text* with each byte of a file name that is not UTF-8, and each half of a surrogate pair, escaped.

    >>> print(writable("caf\udce9.txt"), writable("\ud800"), writable("café"))
    caf\xe9.txt \ud800 café
    """
    if text.isascii():
        return text
    try:
        return text.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
    except UnicodeEncodeError:  # a surrogate that stands for no byte
        return text.encode("utf-8", "backslashreplace").decode()


def json_of(value: Any, option: int = 0, default: Callable[[Any], Any] | None = None) -> bytes:
    """Return *value* as JSON, its text made writable where it is not; *option* and *default* are those of orjson."""
    import orjson  # noqa: PLC0415 - what a signal may meet while it begins imports next to nothing

    try:
        return orjson.dumps(value, default, option)
    except TypeError:
        return orjson.dumps(_writable(value), default, option)


def _writable(value: Any) -> Any:
    if isinstance(value, str):
        return writable(value)
    if isinstance(value, dict):
        return {_writable(key): _writable(one) for key, one in value.items()}
    if isinstance(value, list | tuple | set):
        return [_writable(one) for one in value]
    return value
