"""``scrapy corpus search WORDS...``."""

from __future__ import annotations

import argparse
from dataclasses import asdict
from pathlib import Path
from typing import Any

from crawler.cli.corpus.options import selection_of
from crawler.cli.show import console, note, note_damage, print_json, progress, say, styled
from crawler.corpus.search.search import Hit, SearchHits, search
from crawler.corpus.search.snippets import Snippet

_HIT_STYLE = "bold yellow"


def run(root: Path, opts: argparse.Namespace) -> int:
    """Search the corpus at *root* and print what is found; exit code 0, also for nothing; 5 if lines are damaged."""
    with progress("reading new lines", bytes_=True) as on_bytes:
        found = search(root, " ".join(opts.words), selection_of(opts), limit=opts.limit, on_bytes=on_bytes)
    _remarks(found)
    if opts.json:
        print_json({"total": found.total, "hits": [_fields(hit) for hit in found.hits]})
        return note_damage(found.caught_up.damaged)
    for hit in found.hits:
        _print(hit)
    shown = f"; the best {len(found.hits):,} shown" if len(found.hits) < found.total else ""
    say(f"{found.total:,} found{shown}")
    return note_damage(found.caught_up.damaged)


def _fields(hit: Hit) -> dict[str, Any]:
    fields = asdict(hit)
    for name in ("title", "snippet"):
        fields[name], fields[f"{name}_marks"] = getattr(hit, name)
    return fields


def _remarks(found: SearchHits) -> None:
    if found.caught_up.rebuilt:
        note(f"the search index was rebuilt: {found.caught_up.rebuilt}")
    if found.caught_up.busy:
        note("another search is indexing the newest lines; they may be missing here")


def _print(hit: Hit) -> None:
    out = console()
    facts = (hit.key, (hit.published or "no date")[:10], hit.kind, hit.language, hit.url)
    out.print(styled(_marked(hit.title, "bold", out.is_terminal) or [("(no title)", "dim")]))
    out.print(styled([("  " + " · ".join(fact for fact in facts if fact), "dim")]))
    if hit.snippet.text:
        out.print(styled([("  ", ""), *_marked(hit.snippet, "", out.is_terminal)]))
    say("")


def _marked(snippet: Snippet, style: str, colours: bool) -> list[tuple[str, str]]:
    """Return the pieces of *snippet*, with its hits highlighted, or between asterisks where styles do not show."""
    pieces, place = [], 0
    for start, end in snippet.marks:
        hit = snippet.text[start:end]
        pieces += [(snippet.text[place:start], style), (hit if colours else f"**{hit}**", _HIT_STYLE)]
        place = end
    return [*pieces, (snippet.text[place:], style)] if snippet.text else []
