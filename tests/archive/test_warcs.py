from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from crawler.archive.warcs import INDEX_NAME, CaptureWriter, mend_warcs, warc_paths
from crawler.corpus.fixity.warccheck import check_coordinates, check_index, check_warc
from crawler.warc.index import CaptureIndex
from crawler.warc.reading import BrokenRecord, read_records
from tests.archives import warcio_check
from tests.crawling import REPOSITORY
from tests.warc.exchanges import EXCHANGE, exchange


def writer(root: Path, run: str = "run1", max_bytes: int = 1 << 30) -> CaptureWriter:
    return CaptureWriter(root, "site", run, max_bytes=max_bytes, facts={"software": "gleaner"})


def write(root: Path, *bodies: bytes, run: str = "run1", **options: int) -> list[tuple[str, int]]:
    with closing(writer(root, run, **options)) as captures:
        return [
            captures.write(exchange(url=f"http://127.0.0.1/{number}", body=body, headers=()))
            for number, body in enumerate(bodies)
        ]


def kinds(root: Path) -> list[str]:
    return [one.kind for path in warc_paths(root) for one in read_records(path)]


def captures_of(root: Path) -> tuple[list[object], dict[str, tuple[int, int]]]:
    with closing(CaptureIndex(root / INDEX_NAME, read_only=True)) as index:
        return list(index.all()), index.files()


def findings(root: Path) -> list[object]:
    names = (path.relative_to(root).as_posix() for path in warc_paths(root))
    return [*check_index(root), *(finding for name in names for finding in check_warc(root, name))]


def near_ends(path: Path, size: int) -> list[int]:
    """Return the offsets near the ends of records in the WARC file at *path*, and some others."""
    ends = [0, *(one.offset + one.length for one in read_records(path))]
    near = {end + step for end in ends for step in range(-5, 5)}
    return sorted(place for place in near.union(range(0, size, 67)) if 0 <= place < size)


def test_a_run_begins_its_own_file_with_one_warcinfo(tmp_path):
    write(tmp_path, b"one")
    write(tmp_path, b"two", run="run2")
    assert [path.name for path in warc_paths(tmp_path)] == ["site-run1-00001.warc.gz", "site-run2-00001.warc.gz"]
    assert kinds(tmp_path) == ["warcinfo", "response", "request"] * 2


def test_a_run_that_captures_nothing_leaves_no_file(tmp_path):
    write(tmp_path)
    assert warc_paths(tmp_path) == []


def test_full_file_is_followed_by_a_new_one(tmp_path):
    places = write(tmp_path, *(os.urandom(400) for _ in range(5)), max_bytes=2200)
    assert [path.name[-13:-8] for path in warc_paths(tmp_path)] == ["00001", "00002", "00003"]
    assert [file[-13:-8] for file, _ in places] == ["00001", "00001", "00002", "00002", "00003"]
    assert all(check_coordinates(tmp_path, *place, None) is None for place in places)


def test_captures_that_came_together_are_made_durable_together(tmp_path, monkeypatch):
    synced = []
    monkeypatch.setattr(os, "fdatasync", synced.append)
    with closing(writer(tmp_path, max_bytes=3000)) as captures:
        places = [captures.write(exchange(url=f"http://h/{number}", headers=())) for number in range(3)]
        for place in places:
            captures.make_durable(place)
        assert len(synced) == 1
        later = captures.write(exchange(url="http://h/later", headers=()))
        captures.make_durable(places[0])
        assert len(synced) == 1
        captures.make_durable(later)
        assert len(synced) == 2
        while captures.write(exchange(url="http://h/on", headers=())).file == later.file:
            pass
        rotated = len(synced)
        captures.make_durable(later)  # a file is durable when the next one has begun
        assert len(synced) == rotated


