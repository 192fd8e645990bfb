"""Withdrawn articles and pictures: nothing of them is left, whatever instant a kill comes at; the rest stays whole."""

from __future__ import annotations

import os
import shutil
import signal
from collections import Counter
from contextlib import closing
from dataclasses import replace

import pytest

from crawler.archive import Corpus, withdrawal
from crawler.archive import writer as writer_module
from crawler.archive.rebuilding import rebuild
from crawler.archive.segments import FAMILIES, read_lines, segment_paths
from crawler.archive.tombstones import TOMBSTONES_NAME, read_tombstones
from crawler.archive.warcs import warc_paths
from crawler.corpus.fixity.manifest import seal
from crawler.corpus.fixity.verify import verify
from crawler.corpus.merge.merge import merge
from crawler.corpus.reextract import load_page
from crawler.corpus.search.search import search
from crawler.corpus.selection import Selection
from crawler.corpus.withdrawal import complete, plan_held, withdraw
from crawler.exceptions import ConfigError, CorpusDamaged
from crawler.items import Image, RelatedItem
from crawler.jsonl import decode
from crawler.warc.reading import read_records
from tests.archive import test_crashes
from tests.archive.test_crashes import die_at
from tests.factories import make_article, make_seed
from tests.leftovers import files_with
from tests.warc.exchanges import exchange

_STEP = 1 if "GLEANER_CRASH_GROUPS" in os.environ else 9
"""Calls from one kill to the next."""

SECRET = "Zyxwvut"
TEXT = f"{SECRET} the mayor said that nothing of this was true. " + " ".join(f"word{number}" for number in range(30))
PICTURE, SHARED = b"secret picture " * 9, b"shared picture " * 9
NEEDLES = (SECRET.encode(), PICTURE)
RELATED = (
    RelatedItem(id="7", sort=1, pic=f"/{SECRET}.jpg", title=f"{SECRET} mayor"),
    RelatedItem(id="9", title="Nine"),
)


def picture(corpus, data, name):
    path, sha256 = corpus.store_picture(data, "jpg")
    return Image(pic=name, url=f"http://127.0.0.1{name}", status="stored", path=path, sha256=sha256, bytes=len(data))


def captured(corpus, article, body, **changes):
    file, offset = corpus.captures.write(exchange(url=article.url, body=body, headers=()))
    return replace(article, capture=replace(article.capture, warc_file=file, warc_offset=offset), **changes)


def make(root):
    """Make a corpus that holds something of article 7 wherever it can."""
    with closing(Corpus(root, "replica", segment_bytes=4000)) as corpus:
        corpus.keep_captures("run1", 1 << 20, {})
        shared, own = picture(corpus, SHARED, "/shared.jpg"), picture(corpus, PICTURE, f"/{SECRET}.jpg")
        corpus.captures.write(exchange(url="http://127.0.0.1/7.jpg", body=PICTURE, headers=()))
        with corpus.group():
            corpus.add(make_seed(related=(7, 8)))
            corpus.add(make_article(6, related=RELATED, images=(shared,)))
            secret = make_article(7, title=f"{SECRET} mayor", text=TEXT, images=(own, shared))
            corpus.add(captured(corpus, secret, f"<p>{TEXT}".encode(), related=RELATED[1:]))
        with corpus.group():
            corpus.add(captured(corpus, make_article(8, related=RELATED), b"<p>Eight" * 9))
            changed = make_article(7, title=f"{SECRET} mayor again", text=TEXT + " more")
            corpus.add(captured(corpus, changed, f"<p>{TEXT} more".encode()))
            corpus.captures.write(exchange(url="http://127.0.0.1/news/7", status=404, body=b"no page", headers=()))
            corpus.captures.write(exchange(url="http://127.0.0.1/news/5", status=404, body=b"no page", headers=()))
            corpus.add(make_article(17, title="The same", text=TEXT, url="http://127.0.0.1/news/17"))
        with corpus.group():
            near = make_article(
                18, title="Near", text="Another text that only resembles it a little, word1 word2 word3."
            )
            corpus.add(replace(near, near_duplicate_of="replica/7", similarity=0.6, duplicate_rule="shorter"))
            corpus.add(make_article(19, related=RELATED))
            corpus.frontier.want([])
    search(root, "mayor", Selection())
    (root / "near").mkdir(exist_ok=True)
    (root / "runs" / "run1").mkdir(parents=True)
    (root / "runs" / "run1" / "report.html").write_text(f"<p>{SECRET} mayor")
    (root / "quarantine").mkdir()
    torn = next(
        line for path in segment_paths(root, "articles") for _, line in read_lines(path) if b'"replica/7"' in line
    )
    (root / "quarantine" / "articles-000001.jsonl-0-0.torn").write_bytes(torn[:700])
    (root / ".merge-abc" / "articles").mkdir(parents=True)
    (root / ".merge-abc" / "articles" / "articles-000001.jsonl").write_bytes(torn)
    (root / "images" / "ab").mkdir(exist_ok=True)
    (root / "images" / "ab" / ".tmp-xyz").write_bytes(PICTURE[:50] + PICTURE)


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    root = tmp_path_factory.mktemp("made") / "corpus"
    make(root)
    return root


