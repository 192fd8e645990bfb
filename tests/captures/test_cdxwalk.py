"""How all of an index is listed, whatever its server does."""

from __future__ import annotations

import json

import pytest

from crawler.captures.answers import read_answer, read_pages
from crawler.captures.cdxwalk import CdxQuery, CdxWalk, halved, load_state
from crawler.captures.scope import Pattern
from tests.captures.cdxserver import CdxServer, rows_of

PLAIN = rows_of([f"http://example.org/news/{number:03}" for number in range(300)])
ESCAPED = rows_of(
    [f"http://example.org/news/{number}/%D8%AE%D8%A8%D8%B1%20{number}+b" for number in range(60)]
    + [f"http://example.org/tag/{letters}%2520" for letters in ("%D8%A7", "%D9%85", "%2541", "%20x")],
)
"""Keys with escapes are where a server that decodes too often goes astray."""
LIMIT = 97
MAX_REQUESTS = 400


def query(**options) -> CdxQuery:
    return CdxQuery(cdx="http://127.0.0.1/cdx", pattern=Pattern("host", "example.org"), **{"limit": LIMIT, **options})


def walk_through(server: CdxServer, asked: CdxQuery, *, forgetful: bool = False) -> tuple[set, CdxWalk]:
    """Walk to the end; *forgetful*: the walk is saved and loaded after each answer. Return the captures."""
    walk, found = CdxWalk(asked), set()
    while (one := walk.ask()) is not None:
        assert len(server.asked) < MAX_REQUESTS, server.asked[-3:]
        status, body = server.answer(one.url)
        if one.kind == "pages":
            walk.take_pages(read_pages(body) if status == 200 else None)
        else:
            answer = read_answer(body, "test") if status == 200 else None
            found |= {(line.urlkey, line.timestamp, line.url) for line in answer.lines} if answer else set()
            walk.take(answer)
        if forgetful:
            walk = CdxWalk(asked, load_state(json.loads(json.dumps(walk.state.save()))))
    return found, walk


@pytest.mark.parametrize("forgetful", [False, True], ids=["in one run", "resumed each time"])
@pytest.mark.parametrize("rows", [PLAIN, ESCAPED], ids=["plain", "escaped"])
@pytest.mark.parametrize(
    "dialect",
    [
        {"resumes": True},
        {"resumes": True, "bang": False},
        {"resumes": True, "decodes": 1},
        {"page_rows": 50},
        {"page_rows": 50, "says_pages": 2},
        {"page_rows": 50, "says_pages": 90_000},
        {"page_rows": 50, "says_pages": 28_903_799},
        {},
    ],
    ids=lambda dialect: " ".join(f"{name}={value}" for name, value in dialect.items()) or "neither keys nor pages",
)
def test_every_capture_is_listed(dialect, rows, forgetful):
    found, walk = walk_through(CdxServer(rows, **dialect), query(), forgetful=forgetful)
    assert found == set(rows)
    assert not walk.state.is_incomplete


def test_limit_of_the_server_itself_is_noticed():
    rows = rows_of([f"http://example.org/news/{number}" for number in range(700)])
    found, _ = walk_through(CdxServer(rows, caps=500), query(limit=10_000))
    assert found == set(rows)


@pytest.mark.parametrize("caps", [2, 20, 51, 299])
@pytest.mark.parametrize("forgetful", [False, True], ids=["in one run", "resumed each time"])
def test_limit_of_which_the_server_says_nothing_is_found(caps, forgetful):
    rows = PLAIN if caps > 20 else PLAIN[:51]
    found, walk = walk_through(CdxServer(rows, caps=caps), query(limit=10_000), forgetful=forgetful)
    assert found == set(rows)
    assert walk.state.notes == ["it ends its answers early and does not say so: asked by time instead"]


def test_server_that_ignores_times_is_asked_once_more_only():
    class Timeless(CdxServer):
        def answer(self, url):
            return super().answer(url.replace("from=", "ignored="))

    server = Timeless(PLAIN)
    found, walk = walk_through(server, query(limit=10_000))
    assert (found, len(server.asked), walk.state.notes) == (set(PLAIN), 2, [])


def test_answer_that_ends_because_a_filtering_server_looked_at_enough_is_continued():
    server = CdxServer(PLAIN, resumes=True, scans=60)
    found, _ = walk_through(server, query(begin="20130101000000", end="20161231235959"))
    assert found == {row for row in PLAIN if row[1] <= "20161231235959"}


