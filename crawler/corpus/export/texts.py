"""Plain text: a file for each article, as corpus tools read them, and a table of what is known of each."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path
from typing import Any

from crawler.corpus.export.table import RowWriter
from crawler.corpus.export.writing import Exported, Options
from crawler.corpus.lines import Lines
from crawler.corpus.output import output_folder

INDEX = ("file", "key", "version", "kind", "title", "published", "language", "authors", "url", "near_duplicate_of")
"""The columns of ``index.csv``."""

_SAFE_NAME_RE = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}", re.ASCII)
_UNSAFE_RE = re.compile(r"[^A-Za-z0-9_-]", re.ASCII)
_YEAR_RE = re.compile(r"\d{4}(?=-)", re.ASCII)
_UNDATED = "undated"


def write(lines: Lines, name: str, root: Path, options: Options) -> Exported:
    """Write the title and text of each record that has one to ``<year>/<id>.txt`` in the folder *name*.

    All is UTF-8; paragraphs are parted by a blank line, the title is the first.
    """
    written = without_text = 0
    with (
        output_folder(name, root, force=options.force) as folder,
        (folder / "index.csv").open("wb") as file,
        RowWriter(file, bom=options.bom) as index,
    ):
        index.write(INDEX)
        for line in lines:
            record = line.record
            if not record.get("text"):
                without_text += 1
                continue
            path = file_path(record)
            (folder / path).parent.mkdir(exist_ok=True)
            paragraphs = (record[part] for part in ("title", "text") if record.get(part))
            (folder / path).write_text("\n\n".join(paragraphs) + "\n", encoding="utf-8", newline="\n")
            index.write(_row(path, record))
            written += 1
    return Exported(written, without_text, cut_cells=index.cut_cells)


def file_path(record: dict[str, Any]) -> Path:
    """Return where the text of *record* goes: a name that is safe on every system, another for every line.

    >>> file_path({"key": "alalam/1445001", "version": 1, "published": "2013-02-01T10:00:00+03:30"}).as_posix()
    '2013/1445001.txt'
    """
    key, version = str(record["key"]), record.get("version")
    name = key.partition("/")[2]
    if not _SAFE_NAME_RE.fullmatch(name):  # no line that we wrote: but then none of two such may take the other's place
        name = f"{_UNSAFE_RE.sub('-', name)[:40]}-{hashlib.sha256(key.encode()).hexdigest()[:12]}"
    year = _YEAR_RE.match(str(record.get("published") or ""))
    edition = f"-v{version}" if isinstance(version, int) and version > 1 else ""
    return Path(year[0] if year else _UNDATED) / f"{name}{edition}.txt"


def _row(path: Path, record: dict[str, Any]) -> list[Any]:
    authors = "; ".join(record.get("authors") or ())
    known = {"file": path.as_posix(), **record, "authors": authors}
    return [known.get(column) for column in INDEX]
