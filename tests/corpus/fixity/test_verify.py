"""What verify finds: every changed byte, every line and picture that is gone, new or elsewhere; and never a crash."""

from __future__ import annotations

import os
import shutil
import sqlite3
from contextlib import closing
from dataclasses import replace
from hashlib import sha256
from random import Random

import pytest

from crawler.archive import Corpus
from crawler.archive.pictures import store
from crawler.archive.rebuilding import rebuild
from crawler.corpus.fixity import verify as verify_module
from crawler.corpus.fixity.manifest import seal
from crawler.corpus.fixity.verify import verify
from crawler.exceptions import CorpusDamaged, CorpusError
from crawler.items import Image
from crawler.processes.workers import end_all
from tests.archive.corpora import rewrite
from tests.factories import make_article, make_seed, related_items
from tests.warc.exchanges import EXCHANGE

EVERY = int(os.environ.get("GLEANER_FLIP_EVERY", "31"))
"""One byte in so many is flipped; 1 takes minutes."""


def picture(corpus, data):
    path, digest = corpus.store_picture(data, "jpg")
    return Image(pic=f"/{digest[:4]}.jpg", status="stored", path=path, sha256=digest, bytes=len(data))


def make(root, compression=None):
    corpus = Corpus(root, "replica", segment_bytes=2500)
    with corpus.group():
        corpus.add(make_seed(related=(1, 2)))
        corpus.add(make_article(1, related=related_items(2, 4), images=(picture(corpus, b"one"),)))
        corpus.add(make_article(2, text="Text of article 1."))
        corpus.add(make_article(3, text="متن خبر", images=(picture(corpus, b"two"),)))
    corpus.keep_profile(b'name = "replica"\n')
    corpus.close()
    if compression is not False:
        seal(root, compression)
    assert verify(root).problems == []
    return root


@pytest.fixture(scope="module", params=[False, None, "gzip", "zstd"], ids=["open", "sealed", "gzip", "zstd"])
def whole(tmp_path_factory, request):
    return make(tmp_path_factory.mktemp("whole") / "corpus", request.param)


@pytest.fixture
def root(tmp_path):
    return make(tmp_path / "corpus", False)


def found(root):
    return [(problem.file, problem.offset, problem.message) for problem in verify(root).problems]


def lines_of(root, number=1):
    path = root / "articles" / f"articles-{number:06d}.jsonl"
    return path, path.read_bytes().splitlines(keepends=True)


def test_every_flipped_byte_is_found(whole):
    """In all files but the catalogue, which is no truth."""
    random = Random(4)
    tried = 0
    for path in sorted(path for path in whole.rglob("*") if path.is_file()):
        if path.name.startswith((".", "catalogue")):
            continue
        good = path.read_bytes()
        for at in range(random.randrange(EVERY), len(good), EVERY):
            changed = bytearray(good)
            changed[at] ^= 1 << random.randrange(8)
            path.write_bytes(changed)
            try:
                problems = verify(whole, processes=1).problems
            except CorpusDamaged:
                assert path.name == "corpus.json"
                problems = ["it cannot be read"]
            assert problems, (path, at)
            tried += 1
        path.write_bytes(good)
    print(f"{tried} bytes flipped")  # noqa: T201 - for who counts them by hand
    assert tried > 3000 / EVERY
    assert found(whole) == []


def test_changed_bit_in_a_line_is_reported_with_file_offset_and_key(root):
    path, lines = lines_of(root)
    path.write_bytes(b"".join(lines).replace(b"Title 1", b"Tytle 1"))
    ((file, offset, message),) = found(root)
    assert (file, offset) == ("articles/articles-000001.jsonl", len(lines[0]))
    assert message == "replica/1 version 1: it is not the line that was written: its CRC-32 or length is another"


def test_undamaged_line_whose_text_has_another_hash_is_reported(root):
    """Its CRC-32 is then that of the line, so it must not vouch for the text."""
    path, lines = lines_of(root)
    rewrite(path, (b"Text of article 1", b"Tect of article 1"))
    rebuild(root, "on request")
    at = (path.relative_to(root).as_posix(), len(lines[0]))
    assert found(root) == [(*at, "replica/1 version 1: content_sha256 does not match the text")]


