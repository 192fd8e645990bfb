"""Corpora joined: each record once, whatever the order, the interruptions and the others' intentions."""

from __future__ import annotations

import hashlib
import io
import json
import shutil
import sqlite3
from contextlib import closing
from dataclasses import replace

import bagit
import pytest
from PIL import Image as Pillow

from crawler.archive import Corpus
from crawler.archive.decision import MovedRecord
from crawler.archive.warcs import mend_warcs
from crawler.corpus.fixity.bags import make_bag
from crawler.corpus.fixity.verify import verify
from crawler.corpus.history import history
from crawler.corpus.lines import selected_lines
from crawler.corpus.merge.foreign import Records
from crawler.corpus.merge.foreigncaptures import Captures
from crawler.corpus.merge.merge import Text, merge, standing
from crawler.corpus.merge.others import OtherCorpus
from crawler.corpus.selection import Selection
from crawler.exceptions import ConfigError, CorpusError, CorpusLocked
from crawler.items import Capture, Image
from tests.archive.corpora import make_corpus
from tests.archive.test_warcs import write
from tests.factories import make_article, make_seed, make_stub, related_items

A, B, STUB = Text("article", "a"), Text("article", "b"), Text("stub", None)


@pytest.mark.parametrize(
    ("text", "versions", "found"),
    [
        (A, [], "unheld"),
        (A, [A], "latest"),
        (A, [B, A], "latest"),
        (A, [STUB, A], "latest"),
        (A, [STUB], "unheld"),
        (STUB, [A], "unheld"),
        (A, [A, STUB], "superseded"),
        (STUB, [STUB, A], "superseded"),
        (A, [A, B], "earlier text"),
        (A, [A, STUB, B], "earlier text"),
        (A, [B], "other text"),
        (A, [STUB, B], "other text"),
        (Text(None, "a"), [A], "unheld"),
    ],
)
def test_text_of_a_record_is_compared_with_the_text_held(text, versions, found):
    assert standing(text, versions) == found


def fetched(article, when):
    return replace(article, capture=replace(article.capture, fetched=f"{when}T00:00:00+00:00"))


def held(root, *, all_versions=False):
    with selected_lines(root, Selection(), all_versions=all_versions) as lines:
        return {
            (line.record["id"] or "seed", line.record["version"]): line.record["text"] or line.record["title"]
            for line in lines
        }


def counts(root, *others, **options):
    return [one.counts() for one in merge(root, list(others), **options).values()]


def some(**changed):
    return {
        "added": 0,
        "duplicates": 0,
        "unchanged": 0,
        "earlier": 0,
        "refused": 0,
        "pictures": 0,
        "pictures_failed": 0,
        "warcs": 0,
        **changed,
    }


@pytest.fixture
def here(tmp_path):
    return tmp_path / "here"


@pytest.fixture
def there(tmp_path):
    there = tmp_path / "there"
    make_corpus(
        there,
        make_seed(related=(1, 2, 3)),
        fetched(make_article(1, text="A", related=related_items(9), run="run-there"), "2026-01-01"),
        make_stub(2, title="Lost"),
        fetched(make_article(3, text="A"), "2026-01-02"),
        fetched(make_article(1, text="B"), "2026-01-03"),
        segment_bytes=2000,
    )
    return there


def test_into_nothing_it_is_a_copy_with_its_provenance(here, there):
    assert counts(here, there) == [some(added=4, duplicates=1)]
    assert held(here, all_versions=True) == held(there, all_versions=True)
    (first, _), (original, _) = history(here, "1"), history(there, "1")
    assert first.record == original.record
    assert (first.record["run"], first.record["discovered_from"]) == ("run-there", ["replica/seed-0e0b62733202"])
    assert history(here, "3")[0].duplicate_of == "replica/1"
    assert verify(here).problems == []


def test_again_it_changes_nothing(here, there):
    counts(here, there)
    before = [path.read_bytes() for path in sorted(here.rglob("*.jsonl"))]
    assert counts(here, there) == [some(unchanged=5)]
    assert [path.read_bytes() for path in sorted(here.rglob("*.jsonl"))] == before


