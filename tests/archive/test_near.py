"""Near duplicates in a corpus: the better record stays in articles/, the other is complete in duplicates/."""

from __future__ import annotations

import os
import random
import shutil
import signal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crawler.archive import Added, Corpus, Duplicate, Unchanged
from crawler.archive.decision import MovedRecord
from crawler.archive.near import FOLDER, near_threshold
from crawler.archive.rebuilding import rebuild
from crawler.corpus.fixity.verify import verify
from crawler.corpus.history import history
from crawler.corpus.lines import selected_lines
from crawler.corpus.merge.merge import merge
from crawler.corpus.search.search import search
from crawler.corpus.selection import Selection
from crawler.corpus.stats import corpus_stats
from crawler.dedupe import index
from crawler.exceptions import ConfigError, CorpusError
from crawler.frontier.visits import Due
from crawler.items import Image
from tests.archive.test_crashes import die_at
from tests.archive.test_repair import content
from tests.factories import make_article, make_seed, make_stub, related_items

THRESHOLD = 0.5
STORED = Image(pic="/a.jpg", status="stored", path=f"images/aa/{'a' * 64}.jpg", sha256="a" * 64, bytes=1)


def story(number: int, words: int = 60) -> str:
    """Return the first *words* words of story *number*: texts of one story are similar, those of two are not."""
    draw = random.Random(number)
    return " ".join(f"w{draw.randrange(5000)}" for _ in range(200)[:words])


@pytest.fixture
def corpus(tmp_path):
    corpus = opened(tmp_path)
    yield corpus
    corpus.close()


def opened(root, threshold=THRESHOLD):
    corpus = Corpus(root, "replica", segment_bytes=3000)
    corpus.find_near_duplicates(threshold)
    return corpus


def add(corpus, *articles):
    with corpus.group():
        return [corpus.add(article) for article in articles]


def standing(root, family="articles"):
    """Return the ids of the keys whose highest version is in *family*, with that version."""
    kept = {}
    for name in ("articles", "duplicates"):
        with selected_lines(root, Selection(), all_versions=True, family=name) as lines:
            for line in lines:
                record = line.record
                if record["version"] > kept.get(record["key"], (0, ""))[0]:
                    kept[record["key"]] = record["version"], name
    return {key.partition("/")[2]: version for key, (version, name) in kept.items() if name == family}


def latest(root):
    with selected_lines(root, Selection()) as lines:
        return {line.record["id"] for line in lines}


def test_a_shortened_story_goes_to_duplicates_whole(corpus):
    full, short = make_article(1, text=story(1)), make_article(2, text=story(1, 45), related=related_items(9))

    assert add(corpus, full, short, make_article(3, text=story(3))) == [
        Added(1),
        Duplicate("replica/1", 0.8571, 1, "shorter"),
        Added(1),
    ]

    (kept,) = history(corpus.root, "2")
    assert kept.duplicate_of == "replica/1"
    assert kept.record["text"] == story(1, 45)
    assert kept.record["duplicate_rule"] == "shorter"
    assert kept.record["similarity"] == 0.8571
    assert latest(corpus.root) == {"1", "3"}


def test_a_longer_story_supersedes_the_one_that_is_there(corpus):
    add(corpus, make_article(1, text=story(1, 45), images=(STORED,)), make_article(5, text=story(5)))

    assert add(corpus, make_article(2, text=story(1), run="run-2")) == [
        Added(1, (MovedRecord("replica/1", 0.8571, "moved-shorter"),))
    ]

    first, second = history(corpus.root, "1")
    assert (first.duplicate_of, second.duplicate_of) == (None, "replica/2")
    changed = {name for name, value in second.record.items() if value != first.record[name]}
    assert changed - {"crc32"} == {"version", "near_duplicate_of", "similarity", "duplicate_rule", "run"}
    assert (second.record["run"], second.record["duplicate_rule"]) == ("run-2", "moved-shorter")
    assert latest(corpus.root) == {"2", "5"}
    assert [hit.key for hit in search(corpus.root, story(1, 3), Selection()).hits] == ["replica/2"]
    stats = corpus_stats(corpus.root)
    assert (stats["records"], stats["duplicate_rules"]) == ({"article": 2}, {"moved-shorter": 1})


RECORDS = {
    "dated": ({"published": "2020-01-01T00:00:00+00:00", "published_from": "page"}, "undated"),
    "with a picture": ({"images": (STORED,)}, "pictureless"),
    "a little longer": ({"text": story(1, 62)}, "shorter"),
}


