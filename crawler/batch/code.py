"""Which code made a result: results of other code are made again, and a worker with other code is refused."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from functools import cache
from pathlib import Path

_PACKAGE = Path(__file__).parents[1]
_ENDINGS = frozenset({".py", ".npz", ".toml", ".json"})


@cache
def code_hash(rooms: tuple[str, ...] = ("",)) -> str:
    """Return a hash of the code, models and profiles in these *rooms* of the package (default: all)."""
    digest = hashlib.sha256()
    for file in _files(rooms):
        digest.update(file.relative_to(_PACKAGE).as_posix().encode() + file.read_bytes())
    return digest.hexdigest()


def _files(rooms: Iterable[str]) -> Iterable[Path]:
    for room in rooms:
        path = _PACKAGE / room
        yield from sorted(file for file in path.rglob("*") if file.suffix in _ENDINGS)