def test_records_already_held_are_not_merged_and_versions_are_renumbered(here, there):
    make_corpus(
        here,
        fetched(make_article(1, text="0"), "2025-01-01"),
        make_article(2, text="Found here"),
        fetched(make_article(4, text="A"), "2025-01-01"),
    )
    assert counts(here, there) == [some(added=2, duplicates=2, unchanged=1)]
    assert held(here) == {
        ("seed", 1): "Text of seed 0e0b62733202.",
        ("1", 3): "B",
        ("2", 1): "Found here",
        ("4", 1): "A",
    }
    assert {one.duplicate_of for one in history(here, "3") + history(here, "1")} == {None, "replica/4"}
    assert counts(here, there) == [some(unchanged=5)]


def test_earlier_text_does_not_supersede_a_later_one(here, there):
    make_corpus(here, fetched(make_article(1, text="Newest"), "2026-06-01"))
    assert counts(here, there) == [some(added=3, earlier=2)]
    assert held(here)["1", 1] == "Newest"
    assert counts(here, there, all_versions=True) == [some(added=1, duplicates=1, unchanged=3)]
    assert held(here)["1", 3] == "B"
    assert counts(here, there, all_versions=True) == [some(unchanged=5)]


def test_a_text_that_came_back_is_a_version_again_and_only_once(here, tmp_path):
    there = tmp_path / "there"
    versions = [fetched(make_article(1, text=text), f"2026-01-0{day}") for day, text in enumerate("ABA", 1)]
    make_corpus(there, *versions)
    assert counts(here, there) == [some(added=3)]
    assert counts(here, there) == [some(unchanged=3)]
    assert held(here, all_versions=True) == {("1", 1): "A", ("1", 2): "B", ("1", 3): "A"}


def test_several_are_read_as_time_went_by(here, tmp_path):
    one, two = tmp_path / "one", tmp_path / "two"
    make_corpus(
        one, fetched(make_article(1, text="2020"), "2020-01-01"), fetched(make_article(1, text="2022"), "2022-01-01")
    )
    make_corpus(
        two, fetched(make_article(1, text="2021"), "2021-01-01"), fetched(make_article(2, text="2020"), "2023-01-01")
    )
    assert counts(here, two, one) == [some(added=1, duplicates=1), some(added=2)]
    assert held(here, all_versions=True) == {("1", 1): "2020", ("1", 2): "2021", ("1", 3): "2022", ("2", 1): "2020"}


def test_kinds_supersede_each_other_as_in_a_crawl(here, tmp_path):
    there = tmp_path / "there"
    make_corpus(here, make_stub(1), make_article(2), make_article(3, kind="seed", text="Seed"))
    make_corpus(there, make_article(1), make_stub(2), make_article(3, text="Article"))
    assert counts(here, there) == [some(added=2, unchanged=1)]
    assert held(here) == {("1", 2): "Text of article 1.", ("2", 1): "Text of article 2.", ("3", 2): "Article"}


def test_near_duplicates_stay_what_the_other_found_them_to_be(here, tmp_path):
    there = tmp_path / "there"
    make_corpus(
        there,
        make_article(1, text="A long text."),
        make_article(2, text="A long text!!", near_duplicate_of="replica/1", similarity=0.93, duplicate_rule="later"),
    )
    assert counts(here, there) == [some(added=1, duplicates=1)]
    assert history(here, "2")[0].record["similarity"] == 0.93


def test_record_that_the_other_moved_to_duplicates_is_moved_here_once(here, tmp_path):
    there = tmp_path / "there"
    make_corpus(here, make_article(1, text="A long text."), make_article(2, text="A long text!!"))
    shutil.copytree(here, there)
    with closing(Corpus(there, "replica")) as corpus, corpus.group():
        assert corpus.move(MovedRecord("replica/2", 0.93, "moved-later"), of="replica/1", run="another")
    assert counts(here, there) == [some(unchanged=2, duplicates=1)]
    assert [version.duplicate_of for version in history(here, "2")] == [None, "replica/1"]
    assert counts(here, there) == [some(unchanged=3)]


@pytest.mark.parametrize("instant", [1, 3, 5])
def test_interrupted_and_repeated_it_is_as_if_done_at_once(here, there, tmp_path, monkeypatch, instant):
    add, calls = Corpus.add, []

    def interrupted(self, article):
        calls.append(article)
        if len(calls) == instant:
            raise KeyboardInterrupt
        return add(self, article)

    monkeypatch.setattr("crawler.corpus.merge.merge._GROUP_RECORDS", 2)
    monkeypatch.setattr(Corpus, "add", interrupted)
    with pytest.raises(KeyboardInterrupt):
        merge(here, [there])
    monkeypatch.setattr(Corpus, "add", add)
    merge(here, [there])
    merge(tmp_path / "at-once", [there])
    assert held(here, all_versions=True) == held(tmp_path / "at-once", all_versions=True)
    assert verify(here).problems == []