@pytest.mark.parametrize(("better", "rule"), RECORDS.values(), ids=RECORDS)
def test_of_texts_of_one_length_the_better_record_is_kept(corpus, better, rule):
    plain, good = make_article(1, text=story(1)), make_article(2, **{"text": f"{story(1)}!", **better})

    (first, second) = add(corpus, plain, good)

    assert first == Added(1)
    assert [(worse.key, worse.rule) for worse in second.over] == [("replica/1", f"moved-{rule}")]
    assert add(corpus, make_article(3, text=f"{story(1)}..."))[0].rule == rule


def test_of_equal_records_the_first_is_kept_and_a_guessed_date_does_not_count(corpus):
    guessed = {"published": "2020-01-01T00:00:00+00:00", "published_from": "id"}

    first, second = add(corpus, make_article(1, text=story(1)), make_article(2, text=f"{story(1)}!", **guessed))

    assert (first, second) == (Added(1), Duplicate("replica/1", 1.0, 1, "later"))


def test_equal_texts_and_urls_have_rules_of_their_own(corpus):
    add(corpus, make_article(1, text=story(1)))

    repeated, same_url = add(
        corpus, make_article(2, text=story(1)), make_article(3, text=story(3), url=make_article(1).url)
    )

    assert repeated == Duplicate("replica/1", 1.0, 1, "text")
    assert same_url == Duplicate("replica/1", None, 1, "url")
    assert corpus_stats(corpus.root)["duplicate_rules"] == {"text": 1, "url": 1}


def test_reports_of_one_form_with_other_figures_both_stand(corpus):
    """The weather of two days is no duplicate; a copy of one of them is."""
    form = [story(at, 6).translate(str.maketrans("0123456789", "abcdefghij")) for at in range(12)]
    draw = random.Random(1)
    monday, tuesday = (" ".join(f"{words} {draw.randrange(1000)}" for words in form) for _ in range(2))

    add(corpus, make_article(1, text=monday), make_article(2, text=tuesday), make_article(3, text=monday[:300]))

    assert latest(corpus.root) == {"1", "2"}


def test_short_texts_and_other_kinds_are_no_near_duplicates(corpus):
    text = story(1)
    seed = make_seed(text=f"{text} And more.")
    words = story(7, 19)

    outcomes = add(
        corpus, make_article(1, text=text), seed, make_article(2, text=words), make_article(3, text=f"{words}!")
    )

    assert outcomes == [Added(1)] * 4
    assert add(corpus, make_seed("00000000000a", text=text)) == [Duplicate(seed.key, 0.9836, 1, "shorter")]


def test_an_article_supersedes_the_seed_of_its_key_and_is_compared_with_the_others(corpus):
    seed = make_article(1, kind="seed", text=story(1))
    add(corpus, seed, make_article(2, text=story(2)))

    assert add(corpus, make_article(1, text=story(1))) == [Added(2)]
    assert add(corpus, make_article(1, text=story(2, 50))) == [Duplicate("replica/2", 0.9091, 3, "shorter")]
    assert latest(corpus.root) == {"2"}


def test_a_key_that_went_to_duplicates_comes_back_with_another_text(corpus):
    add(corpus, make_article(1, text=story(1)), make_article(2, text=story(1, 45)))

    assert add(corpus, make_article(2, text=story(1, 45))) == [Unchanged(1)]
    assert add(corpus, make_article(2, text=story(2))) == [Added(2)]
    assert latest(corpus.root) == {"1", "2"}
    assert add(corpus, make_article(3, text=story(2, 50))) == [Duplicate("replica/2", 0.9091, 1, "shorter")]


def test_superseded_and_moved_records_are_no_longer_found(corpus):
    add(corpus, make_article(1, text=story(1)), make_article(1, text=story(9)))
    add(corpus, make_article(2, text=story(2, 45)), make_article(3, text=story(2)))

    assert add(corpus, make_article(4, text=story(1))) == [
        Duplicate("replica/1", 1.0, 1, "text")
    ]  # that was its text once
    assert add(corpus, make_article(5, text=story(1, 50))) == [Added(1)]
    assert add(corpus, make_article(6, text=story(2, 44))) == [Duplicate("replica/3", 0.8462, 1, "shorter")]
    assert add(corpus, make_article(7, text=story(2, 45)))[0].of == "replica/3"


def test_a_moved_line_is_no_visit_and_ends_no_lease(corpus):
    add(corpus, make_article(1, text=story(1, 45)))
    with corpus.group():
        assert corpus.catalogue.visits.lease(9, Due(now=0, checked_before=1e12), run="r", until=1e12)
    before = corpus.catalogue.connection.execute("SELECT * FROM visits").fetchall()

    add(corpus, make_article(2, text=story(1)))

    after = corpus.catalogue.connection.execute("SELECT * FROM visits WHERE tid = 1").fetchall()
    assert after == before
    assert corpus.catalogue.connection.execute("SELECT state FROM targets WHERE tid = 1").fetchone() == ("leased",)


