"""The outcome of harvest, replay, recovery and a crawl for a file of the zoo, in one word each."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

from twisted.web._newclient import ResponseFailed

from crawler.exceptions import ConfigError, SeedError
from crawler.recover.commoncrawl import read_record
from crawler.seeds.find import harvest_file
from crawler.warc.coding import decode
from crawler.warc.replay import Replay
from crawler.warc.sources import find_sources
from tests.handlers.asking import ask
from tests.zoo.archives import Oddity, answer
from tests.zoo.pages import HOST, IDS, ODD, page

READ, NOTED, CUT, REFUSED, LOST, NONE = "read", "noted", "cut", "refused", "lost", "-"
"""``noted``: read, and a line or field names the oddity. ``cut``: returned as a page that is cut short. ``lost``: no
message."""
MAX_BODY = 16 << 20


def harvested(oddity: Oddity, folder: Path) -> str:
    """Return the outcome of ``seeds harvest`` for *oddity*."""
    errors: list[SeedError] = []
    path = _written(oddity, folder)
    try:
        found = list(harvest_file(str(path), None, errors.append, lambda _: None))
    except SeedError:
        return REFUSED
    texts = {one.text for one in found}
    others = [number for number in IDS if number != ODD and page(number).decode() not in texts]
    assert not others, others
    is_odd_read = any(page(ODD).decode() in text for text in texts)
    if is_odd_read:
        return NOTED if errors or any(one.coding for one in found) else READ
    return REFUSED if errors else LOST


def replayed(oddity: Oddity, folder: Path) -> str:
    """Return the outcome of ``SOURCE=warc:`` for *oddity*."""
    problems: list[str] = []
    try:
        sources = find_sources(str(_written(oddity, folder)))
    except ConfigError:
        return REFUSED
    with closing(Replay(sources, Path(":memory:"), max_body=MAX_BODY, on_problem=problems.append)) as replay:
        outcomes = {number: _answer(replay, number) for number in IDS}
    assert all(outcomes[number] == READ for number in IDS if number != ODD), outcomes
    odd = outcomes[ODD]
    if odd == NONE:
        return REFUSED if problems else LOST
    return NOTED if odd == READ and problems else odd


def _answer(replay: Replay, number: int) -> str:
    found = replay.find(f"{HOST}{number}")
    if found is None:
        return NONE
    coding = ", ".join(value for name, value in found.exchange.headers if name.lower() == "content-encoding")
    try:
        decoded = decode(found.exchange.body, coding, limit=MAX_BODY)
    except ValueError:
        return REFUSED
    if found.exchange.truncated or not decoded.whole:
        return CUT
    if page(number) not in decoded.body:
        return LOST
    return NOTED if decoded.notes else READ


def recovered(oddity: Oddity) -> str:
    """Return the outcome of recovery from Common Crawl for the odd record."""
    if oddity.alone is None:
        return NONE
    try:
        payload = read_record(oddity.alone())
    except ValueError:
        return REFUSED
    if page(ODD) not in payload.body:
        return LOST
    return NOTED if payload.coding else READ


def served(name: str) -> str:
    """Return the outcome of a crawl for the odd answer of the oddity *name*, from a server that then closes the
    connection."""
    data = answer(name)
    if data is None:
        return NONE
    try:
        response, body, _ = ask(data)
    except ResponseFailed:
        return REFUSED
    if isinstance(body.ended, ResponseFailed):
        return CUT
    coding = b",".join(response.headers.getRawHeaders(b"Content-Encoding", [])).decode("latin-1")
    try:
        decoded = decode(body.body, coding, limit=MAX_BODY)
    except ValueError:
        return REFUSED
    if not decoded.whole:
        return CUT
    if page(ODD) not in decoded.body:
        return LOST
    return NOTED if decoded.notes else READ


def _written(oddity: Oddity, folder: Path) -> Path:
    path = folder / f"zoo.{oddity.ending}"
    path.write_bytes(oddity.make())
    return path