def test_a_payload_is_stored_once_in_the_life_of_a_corpus(tmp_path):
    """An empty body has no payload to store, so it does not become a revisit."""
    write(tmp_path, b"page", b"page", b"", b"")
    write(tmp_path, b"page", b"other", run="run2")
    stored = [kind for kind in kinds(tmp_path) if kind in {"response", "revisit"}]
    assert stored == ["response", "revisit", "response", "response", "revisit", "response"]
    captured, _ = captures_of(tmp_path)
    revisits = [(one.url, one.refers_to_url) for one in captured if one.kind == "revisit"]
    assert revisits == [("http://127.0.0.1/0", "http://127.0.0.1/0"), ("http://127.0.0.1/1", "http://127.0.0.1/0")]


def test_a_304_refers_to_the_answer_that_it_confirms(tmp_path):
    """It refers to the last response of that URL; without one it is an ordinary response."""
    with closing(writer(tmp_path)) as captures:
        for body, status in ((b"old", 200), (b"", 404), (b"new", 200), (b"", 304)):
            captures.write(
                exchange(body=body, status=status, headers=(), date=EXCHANGE.date.replace(day=len(body) + 1))
            )
        captures.write(exchange(url="http://127.0.0.1/other", body=b"", status=304, headers=()))
    captured, _ = captures_of(tmp_path)
    (confirmed,) = [one for one in captured if one.kind == "revisit"]
    (new,) = [one for one in captured if one.status == 304]
    assert (confirmed.url, confirmed.status, confirmed.refers_to_url) == (EXCHANGE.url, None, EXCHANGE.url)
    assert (new.url, new.kind) == ("http://127.0.0.1/other", "response")
    assert findings(tmp_path) == []
    (tmp_path / INDEX_NAME).unlink()
    mend_warcs(tmp_path)
    assert captures_of(tmp_path)[0] == captured


def test_the_index_follows_from_the_files_alone(tmp_path):
    write(tmp_path, b"page", b"page", os.urandom(300), b"", max_bytes=900)
    kept = captures_of(tmp_path)
    (tmp_path / INDEX_NAME).unlink()

    mended = mend_warcs(tmp_path)

    assert (mended.rebuilt, mended.adopted, mended.cut, mended.damaged) == ("it was missing", 4, [], [])
    assert captures_of(tmp_path) == kept


def test_invalid_index_is_rebuilt(tmp_path):
    write(tmp_path, b"page")
    kept = captures_of(tmp_path)
    (tmp_path / INDEX_NAME).write_bytes(b"nothing of SQLite" * 500)
    assert "could not be read" in (mend_warcs(tmp_path).rebuilt or "")
    assert captures_of(tmp_path) == kept


def test_warcio_checks_every_file(tmp_path):
    write(tmp_path, b"page", b"page", os.urandom(900), b"last", max_bytes=2200)
    assert len(warc_paths(tmp_path)) == 2
    assert [warcio_check(path).returncode for path in warc_paths(tmp_path)] == [0, 0]


def test_after_a_kill_at_any_byte_there_are_whole_records_only(tmp_path):
    """The torn end is in quarantine/, the index agrees, and the next run begins a file of its own."""
    (made := tmp_path / "made").mkdir()
    write(made, b"page", b"page")
    (path,) = warc_paths(made)
    data = path.read_bytes()
    for length in near_ends(path, len(data)):
        root = tmp_path / "killed"
        (root / "warc").mkdir(parents=True)
        (root / "warc" / path.name).write_bytes(data[:length])

        mended = mend_warcs(root)

        left = b"".join(one.read_bytes() for one in warc_paths(root))
        torn = b"".join(one.read_bytes() for one in (root / "quarantine").glob("*.torn"))
        assert left + torn == data[:length]
        assert not any(isinstance(one, BrokenRecord) for path in warc_paths(root) for one in read_records(path))
        assert (not torn) == (mended.cut == [] or not length)
        assert findings(root) == []
        shutil.rmtree(root)
    write(made, b"page", run="run2")
    assert findings(made) == []