@pytest.fixture(params=["plain", "zstd"])
def root(request, made, tmp_path):
    root = tmp_path / "corpus"
    shutil.copytree(made, root)
    if request.param == "zstd":
        assert seal(root, "zstd").missing == []
    return root


def records(root):
    lines = (line for family in FAMILIES for path in segment_paths(root, family) for _, line in read_lines(path))
    return [decode(line) for line in lines]


def assert_gone(root):
    """Nothing of article 7 is anywhere; everything else is there, and its captures and pictures, too."""
    assert files_with(root, *NEEDLES) == []
    assert verify(root, processes=1).problems == []
    held = records(root)
    assert {one.key for one in held} == {f"replica/{key}" for key in ("seed-0e0b62733202", 6, 8, 18, 19)}
    eight = next(one for one in held if one.key == "replica/8")
    assert [item.title for item in eight.related] == [None, "Nine"]
    assert load_page(root, eight.capture).body == b"<p>Eight" * 9
    six = next(one for one in held if one.key == "replica/6")
    assert (root / six.images[0].path).read_bytes() == SHARED
    assert max((one.version, one.near_duplicate_of is None) for one in held if one.key == "replica/18") == (2, True)
    assert any(b"no page" in block for block in _blocks(root))


def _blocks(root):
    return [record.block for path in warc_paths(root) for record in read_records(path)]


def test_nothing_of_a_withdrawn_article_is_left(root):
    assert files_with(root, *NEEDLES)
    found = withdraw(root, ["7"], "a request")
    assert found.same_text == ["replica/17"]
    assert found.near == ["replica/18"]
    assert len(found.shared) == 1
    assert_gone(root)
    tombstones = read_tombstones(root)
    assert [(one.key, one.reason, one.versions) for one in tombstones] == [
        ("replica/7", "a request", 2),
        ("replica/17", "a request", 1),
    ]
    assert all(one.finished for one in tombstones)


def test_dry_run_changes_no_line(root):
    before = records(root)
    assert [one.key for one in plan_held(root, ["7"]).tombstones] == ["replica/7", "replica/17"]
    assert records(root) == before
    assert not (root / TOMBSTONES_NAME).exists()


def test_near_duplicates_go_on_request(root):
    withdraw(root, ["replica/7"], "a request", near=True)
    assert "replica/18" not in {one.key for one in records(root)}
    assert verify(root, processes=1).problems == []


def test_sealed_again_it_is_as_the_manifest_says(root):
    withdraw(root, ["7"], "a request")
    assert seal(root).missing == []
    assert verify(root, processes=1).problems == []


