"""Opens what a user named: the one place that knows which kind of file a name is."""

from __future__ import annotations

import io
import os
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any, NamedTuple, cast

from crawler.exceptions import SeedError
from crawler.inputs.names import is_http, is_remote, scheme_of, shown
from crawler.inputs.ranged import RangedFile
from crawler.inputs.redislists import SCHEMES as REDIS_SCHEMES
from crawler.inputs.redislists import RedisLines
from crawler.inputs.retries import Refused


class InputState(NamedTuple):
    """The size of a file in bytes, and what changes when the file does."""

    size: int
    stamp: str


def open_input(name: str, *, in_parts: bool = False) -> IO[bytes]:
    """Open the file *name*, a path or a URL, unbuffered, at its start.

    ``seekable()`` says whether any part of it can be read; with *in_parts*, only some will be. Raises ``OSError``,
    whose ``strerror`` says why, here and while it is read; ``ConfigError`` if an extra is missing.
    """
    if not is_remote(name):
        return cast("IO[bytes]", open(name, "rb", buffering=0))  # noqa: PTH123
    if scheme_of(name) in REDIS_SCHEMES:
        return cast("IO[bytes]", RedisLines(name))
    return cast("IO[bytes]", _open_remote(name, in_parts=in_parts))


def read_input(name: str, max_bytes: int) -> bytes:
    """Return the content of the file *name*, a path or a URL. Raises ``OSError``, also if it is longer."""
    with io.BufferedReader(cast("io.RawIOBase", open_input(name))) as file:
        content = file.read(max_bytes + 1)
    if len(content) > max_bytes:
        raise Refused(f"it is longer than {max_bytes} bytes")
    return content


def _open_remote(name: str, *, in_parts: bool) -> RangedFile:
    if is_http(name):
        from crawler.inputs.http import HttpFile  # noqa: PLC0415 - most runs open none

        return HttpFile(name, in_parts=in_parts)
    from crawler.inputs.stores import StoreFile  # noqa: PLC0415 - an extra

    return StoreFile(name)


def check_input(name: str) -> None:
    """Raise ``SeedError`` if the URL *name* names nothing. HTTP servers and Redis tell when it is opened."""
    if is_http(name) or scheme_of(name) in REDIS_SCHEMES:
        return
    from crawler.inputs.stores import check_store  # noqa: PLC0415 - an extra

    try:
        check_store(name)
    except OSError as error:
        raise SeedError(shown(name), error.strerror or str(error)) from error


def expand_input(name: str) -> Iterator[tuple[str, bool]]:
    """Yield the files that the URL *name* names, and whether each was found in a folder."""
    if is_http(name) or scheme_of(name) in REDIS_SCHEMES:
        yield name, False
        return
    from crawler.inputs.stores import expand_store  # noqa: PLC0415 - an extra

    try:
        yield from expand_store(name)
    except OSError as error:
        raise SeedError(shown(name), error.strerror or str(error)) from error


def state_of(name: str) -> InputState:
    """Return the state of the file *name*. Raises ``OSError`` if it cannot be read, or does not say its size."""
    if not is_remote(name):
        status = Path(name).stat()
        return InputState(status.st_size, f"{os.path.realpath(name)} {status.st_mtime_ns}")
    if scheme_of(name) in REDIS_SCHEMES:
        raise Refused("it is a list in Redis, and no file")
    with _open_remote(name, in_parts=True) as file:
        if not file.seekable() or file.size is None:
            raise Refused("the server gives no parts of it, which this needs; download it first")
        state: Any = getattr(file, "state", "")
        return InputState(file.size, f"{shown(name)} {state}")