def test_file_shorter_than_written_is_reported_and_read_again(tmp_path):
    """It was cut between two records, so the file itself does not show it."""
    write(tmp_path, b"page", b"other")
    (path,) = warc_paths(tmp_path)
    last = list(read_records(path))[-1]
    with path.open("r+b") as file:
        file.truncate(last.offset)
    (finding,) = findings(tmp_path)
    assert finding.message == f"it is {last.length} bytes shorter than what was written"
    mend_warcs(tmp_path)
    assert findings(tmp_path) == []


def test_remains_of_a_kill_are_a_note_and_no_problem(tmp_path):
    """The next run repairs it; once records follow it, it is damage."""
    write(tmp_path, b"page")
    (path,) = warc_paths(tmp_path)
    whole = path.read_bytes()
    path.write_bytes(whole + whole[:90])
    assert [finding.is_note for finding in findings(tmp_path)] == [True]
    path.write_bytes(whole + whole[:90] + whole)
    assert [finding.is_note for finding in findings(tmp_path)] == [False]


def test_damage_among_good_records_is_reported_and_left_unchanged(tmp_path):
    write(tmp_path, b"page", b"other")
    (path,) = warc_paths(tmp_path)
    second = list(read_records(path))[1]
    data = bytearray(path.read_bytes())
    data[second.offset + 40] ^= 1
    path.write_bytes(data)
    (tmp_path / INDEX_NAME).unlink()

    mended = mend_warcs(tmp_path)

    assert [(name, broken.offset) for name, broken in mended.damaged] == [(f"warc/{path.name}", second.offset)]
    assert (mended.adopted, mended.cut, path.read_bytes()) == (1, [], data)
    assert [finding.offset for finding in findings(tmp_path)] == [second.offset]


def test_file_listed_as_final_is_not_cut(tmp_path):
    write(tmp_path, b"page")
    (path,) = warc_paths(tmp_path)
    with path.open("ab") as file:
        file.write(b"torn")
    (tmp_path / "manifest-sha256.txt").write_text(f"{'0' * 64}  warc/{path.name}\n")
    mended = mend_warcs(tmp_path)
    assert (mended.cut, len(mended.damaged), path.read_bytes()[-4:]) == ([], 1, b"torn")