def test_hashes_that_never_matched_their_texts_are_reported(tmp_path):
    """A bug of ours would give many lines such hashes, so a part of them is looked at."""
    corpus = Corpus(tmp_path, "replica")
    with corpus.group():
        for number in range(200):
            corpus.add(replace(make_article(number), content_sha256=sha256(str(number).encode()).hexdigest()))
    corpus.close()
    told = [message for _, _, message in found(tmp_path)]
    assert 2 < len(told) < 50
    assert {message.partition(": ")[2] for message in told} == {"content_sha256 does not match the text"}


def test_line_that_is_no_longer_json_is_reported_with_its_former_key(root):
    path, lines = lines_of(root)
    path.write_bytes(lines[0] + lines[1].replace(b"{", b"[", 1))
    offset = len(lines[0])
    first, second = found(root)
    assert first[:2] == ("articles/articles-000001.jsonl", offset)
    assert first[2].startswith("not JSON")
    assert second == ("articles/articles-000001.jsonl", offset, "replica/1 version 1 was written here, and is not here")


def test_missing_line_is_reported_and_moved_lines_only_once(root):
    path, lines = lines_of(root)
    path.write_bytes(lines[1])
    messages = [message for _, _, message in found(root)]
    assert messages == [
        f"replica/1 version 1: it was written {len(lines[0])} bytes further on, as were those after it",
        f"it is {len(lines[0])} bytes shorter than what the catalogue has read",
        "replica/seed-0e0b62733202 version 1 was written here, and is not here, and 1 more that follow it in the catalogue",
    ]


def test_swapped_doubled_or_added_lines_are_reported(root):
    path, lines = lines_of(root)
    for changed in (lines[::-1], [lines[0], lines[0]], [lines[0], *lines], [lines[1], lines[1]]):
        path.write_bytes(b"".join(changed))
        assert found(root)
    path.write_bytes(b"".join(lines) + lines[0])
    result = verify(root)
    assert result.problems == []
    assert "1 lines from" in result.notes[0]


def test_missing_changed_and_unreferenced_pictures_are_reported(root):
    one = next((root / "images").rglob(f"{sha256(b'one').hexdigest()}.jpg"))
    one.unlink()
    assert sorted({message.partition("its picture ")[2] or message for _, _, message in found(root)}) == [
        f"{one.relative_to(root).as_posix()} is missing",
        f"it lists the picture {one.relative_to(root).as_posix()}, which is missing",
    ]
    one.write_bytes(b"no")
    assert {message.rpartition(" has ")[2] for _, _, message in found(root)} == {
        "2 bytes, not 3",
        "its bytes are not those of its name",
    }
    one.unlink()
    one.symlink_to("/etc/hostname")
    assert any("cannot be read" in message for _, _, message in found(root))
    one.unlink()
    one.write_bytes(b"one")
    stray = sha256(b"three").hexdigest()
    (root / "images" / "aa").mkdir(exist_ok=True)
    (root / "images" / "aa" / f"{stray}.jpg").write_bytes(b"three")
    result = verify(root)
    assert result.problems == []
    assert result.notes == [f"images/aa/{stray}.jpg: no record names this picture, nor 0 others"]


def test_picture_named_only_by_an_older_line_is_referenced(root):
    with closing(sqlite3.connect(root / "catalogue.sqlite")) as connection, connection:
        connection.execute("DELETE FROM pictures")
    connection.close()
    result = verify(root)
    assert (result.problems, result.notes, result.pictures) == ([], [], 2)


def test_missing_files_of_the_manifest_are_reported_and_new_ones_noted(root):
    seal(root)
    (root / "warc").mkdir()
    (root / "warc" / "index.cdxj").write_bytes(b"capture")
    seal(root)
    (root / "warc" / "index.cdxj").write_bytes(b"another")
    assert found(root)[0][2] == "warc/index.cdxj is listed with another hash than it has"
    (root / "warc" / "index.cdxj").unlink()
    assert found(root)[0][2] == "warc/index.cdxj is listed, but missing"
    assert seal(root).missing == ["warc/index.cdxj"]
    assert found(root)[0][2] == "warc/index.cdxj is listed, but missing"
    (root / "warc" / "index.cdxj").write_bytes(b"capture")
    corpus = Corpus(root, "replica")
    with corpus.group():
        corpus.add(make_article(60, images=(picture(corpus, b"new"),)))
    corpus.close()
    result = verify(root)
    assert result.problems == []
    assert result.notes == ["manifest-sha256.txt: 1 pictures and 0 sealed segments are newer than it"]