def test_whole_answer_needs_one_request_and_one_for_what_is_later():
    server = CdxServer(PLAIN, resumes=True)
    found, _ = walk_through(server, query(limit=10_000))
    assert (found, len(server.asked)) == (set(PLAIN), 2)


def test_resumed_pages_repeat_one_line_only():
    server = CdxServer(PLAIN, resumes=True)
    walk_through(server, query())
    assert len(server.asked) == -(-len(PLAIN) // (LIMIT - 1))


@pytest.mark.parametrize("cycle", [("a",), ("a", "b"), ("x%2C1+20130101000000%21", "y")])
def test_keys_that_lead_back_end_in_windows_of_time(cycle):
    class Looping(CdxServer):
        def answer(self, url):
            status, body = super().answer(url)
            is_window = "showResumeKey" not in url
            return status, body if is_window else body + f"\n{cycle[len(self.asked) % len(cycle)]}\n".encode()

    found, walk = walk_through(Looping(PLAIN), query())
    assert found == set(PLAIN)
    assert walk.state.notes == ["its resume keys lead astray: asked by time instead"]


def test_empty_answers_with_keys_are_gone_past():
    pages = iter([b"", b"", None])

    class Sparse(CdxServer):
        def answer(self, url):
            self.asked.append(url)
            if (page := next(pages)) is not None:
                return 200, page + b"\nopaque%d\n" % len(self.asked)
            return super().answer(url)

    found, _ = walk_through(Sparse(PLAIN[:50]), query())
    assert found == set(PLAIN[:50])


def test_server_that_heeds_nothing_ends_with_a_note_and_counts_as_incomplete():
    server = CdxServer(PLAIN, caps=LIMIT, reads_time=False)
    found, walk = walk_through(server, query())
    assert found == set(PLAIN[:LIMIT])
    assert walk.state.is_incomplete
    assert len(server.asked) < 10


def test_second_with_more_captures_than_the_limit_counts_as_incomplete():
    rows = [(key, "20130101000000", url) for key, _, url in PLAIN[::3]]
    found, walk = walk_through(CdxServer(rows), query(begin="20130101000000", end="20130101000059"))
    assert found == set(rows[:LIMIT])
    assert walk.state.is_incomplete


def test_common_crawl_is_asked_for_pages_and_no_more_than_it_has():
    server = CdxServer(PLAIN[:75], page_rows=50)
    found, _ = walk_through(server, query(paged=True))
    assert found == set(PLAIN[:75])
    assert len(server.asked) == 3


def test_line_that_cannot_be_read_is_counted_and_the_others_are_kept():
    row = b"org,example)/%d 20130101000000 http://example.org/%d text/html 200 - 9\n"
    answer = read_answer(row % (1, 1) + b"<b>busy</b>\n" + b"x" * 100_000 + b"\n" + row % (2, 2), "test")
    assert (len(answer.lines), answer.broken) == (2, 2)
    assert answer.errors[0].startswith("line 2: not a line of captures")


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b"<html><h1>Temporarily offline</h1>\n<p>Back soon</p>\n</html>\n", "not an answer of a capture index"),
        (b"org,example)/ 20130101000000 http://example.org/ text/html 200 - 9\norg,exam", "cut short"),
    ],
)
def test_answer_that_is_none_is_an_error(body, said):
    with pytest.raises(ValueError, match=said):
        read_answer(body, "test")


def test_resume_key_of_json_answers_is_read():
    body = (
        b'[["urlkey","timestamp","original"],\n["org,example)/","20130101000000","http://example.org/"],\n'
        b'[],\n["org%2Cexample%29%2F+20130101000000%21"]]'
    )
    answer = read_answer(body, "test")
    assert (answer.rows, answer.resume) == (1, "org%2Cexample%29%2F+20130101000000%21")


def test_numbers_of_pages_are_read_in_all_forms():
    forms = [b"3\n", b'{"pages": 3, "pageSize": 5}', b'[["numpages"],["3"]]', b'{"numPages": 3}']
    assert [read_pages(form) for form in forms] == [3, 3, 3, 3]
    others = [b"", b"many", b"-1", b"28903799", b'{"message": "no"}', b"[]", b"{", b"org,example)/ 2013 http://a.org/"]
    assert [read_pages(form) for form in others] == [None] * len(others)


def test_halves_meet_and_days_that_do_not_exist_are_no_error():
    assert halved("20130201000000", "20130231235959")[1][1] == "20130231235959"
    first, second = halved("20130101000000", "20130101000001")
    assert (first, second) == (("20130101000000",) * 2, ("20130101000001",) * 2)
    assert halved("20130101000000", "20130101000000") == []
