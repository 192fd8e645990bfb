"""Whatever happened to the files, opening the corpus brings lines and catalogue into agreement, and reports it."""

from __future__ import annotations

import gzip
import sqlite3
from contextlib import closing

import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from crawler.archive import Corpus
from crawler.archive.rebuilding import rebuild
from crawler.corpus.fixity.verify import verify
from crawler.exceptions import CorpusError
from tests.factories import make_article, make_seed, make_stub, related_items

RECORDS = (
    make_seed(related=(1, 2, 3, 9)),
    make_article(1, depth=1, related=related_items(2, 8)),
    make_article(2, depth=1, text="Text of article 1."),
    make_stub(3, depth=1, status=None),
    make_article(1, depth=1, text="A new version.", run="run-2"),
)


@pytest.fixture
def root(tmp_path):
    fill(tmp_path / "corpus")
    return tmp_path / "corpus"


def fill(root, records=RECORDS):
    corpus = Corpus(root, "replica")
    with corpus.group():
        for record in records:
            corpus.add(record)
    corpus.close()


def reopen(root):
    """Open and close the corpus; return its report."""
    corpus = Corpus(root, "replica")
    corpus.close()
    return list(corpus.repairs.messages())


def content(root):
    """Return the content of the catalogue, with keys in place of numbers."""
    with closing(sqlite3.connect(root / "catalogue.sqlite")) as connection, connection:
        queries = (
            "SELECT key, id, state, depth, title, pic FROM targets ORDER BY key",
            "SELECT t.key, s.key, e.sort FROM edges e JOIN targets t ON t.tid = target JOIN targets s ON s.tid = source"
            " ORDER BY 1, 2",
            "SELECT key, version, segment, offset, length, crc, kind, url_key, content_sha256, duplicate_of"
            " FROM records JOIN targets USING (tid) ORDER BY 1, 2",
            "SELECT * FROM pictures ORDER BY 1",
            "SELECT * FROM segments ORDER BY 1",
            "SELECT * FROM recurring ORDER BY 1",
        )
        known = [connection.execute(query).fetchall() for query in queries]
    connection.close()
    return known


def segment(root, family="articles"):
    return root / family / f"{family}-000001.jsonl"


def test_clean_corpus_opens_without_messages(root):
    assert reopen(root) == []


@pytest.mark.parametrize("damage", ["missing", "garbage", "truncated"])
def test_lost_catalogue_is_rebuilt_from_the_lines_alone(root, damage):
    before = content(root)
    catalogue = root / "catalogue.sqlite"
    if damage == "missing":
        catalogue.unlink()
    elif damage == "garbage":
        catalogue.write_bytes(b"not a database" * 1000)
    else:
        catalogue.write_bytes(catalogue.read_bytes()[:5000])
    assert "the catalogue was rebuilt" in reopen(root)[0]
    assert content(root) == before
    assert reopen(root) == []


def test_repair_makes_the_same_catalogue(root):
    before = content(root)
    assert rebuild(root, "on request").adopted == 5
    assert content(root) == before


def test_lines_that_the_catalogue_missed_are_taken_in(root, tmp_path):
    whole = content(root)
    fill(tmp_path / "older", RECORDS[:2])
    (tmp_path / "older" / "catalogue.sqlite").rename(root / "catalogue.sqlite")
    assert reopen(root) == ["3 archived lines were taken into the catalogue, which had not read them yet"]
    assert content(root) == whole


def test_catalogue_ahead_of_the_lines_is_rebuilt(root):
    path = segment(root)
    first = path.read_bytes().splitlines(keepends=True)[0]
    path.write_bytes(first)
    message, lost, asked = reopen(root)
    assert "articles-000001.jsonl is" in message
    assert "bytes shorter" in message
    assert lost == "lines that are lost or damaged: replica/1, replica/3"
    assert asked == "2 targets are pending again, as their lines are lost or damaged"
    assert verify(root).problems == []


