"""Texts of a corpus in others: what the index of near duplicates finds, however the others are cut and who looks."""

from __future__ import annotations

import gzip
import json
import random
from contextlib import closing

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from crawler.batch.pool import open_pool
from crawler.corpus.overlap import CorpusOverlap, build_index
from crawler.dedupe import MIN_WORDS, NearIndex, Sketch, words_of
from crawler.exceptions import ConfigError, SeedError
from crawler.frontier.targets import target_id
from tests.archive.corpora import make_corpus
from tests.crawling import scrapy
from tests.factories import make_article

OURS, THEIRS = 60, 300
THRESHOLD = 0.5


def story(rng, words=90):
    return " ".join("".join(rng.choices("abdeiklmnorst", k=rng.randint(3, 9))) for _ in range(words))


def changed(rng, text, share):
    words = text.split()
    for place in rng.sample(range(len(words)), int(share * len(words))):
        words[place] = "".join(rng.choices("fghjpquvw", k=6))
    return " ".join(words)


@pytest.fixture(scope="module")
def texts():
    rng = random.Random(23)
    ours = [story(rng) for _ in range(OURS)]
    theirs = [story(rng) for _ in range(THEIRS)]
    for place in range(0, THEIRS, 3):
        theirs[place] = changed(rng, ours[place % OURS], rng.choice([0, 0, 0.05, 0.2, 0.6]))
    theirs[1] = "Too short to tell."
    return ours, theirs


@pytest.fixture(scope="module")
def root(texts, tmp_path_factory):
    root = tmp_path_factory.mktemp("ours") / "corpus"
    make_corpus(root, *(make_article(number, text=text) for number, text in enumerate(texts[0], 1)))
    return root


@pytest.fixture(scope="module")
def others(texts, tmp_path_factory):
    """Their texts as JSON lines, as compressed ones, as Parquet of FineWeb's shape, and as a corpus."""
    folder = tmp_path_factory.mktemp("theirs")
    theirs = texts[1]
    rows = [
        {"text": text, "id": f"<urn:uuid:{number}>", "url": f"http://o/{number}"} for number, text in enumerate(theirs)
    ]
    lines = [json.dumps(row).encode() + b"\n" for row in rows]
    (folder / "a.jsonl").write_bytes(b"".join(lines[:100]))
    (folder / "b.jsonl.gz").write_bytes(gzip.compress(b"".join(lines[100:150])))
    pq.write_table(pa.Table.from_pylist(rows[150:220]), folder / "000_00000.parquet", row_group_size=20)
    make_corpus(folder / "corpus", *(make_article(number, text=theirs[number]) for number in range(220, THEIRS)))
    return [str(folder / name) for name in ("a.jsonl", "b.jsonl.gz", "000_00000.parquet", "corpus")]


def best_by_index(texts, folder):
    """Return the best similarity of each of our texts, as one index in one process finds it."""
    ours, theirs = texts
    best = {}
    with closing(NearIndex(folder)) as index:
        for number, text in enumerate(ours, 1):
            index.add(Sketch(words_of(text), text), target_id(f"replica/{number}"), 1)
        keys = {target_id(f"replica/{number}"): f"replica/{number}" for number in range(1, OURS + 1)}
        for text in theirs:
            if words_of(text).size >= MIN_WORDS:
                for seen, similarity in index.find_similar(Sketch(words_of(text), text), THRESHOLD, lambda _seen: True):
                    key = keys[seen.tag]
                    best[key] = max(best.get(key, 0), round(similarity, 4))
    return best


def compare(root, others, place, pool="processes:0"):
    overlap = CorpusOverlap(root, others, THRESHOLD, place)
    with open_pool(pool) as opened:
        compared = overlap.compare(opened, on_progress=lambda _done, _total: None)
    return overlap, compared


@pytest.mark.parametrize("pool", ["processes:0", "processes:2"])
def test_overlap_is_what_the_index_finds_whoever_looks(root, others, texts, tmp_path, pool):
    overlap, compared = compare(root, others, tmp_path / "parts", pool)
    best = {}
    for match in overlap.matches.values():
        best[match.key] = max(best.get(match.key, 0), match.similarity)
    assert best == best_by_index(texts, tmp_path / "index")
    assert len(best) == OURS / 3  # of each third text there are copies
    assert (compared.ours, compared.theirs, compared.errors, compared.failed) == (OURS, THEIRS, [], [])


def test_match_names_the_text_where_it_was_found(root, others, tmp_path):
    overlap, _ = compare(root, others, tmp_path / "parts")
    kinds = {match.other.rpartition("/")[2]: match for match in overlap.matches.values()}
    assert set(kinds) == {"a.jsonl", "b.jsonl.gz", "000_00000.parquet", "corpus"}
    assert kinds["corpus"].their_key.startswith("replica/")
    assert kinds["a.jsonl"].place.startswith("line ")
    assert all(kinds[name].url.startswith("http://o/") for name in kinds if name != "corpus")


def test_corpus_overlaps_itself_word_by_word(root, tmp_path):
    overlap, _ = compare(root, [str(root)], tmp_path / "parts")
    assert {match.key: match.similarity for match in overlap.matches.values()} == {
        f"replica/{number}": 1 for number in range(1, OURS + 1)
    }
    assert all(match.their_key == match.key for match in overlap.matches.values())


def test_index_cut_short_or_of_other_lines_is_written_again(root, tmp_path):
    folder = tmp_path / "parts" / "index"
    folder.parent.mkdir()
    with closing(NearIndex(folder)) as index:
        index.add(Sketch(words_of("word " * 40), ""), 5, 1)
        index.flush({"of": None})
    overlap, compared = compare(root, [str(root)], tmp_path / "parts")
    assert (len(overlap.matches), compared.ours) == (OURS, OURS)
    assert build_index(root, folder)[1] == OURS  # what is there is used


@pytest.mark.parametrize(
    ("other", "error"),
    [("-", ConfigError), ("nowhere.jsonl", SeedError), ("http://127.0.0.1:9/corpus", ConfigError)],
)
def test_other_that_cannot_be_read_ends_it_before_the_work(root, tmp_path, other, error):
    with pytest.raises(error):
        compare(root, [other], tmp_path / "parts")


def test_broken_lines_are_reported_and_the_rest_is_compared(root, texts, tmp_path):
    path = tmp_path / "broken.jsonl"
    path.write_bytes(
        json.dumps({"text": texts[0][4]}).encode() + b'\n{"text": "cut\n' + json.dumps({"text": texts[0][5]}).encode()
    )
    overlap, compared = compare(root, [str(path)], tmp_path / "parts")
    assert sorted(match.key for match in overlap.matches.values()) == ["replica/5", "replica/6"]
    assert len(compared.errors) == 1


def test_command_writes_lines_and_resumes(root, others, tmp_path):
    out = tmp_path / "overlap.jsonl"
    done = scrapy(
        "corpus", "overlap", *others, "-o", out, "--json", "--cluster", "processes:1", "-s", f"CORPUS_DIR={root}"
    )
    assert done.returncode == 0, done.stderr
    lines = [json.loads(line) for line in out.read_bytes().splitlines()]
    assert list(lines[0]) == ["key", "other", "similarity", "file", "place", "their_key", "url", "texts"]
    assert [line["key"] for line in lines] == sorted(line["key"] for line in lines)
    facts = json.loads(done.stdout)
    assert (facts["texts"], facts["compared"], facts["failed"]) == (OURS, THEIRS, 0)
    assert facts["found"] == len({line["key"] for line in lines})
    assert [path.name for path in tmp_path.iterdir()] == ["overlap.jsonl"]
