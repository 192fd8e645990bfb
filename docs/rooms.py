"""Draws the map of the code, docs/rooms.svg, and the list of rooms in docs/architecture.md, from the imports.

    python -m docs.rooms            # write both, and print how many rooms, layers, arrows and lines there are
    python -m docs.rooms --check    # exit code 1 if one of them is out of date

An arrow is drawn only where no longer way leads: all that a room imports is reached by following arrows.
"""

from __future__ import annotations

import ast
import re
import sys
from html import escape
from pathlib import Path
from typing import NamedTuple

import networkx as nx

from tests.test_architecture import LAYERS, ROOMS, SHELL_LAYERS, files_of, rooms_imported_by

DOCS = Path(__file__).parent
PICTURE, PAGE = DOCS / "rooms.svg", DOCS / "architecture.md"
LIST_RE = re.compile(r"(?<=<!-- rooms: made by docs/rooms\.py -->\n).*?(?=<!-- end of rooms -->)", re.DOTALL)
BOX_WIDTH, BOX_HEIGHT, COLUMN_WIDTH, ROW_HEIGHT, MARGIN = 104, 30, 120, 70, 16
"""Pixels."""
WIDTH = MARGIN * 2 + COLUMN_WIDTH * max(map(len, LAYERS))


class Room(NamedTuple):
    """A room: how many lines it has, what it is for, and which rooms it imports."""

    name: str
    lines: int
    summary: str
    imports: set[str]


def main() -> int:
    """Write picture and table, or tell whether they are as they should be."""
    rooms = [read_room(name) for name in ROOMS]
    page = PAGE.read_text(encoding="utf-8")
    made = {PICTURE: draw(rooms), PAGE: LIST_RE.sub(lambda _: listing(rooms), page)}
    stale = [path.name for path, text in made.items() if not path.exists() or path.read_text(encoding="utf-8") != text]
    if "--check" in sys.argv[1:]:
        if stale:
            sys.stderr.write(f"{', '.join(stale)}: out of date; run python -m docs.rooms\n")
        return bool(stale)
    for path, text in made.items():
        path.write_text(text, encoding="utf-8")
    sys.stdout.write(f"{counts(rooms)}\n")
    return 0


def read_room(name: str) -> Room:
    """Return the room *name*; its summary is the first line of its docstring."""
    files = files_of(name)
    texts = {file: file.read_text(encoding="utf-8") for file in files}
    first = next((file for file in files if file.name == "__init__.py"), files[0])
    docstring = ast.get_docstring(ast.parse(texts[first])) or ""
    lines = sum(text.count("\n") for text in texts.values())
    return Room(name, lines, docstring.partition("\n")[0], rooms_imported_by(name))


def counts(rooms: list[Room]) -> str:
    """Return in a sentence how large the house is."""
    lines, largest = sum(room.lines for room in rooms), max(rooms, key=lambda room: room.lines)
    arrows = sum(len(room.imports) for room in rooms)
    return (
        f"{len(rooms)} rooms on {len(LAYERS)} layers, {arrows} arrows, none of them up; {lines:,} lines,"
        f" {largest.lines / lines:.0%} of them in the largest room, {largest.name}."
    )


def listing(rooms: list[Room]) -> str:
    """Return the list of *rooms*, from the top down, in Markdown."""
    rows = [f"- `{room.name}`: {room.summary}" for room in rooms]
    return "\n".join(["", *rows, ""])


def draw(rooms: list[Room]) -> str:
    """Return the picture as SVG: a row for each layer, a box for each room."""
    graph = nx.transitive_reduction(nx.DiGraph((room.name, below) for room in rooms for below in room.imports))
    places = {
        name: (MARGIN + COLUMN_WIDTH * (column + (max(map(len, LAYERS)) - len(layer)) / 2), MARGIN + ROW_HEIGHT * row)
        for row, layer in enumerate(LAYERS)
        for column, name in enumerate(layer)
    }
    height = MARGIN * 2 + ROW_HEIGHT * len(LAYERS)
    border = MARGIN + ROW_HEIGHT * SHELL_LAYERS - (ROW_HEIGHT - BOX_HEIGHT) / 2
    boxes = "".join(_box(room, *places[room.name]) for room in rooms)
    arrows = "".join(_arrow(places[above], places[below]) for above, below in sorted(graph.edges))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}"'
        ' font-family="sans-serif" font-size="13">'
        '<rect width="100%" height="100%" fill="#fff"/>'
        f'<path d="M0 {border}H{WIDTH}" stroke="#b00" stroke-dasharray="6 4"/>'
        f'<text x="{MARGIN}" y="{border - 6}" fill="#b00" font-size="11">above: Scrapy; below: no Scrapy</text>'
        f"{arrows}{boxes}</svg>\n"
    )


def _box(room: Room, x: float, y: float) -> str:
    middle = x + BOX_WIDTH / 2
    return (
        f"<g><title>{escape(room.summary)}</title>"
        f'<rect x="{x}" y="{y}" width="{BOX_WIDTH}" height="{BOX_HEIGHT}" rx="4"'
        ' fill="#eef3f6" stroke="#456"/>'
        f'<text x="{middle}" y="{y + 19}" text-anchor="middle">{room.name}</text></g>\n'
    )


def _arrow(above: tuple[float, float], below: tuple[float, float]) -> str:
    (x1, y1), (x2, y2) = ((x + BOX_WIDTH / 2, y) for x, y in (above, below))
    y1 += BOX_HEIGHT
    points = [(x1, y1), (x1, y1 + 14), (x2, y2 - 14), (x2, y2)]
    path = " ".join(f"{x:g} {y:g}" for x, y in points[1:])
    return f'<path d="M{x1:g} {y1:g}C{path}" fill="none" stroke="#9ab" stroke-width="1.2"/>\n'


if __name__ == "__main__":
    sys.exit(main())
