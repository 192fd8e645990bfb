"""Walks through all that a CDX server holds, in as many requests as its dialect needs. Pure.

Servers differ in how they divide a long answer, and none says how it does it:

- The Wayback Machine gives a *resume key* after the last line that ``limit`` allows. Some versions decode the key once
  too often: then the next answer begins somewhere else, and captures are repeated for ever, or left out
  (internetarchive/wayback#195). So Gleaner asks for the last line again, and goes on only if the next answer begins
  with it; otherwise it encodes the key once more.
- pywb with a ZipNum index, and Common Crawl, number *pages* (``showNumPages``, ``page``). The number can be wrong
  (internetarchive/wayback#243). The Wayback Machine has pages too, but without its latest captures.
- pywb with other indexes has neither, and ignores both. There *windows* of time are halved until an answer is shorter
  than ``limit``.

A server that filters may stop before ``limit`` lines because it has looked at enough of its index, and gives no resume
key. So if an answer to a narrowed query ends without one, Gleaner asks once more from its last line on. A server may
also have a limit of its own and not say so. So if a first answer ends without a key, Gleaner asks once for captures
later than all of it: if there are any, the rest is asked for by windows of time.
"""

from __future__ import annotations

import re
from calendar import monthrange
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Literal, NamedTuple
from urllib.parse import quote, unquote_plus, urlencode

from crawler.captures.answers import MAX_PAGES, IndexAnswer, Position
from crawler.captures.scope import Pattern

_BLOCK_LINES = 3000
LIMIT_LINES = 10_000
"""Lines requested at a time: 1.5 to 4 MB."""
PAGE_BLOCKS = 5
"""ZipNum blocks in a page, of 3,000 lines each: what Common Crawl's servers have by default."""

Mode = Literal["start", "resume", "later", "count", "pages", "windows", "done"]
Kind = Literal["lines", "pages"]

_TACTICS = ("once", "twice", "verbatim")
_MAX_EMPTY_PAGES = 3
"""A server whose pages are empty so often in a row, although nothing is filtered, has counted too many."""
_MAX_EMPTY_ANSWERS = 100
_ROUND_LINES = 500
"""A multiple of so many lines is taken for a server's own limit, so that more is asked for."""
_FIRST_WINDOW, _LAST_WINDOW = "19910101000000", "20991231235959"
_KEY_RE = re.compile(r"(\S+) ([0-9]{14})!?", re.ASCII)


class Query(NamedTuple):
    """A request to an index: its URL, and whether captures (``lines``) or a number of ``pages`` is the answer."""

    url: str
    kind: Kind


@dataclass
class WalkState:
    """Where a walk is; :func:`dataclasses.asdict` of it can be stored as JSON.

    ``last`` is the last line that came. ``tactic`` is how resume keys are sent, ``failed_tactics`` how many
    others have failed for this key.
    ``latest`` is the latest time in the first answer, ``first_rows`` its length; ``own_limit`` is the limit that the
    server was found to have, 0 if none.
    ``windows`` are those that are still to ask, as (begin, end) of 14 digits.
    """

    mode: Mode = "start"
    key: str | None = None
    last: Position | None = None
    tactic: int = 0
    failed_tactics: int = 0
    is_check: bool = False
    keys_since_progress: list[str] = field(default_factory=list)
    page: int = 0
    pages: int = 0
    most_rows: int = 0
    empty_pages: int = 0
    latest: str = _FIRST_WINDOW
    first_rows: int = 0
    own_limit: int = 0
    windows: list[tuple[str, str]] = field(default_factory=list)
    is_incomplete: bool = False
    notes: list[str] = field(default_factory=list)

    def save(self) -> dict[str, Any]:
        """Return the state as JSON can hold it."""
        return asdict(self)


def load_state(saved: dict[str, Any]) -> WalkState:
    """Return the state that :meth:`WalkState.save` returned, after JSON."""
    state = WalkState(**saved)
    state.last = None if state.last is None else (state.last[0], state.last[1])
    state.windows = [(begin, end) for begin, end in state.windows]
    return state


@dataclass(frozen=True)
class CdxQuery:
    """A query to the CDX server at ``cdx``; ``filters`` and ``collapse`` are in the server's own language."""

    cdx: str
    pattern: Pattern
    begin: str | None = None
    end: str | None = None
    filters: tuple[str, ...] = ()
    collapse: tuple[str, ...] = ()
    paged: bool = False
    """Whether the server is known to have pages: no resume key is tried, and its number is doubted only if the last
    page is full."""
    limit: int = LIMIT_LINES

    @property
    def is_narrowed(self) -> bool:
        """Whether the server leaves out lines that belong to the URLs."""
        return bool(self.begin or self.end or self.filters or self.collapse)

    def url(self, *, window: tuple[str, str] | None = None, resume: str | None = None, **asked: str) -> str:
        """Return the URL of a request; *resume* is a resume key, encoded as it is to be sent."""
        begin, end = window or (self.begin, self.end)
        fields = [("url", self.pattern.url), ("matchType", self.pattern.match)]
        fields += [("from", begin)] if begin else []
        fields += [("to", end)] if end else []
        fields += [("filter", one) for one in self.filters]
        fields += [("collapse", one) for one in self.collapse]
        fields += list(asked.items())
        joined = urlencode(fields, quote_via=quote, safe="/:")
        return f"{self.cdx}{'&' if '?' in self.cdx else '?'}{joined}" + (f"&resumeKey={resume}" if resume else "")