def picture(colour):
    stream = io.BytesIO()
    Pillow.new("RGB", (3, 2), colour).save(stream, "JPEG")
    return stream.getvalue()


def with_picture(root, number, data, extension="jpg"):
    """Return an article whose picture *data* is stored in the corpus at *root*."""
    sha256 = hashlib.sha256(data).hexdigest()
    path = root / "images" / sha256[:2] / f"{sha256}.{extension}"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    image = Image(
        pic=f"/{number}.jpg",
        url=f"http://127.0.0.1/{number}.jpg",
        status="stored",
        path=path.relative_to(root).as_posix(),
        sha256=sha256,
        bytes=len(data),
        width=3,
        height=2,
        media_type="image/jpeg",
    )
    return make_article(number, images=(image,)), path


def test_pictures_are_copied_by_their_content(here, tmp_path):
    there = tmp_path / "there"
    good, path = with_picture(there, 1, picture("red"))
    make_corpus(there, good)
    assert counts(here, there) == [some(added=1, pictures=1)]
    assert (here / path.relative_to(there)).read_bytes() == path.read_bytes()
    assert verify(here).problems == []
    assert counts(here, there) == [some(unchanged=1)]


@pytest.mark.parametrize(
    "damage", ["changed", "missing", "no picture", "link", "linked folder", "path", "sha256", "folder"]
)
def test_pictures_that_are_not_what_they_say_are_not_copied(here, tmp_path, damage):
    there = tmp_path / "there"
    secret = tmp_path / "secret.jpg"
    article, path = with_picture(there, 1, b"<html>" if damage == "no picture" else picture("red"))
    secret.write_bytes(path.read_bytes())
    if damage == "changed":
        path.write_bytes(picture("blue"))
    elif damage in ("missing", "link", "folder"):
        path.unlink()
        if damage == "link":
            path.symlink_to(secret)
        elif damage == "folder":
            path.mkdir()
    elif damage == "linked folder":
        (tmp_path / path.name).write_bytes(path.read_bytes())
        path.unlink()
        path.parent.rmdir()
        path.parent.symlink_to(tmp_path)
    elif damage in ("path", "sha256"):
        claim = {"path": f"images/00/{'0' * 64}.jpg", "sha256": "0" * 64}[damage]
        article = replace(article, images=(replace(article.images[0], **{damage: claim}),))
    make_corpus(there, article)
    assert counts(here, there) == [some(added=1, pictures_failed=1)]
    (image,) = history(here, "1")[0].record["images"]
    assert (image["pic"], image["status"], image["path"], image["sha256"]) == ("/1.jpg", "failed", None, None)
    assert not list(here.glob("images/*/*"))
    assert verify(here).problems == []


def captured(root, body, number=0):
    """Make a corpus at *root* of one article, captured with *body*."""
    root.mkdir()
    ((file, offset),) = write(root, body)
    url = "http://127.0.0.1/0"
    capture = Capture(source="origin", url=url, fetched="2026-01-01", status=200, warc_file=file, warc_offset=offset)
    make_corpus(root, make_article(number, url=url, text=f"Text {number}.", capture=capture))
    return root


def test_captures_are_copied_and_records_say_where_they_are_now(here, tmp_path):
    first, second = captured(tmp_path / "first", b"one", 1), captured(tmp_path / "second", b"two", 2)
    assert counts(here, first, second) == [some(added=1, warcs=1), some(duplicates=1, warcs=1)]
    assert verify(here).problems == []
    own, renamed = sorted(path.name for path in (here / "warc").iterdir())[::-1]
    assert (own, renamed[12:]) == ("site-run1-00001.warc.gz", "-site-run1-00001.warc.gz")
    assert history(here, "2")[0].record["capture"]["warc_file"] == f"warc/{renamed}"
    assert counts(here, first, second) == [some(unchanged=1), some(unchanged=1)]


def test_a_merge_that_stops_after_the_captures_leaves_no_damage(here, tmp_path):
    make_corpus(here)
    Captures(OtherCorpus(captured(tmp_path / "there", b"one", 1))).copy_files(here)
    assert list((here / "warc").iterdir())
    assert verify(here).problems == []
    assert not mend_warcs(here).rebuilt


