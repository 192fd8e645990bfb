"""A corpus with captures, killed at every write, sync and rename; captures are synced before the lines."""

from __future__ import annotations

import os
from contextlib import closing
from dataclasses import replace
from pathlib import Path

from crawler.archive import Corpus
from crawler.corpus.fixity.verify import verify
from crawler.corpus.reextract import load_page
from crawler.jsonl import decode
from tests.archive.test_crashes import die_at
from tests.factories import make_article
from tests.warc.exchanges import exchange


def capture(captures, number):
    """Store a capture, and return the article made from it; every third one repeats an earlier payload."""
    page = exchange(url=f"http://127.0.0.1/news/{number}", body=f"<p>Page {number % 3}".encode() * 50, headers=())
    file, offset = captures.write(page)
    article = make_article(number)
    where = replace(article.capture, url=page.url, warc_file=file, warc_offset=offset)
    return replace(article, capture=where)


def archive_all(root):
    with closing(Corpus(root, "replica")) as corpus:
        captures = corpus.keep_captures(f"run{os.getpid()}", 1500, {"software": "tests"})
        for number in range(0, 6, 2):
            articles = [capture(captures, number), capture(captures, number + 1)]
            with corpus.group():
                for article in articles:
                    corpus.add(article)


def run_child(root, point, *, torn):
    """Archive everything in a process that dies at *point*; return its status."""
    child = os.fork()
    if not child:
        try:
            die_at(point, torn=torn)
            archive_all(root)
        except BaseException:
            os._exit(1)
        os._exit(0)
    return os.waitpid(child, 0)[1]


def articles(root):
    lines = (line for path in sorted(root.glob("articles/*.jsonl")) for line in path.read_bytes().splitlines(True))
    return [decode(line) for line in lines]


def test_killed_at_every_call_that_writes(tmp_path):
    """Each line names a whole capture, opening repairs the rest, and in the end everything is archived once."""
    point = 0
    while True:
        point += 1
        root = tmp_path / str(point)
        status = run_child(root, point, torn=point % 2 == 0)
        if os.WIFEXITED(status):
            assert os.WEXITSTATUS(status) == 0
            break
        root.mkdir(exist_ok=True)
        with closing(Corpus(root, "replica")) as corpus:
            assert not corpus.mended.damaged
        assert verify(root, processes=1).problems == []
        for article in articles(root):
            assert load_page(root, article.capture).body.startswith(b"<p>Page")
        if point % 4 == 0:
            assert run_child(root, 10**9, torn=False) == 0
            assert sorted(article.key for article in articles(root)) == [f"replica/{number}" for number in range(6)]
            assert verify(root, processes=1).problems == []
    assert point > 20


def test_captures_are_synced_before_the_line_that_names_them(tmp_path, monkeypatch):
    """A power cut may keep the line and lose bytes that were not synced before it."""
    calls = []

    def note(name, call):
        def noted(descriptor, *arguments):
            calls.append((name, Path(f"/proc/self/fd/{descriptor}").readlink().name[-8:]))
            return call(descriptor, *arguments)

        return noted

    with closing(Corpus(tmp_path / "corpus", "replica")) as corpus:
        captures = corpus.keep_captures("run", 1 << 20, {})
        for name in ("write", "fdatasync"):
            monkeypatch.setattr(os, name, note(name, getattr(os, name)))
        made = [capture(captures, 1), capture(captures, 2)]
        with corpus.group():
            for article in made:
                corpus.add(article)
        monkeypatch.undo()
    # warcinfo and two captures, one sync for both, the two lines, one sync
    assert calls == [
        *[("write", ".warc.gz")] * 3,
        ("fdatasync", ".warc.gz"),
        ("write", "01.jsonl"),
        ("fdatasync", "01.jsonl"),
    ]
