"""Finds names of settings that nothing reads; most are misspelt."""

from __future__ import annotations

import ast
import re
from collections.abc import Collection, Iterable, Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple

_MIN_SIMILARITY = 0.6
_MAX_SOURCE_BYTES = 1 << 20


class Unknown(NamedTuple):
    """A name that is no setting, and the most similar setting, if any."""

    name: str
    nearest: str | None


def unknown(
    names: Iterable[str], known: Collection[str], packages: Iterable[str] = (), modules: Iterable[str] = ()
) -> list[Unknown]:
    """Return those of *names* that are not in *known* and that no source reads.

    *packages* are those of enabled components: they read a setting if its name is a string in one of their sources.
    *modules* may also use the name as a variable, as a module of settings does with ``BASE`` in ``BASE / "corpus"``.
    """
    left = {name for name in names if name not in known}
    if perhaps := {name for name in left if name.upper() not in known}:  # only the case of the others is wrong
        left -= set(_read_by(packages, perhaps))
        left -= set(_used_in(modules, perhaps))
    return [Unknown(name, _nearest(name, known)) for name in sorted(left)]


def is_ours(name: str, own: Iterable[str]) -> bool:
    """Return whether *name* begins with the first word of one of *own*: ``IMAGES_FECTH`` for ``IMAGES_FETCH``.

    >>> is_ours("IMAGES_FECTH", ["CORPUS_DIR", "IMAGES_FETCH"])
    True
    """
    return name.upper().partition("_")[0] in {one.partition("_")[0] for one in own}


def _nearest(name: str, known: Collection[str]) -> str | None:
    from rapidfuzz import process  # noqa: PLC0415 - only a mistake needs it
    from rapidfuzz.distance import DamerauLevenshtein  # noqa: PLC0415

    found = process.extractOne(
        name.upper(), sorted(known), scorer=DamerauLevenshtein.normalized_similarity, score_cutoff=_MIN_SIMILARITY
    )
    return found[0] if found else None


def _read_by(packages: Iterable[str], names: Collection[str]) -> Iterator[str]:
    """Yield those of *names* that are strings in the sources of *packages*, except keys of dicts, which set them."""
    string = re.compile(rf"""["']({"|".join(map(re.escape, names))})["'](?!\s*:)""")
    for package in sorted(set(packages)):
        for source in _sources(package):
            yield from string.findall(source)


def _used_in(modules: Iterable[str], names: Collection[str]) -> Iterator[str]:
    """Yield those of *names* that stand in an expression of one of *modules*."""
    for module in modules:
        for source in _sources(module):
            try:
                tree = ast.parse(source)
            except (SyntaxError, ValueError):
                continue
            for node in ast.walk(tree):
                if isinstance(node, ast.Name | ast.Attribute) and isinstance(node.ctx, ast.Load):
                    name = node.id if isinstance(node, ast.Name) else node.attr
                    if name in names:
                        yield name


def _sources(module: str) -> Iterator[str]:
    try:
        spec = find_spec(module)
    except (ImportError, ValueError, AttributeError):
        return
    if spec is None:
        return
    folders = spec.submodule_search_locations
    files = (
        [path for folder in folders for path in Path(folder).rglob("*.py")] if folders else [Path(spec.origin or "")]
    )
    for path in files:
        try:
            if path.stat().st_size <= _MAX_SOURCE_BYTES:
                yield path.read_text(encoding="utf-8", errors="replace")
        except OSError:
            continue
