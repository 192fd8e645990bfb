"""The search, and its index that can be lost at any time."""

from __future__ import annotations

import gzip
import multiprocessing
import sqlite3
import stat
from contextlib import closing

import pytest

from crawler.archive.rebuilding import rebuild
from crawler.archive.writer import Corpus
from crawler.corpus.search.index import remove_index
from crawler.corpus.search.search import search
from crawler.corpus.selection import Selection
from crawler.exceptions import ConfigError, CorpusError
from tests.archive.corpora import make_corpus, rewrite
from tests.factories import make_article, make_stub
from tests.waiting import HANG_SECONDS


def keys(root, question, **asked):
    return [hit.key for hit in search(root, question, Selection(**asked)).hits]


@pytest.fixture
def root(tmp_path):
    root = tmp_path / "corpus"
    make_corpus(
        root,
        make_article(1, title="Rain in Tehran", text="It rained on the bazaar.", published="2020-06-01T10:00:00+04:30"),
        make_article(2, title="The bazaar burns", text="No rain. " + "Nothing else to tell. " * 20, language="en-GB"),
        make_article(3, title="وزير", text="رئیس‌جمهور كِتابٌ تازه‌ای خواند.", language="fa"),
        make_stub(4, title="A bazaar that nobody kept"),
    )
    return root


def test_all_words_must_match_and_titles_rank_higher(root):
    assert keys(root, "rain bazaar") == ["replica/1", "replica/2"]
    assert keys(root, "bazaar", kind="article") == ["replica/2", "replica/1"]
    assert keys(root, '"the bazaar"', kind="article") == ["replica/2", "replica/1"]
    assert keys(root, '"bazaar the"') == []
    assert keys(root, "baz*", language="en-GB") == ["replica/2"]
    assert keys(root, "rain", since="2020", until="2020") == ["replica/1"]


def test_forms_of_letters_make_no_difference_and_the_original_is_shown(root):
    (hit,) = search(root, "وزیر رييسجمهور کتاب تازهاي", Selection()).hits
    assert hit.key == "replica/3"
    shown = hit.snippet
    assert [shown.text[a:b] for a, b in shown.marks] == ["رئیس‌جمهور", "كِتابٌ", "تازه‌ای"]


def test_search_follows_new_lines_and_finds_only_the_latest_version(root):
    assert keys(root, "rained") == ["replica/1"]
    make_corpus(root, make_article(1, text="It snowed.", title="Snow"), make_article(9, text="It hailed."))
    found = search(root, "snowed", Selection())
    assert (found.hits[0].version, found.caught_up.lines, found.caught_up.rebuilt) == (2, 2, None)
    assert keys(root, "rained") == []
    assert keys(root, "hailed") == ["replica/9"]


def test_a_key_that_became_a_duplicate_is_found_no_more_until_it_says_something_else(root):
    assert keys(root, "rained") == ["replica/1"]
    make_corpus(root, make_article(1, text="No rain. " + "Nothing else to tell. " * 20))
    assert keys(root, "rained") == []
    assert keys(root, "nothing") == ["replica/2"]
    make_corpus(root, make_article(1, text="Nothing rained."))
    assert sorted(keys(root, "nothing")) == ["replica/1", "replica/2"]
    remove_index(root)
    assert sorted(keys(root, "nothing")) == ["replica/1", "replica/2"]


def test_duplicates_are_not_found(root):
    make_corpus(root, make_article(8, title="Copied rain", text="It rained on the bazaar."))
    assert keys(root, "rained") == ["replica/1"]
    assert keys(root, "copied") == []


