"""From a selection to a file or folder, by the writer of its format."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import NamedTuple, Protocol, cast

from crawler.archive.intact import Damages
from crawler.archive.reading import read_catalogue
from crawler.corpus.lines import Lines, selected_lines
from crawler.corpus.selection import Selection

FORMATS = {"parquet": "parquet", "csv": "table", "jsonl": "jsonlines", "txt": "texts", "hf": "dataset", "wacz": "wacz"}
"""The formats, and the module of this package that writes each."""


class Options(NamedTuple):
    """How to write: over what is there (``force``), for a spreadsheet (``bom``, csv: a BOM, long cells cut)."""

    force: bool = False
    bom: bool = False


class Exported(NamedTuple):
    """How many records were written, and how many were left out: without text (txt), damaged, without capture (wacz).

    Records with values out of range (parquet) count as damaged. ``lost`` are the keys of those whose captures are lost
    (wacz): they were in the WARC files once.
    ``lines`` are the damaged lines. ``cut_cells`` counts the cells too long for a spreadsheet (csv).
    """

    records: int
    without_text: int = 0
    damaged: int = 0
    without_capture: int = 0
    lost: tuple[str, ...] = ()
    lines: Damages = Damages()
    cut_cells: int = 0


class Writer(Protocol):
    """What a module of a format offers."""

    def write(self, lines: Lines, name: str, root: Path, options: Options) -> Exported:
        """Write all *lines* of the corpus at *root* to *name*."""


def export(
    root: Path,
    format_: str,
    name: str,
    selection: Selection,
    *,
    all_versions: bool = False,
    options: Options = Options(),  # noqa: B008 - it is immutable
    on_progress: Callable[[int, int], None] = lambda _done, _total: None,
) -> Exported:
    """Write the records of *selection* in the corpus at *root* as *format_* to the file or folder *name*.

    The latest version of each key in articles/, or with *all_versions* every line, duplicates/ too. *on_progress*
    receives how many lines of how many were read. Raises ``ConfigError`` if *name* exists, or a package is missing,
    ``OutputError`` or ``DiskFull`` if it cannot be written, ``CorpusError`` if there is no corpus.
    """
    with read_catalogue(root):  # no corpus is a clearer error than a missing package
        pass
    writer = cast("Writer", import_module(f"crawler.corpus.export.{FORMATS[format_]}"))
    with selected_lines(root, selection, all_versions=all_versions, on_progress=on_progress) as lines:
        exported = writer.write(lines, name, root, options)
        return exported._replace(damaged=exported.damaged + len(lines.damaged), lines=lines.damaged)