def test_a_capture_whose_file_is_not_there_has_no_place(here, tmp_path):
    there = captured(tmp_path / "there", b"one", 1)
    shutil.rmtree(there / "warc")
    assert counts(here, there) == [some(added=1)]
    capture = history(here, "1")[0].record["capture"]
    assert (capture["status"], capture["warc_file"], capture["warc_offset"]) == (200, None, None)


def test_files_already_verified_are_not_checked_again(here, there, monkeypatch):
    counts(here, there)
    monkeypatch.setattr(Records, "read", lambda *_: pytest.fail("it was read"))
    assert counts(here, there) == [some(unchanged=5)]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b'"key":"replica/1"', b'"key":"../evil-1"'),
        (b'"site":"replica"', b'"site":"another"'),
        (b'"text":"A"', b'"text":"Z"'),
        (b'"title":"Title 1"', b'"title":123456789'),
        (b'"kind":"article"', b'"kind":"nothing"'),
        (b'"schema":1', b'"schema":?'),
    ],
)
def test_invalid_records_are_refused_and_the_others_merged(here, there, old, new):
    path = next(path for path in (there / "articles").iterdir() if b'"run":"run-there"' in path.read_bytes())
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join(line.replace(old, new) if b'"run":"run-there"' in line else line for line in lines))
    (found,) = counts(here, there)
    assert (found["refused"], found["added"] + found["duplicates"]) == (1, 4)
    assert verify(here).problems == []


def test_other_sites_and_itself_are_refused(here, there, tmp_path):
    another = tmp_path / "another"
    make_corpus(another, make_article(1, site="another", key="another/1"), site="another")
    with pytest.raises(ConfigError, match="a corpus holds one site"):
        merge(here, [there, another])
    assert not here.exists()
    merge(here, [there])
    with pytest.raises(ConfigError, match="a corpus holds one site"):
        merge(here, [another])
    with pytest.raises(ConfigError, match="is the corpus to merge into; give other corpora"):
        merge(here, [there, tmp_path / "there" / ".." / "here"])
    with pytest.raises(CorpusError, match="there is no corpus here"):
        merge(here, [tmp_path / "none"])


def test_a_corpus_that_a_crawl_holds_waits_but_one_that_a_crawl_writes_is_read(here, there):
    crawling = Corpus(there, "replica")
    with crawling.group():
        crawling.add(make_article(50))
        assert counts(here, there) == [some(added=4, duplicates=1)]
    with pytest.raises(CorpusLocked):
        merge(there, [here])
    crawling.close()
    assert counts(here, there) == [some(added=1, unchanged=5)]


@pytest.mark.parametrize("catalogue", ["none", "of another version", "garbage"])
def test_one_without_a_catalogue_to_read_is_read_as_its_files_are_and_not_written_to(here, there, catalogue):
    path, segment = there / "catalogue.sqlite", there / "articles/articles-000002.jsonl"
    if catalogue == "of another version":
        with closing(sqlite3.connect(path)) as connection:
            connection.execute("PRAGMA user_version = 3")
    elif catalogue == "garbage":
        path.write_bytes(b"no database at all, " * 100)
    else:
        path.unlink()
    with segment.open("ab") as file:
        file.write(b'{"schema":1,"key":"replica/7","torn')
    before = {file: file.read_bytes() for file in there.rglob("*") if file.is_file()}
    assert counts(here, there) == [some(added=4, duplicates=1, refused=1)]
    assert {file: file.read_bytes() for file in before} == before
    assert counts(here, there) == [some(unchanged=5, refused=1)]


def test_out_of_a_bag_whatever_it_is_compressed_with(here, there, tmp_path):
    bag = make_bag(there, tmp_path / "bag", "zstd")
    assert counts(here, bag.path / "data") == [some(added=4, duplicates=1)]
    assert held(here, all_versions=True) == held(there, all_versions=True)
    assert bagit.Bag(str(bag.path)).is_valid()


def test_progress_is_reported(here, there):
    told = []
    merge(here, [there], on_progress=lambda done, total: told.append((done, total)))
    assert told == [(5, 5)]


def test_the_frontier_knows_what_they_list(here, there):
    merge(here, [there])
    corpus = Corpus(here, "replica")
    assert corpus.frontier.pending(max_depth=9, at_most=9) == 1
    corpus.close()
    assert json.loads((here / "corpus.json").read_bytes())["site"] == "replica"
