"""A disk that is full or fails at every call that writes: a clear error, no false acknowledgement, all repaired."""

from __future__ import annotations

import errno
import os
import shutil
import tempfile
from contextlib import closing
from pathlib import Path

import pytest

from crawler.archive import Corpus, database, segments
from crawler.archive.rebuilding import rebuild
from crawler.corpus.export import export
from crawler.corpus.fixity.verify import verify
from crawler.corpus.history import history
from crawler.corpus.search.search import search
from crawler.corpus.selection import Selection
from crawler.corpus.stats import corpus_stats
from crawler.exceptions import ConfigError, CorpusError, DiskFull
from tests.archive.corpora import make_corpus
from tests.archive.test_crashes import CALLS, GROUPS, keys_and_versions
from tests.factories import make_article


class FailingCalls:
    """Makes calls of :data:`CALLS` fail with the error *number* from the *point*-th on."""

    def __init__(self, monkeypatch, point, number):
        self.count = 0
        for name in CALLS:
            monkeypatch.setattr(os, name, self.wrap(getattr(os, name), name, point, number))

    def wrap(self, call, name, point, number):
        def wrapper(descriptor, *args, **kwargs):
            self.count += 1
            if self.count >= point:
                if name == "write":
                    call(descriptor, bytes(args[0])[: len(args[0]) // 2])
                raise OSError(number, os.strerror(number))
            return call(descriptor, *args, **kwargs)

        return wrapper


def archive_until_it_fails(root, *, wait):
    """Archive the groups; return the acknowledged keys and the error that ended it, if there was one."""
    groups, failed = [], None
    try:
        with closing(Corpus(root, "replica", segment_bytes=1500)) as corpus:
            for number, group in enumerate(GROUPS):
                corpus.store_picture(f"picture {number}".encode(), "jpg")
                with corpus.group(wait=wait):
                    for article in group:
                        corpus.add(article)
                groups.append((corpus.durable, [article.key for article in group]))
    except CorpusError as error:
        failed = error
    return [key for durable, keys in groups if durable.exception() is None for key in keys], failed


@pytest.mark.parametrize(
    ("number", "kind", "wait"),
    [
        (errno.ENOSPC, DiskFull, False),
        (errno.EDQUOT, DiskFull, True),
        (errno.EFBIG, DiskFull, True),
        (errno.EIO, CorpusError, False),
    ],
)
def test_every_call_fails_once_and_what_was_acknowledged_is_there(tmp_path, monkeypatch, number, kind, wait):
    monkeypatch.setattr(database, "MAX_UNCOMMITTED_LINES", 3)
    point, failed = 0, True
    while failed:
        point += 1
        root = tmp_path / str(point)
        with monkeypatch.context() as patch:
            FailingCalls(patch, point, number)
            acknowledged, failed = archive_until_it_fails(root, wait=wait)
        if failed:
            assert type(failed) is kind
            assert str(root) in str(failed)
        root.mkdir(exist_ok=True)
        everything, error = archive_until_it_fails(root, wait=wait)
        assert error is None
        found = keys_and_versions(root)
        assert set(found.values()) == {1}
        assert {key for key, _ in found} == set(everything) >= set(acknowledged)
        assert verify(root).problems == []
    print(f"failed at {point - 1} points with {errno.errorcode[number]}")  # noqa: T201 - for who counts them by hand
    assert point > 30


def test_after_a_failed_sync_the_corpus_takes_nothing_more(tmp_path, monkeypatch):
    corpus = Corpus(tmp_path, "replica")
    with monkeypatch.context() as patch, pytest.raises(CorpusError, match="Input/output"):
        patch.setattr(os, "fdatasync", lambda _: (_ for _ in ()).throw(OSError(errno.EIO, os.strerror(errno.EIO))))
        with corpus.group():
            corpus.add(make_article(1))
    with pytest.raises(CorpusError, match="Input/output"), corpus.group():
        corpus.add(make_article(1))
    corpus.close()
    # The line may be whole on disk: whether or not it was indexed, it is there once.
    corpus = Corpus(tmp_path, "replica")
    with corpus.group():
        corpus.add(make_article(1))
    corpus.close()
    assert keys_and_versions(tmp_path) == {("replica/1", 1): 1}


def test_sync_that_fails_after_its_group_ended_is_an_error(tmp_path, monkeypatch):
    corpus = Corpus(tmp_path, "replica")
    monkeypatch.setattr(os, "fdatasync", lambda _: (_ for _ in ()).throw(OSError(errno.EIO, os.strerror(errno.EIO))))
    with corpus.group(wait=False):
        corpus.add(make_article(1))
    assert isinstance(corpus.durable.exception(), CorpusError)
    with pytest.raises(CorpusError, match="Input/output"):
        corpus.close()


@pytest.fixture
def read_only():
    """Return a corpus folder that :func:`as_nobody` may read but not write; it cannot be below tmp_path."""
    folder = Path(tempfile.mkdtemp())
    folder.chmod(0o755)
    make_corpus(folder / "corpus", make_article(1))
    for path in (folder / "corpus", *(folder / "corpus").rglob("*")):
        path.chmod(0o555 if path.is_dir() else 0o444)
    yield folder / "corpus"
    for path in (folder / "corpus", *(folder / "corpus").rglob("*")):
        path.chmod(0o755)
    shutil.rmtree(folder)


def as_nobody(work):
    """Run *work* in a process without the rights of root; return its result, or the error in words."""
    reader, writer = os.pipe()
    if not os.fork():
        try:
            if os.geteuid() == 0:
                os.setuid(65534)
            said = repr(work())
        except BaseException as error:
            said = f"{type(error).__name__}: {error}"
        os.write(writer, said.encode())
        os._exit(0)
    os.close(writer)
    with os.fdopen(reader, "rb") as pipe:
        said = pipe.read().decode()
    os.wait()
    return said


def test_a_directory_that_may_not_be_written_is_a_clear_error(read_only):
    for root in (read_only, read_only / "new"):
        said = as_nobody(lambda root=root: Corpus(root, "replica"))
        assert said.startswith(f"CorpusError: corpus {root}: cannot be written: [Errno 13] Permission denied")


def test_a_corpus_on_a_read_only_disk_can_be_read_and_verified(read_only, tmp_path_factory):
    # The user nobody cannot read modules of a Python in root's home, so all are loaded before.
    copy = shutil.copytree(read_only, tmp_path_factory.mktemp("copy") / "corpus")
    assert corpus_stats(copy)["records"]
    assert verify(copy).problems == []
    assert as_nobody(lambda: corpus_stats(read_only)["records"]) == "{'article': 1}"
    assert as_nobody(lambda: verify(read_only).problems) == "[]"
    assert not list(read_only.glob("catalogue.sqlite-*"))


def test_unreadable_segment_is_reported_and_the_rest_is_read(tmp_path, monkeypatch):
    root = tmp_path / "corpus"
    make_corpus(root, *(make_article(number) for number in range(1, 7)), segment_bytes=1500)
    bad = root / "articles" / "articles-000002.jsonl"
    opened = segments._open_file
    # Reading the first bytes of this file raises EIO.
    monkeypatch.setattr(
        segments,
        "_open_file",
        lambda path, flags: os.open("/proc/self/mem", os.O_RDONLY) if path == str(bad) else opened(path, flags),
    )
    lost = [key for key in map("replica/{}".format, range(1, 7)) if key.encode() in bad.read_bytes()]
    everything, out = Selection(), str(tmp_path / "out.jsonl")
    assert history(root, lost[0])[0].damage.reason == "its segment cannot be read there"
    found, exported = search(root, "text", everything), export(root, "jsonl", out, everything)
    assert found.total == exported.records == 6 - len(lost)
    assert [one.place.segment for one in found.caught_up.damaged] == [bad.name]
    assert [one.key for one in exported.lines] == lost
    assert any("cannot be read" in problem.message for problem in verify(root, processes=1).problems)
    assert any("it cannot be read at" in message for message in rebuild(root, "asked for").messages())
    assert history(root, "replica/1")[0].record["key"] == "replica/1"
    assert corpus_stats(root)["records"] == {"article": 6 - len(lost)}


def test_a_file_where_the_corpus_should_be_is_a_clear_error(tmp_path):
    path = tmp_path / "corpus"
    path.write_text("x")
    with pytest.raises(ConfigError, match="a file is in its place"):
        Corpus(path, "replica")