def test_a_manifest_that_points_out_of_the_corpus_is_not_followed(root):
    for path in ("../secret", "/etc/passwd", "images/../../x"):
        (root / "manifest-sha256.txt").write_text(f"{'0' * 64}  {path}\n")
        assert [message for _, _, message in found(root)] == ["this is no line of a manifest of this corpus"]


def test_a_corpus_that_was_sealed_and_then_compressed_up_to_a_kill_is_well(root):
    seal(root)
    manifests = {path: path.read_bytes() for path in root.glob("*manifest-sha256.txt")}
    seal(root, "gzip")
    for path, content in manifests.items():
        path.write_bytes(content)
    assert found(root) == []


def test_bytes_of_the_catalogue_may_be_anything_and_verify_does_not_crash(root):
    path = root / "catalogue.sqlite"
    good, random, told = path.read_bytes(), Random(7), 0
    for _ in range(100):
        changed = bytearray(good)
        for _ in range(3):
            changed[random.randrange(len(good))] ^= random.randrange(1, 256)
        path.write_bytes(changed)
        try:
            told += bool(verify(root).problems)
        except CorpusError:
            told += 1
    assert told > 5


def test_processes_find_what_one_finds_and_progress_ends_at_all(root, monkeypatch):
    monkeypatch.setattr(verify_module, "_PART_BYTES", 700)
    path, lines = lines_of(root)
    path.write_bytes(b"".join(lines).replace(b"Title 1", b"Tytle 1"))
    shutil.rmtree(root / "images")
    progress = []
    alone = verify(root, processes=1)
    shared = verify(root, processes=2, on_progress=lambda *amounts: progress.append(amounts))
    assert shared == alone
    assert len(alone.problems) > 3
    assert progress[-1][0] == progress[-1][1] > 0


def test_verification_stops_at_the_limit(root):
    path, lines = lines_of(root)
    path.write_bytes(b"x\n" * (sum(map(len, lines)) // 2))
    result = verify(root, at_most=5)
    assert len(result.problems) == 5
    assert result.notes[-1] == "stopped at 5 problems"


def test_captures_are_checked_with_the_lines_that_name_them(tmp_path):
    """A changed byte in a WARC file, a missing one, and a line whose capture is elsewhere are reported."""
    root = tmp_path / "corpus"
    with closing(Corpus(root, "replica")) as corpus:
        captures = corpus.keep_captures("run", 1 << 30, {})
        with corpus.group():
            place = captures.write(EXCHANGE)
            capture = make_article().capture
            capture = replace(capture, url=EXCHANGE.url, warc_file=place.file, warc_offset=place.offset)
            corpus.add(make_article(1, capture=capture))
            corpus.add(make_article(2, capture=replace(capture, warc_offset=3)))
    (problem,) = verify(root).problems
    assert "replica/2 version 1: its capture is said to lie in" in problem.message
    warc = root / place.file
    data = bytearray(warc.read_bytes())
    data[place.offset + 100] ^= 4
    warc.write_bytes(data)
    problems = {problem.file for problem in verify(root).problems}
    assert place.file in problems
    warc.unlink()
    messages = [problem.message for problem in verify(root).problems]
    assert "the index of the WARC files has read this file, but it is gone" in messages


def test_a_process_that_is_killed_ends_it_with_one_line(root):
    for number in range(60):  # of which the processes have done a few when they are killed
        store(root, f"picture {number}".encode(), "jpg")
    with pytest.raises(CorpusError, match="a process that checked it was killed"):
        verify(root, processes=2, on_progress=lambda *_amounts: end_all())
    assert verify(root, processes=2).problems == []


def test_index_of_captures_whose_creation_was_cut_off_is_no_problem(root):
    with closing(sqlite3.connect(root / "warc.sqlite")) as connection:
        connection.execute("PRAGMA journal_mode = WAL")  # the file of a disk that was full before the first table
    assert verify(root).problems == []
