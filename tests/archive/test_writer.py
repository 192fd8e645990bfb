"""What a corpus guarantees about the records added to it."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from w3lib.url import canonicalize_url

from crawler.archive import Added, Corpus, Duplicate, Unchanged
from crawler.archive.identity import _PLAIN_URL_RE
from crawler.archive.rebuilding import rebuild
from crawler.archive.witness import KnownKey
from crawler.exceptions import ConfigError, CorpusError, CorpusLocked
from crawler.frontier.targets import Target, Validators
from crawler.frontier.visits import Due
from crawler.items import Image
from crawler.jsonl import decode
from crawler.text import clean_story
from crawler.text.boilerplate import paragraph_key
from tests.archive.corpora import make_corpus
from tests.factories import make_article, make_seed, make_stub, related_items


@pytest.fixture
def corpus(tmp_path):
    corpus = Corpus(tmp_path / "corpus", "replica")
    yield corpus
    corpus.close()


def add(corpus, *articles):
    with corpus.group():
        return [corpus.add(article) for article in articles]


def lines(corpus, family="articles"):
    return [
        decode(line)
        for path in sorted((corpus.root / family).glob("*.jsonl"))
        for line in path.read_bytes().splitlines(keepends=True)
    ]


def test_a_new_record_is_a_line_with_all_its_fields(corpus):
    article = make_article(1, related=related_items(2, 3), images=(Image(pic="/a/b.jpg", status="missing"),))
    assert add(corpus, article) == [Added(1)]
    assert lines(corpus) == [article]


def test_the_same_text_again_adds_nothing_and_a_changed_one_a_version(corpus):
    assert add(corpus, make_article(1)) == [Added(1)]
    assert add(corpus, make_article(1, run="run-2", title="Another head")) == [Unchanged(1)]
    assert add(corpus, make_article(1, text="It was corrected.")) == [Added(2)]
    assert [record.version for record in lines(corpus)] == [1, 2]


FOOT = "The Harbour Post is free. It lives from its readers."


def test_learned_boilerplate_and_other_changes_of_our_cleaning_make_no_version(corpus):
    texts = [f"Story {n} begins.\n\nIt goes on for a while, {n} times.\n\n{FOOT}" for n in range(9)]
    add(corpus, *(make_article(n, text=text) for n, text in enumerate(texts)))
    known = corpus.catalogue.boilerplate
    assert known == {paragraph_key(FOOT)}
    cleaned = clean_story(texts[3], boilerplate=known).text
    assert FOOT not in cleaned
    again = make_article(3, text=cleaned)
    assert add(corpus, again) == [Unchanged(1)]
    assert add(corpus, make_article(3, text=f"ROME (AP) — {cleaned}")) == [Unchanged(1)]
    assert add(corpus, make_article(3, text=cleaned.replace("begins", "ends"))) == [Added(2)]


def test_boilerplate_is_learned_again_from_the_lines_alone(tmp_path):
    texts = [f"Story {n}.\n\nIt goes on.\n\nBy desk {n % 3}.\n\n{FOOT}" for n in range(30)]
    root = tmp_path / "corpus"
    make_corpus(root, *(make_article(n, text=text) for n, text in enumerate(texts)))

    def counts():
        with closing(sqlite3.connect(root / "catalogue.sqlite")) as connection:
            return connection.execute("SELECT * FROM recurring ORDER BY key").fetchall()

    before = counts()
    assert sum(known for *_, known in before) == 5
    rebuild(root, "for the test")
    assert counts() == before


def test_picture_unavailable_before_makes_a_version(corpus):
    lost, had = (Image(pic="/a.jpg", status=status, **facts) for status, facts in (
        ("failed", {"reason": "status 503"}), ("stored", {"path": "images/aa/a.jpg", "sha256": "a" * 64, "bytes": 1}),
    ))  # fmt: skip
    assert add(corpus, make_article(1, images=(lost,))) == [Added(1)]
    assert corpus.catalogue.picture("/a.jpg").reason == "status 503"
    assert add(corpus, make_article(1, images=(lost,))) == [Unchanged(1)]
    assert add(corpus, make_article(1, images=(had,))) == [Added(2)]
    assert add(corpus, make_article(1, images=(had,))) == [Unchanged(2)]


def test_an_article_supersedes_a_seed_and_a_seed_a_stub_but_never_the_other_way(corpus):
    article, stub = make_article(1), make_stub(1)
    seed = make_article(1, kind="seed", text="As the dump has it.")
    assert add(corpus, stub, stub, seed, stub, article, seed, stub) == [
        Added(1),
        Unchanged(1),
        Added(2),
        Unchanged(2),
        Added(3),
        Unchanged(3),
        Unchanged(3),
    ]


def test_the_text_of_another_article_goes_to_duplicates_whole(corpus):
    first = make_article(1, text="One text.")
    repeated = make_article(2, text="One  text.")
    assert add(corpus, first, repeated) == [Added(1), Duplicate("replica/1", 1.0, 1, "text")]
    (kept,) = lines(corpus, "duplicates")
    assert (kept.key, kept.near_duplicate_of, kept.similarity, kept.text) == (
        "replica/2",
        "replica/1",
        1.0,
        "One text.",
    )
    assert [record.key for record in lines(corpus)] == ["replica/1"]
    assert add(corpus, repeated) == [Unchanged(1)]


def test_the_url_of_another_article_makes_a_duplicate_of_unknown_similarity(corpus):
    first = make_article(1, url="https://h/news/1/slug?b=2&a=1")
    second = make_article(2, url="http://h/news/1/slug?a=1&b=2#top")
    assert add(corpus, first, second) == [Added(1), Duplicate("replica/1", None, 1, "url")]


def test_records_without_text_are_no_duplicates_of_each_other(corpus):
    assert add(corpus, make_article(1, text=None), make_article(2, text=None)) == [Added(1), Added(1)]


def test_listed_articles_become_targets_one_step_further(corpus):
    add(corpus, make_seed(related=(5, 6)))
    add(corpus, make_article(5, depth=1, related=related_items(6, 7)))
    with corpus.group():
        assert [target.id for target in corpus.frontier.lease(9, max_depth=1, run="r", until=1e12)] == ["6"]
        (target,) = corpus.frontier.lease(9, max_depth=2, run="r", until=1e12)
    assert (target.key, target.depth) == ("replica/7", 2)
    assert add(corpus, make_article(6)) == [Added(1)]
    assert lines(corpus)[-1].discovered_from == ("replica/5", "replica/seed-0e0b62733202")


def test_a_seed_that_others_list_is_fetched_too(corpus):
    add(corpus, make_article(5, kind="seed"))
    assert corpus.frontier.counts() == {"seed": 1}
    add(corpus, make_article(9, related=related_items(5)))
    assert corpus.frontier.counts() == {"fetched": 1, "pending": 1}


@pytest.mark.parametrize(("status", "state"), [(404, "gone"), (200, "gone"), (503, "failed"), (None, "failed")])
def test_a_stub_ends_its_target_for_good_only_if_the_site_said_so(corpus, status, state):
    add(corpus, make_seed(related=(5,)))
    add(corpus, make_stub(5, status=status))
    assert corpus.frontier.counts() == {state: 1, "seed": 1}


def test_leases_of_another_run_come_back_and_expired_ones(corpus):
    add(corpus, make_seed(related=(1, 2)))
    with corpus.group():
        corpus.frontier.lease(1, max_depth=1, run="a", until=100.0)
        corpus.frontier.lease(1, max_depth=1, run="b", until=300.0)
        assert corpus.frontier.release(now=50.0, run="b") == 1
        assert corpus.frontier.release(now=200.0, run="b") == 0
        assert corpus.frontier.release(now=400.0, run="b") == 1
    assert corpus.frontier.counts()["pending"] == 2


def test_an_archived_key_can_be_requested_again_at_its_depth_and_without_conditions(corpus):
    with corpus.group():
        corpus.add(make_article(5, depth=3), Validators("http://127.0.0.1/news/5", etag='"a"'))
    with corpus.group():
        asked = corpus.frontier.request_again(
            ["replica/5", "replica/8", "replica/seed-0e0b62733202"], {"replica/8": KnownKey("replica/8", 1, 2)}
        )
        assert asked == 2
        targets = corpus.frontier.lease(9, max_depth=3, run="r", until=1e12)
        assert [(one.id, one.depth, one.validators) for one in targets] == [("8", 2, None), ("5", 3, None)]
        corpus.frontier.end("replica/5", state="fetched", reason=None)
        due = corpus.catalogue.visits.lease(9, Due(now=1e12), run="r", until=1e13)
        assert [(one.id, one.validators) for one in due] == [("5", None)]


def test_wanted_targets_wait_unless_they_are_known(corpus):
    def wanted(number: int, **facts: str) -> Target:
        return Target(key=f"replica/{number}", id=str(number), depth=0, **facts)

    add(corpus, make_article(5, depth=3, related=related_items(6, 7)))
    with corpus.group():
        new = corpus.frontier.want([wanted(5), wanted(6, title="T", pic="/p.jpg"), wanted(8), wanted(8)])
        assert new == 1
        assert corpus.frontier.want([wanted(8)]) == 0
        targets = corpus.frontier.lease(9, max_depth=0, run="r", until=1e12)
        assert [(one.id, one.depth) for one in targets] == [("6", 0), ("8", 0)]
        corpus.depths.pass_on()
        assert [one.id for one in corpus.frontier.lease(9, max_depth=1, run="r", until=1e12)] == ["7"]


def test_a_picture_that_is_stored_is_never_forgotten_for_one_that_is_not(corpus):
    stored = Image(pic="/a.jpg", url="u", status="stored", path="p", sha256="s", bytes=1, width=2, height=3)
    add(corpus, make_article(1, images=(stored,)))
    add(corpus, make_article(2, images=(Image(pic="/a.jpg", status="failed"),)))
    assert corpus.catalogue.picture("/a.jpg") == stored


@pytest.mark.parametrize("place", ["file", "file/corpus"])
def test_a_corpus_in_the_place_of_a_file_is_a_mistake_of_configuration(tmp_path, place):
    (tmp_path / "file").write_text("mine")
    with pytest.raises(ConfigError, match="a file is in its place"):
        Corpus(tmp_path / place, "alalam")
    assert (tmp_path / "file").read_text() == "mine"


def test_a_group_that_fails_leaves_nothing_and_the_corpus_takes_no_more(corpus):
    with pytest.raises(CorpusError, match="went wrong"), corpus.group():
        corpus.add(make_article(1))
        raise CorpusError("x", "went wrong")
    assert corpus.catalogue.highest_version("replica/1") is None
    with pytest.raises(CorpusError, match="went wrong"), corpus.group():
        pass


def test_a_record_that_utf_8_cannot_hold_is_refused_before_anything_is_written(corpus):
    with corpus.group():
        with pytest.raises(TypeError):
            corpus.add(make_article(1, desk_code="\ud800"))
        corpus.add(make_article(2))
    assert [record.key for record in lines(corpus)] == ["replica/2"]


def test_segments_are_rotated_by_size_and_read_in_order(tmp_path):
    corpus = Corpus(tmp_path, "replica", segment_bytes=2000)
    add(corpus, *(make_article(number) for number in range(10)))
    assert len(list((tmp_path / "articles").iterdir())) > 3
    assert all(path.stat().st_size <= 2000 for path in (tmp_path / "articles").iterdir())
    assert [record.id for record in lines(corpus)] == [str(number) for number in range(10)]
    corpus.close()


def test_a_corpus_is_held_by_one_process_and_free_when_it_dies(tmp_path):
    script = (
        "import sys; from pathlib import Path; from crawler.archive import Corpus;"
        "corpus = Corpus(Path(sys.argv[1]), 'replica'); print('held', flush=True); sys.stdin.read()"
    )
    root = Path(__file__).parents[2]
    command = [sys.executable, "-c", script, tmp_path]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=root) as holder:
        assert holder.stdout.readline() == b"held\n"
        with pytest.raises(CorpusLocked, match="another crawl"):
            Corpus(tmp_path, "replica")
        holder.kill()
    Corpus(tmp_path, "replica").close()


def test_a_corpus_holds_one_site(tmp_path):
    Corpus(tmp_path, "replica").close()
    with pytest.raises(ConfigError, match="'replica', not 'alalam'"):
        Corpus(tmp_path, "alalam")
    Corpus(tmp_path, "replica").close()


@given(st.from_regex(_PLAIN_URL_RE, fullmatch=True))
def test_a_plain_url_is_canonical_as_it_is(url):
    assert canonicalize_url(url) == url