class CdxWalk:
    """One walk: :meth:`ask` gives the next request, :meth:`take` its answer, until ``state.mode`` is done.

    Over 15 methods: a few for each way in which servers divide an answer.
    """

    def __init__(self, query: CdxQuery, state: WalkState | None = None) -> None:
        self._query = query
        self.state = state or WalkState()

    def ask(self) -> Query | None:
        """Return the next request, None at the end."""
        state, query = self.state, self._query
        if state.mode == "start" and query.paged:
            state.mode = "count"
        if state.mode == "count":
            return Query(query.url(showNumPages="true", pageSize=str(PAGE_BLOCKS), limit="1"), "pages")
        if state.mode == "pages":
            return Query(query.url(page=str(state.page), pageSize=str(PAGE_BLOCKS)), "lines")
        if state.mode == "windows":
            return Query(query.url(window=state.windows[-1], limit=str(query.limit)), "lines")
        if state.mode == "later":
            return Query(query.url(window=self._later(), limit=str(query.limit)), "lines")
        if state.mode == "done":
            return None
        resume = self._resume_key() if state.mode == "resume" else None
        return Query(query.url(resume=resume, limit=str(query.limit), showResumeKey="true"), "lines")

    def take_pages(self, pages: int | None) -> None:
        """Take the number of pages; None: the server has none."""
        state = self.state
        if pages is None:
            self._begin_windows()
        elif pages == 0:
            state.mode = "done"
        else:
            state.mode, state.pages = "pages", pages

    def take(self, answer: IndexAnswer | None) -> None:
        """Take captures; None: the server says that it has none, or no such page."""
        mode = self.state.mode
        if mode == "pages":
            self._take_page(answer)
        elif mode == "windows":
            self._take_window(answer)
        elif mode == "later":
            self._take_later(answer)
        elif answer is None:
            self.state.mode = "done"
        elif mode == "start":
            self._go_on_after(answer)
        else:
            self._take_resumed(answer)

    def _go_on_after(self, answer: IndexAnswer) -> None:
        """Choose what to ask after an answer that continued where it should."""
        state = self.state
        state.last = answer.last or state.last
        state.is_check = False
        if answer.resume is not None:
            state.mode, state.key = "resume", answer.resume
        elif self._is_cut(answer):
            state.mode = "count"  # there is more, and the server has no resume keys
        elif self._query.is_narrowed and answer.rows > 1 and state.last is not None and not _is_of_pywb(answer):
            state.mode, state.key, state.is_check = "resume", _sent(" ".join(state.last), 1), True
        elif state.mode == "start" and answer.rows > 1 and answer.lines:
            state.mode, state.latest = "later", max(line.timestamp for line in answer.lines)
            state.first_rows = answer.rows + answer.broken
            if self._later()[0] > self._later()[1]:
                state.mode = "done"
        else:
            state.mode = "done"

    def _later(self) -> tuple[str, str]:
        """Return the window of time after all captures of the first answer."""
        return _digits(_instant(self.state.latest) + timedelta(seconds=1)), self._query.end or _LAST_WINDOW

    def _take_later(self, answer: IndexAnswer | None) -> None:
        begin, _ = self._later()
        if answer is not None and any(line.timestamp >= begin for line in answer.lines):
            self.state.own_limit = self.state.first_rows
            self.state.notes.append("it ends its answers early and does not say so: asked by time instead")
            self._begin_windows()
        else:
            self.state.mode = "done"

    def _take_resumed(self, answer: IndexAnswer) -> None:
        state = self.state
        if state.is_check and answer.first != state.last:
            state.mode = "done"  # the server knows no keys of ours, and had said that this was all
        elif self._continues(answer):
            state.failed_tactics = 0
            self._go_on_after(answer)
        elif state.failed_tactics + 1 < len(_TACTICS):
            state.failed_tactics += 1
            state.tactic = (state.tactic + 1) % len(_TACTICS)
        else:
            state.notes.append("its resume keys lead astray: asked by time instead")
            self._begin_windows()

    def _continues(self, answer: IndexAnswer) -> bool:
        """Return whether *answer* continues the one before, so that no capture is left out or repeated for ever."""
        state = self.state
        if self._own_key() is not None and _TACTICS[state.tactic] != "verbatim":
            is_progress = answer.last != state.last or answer.resume is None
            return answer.first == state.last and is_progress
        if answer.last is not None and (state.last is None or answer.last > state.last):
            state.keys_since_progress.clear()
            return True
        state.keys_since_progress.append(state.key or "")
        seen = state.keys_since_progress
        is_new = answer.resume is None or answer.resume not in seen
        return answer.rows == 0 and is_new and len(seen) <= _MAX_EMPTY_ANSWERS

    def _resume_key(self) -> str:
        """Return the resume key as the server is to get it."""
        tactic, key, own = _TACTICS[self.state.tactic], self.state.key or "", self._own_key()
        if tactic == "verbatim" or (own is None and tactic == "once"):
            return key
        return quote(key, safe="") if own is None else _sent(own, 1 if tactic == "once" else 2)

    def _own_key(self) -> str | None:
        """Return the key that asks for the last line again; None if the server's keys have a form of their own."""
        found = _KEY_RE.fullmatch(unquote_plus(self.state.key or ""))
        last = self.state.last
        return " ".join(last) if found and last is not None and found[1] == last[0] else None

    def _take_page(self, answer: IndexAnswer | None) -> None:
        state = self.state
        rows = answer.rows if answer else 0
        state.empty_pages = 0 if rows else state.empty_pages + 1
        is_full = rows >= max(state.most_rows, _BLOCK_LINES if state.pages == 1 else 1)
        state.most_rows = max(state.most_rows, rows)
        state.page += 1
        if state.page >= state.pages and (not rows or (self._query.paged and not is_full)):
            state.mode = "done"
        elif state.page > MAX_PAGES:
            self._end_early(f"more than {MAX_PAGES} pages: the rest is left out")
        elif state.empty_pages >= _MAX_EMPTY_PAGES and not self._query.is_narrowed:
            state.mode = "done"
            state.notes.append(f"it counts {state.pages} pages, but those after {state.page} are empty")

    def _begin_windows(self) -> None:
        state, query = self.state, self._query
        state.mode, state.windows = "windows", [(query.begin or _FIRST_WINDOW, query.end or _LAST_WINDOW)]

    def _take_window(self, answer: IndexAnswer | None) -> None:
        state = self.state
        begin, end = state.windows.pop()
        if answer is not None and self._is_cut(answer):
            halves = halved(begin, end)
            if any(not begin <= line.timestamp <= end for line in answer.lines):
                self._end_early("it divides its answers in no way that Gleaner knows: it may hold more")
                return
            if not halves:
                state.is_incomplete = True
                state.notes.append(f"over {answer.rows} captures in the second {begin}: it may hold more")
            state.windows += reversed(halves)
        if not state.windows:
            state.mode = "done"

    def _is_cut(self, answer: IndexAnswer) -> bool:
        """Return whether a limit, ours or the server's own, may have ended *answer*."""
        lines = answer.rows + answer.broken
        is_round = lines > 0 and lines % _ROUND_LINES == 0
        return lines == self._query.limit or is_round or 0 < self.state.own_limit <= lines

    def _end_early(self, note: str) -> None:
        self.state.mode, self.state.is_incomplete = "done", True
        self.state.notes.append(note)


