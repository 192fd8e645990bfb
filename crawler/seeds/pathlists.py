"""Lists of paths, as Common Crawl has of its files: ``wet.paths.gz``, one path a line, relative to a base.

The base is what the user gives, else the host or bucket that the list itself was read from. A line never leads
elsewhere.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

from crawler.exceptions import SeedError
from crawler.inputs import is_remote, shown
from crawler.seeds.containers import STDIN, STREAM_ERRORS, parts_of

_ARCHIVES = r"(?:\.(?:warc|wet|wat|arc)(?:\.gz|\.zst)?|\.wacz)"
_LINE_RE = re.compile(rf"(?:[\w.=+~%-]+/)*[\w.=+~%-]+{_ARCHIVES}", re.ASCII | re.IGNORECASE)
_ARCHIVE_RE = re.compile(rf"{_ARCHIVES}$", re.IGNORECASE)
_ROOT_RE = re.compile(r"[^:/]+://[^/?#]*/?")
_LINES_TRIED = 20
_MAX_LINE_BYTES = 1 << 12


def list_base(name: str, base: str | None) -> str | None:
    """Return the base of the paths in the file *name*, if it is a list of paths of web archives; else None.

    Raises SeedError if it is one, and neither *base* nor its own name says to what the paths are relative.
    """
    if name == STDIN or _ARCHIVE_RE.search(shown(name)) or not (is_remote(name) or Path(name).is_file()):
        return None
    try:
        with closing(parts_of(name, lambda _error: None)) as parts:
            part = next(parts, None)
            is_list = part is not None and part.kind == "text" and _is_list(part.head)
    except (SeedError, *STREAM_ERRORS):
        return None  # whoever reads it says what is wrong
    if not is_list:
        return None
    if base is None and not is_remote(name):
        raise SeedError(name, "a list of paths: give --base, the URL or folder to which they are relative")
    root = _ROOT_RE.match(name)
    return (base or (root[0] if root else "")).rstrip("/") + "/"


def listed_paths(name: str, base: str, report: Callable[[SeedError], None]) -> Iterator[str]:
    """Yield the files that the list *name* names, below *base*; *report* receives one message about other lines."""
    refused, first = 0, 0
    number = 0
    for part in parts_of(name, report):
        while raw := part.stream.readline(_MAX_LINE_BYTES):
            number += 1
            line = raw.decode("utf-8-sig", "replace").strip().removeprefix(base)
            if _is_path(line):
                yield base + line
            elif line:
                refused, first = refused + 1, first or number
    if refused:
        message = f"{refused:,} lines are no paths below {shown(base)}, and skipped, such as line {first}"
        report(SeedError(shown(name), message))


def _is_list(head: bytes) -> bool:
    lines = [line.strip() for line in head.decode("utf-8-sig", "replace").splitlines()[: _LINES_TRIED + 1]]
    if len(lines) > 1:
        del lines[-1]  # it may be cut
    return any(lines) and all(_is_path(line) for line in lines if line)


def _is_path(line: str) -> bool:
    return _LINE_RE.fullmatch(line) is not None and ".." not in line.split("/")