def test_picture_alone_is_withdrawn(root):
    path = next(one for one in records(root) if one.key == "replica/6").images[0].path
    withdraw(root, [path], "a request")
    assert files_with(root, SHARED) == []
    held = next(one for one in records(root) if one.key == "replica/6").images[0]
    assert (held.status, held.reason, held.path, held.sha256) == ("refused", "withdrawn", None, None)
    assert verify(root, processes=1).problems == []
    with closing(Corpus(root, "replica")) as corpus, pytest.raises(ValueError, match="withdrawn"):
        corpus.store_picture(SHARED, "jpg")


def test_crawl_never_brings_it_back(root):
    withdraw(root, ["7"], "a request")
    with closing(Corpus(root, "replica")) as corpus:
        corpus.keep_captures("run2", 1 << 20, {})
        with corpus.group():
            corpus.frontier.retry_dropped()
            corpus.frontier.request_again(["replica/7"])
            leased = corpus.frontier.lease(99, max_depth=9, run="run2", until=1e12)
            assert "replica/7" not in {target.key for target in leased}
            corpus.add(make_article(7, title=f"{SECRET} mayor", text=TEXT))
            corpus.add(make_article(27, title="Under another key", text=TEXT))
            corpus.add(make_article(28, related=RELATED))
        with pytest.raises(ValueError, match="withdrawn"):
            corpus.captures.write(exchange(url="http://127.0.0.1/news/7", body=b"anything", headers=()))
        with pytest.raises(ValueError, match="withdrawn"):
            replayed = "http://archive.test/web/20200101000000id_/http://127.0.0.1/news/7"
            corpus.captures.write(exchange(url=replayed, body=b"anything", headers=()))
    assert files_with(root, *NEEDLES) == []
    assert "replica/28" in {one.key for one in records(root)}
    assert verify(root, processes=1).problems == []


def test_repair_never_brings_it_back(root):
    copy = {path: path.read_bytes() for path in root.glob("articles/*.jsonl")}
    withdraw(root, ["7"], "a request")
    for path, content in copy.items():  # someone puts old segments back
        path.write_bytes(content)
    repaired(root)
    assert_gone(root)
    (root / "catalogue.sqlite").unlink()
    with closing(Corpus(root, "replica")) as corpus:
        assert corpus.repairs.gone == []
        assert corpus.frontier.counts()["dropped"] == 2
    assert_gone(root)


def test_merge_of_an_old_copy_never_brings_it_back(root, made):
    withdraw(root, ["7"], "a request")
    merge(root, [made])
    assert files_with(root, *NEEDLES) == []
    assert verify(root, processes=1).problems == []


def test_merge_passes_tombstones_on(root, made, tmp_path):
    withdraw(root, ["7"], "a request")
    other, fresh = tmp_path / "other", tmp_path / "fresh"
    shutil.copytree(made, other)
    for target in (other, fresh):
        merge(target, [root])
        assert files_with(target, *NEEDLES) == []
        assert {one.key for one in read_tombstones(target)} == {"replica/7", "replica/17"}
        assert verify(target, processes=1).problems == []
        merge(target, [made])
        assert files_with(target, *NEEDLES) == []
        assert verify(target, processes=1).problems == []


def test_verify_finds_what_is_put_back(root):
    stored = next(image for one in records(root) if one.key == "replica/7" for image in one.images)
    data = (root / stored.path).read_bytes()
    withdraw(root, ["7"], "a request")
    (root / stored.path).parent.mkdir(exist_ok=True)
    (root / stored.path).write_bytes(data)
    (root / "quarantine" / "x.jsonl-1").write_text('{"schema":1,"key":"replica/7","title":"x"')
    messages = {problem.file: problem.message for problem in verify(root, processes=1).problems}
    assert "this picture is withdrawn" in messages[stored.path]
    assert "may hold something withdrawn" in messages["quarantine/x.jsonl-1"]


def test_damaged_tombstone_is_an_error_until_repair_says_so(root):
    withdraw(root, ["7"], "a request")
    path = root / TOMBSTONES_NAME
    path.write_bytes(path.read_bytes().replace(b"a request", b"A request", 1))
    with pytest.raises(CorpusDamaged, match=r"line 1 of withdrawn\.jsonl"):
        Corpus(root, "replica")
    assert any(problem.file == TOMBSTONES_NAME for problem in verify(root, processes=1).problems)
    report = rebuild(root, "on request", mend=True)
    assert any(taken.damage.key == "replica/7" for taken in report.taken)
    assert [one.key for one in read_tombstones(root)] == ["replica/17"]


