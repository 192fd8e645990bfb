"""The output file of a command whose work is in parts: it appears under its name only when it is complete."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from crawler.archive.files import FULL_ERRNOS
from crawler.exceptions import ConfigError, DiskFull

STDOUT = "-"


def parts_of(output: str) -> str:
    """Return the folder in which the parts of the file *output* stand until it is complete."""
    path = Path(output)
    return str(path.with_name(f".{path.name}.parts"))


@contextmanager
def whole_file(name: str) -> Iterator[IO[bytes]]:
    """Open the file *name*, ``-`` for standard output, to write. Raises ``DiskFull`` and ``ConfigError``."""
    if name == STDOUT:
        yield sys.stdout.buffer
        sys.stdout.buffer.flush()
        return
    draft = Path(f"{name}.part")
    try:
        with draft.open("wb") as out:
            yield out
        draft.replace(name)
    except DiskFull:
        raise
    except OSError as error:
        if error.errno in FULL_ERRNOS:
            raise DiskFull(name, "no space left to write it, or its parts beside it", is_corpus=False) from error
        raise ConfigError(f"{name}: cannot be written ({error.strerror or error})") from error
    finally:
        draft.unlink(missing_ok=True)