def test_near_duplicates_of_earlier_runs_are_found(tmp_path):
    corpus = opened(tmp_path)
    add(corpus, *(make_article(number, text=story(number)) for number in range(1, 9)))
    corpus.close()
    corpus = opened(tmp_path)
    assert add(corpus, *(make_article(100 + number, text=story(number, 50)) for number in range(1, 9))) == [
        Duplicate(f"replica/{number}", 0.9091, 1, "shorter") for number in range(1, 9)
    ]
    corpus.close()


@pytest.mark.parametrize("lost", ["the index", "its state", "half of it", "nothing"])
def test_lost_near_duplicate_index_is_rebuilt_from_the_lines(tmp_path, lost):
    corpus = opened(tmp_path)
    add(corpus, *(make_article(number, text=story(number)) for number in range(1, 9)), make_stub(50))
    corpus.close()
    if lost == "the index":
        shutil.rmtree(tmp_path / FOLDER)
    elif lost == "its state":
        (tmp_path / FOLDER / "state.json").unlink()
    elif lost == "half of it":
        (tmp_path / FOLDER / "words.bin").write_bytes(b"")
    rebuild(tmp_path, "for the test")

    corpus = Corpus(tmp_path, "replica")
    assert corpus.find_near_duplicates(THRESHOLD) == (0 if lost == "nothing" else 9)
    assert add(corpus, make_article(99, text=story(4, 50))) == [Duplicate("replica/4", 0.9091, 1, "shorter")]
    corpus.close()


def test_lines_that_are_others_than_those_it_read_make_it_begin_again(tmp_path):
    corpus = opened(tmp_path)
    add(corpus, make_article(1, text=story(1)))
    corpus.close()
    for name in ("articles", "catalogue.sqlite"):
        path = tmp_path / name
        shutil.rmtree(path) if path.is_dir() else path.unlink()
    corpus = Corpus(tmp_path, "replica", segment_bytes=3000)
    add(corpus, make_article(2, text=story(2)))
    corpus.close()

    corpus = Corpus(tmp_path, "replica")
    assert corpus.find_near_duplicates(THRESHOLD) == 1
    assert add(corpus, make_article(3, text=story(1, 50))) == [Added(1)]
    assert add(corpus, make_article(4, text=story(2, 50)))[0].of == "replica/2"
    corpus.close()


def test_records_archived_while_the_index_was_off_are_indexed_later(tmp_path):
    corpus = Corpus(tmp_path, "replica")
    articles = [make_article(1, text=story(1, 45)), make_article(2, text=story(1)), make_article(3, text=story(1, 50))]
    assert add(corpus, *articles, make_article(4, text=story(4))) == [Added(1)] * 4
    corpus.close()

    corpus, told = Corpus(tmp_path, "replica"), []
    assert corpus.find_near_duplicates(THRESHOLD, told.append) == 4
    assert told == [4]
    corpus.close()

    assert latest(tmp_path) == {"2", "4"}
    assert history(tmp_path, "1")[-1].record["duplicate_rule"] == "moved-shorter"
    assert history(tmp_path, "3")[-1].record["duplicate_rule"] == "moved-shorter"
    assert verify(tmp_path).problems == []
    corpus = Corpus(tmp_path, "replica")
    assert corpus.find_near_duplicates(THRESHOLD) == 0
    corpus.close()


def test_a_record_whose_line_is_damaged_stays_where_it_is(tmp_path):
    corpus = opened(tmp_path)
    add(corpus, make_article(1, text=story(1, 45)))
    path = tmp_path / "articles" / "articles-000001.jsonl"
    line = path.read_bytes()
    path.write_bytes(line.replace(b'"title"', b'"eltit"'))

    assert [one.key for one in add(corpus, make_article(2, text=story(1)))[0].over] == ["replica/1"]
    corpus.close()

    assert [line.version for line in history(tmp_path, "1")] == [1]


STORIES = st.builds(
    make_article,
    st.integers(1, 9),
    text=st.builds(story, st.integers(1, 3), st.sampled_from([10, 40, 50, 60])),
    published=st.sampled_from([None, "2020-01-01T00:00:00+00:00"]),
    published_from=st.just("page"),
    kind=st.sampled_from(["article", "article", "seed"]),
)


@settings(deadline=None, max_examples=12)
@given(records=st.lists(STORIES, max_size=14), cuts=st.sets(st.integers(0, 14), max_size=3))
def test_no_two_articles_are_near_duplicates_and_lines_catalogue_and_search_agree(tmp_path_factory, records, cuts):
    """In any order of the records, also if the corpus is closed between them; and the rebuilt catalogue is equal."""
    root = tmp_path_factory.mktemp("corpus")
    corpus = opened(root)
    for at, record in enumerate(records):
        if at in cuts:
            corpus.close()
            corpus = opened(root)
        add(corpus, record)
    corpus.close()

    stand = standing(root)
    with selected_lines(root, Selection()) as lines:
        found = [line.record for line in lines]
    assert {record["key"].partition("/")[2]: record["version"] for record in found} == stand
    beginnings = [(record["kind"], record["text"][:60]) for record in found if len(record["text"].split()) >= 20]
    assert len(beginnings) == len(set(beginnings))
    assert {hit.key for hit in search(root, "w*", Selection(), limit=99).hits} == {record["key"] for record in found}
    assert verify(root).problems == []
    before = content(root)
    rebuild(root, "for the test")
    assert content(root) == before


