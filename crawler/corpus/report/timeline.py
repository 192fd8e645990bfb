"""The time line, drawn by pygal: articles by period, stacked by source, in the colours of the page."""

from __future__ import annotations

import sys
from typing import Any

import pygal
from markupsafe import Markup
from pygal.style import Style

from crawler.corpus.report.collect import SOURCES
from crawler.corpus.report.periods import Periods
from crawler.corpus.report.tally import Tally

# pygal leaves an importer for its plugins, which Python 3.11 warns about at each import and later versions ignore.
sys.meta_path[:] = [finder for finder in sys.meta_path if type(finder).__name__ != "PluginImportFixer"]

_FONT_PIXELS = 13
"""Pixels, as in page.css: pygal leaves that much space."""
_UNUSED = {"desc", "script", "style", "defs", "title", "titles"}
_UNUSED |= {"plot overlay", "plot text-overlay", "plot tooltip-overlay"}  # classes
_XLINK_HREF = "{http://www.w3.org/1999/xlink}href"


def draw(periods: Periods, tally: Tally, *, width: int, height: int, labels: int) -> Markup:
    """Return the time line as SVG of *width* and *height* with about *labels* labels; empty without articles.

    A bar links to the keys behind it, ``#keys-<group>``.
    """
    names = periods.labels()
    if not names:
        return Markup()
    chart = pygal.StackedBar(
        width=width, height=height, margin=2, spacing=6, rounded_bars=1,
        style=Style(label_font_size=_FONT_PIXELS, major_label_font_size=_FONT_PIXELS), js=(), css=(),
        no_prefix=True, show_legend=False, disable_xml_declaration=True,
        show_minor_x_labels=False, x_labels_major_every=max(1, -(-len(names) // labels)), truncate_label=-1,
        include_x_axis=True, value_formatter=lambda value: f"{value:,.0f}",
    )  # fmt: skip
    chart.x_labels = names
    chart.y_labels = _ticks(max(sum(_count(tally, name, source) for source in SOURCES) for name in names))
    for source, called in SOURCES.items():
        counts = [_count(tally, name, source) for name in names]
        bars = [
            {
                "value": count,
                "label": f"{name}: {count:,} from {called}",
                "xlink": {"href": f"#keys-published-{name}-{source}"},
            }
            if count
            else None
            for name, count in zip(names, counts, strict=True)
        ]
        chart.add(called, bars)
    chart.add_xml_filter(_plain)
    return Markup(chart.render())  # noqa: S704 - made of our own words, dates and numbers, by an XML serializer


def _count(tally: Tally, period: str, source: str) -> int:
    return tally.get(f"published-{period}-{source}").count


def _ticks(top: int) -> list[int]:
    """Return about five round numbers from 0 to *top* or just beyond.

    >>> _ticks(2), _ticks(37)
    ([0, 1, 2], [0, 10, 20, 30, 40])
    """
    step = next(step for power in range(19) for digit in (1, 2, 5) if (step := digit * 10**power) * 5 >= top)
    return list(range(0, top + step, step))


def _plain(root: Any) -> Any:
    """Remove what only pygal's script and style use; the label of a bar becomes the title that browsers show.

    pygal's elements have no namespace until they are written.
    """
    for parent in list(root.iter()):
        for child in list(parent):
            if child.tag == "desc" and child.get("class") == "label":
                child.tag = "title"
                child.attrib.clear()
            elif child.tag in _UNUSED or not isinstance(child.tag, str) or child.get("class") in _UNUSED:
                parent.remove(child)
        if parent.tag == "a":
            parent.set("tabindex", "-1")  # the table below holds the same links
            parent.set("href", parent.attrib.pop(_XLINK_HREF))
    root.attrib.pop("id", None)
    root.set("role", "group")
    root.set("aria-label", "Articles by date and source; the table below holds the same numbers")
    return root