@pytest.mark.parametrize("key", ["other/7", "../7", "images/../../x", "seed-1"])
def test_what_is_no_key_is_an_error(root, key):
    with pytest.raises(ConfigError):
        withdraw(root, [key], "a request")
    assert not (root / TOMBSTONES_NAME).exists()


def test_unknown_key_is_never_archived(root):
    withdraw(root, ["4711"], "a request")
    with closing(Corpus(root, "replica")) as corpus, corpus.group():
        assert corpus.add(make_article(4711)).version == 0
    assert verify(root, processes=1).problems == []


def repaired(root):
    rebuild(root, "on request", mend=True)
    complete(root)


def again(root):
    withdraw(root, ["7"], "a request")


FINISHERS = (complete, lambda root: Corpus(root, "replica").close(), repaired, again)

STEPS = {
    "_sweep": "leftovers",
    "_clean_segment": "segments",
    "blank_withdrawn": "captures",
    "_remove_pictures": "pictures",
    "_clean_catalogue": "catalogue",
    "remove_near_index": "indexes and reports",
    "_clean_quarantine": "quarantine",
}


def killed(root, point, *, at_step=None):
    """Withdraw article 7 in a process that dies at the *point*-th call that writes, or before *at_step*.

    Return its status, and the step in which it was.
    """
    reader, writer = os.pipe()
    child = os.fork()
    if not child:
        try:
            for name, step in STEPS.items():
                setattr(withdrawal, name, noted(getattr(withdrawal, name), writer, step, dies=name == at_step))
            writer_module.finish = noted(writer_module.finish, writer, "finish", dies=at_step == "finish")
            test_crashes.CALLS = (*test_crashes.CALLS, "unlink")
            die_at(point, torn=point % 2 == 0)
            withdraw(root, ["7"], "a request")
        except BaseException:
            os._exit(1)
        os._exit(0)
    os.close(writer)
    with os.fdopen(reader) as pipe:
        step = (pipe.read().splitlines() or ["tombstones"])[-1]
    return os.waitpid(child, 0)[1], step


def noted(function, descriptor, step, *, dies):
    def wrapper(*args, **kwargs):
        test_crashes.original_write(descriptor, f"{step}\n".encode())
        if dies:
            os.kill(os.getpid(), signal.SIGKILL)
        return function(*args, **kwargs)

    return wrapper


def test_killed_at_every_call_that_writes(root, tmp_path):
    """It is as it was, or whoever comes next finishes it: a command, a crawl, a repair, or the same command again."""
    point, steps = 1 - _STEP, Counter()
    start = tmp_path / "start"
    root.rename(start)
    while True:
        point += _STEP
        one = tmp_path / str(point)
        shutil.copytree(start, one)
        status, step = killed(one, point)
        if os.WIFEXITED(status):
            assert os.WEXITSTATUS(status) == 0
            break
        steps[step] += 1
        if not (one / TOMBSTONES_NAME).exists():
            assert {record.key for record in records(one)} >= {"replica/7", "replica/17"}
            again(one)
        else:
            FINISHERS[steps.total() % len(FINISHERS)](one)
        assert_gone(one)
        shutil.rmtree(one)
    assert_gone(tmp_path / str(point))
    print(f"killed at {steps.total()} points: {dict(steps)}")  # noqa: T201 - for who counts them by hand
    assert steps.total() > 3


@pytest.mark.parametrize("step", [*STEPS, "finish"])
def test_killed_before_each_step(root, step):
    status, _ = killed(root, 10**9, at_step=step)
    assert os.WIFSIGNALED(status)
    assert any("interrupted" in problem.message for problem in verify(root, processes=1).problems)
    FINISHERS[len(step) % len(FINISHERS)](root)
    assert_gone(root)