def _is_of_pywb(answer: IndexAnswer) -> bool:
    """Return whether the answer is that of pywb, which looks at all of its index: its lines name the files."""
    return bool(answer.lines) and answer.lines[-1].filename is not None


def _sent(key: str, times: int) -> str:
    """Return *key* encoded so often as a server decodes it."""
    for _ in range(times):
        key = quote(key, safe="")
    return key


def halved(begin: str, end: str) -> list[tuple[str, str]]:
    """Return the two halves of a window of time, nothing if it is a second.

    >>> halved("20130101000000", "20130131235959")
    [('20130101000000', '20130116115959'), ('20130116120000', '20130131235959')]
    """
    first, last = _instant(begin), _instant(end)
    if last <= first:
        return []
    middle = first + timedelta(seconds=int((last - first).total_seconds()) // 2)
    return [(begin, _digits(middle)), (_digits(middle + timedelta(seconds=1)), end)]


def _instant(digits: str) -> datetime:
    """Return the time in 14 *digits*; a day that its month does not have counts as its last."""
    year, month, day = int(digits[:4]), int(digits[4:6]), int(digits[6:8])
    day = min(day, monthrange(year, month)[1])
    hour, minute, second = (int(digits[at : at + 2]) for at in (8, 10, 12))
    return datetime(year, month, day, hour, minute, second, tzinfo=UTC)


def _digits(when: datetime) -> str:
    return when.strftime("%Y%m%d%H%M%S")