GROUPS = [
    [make_article(1, text=story(1, 45)), make_article(2, text=story(2))],
    [make_article(3, text=story(1)), make_article(4, text=story(2, 45))],
]


def archive_all(root):
    corpus = opened(root)
    for group in GROUPS:
        add(corpus, *group)
    corpus.close()


def test_killed_at_every_call_that_writes_it_ends_as_if_it_was_not(tmp_path, monkeypatch):
    """The writer dies once at each call, during a write; then the same is archived again.

    The index becomes durable after each record, and its runs are merged.
    """
    monkeypatch.setattr(index, "FLUSH_DOCUMENTS", 1)
    monkeypatch.setattr(index, "FAN_IN", 2)
    point, status = 0, 1
    while status:
        point += 1
        root = tmp_path / str(point)
        if (child := os.fork()) == 0:
            die_at(point, torn=True)
            archive_all(root)
            os._exit(0)
        _, status = os.waitpid(child, 0)
        assert status in {0, signal.SIGKILL}
        archive_all(root)
        assert [set(standing(root, family)) for family in ("articles", "duplicates")] == [{"2", "3"}, {"1", "4"}]
        assert latest(root) == {"2", "3"}
        assert verify(root).problems == []
    assert point > 40


def test_an_index_elsewhere_is_not_followed(tmp_path):
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "000001.run").write_bytes(b"mine")
    corpus = Corpus(tmp_path / "corpus", "replica")
    (corpus.root / FOLDER).symlink_to(elsewhere)

    with pytest.raises(CorpusError, match="symbolic link"):
        corpus.find_near_duplicates(THRESHOLD)
    corpus.close()

    assert [path.name for path in elsewhere.iterdir()] == ["000001.run"]


def test_a_disk_that_fails_in_the_index_ends_the_corpus_and_loses_no_line(tmp_path, monkeypatch):
    monkeypatch.setattr(index, "FLUSH_DOCUMENTS", 1)
    corpus = opened(tmp_path)
    with monkeypatch.context() as patch, pytest.raises(CorpusError, match="No space"):
        patch.setattr(index, "_append", lambda *_: (_ for _ in ()).throw(OSError(28, "No space left on device")))
        add(corpus, make_article(1, text=story(1)))
    with pytest.raises(CorpusError, match="No space"):
        add(corpus, make_article(2, text=story(2)))
    corpus.close()

    corpus = opened(tmp_path)
    assert add(corpus, make_article(3, text=story(1, 50)))[0].of == "replica/1"
    corpus.close()


@pytest.mark.parametrize("near", [None, THRESHOLD])
def test_a_merge_keeps_apart_what_the_others_kept_apart(tmp_path, near):
    """As the other corpus says if this one does not search, else as found here; a second merge changes nothing."""
    there, here = tmp_path / "there", tmp_path / "here"
    corpus = opened(there)
    add(corpus, make_article(1, text=story(1, 45)))
    add(corpus, make_article(2, text=story(1)), make_article(3, text=story(1, 50)))
    corpus.close()
    corpus = Corpus(here, "replica")
    add(corpus, make_article(1, text=story(1, 45)))  # it is in articles/ until the other corpus says otherwise
    corpus.close()

    for _ in range(2):
        merge(here, [there], near=near)

        assert (latest(here), set(standing(here, "duplicates"))) == ({"2"}, {"1", "3"})
        rules = {key: history(here, key)[-1].record["duplicate_rule"] for key in ("1", "3")}
        assert rules == {"1": "moved-shorter", "3": "shorter"}
        assert verify(here).problems == []


@pytest.mark.parametrize("value", [None, 0, "0", "", "None", "0.0", False])
def test_the_threshold_may_be_off(value):
    assert near_threshold(value) is None


@pytest.mark.parametrize("value", [0.2, "1.5", "-1", "often", "nan", True, [0.5]])
def test_a_threshold_that_makes_no_sense_is_a_clear_error(value):
    with pytest.raises(ConfigError, match="NEAR_DUPLICATE_THRESHOLD"):
        near_threshold(value)


def test_threshold_is_read_as_a_number():
    assert (near_threshold("0.5"), near_threshold(1), near_threshold(0.3)) == (0.5, 1.0, 0.3)