@pytest.mark.parametrize("damage", ["delete", "garbage", "truncate", "version", "page"])
def test_lost_or_broken_index_is_rebuilt(root, damage):
    before = keys(root, "bazaar")
    index = root / "search.sqlite"
    data = index.read_bytes()
    if damage == "delete":
        index.unlink()
    elif damage == "garbage":
        index.write_bytes(b"no database at all" * 1000)
    elif damage == "truncate":
        index.write_bytes(data[: len(data) // 2])
    elif damage == "page":
        index.write_bytes(data[:4096] + b"\xff" * (len(data) - 4096))
    else:
        with closing(sqlite3.connect(index)) as connection, connection:
            connection.execute("PRAGMA user_version = 7")
        connection.close()
    found = search(root, "bazaar", Selection())
    assert [hit.key for hit in found.hits] == before
    assert damage == "delete" or found.caught_up.rebuilt


def test_index_is_rebuilt_when_the_lines_have_changed(root):
    assert keys(root, "rained") == ["replica/1"]
    segment = root / "articles" / "articles-000001.jsonl"
    rewrite(segment, (b"rained", b"snowed"), (b"nobody", b"anyone"))
    rebuild(root, "for the test")
    assert keys(root, "rained") == []
    assert keys(root, "snowed") == ["replica/1"]
    segment.write_bytes(b"".join(segment.read_bytes().splitlines(keepends=True)[:1]))
    rebuild(root, "for the test")
    assert keys(root, "bazaar") == ["replica/1"]


def test_many_superseded_versions_make_it_begin_again(tmp_path):
    for edition in range(13):
        make_corpus(tmp_path, *(make_article(n, text=f"Edition {edition} of {n}.") for n in range(100)))
        found = search(tmp_path, "edition", Selection())
        assert found.total == 100
    assert found.caught_up.rebuilt


def test_only_what_the_catalogue_has_read_is_read(root):
    corpus = Corpus(root, "replica")
    with corpus.group():
        corpus.add(make_article(5, title="In a group that has not ended"))
        assert keys(root, "group") == []
    assert keys(root, "group") == ["replica/5"]
    corpus.close()


def test_closed_and_compressed_segments_are_read(tmp_path):
    make_corpus(tmp_path, *(make_article(n, text=f"word{n} " * 30) for n in range(12)), segment_bytes=2000)
    for path in sorted((tmp_path / "articles").iterdir())[:-1]:
        (path.parent / f"{path.name}.gz").write_bytes(gzip.compress(path.read_bytes()))
        path.unlink()
    assert [keys(tmp_path, f"word{n}") for n in range(12)] == [[f"replica/{n}"] for n in range(12)]


def test_damaged_lines_are_skipped_and_counted(root):
    segment = root / "articles" / "articles-000001.jsonl"
    data = segment.read_bytes()
    end = data.index(b"\n")
    segment.write_bytes(b"\x00" * end + data[end:])
    found = search(root, "bazaar", Selection())
    assert (len(found.caught_up.damaged), found.total) == (1, 2)


def test_hostile_values_are_only_values(tmp_path):
    make_corpus(tmp_path, make_article(1, title="x'); DROP TABLE documents; --", text='"*^()'))
    assert keys(tmp_path, "'); DROP TABLE documents; --") == ["replica/1"]
    assert keys(tmp_path, 'NEAR("drop table", 5) AND') == []


def test_no_corpus_and_no_words_are_clear_errors(tmp_path, root):
    with pytest.raises(CorpusError, match="there is no corpus here"):
        search(tmp_path / "none", "word", Selection())
    with pytest.raises(ConfigError, match="no word"):
        search(root, "?!", Selection())


def test_an_index_that_cannot_be_written_is_a_clear_error(root):
    (root / "search.sqlite").mkdir()
    with pytest.raises(CorpusError, match=r"search\.sqlite cannot be written"):
        search(root, "rain", Selection())
    (root / "search.sqlite").rmdir()
    (root / "search.sqlite").symlink_to(root / "corpus.json")
    with pytest.raises(CorpusError, match="symbolic link"):
        search(root, "rain", Selection())
    assert stat.S_ISREG((root / "corpus.json").stat().st_mode)


def _search_many(root):
    return [search(root, "text", Selection()).total for _ in range(5)][-1]


def test_searches_side_by_side_beside_a_crawl(tmp_path):
    make_corpus(tmp_path, *(make_article(n) for n in range(300)))
    corpus = Corpus(tmp_path, "replica")
    with multiprocessing.get_context("spawn").Pool(3) as pool:
        results = pool.map_async(_search_many, [tmp_path] * 3, chunksize=1)
        for n in range(300, 400):
            with corpus.group():
                corpus.add(make_article(n))
        assert all(300 <= total <= 400 for total in results.get(HANG_SECONDS))
    corpus.close()
    assert search(tmp_path, "text", Selection()).total == 400