def test_every_torn_end_is_cut_off_and_kept(root):
    path, whole = segment(root), content(root)
    good = path.read_bytes()
    line = make_article(99).title.encode()
    for torn in (b"{", b'{"schema":1', b"\0" * 4096, line * 100, b"[]\n", b"\xff\xfe\n" + good):
        path.write_bytes(good + torn)
        (message,) = reopen(root)
        assert f"a torn end of {len(torn)} bytes at {len(good)}" in message
        assert path.read_bytes() == good
        assert content(root) == whole
    kept = {path.read_bytes() for path in (root / "quarantine").iterdir()}
    assert b'{"schema":1' in kept


@settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_cut_anywhere_the_lines_before_the_cut_are_kept(tmp_path_factory, data):
    root = tmp_path_factory.mktemp("cut")
    fill(root)
    path = segment(root)
    good = path.read_bytes()
    cut = data.draw(st.integers(0, len(good)))
    path.write_bytes(good[:cut])
    reopen(root)
    assert path.read_bytes() == good[: good[:cut].rfind(b"\n") + 1]
    assert verify(root).problems == []
    assert reopen(root) == []


def test_bad_line_among_good_ones_is_kept_and_reported(root):
    path = segment(root)
    lines = path.read_bytes().splitlines(keepends=True)
    lines[1] = b"x" * (len(lines[1]) - 1) + b"\n"
    path.write_bytes(b"".join(lines))
    (root / "catalogue.sqlite").unlink()
    messages = reopen(root)
    assert f"the line at {len(lines[0])} is not a record" in messages[1]
    assert path.read_bytes() == b"".join(lines)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        *(("key", 5), ("text", 5), ("text", ["a"]), ("url", 5), ("depth", "x"), ("content_sha256", 5)),
        *(("content_sha256", "no"), ("published", {}), ("language", []), ("images", [{"pic": "/a.jpg", "url": {}}])),
    ],
)
@pytest.mark.parametrize("number", [0, 1], ids=["seed", "article"])
def test_line_with_another_type_as_text_is_kept_and_reported(root, number, field, value):
    lines = segment(root).read_bytes().splitlines(keepends=True)
    offset = len(lines[0]) * number
    lines[number] = orjson.dumps(orjson.loads(lines[number]) | {field: value}) + b"\n"
    segment(root).write_bytes(b"".join(lines))
    told = rebuild(root, "on request")
    assert [place.offset for place, _ in told.damaged] in ([offset], [])
    assert {problem.offset for problem in verify(root).problems} == {offset}


def test_compressed_segment_gives_the_same_lines(root):
    before, path = content(root), segment(root)
    path.with_suffix(".jsonl.gz").write_bytes(gzip.compress(path.read_bytes()))
    path.unlink()
    assert reopen(root) == []
    rebuild(root, "on request")
    assert content(root) == before
    assert verify(root).problems == []
    fill(root, [make_article(50)])
    assert (root / "articles" / "articles-000002.jsonl").exists()


def overwrite_edges(root):
    """Make the catalogue malformed in a place that opening it does not read."""
    with closing(sqlite3.connect(root / "catalogue.sqlite")) as connection:
        (page,) = connection.execute("SELECT rootpage FROM sqlite_master WHERE name = 'edges'").fetchone()
    with (root / "catalogue.sqlite").open("r+b") as file:
        file.seek(4096 * (page - 1))
        file.write(b"\xff" * 4096)


def test_catalogue_found_malformed_while_writing_is_rebuilt_at_the_next_opening(root):
    overwrite_edges(root)
    corpus = Corpus(root, "replica")
    with pytest.raises(CorpusError, match="malformed"), corpus.group():
        corpus.add(make_article(8, related=related_items(1)))
    corpus.close()
    (message,) = reopen(root)
    assert "rebuilt from the lines" in message
    assert verify(root).problems == []
    fill(root, [make_article(8, related=related_items(1))])
    assert [one[0] for one in content(root)[0]].count("replica/8") == 1


def test_catalogue_found_malformed_while_reading_lines_is_rebuilt_at_once(root):
    before = (root / "catalogue.sqlite").read_bytes()
    fill(root, [make_article(8, related=related_items(1))])
    (root / "catalogue.sqlite").write_bytes(before)
    overwrite_edges(root)
    (message,) = reopen(root)
    assert "malformed" in message
    assert verify(root).problems == []
