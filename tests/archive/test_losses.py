"""Lost captures are always reported: in the record of losses, by repair, and by verify afterwards."""

from __future__ import annotations

import shutil
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from crawler.archive import Corpus
from crawler.archive.losses import LOSSES_NAME, read_losses
from crawler.archive.manifest_lines import MANIFEST_NAME
from crawler.archive.rebuilding import rebuild
from crawler.archive.warcs import INDEX_NAME
from crawler.corpus.fixity.manifest import seal
from crawler.corpus.fixity.verify import verify
from crawler.exceptions import CorpusDamaged
from crawler.warc.index import CaptureIndex
from tests.factories import make_article
from tests.warc.exchanges import exchange

PAGES = 6


def page(number: int) -> str:
    return f"http://127.0.0.1/news/{number}"


@pytest.fixture
def root(tmp_path):
    """Return a corpus of articles 0 to 5 with their captures, captures of pictures between them, and a revisit of 0."""
    root = tmp_path / "corpus"
    with closing(Corpus(root, "replica")) as corpus:
        captures = corpus.keep_captures("run", 1 << 30, {})
        with corpus.group():
            for number in range(PAGES):
                body = b"<p>Page %d" % (number % (PAGES - 1)) * 50
                place = captures.write(exchange(url=page(number), body=body, headers=()))
                captures.write(exchange(url=f"{page(number)}.jpg", body=b"jpg %d" % number, headers=()))
                where = replace(
                    make_article().capture, url=page(number), warc_file=place.file, warc_offset=place.offset
                )
                corpus.add(make_article(number, capture=where))
    assert verify(root).problems == []
    return root


def test_capture_that_no_record_names_is_in_the_index_once_the_corpus_is_closed(root):
    with closing(Corpus(root, "replica")) as corpus:
        corpus.keep_captures("another", 1 << 30, {}).write(exchange(url=page(9), body=b"alone", headers=()))
    with closing(Corpus(root, "replica")) as corpus:
        assert (corpus.mended.adopted, corpus.mended.cut) == (0, [])


def warc(root: Path) -> Path:
    (path,) = root.glob("warc/*.warc.gz")
    return path


def captures(root: Path) -> dict[str, tuple[int, int]]:
    """Return the offset and length of the capture of each URL."""
    with closing(CaptureIndex(root / INDEX_NAME, read_only=True)) as index:
        return {one.url: (one.offset, one.length) for one in index.all()}


def cut_at(root: Path, url: str) -> None:
    """Cut the WARC file in the middle of the capture of *url*."""
    offset, length = captures(root)[url]
    with warc(root).open("r+b") as file:
        file.truncate(offset + length // 2)


def urls(losses) -> set[str]:
    return {one.url for one in losses}


LOST = {page(3), f"{page(3)}.jpg", page(4), f"{page(4)}.jpg", page(5), f"{page(5)}.jpg"}
RECORDS = {page(number): [f"replica/{number} version 1"] for number in (3, 4, 5)}


def test_verify_names_each_capture_that_was_written_and_is_not_there(root):
    cut_at(root, page(3))
    messages = [problem.message for problem in verify(root).problems]
    for url in LOST:
        assert any(f"the response of {url}," in one or f"the revisit of {url}," in one for one in messages)


def test_repair_and_verify_name_lost_captures_with_their_records(root):
    cut_at(root, page(3))
    report = rebuild(root, "on request")
    assert urls(report.lost) == LOST
    assert {loss.url: records for loss, records in report.lost.items() if records} == RECORDS
    told = "\n".join(report.messages())
    assert f"the response of {page(3)}, captured 2026-11-22T12:30:15.123Z, is lost" in told
    assert "of it was made replica/3 version 1" in told

    checked = verify(root)
    assert (checked.problems, checked.lost_captures) == ([], len(LOST))
    assert [note for note in checked.notes if "replica/4 version 1" in note and page(4) in note]
    assert rebuild(root, "on request").lost == {}


def test_captures_found_lost_by_a_crawl_are_damage_until_repair_reports_them(root):
    """Opening the corpus updates the index to match the file; captures that disappear from it are recorded first."""
    cut_at(root, page(3))
    with closing(Corpus(root, "replica")) as corpus:
        (message,) = [one for one in corpus.mended.messages() if "is lost" in one]
    assert f"{len(LOST) - 1} more" in message
    messages = [problem.message for problem in verify(root).problems]
    assert sum("is lost" in one for one in messages) == len(LOST)
    report = rebuild(root, "on request")
    assert {loss.url: records for loss, records in report.lost.items() if records} == RECORDS
    assert verify(root).problems == []


def test_without_an_index_the_lines_tell_what_is_lost(root):
    cut_at(root, page(3))
    (root / INDEX_NAME).unlink()
    report = rebuild(root, "on request")
    assert {loss.url: records for loss, records in report.lost.items()} == RECORDS
    assert verify(root).problems == []


@pytest.mark.parametrize("index", ["kept", "lost"])
def test_a_file_that_is_gone_is_lost_with_all_its_captures(root, index):
    shutil.rmtree(root / "warc")
    if index == "lost":
        (root / INDEX_NAME).unlink()
    report = rebuild(root, "on request")
    assert {page(number) for number in range(PAGES)} <= urls(report.lost)
    assert verify(root).problems == []


def test_damaged_record_among_others_is_lost(root):
    """The revisit of its payload is lost too, although it can be read."""
    offset, length = captures(root)[page(0)]
    data = bytearray(warc(root).read_bytes())
    data[offset + length // 2] ^= 8
    warc(root).write_bytes(data)
    assert {problem.offset for problem in verify(root).problems} >= {offset}
    report = rebuild(root, "on request")
    assert {loss.url: records for loss, records in report.lost.items()} == {
        page(0): ["replica/0 version 1"],
        page(5): ["replica/5 version 1"],
    }
    assert verify(root).problems == []


def test_a_file_that_is_put_back_is_lost_no_longer(root, tmp_path):
    copy = shutil.copy(warc(root), tmp_path)
    cut_at(root, page(3))
    rebuild(root, "on request")
    shutil.copy(copy, root / "warc")
    with closing(Corpus(root, "replica")):
        assert read_losses(root) == {}
    checked = verify(root)
    assert (checked.lines, checked.problems, checked.lost_captures) == (PAGES, [], 0)
    assert [note.partition(":")[0] for note in checked.notes] == ["quarantine/"]  # the end that was cut off


def test_a_changed_byte_in_the_record_of_losses_is_found(root):
    cut_at(root, page(3))
    rebuild(root, "on request")
    record = root / LOSSES_NAME
    record.write_bytes(record.read_bytes().replace(b'"kind"', b'"k\0nd"', 1))
    assert [problem.file for problem in verify(root).problems if problem.file == LOSSES_NAME] == [LOSSES_NAME]


def test_corpus_with_an_unreported_loss_is_not_sealed(root):
    cut_at(root, page(3))
    with pytest.raises(CorpusDamaged, match=r"the file ends within it, and \d+ more problems; nothing was sealed"):
        seal(root)
    assert not (root / MANIFEST_NAME).exists()
    rebuild(root, "on request")
    assert seal(root).missing == []