def test_every_changed_bit_and_every_truncation_is_found(tmp_path):
    """Also bits that make no difference to a gzip reader.

    The test flips all bits near the ends of records, and one bit of other bytes; with GLEANER_FLIP_EVERY=1, set by
    hand, all bits.
    """
    write(tmp_path, b"page")
    (path,) = warc_paths(tmp_path)
    data = path.read_bytes()
    missed = []
    everything = os.environ.get("GLEANER_FLIP_EVERY") == "1"
    ends = set(range(len(data)) if everything else near_ends(path, len(data)))
    for bit in range(8 * len(data)):
        if bit // 8 not in ends and bit % 8 != bit // 8 * 5 % 8:
            continue
        changed = bytearray(data)
        changed[bit // 8] ^= 1 << bit % 8
        path.write_bytes(changed)
        if not findings(tmp_path):
            missed.append(("bit", bit))
    for length in ends:
        path.write_bytes(data[:length])
        if not findings(tmp_path):
            missed.append(("length", length))
    print(f"{len(data)} bytes, {len(ends)} truncations")  # noqa: T201 - for who counts them by hand
    assert missed == []


def test_coordinates_without_a_record_are_reported(tmp_path):
    ((file, offset),) = write(tmp_path, b"page")
    assert check_coordinates(tmp_path, file, offset, "http://127.0.0.1/0") is None
    assert "one of 'http://127.0.0.1/0'" in check_coordinates(tmp_path, file, offset, "http://127.0.0.1/1")
    assert "no gzip member" in check_coordinates(tmp_path, file, offset + 1, None)
    assert "the file ends before it" in check_coordinates(tmp_path, file, 10**9, None)
    assert "'warcinfo' record" in check_coordinates(tmp_path, file, 0, None)
    assert "not a WARC file of this corpus" in check_coordinates(tmp_path, "warc/../corpus.json", 0, None)


KILLED = """
import os, sys
from pathlib import Path
from tests.archive.test_warcs import writer
from tests.warc.exchanges import exchange
captures = writer(Path(sys.argv[1]), sys.argv[2], 20_000)
for number in range(10**6):
    captures.write(exchange(url=f"http://127.0.0.1/{number}", body=os.urandom(2000), headers=()))
    if number % 5 == 4:
        captures.sync()
        print(number, flush=True)
"""


@pytest.mark.parametrize("number", range(3))
def test_kill_9_loses_nothing_that_was_synced(tmp_path, number):
    process = subprocess.Popen(
        [sys.executable, "-c", KILLED, str(tmp_path), f"run{number}"],
        cwd=REPOSITORY,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout
    synced = [int(process.stdout.readline()) for _ in range(4 + 7 * number)][-1]
    process.send_signal(signal.SIGKILL)
    process.communicate()

    mend_warcs(tmp_path)

    captured, _ = captures_of(tmp_path)
    assert {f"http://127.0.0.1/{n}" for n in range(synced + 1)} <= {one.url for one in captured}
    assert findings(tmp_path) == []


def test_an_exchange_is_found_again_by_its_place(tmp_path):
    with closing(writer(tmp_path)) as captures:
        place = captures.write(EXCHANGE)
    with closing(CaptureIndex(tmp_path / INDEX_NAME, read_only=True)) as index:
        found = index.at(*place)
        assert list(index.of_url(EXCHANGE.url)) == [found]
    assert (found.url, found.status, found.media_type) == (EXCHANGE.url, 200, "text/html")


HEADERS = st.lists(st.tuples(st.binary(max_size=40), st.binary(max_size=80)), max_size=6)
"""Names and values of any bytes, because a server can send anything."""
KNOWN = st.sampled_from((b"Content-Type", b"content-type", b"Content-Encoding", b"Content-Length", b"Location"))


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    headers=st.one_of(HEADERS, st.lists(st.tuples(KNOWN, st.binary(max_size=80)), max_size=6)),
    url=st.text(st.characters(exclude_characters="#"), max_size=30),
    body=st.sampled_from((b"", b"page", b"\r\n\r\nWARC/1.1\r\n")),
    status=st.sampled_from((200, 304, 404)),
)
@example(headers=[(b"Content-Type", b"text/a\0b")], url="", body=b"no such page", status=404)
@example(headers=[(b"Content-Type", b"text/html\r\n folded")], url="", body=b"", status=200)
@example(headers=[(b"Content-Type", b"\xa0text/html\x85")], url="", body=b"", status=200)
@example(
    headers=[(b"A:b", b"c"), (b"", b""), (b"Content-Type", b""), (b"Content-Type", b"x")], url="", body=b"", status=304
)
@example(headers=[(b"X", b"y" * 100_000)], url="a b\r\nWARC-Type: request\r\n\r\n<\ud800>\u0085", body=b"", status=200)
def test_whatever_headers_a_stranger_sends_the_index_says_what_the_record_says(
    tmp_path_factory, headers, url, body, status
):
    """The index from writing and one rebuilt from the files are equal, and nothing is damaged."""
    root = tmp_path_factory.mktemp("stranger")
    sent = tuple((name.decode("latin-1"), value.decode("latin-1")) for name, value in headers)
    with closing(writer(root)) as captures:
        for _ in range(2):  # the second time as a revisit
            place = captures.write(
                exchange(url=f"http://127.0.0.1/{url}", headers=sent, body=body, status=status, request_headers=sent)
            )
    assert findings(root) == []
    assert check_coordinates(root, *place, f"http://127.0.0.1/{url}") is None
    noted = captures_of(root)
    (root / INDEX_NAME).unlink()
    mend_warcs(root)
    assert captures_of(root) == noted
    shutil.rmtree(root)
