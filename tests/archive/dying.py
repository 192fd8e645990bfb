"""Corpora whose writers die: what they write, and what must be true of the remains."""

from __future__ import annotations

import os
import shutil
import signal
import time
import traceback
from collections import Counter
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from random import Random

from crawler.archive import Corpus, database
from crawler.archive.rebuilding import rebuild
from crawler.archive.segments import FAMILIES, read_lines, segment_paths
from crawler.corpus.fixity.verify import verify
from crawler.dedupe import index
from crawler.exceptions import CorpusError
from crawler.items import Article, Image
from crawler.jsonl import decode
from tests.factories import make_article, make_seed, make_stub, related_items
from tests.waiting import wait_for

SEGMENT_BYTES = 20_000
KEYS = 60
TEN_YEARS = 10 * 365 * 86400
A_CORPUS = 20
"""Trials of one corpus, before the next begins with an empty one."""


@dataclass
class Row:
    """The results of trials of one kind. ``others``: violations other than the three counted kinds, in words."""

    kind: str
    trials: int = 0
    lost: int = 0
    torn: int = 0
    doubled: int = 0
    others: list[str] = field(default_factory=list)
    notes: Counter[str] = field(default_factory=Counter)
    largest: int = 0
    """Number of records of the largest corpus that was checked."""

    @property
    def clean(self) -> bool:
        """Whether there was no violation."""
        return not (self.lost or self.torn or self.doubled or self.others)

    def __str__(self) -> str:
        notes = [f"{count:,} {what}" for what, count in sorted(self.notes.items())]
        notes += [f"up to {self.largest:,} records"] if self.largest else []
        counts = f"{self.trials:>9,}{self.lost:>7}{self.torn:>7}{self.doubled:>9}{len(self.others):>8}"
        return "\n".join(
            [f"{self.kind:40}{counts}   {', '.join(notes)}", *(f"    {other}" for other in self.others[:20])]
        )


class Trials:
    """Corpora in *folder*, one after another, each with a file beside it that lists the acknowledged records."""

    def __init__(self, folder: Path, kind: str, chance: Random) -> None:
        self.row = Row(kind)
        self.chance = chance
        self.may_be_malformed = False
        self._folder = folder
        self._begin()

    def _begin(self) -> None:
        self.root = self._folder / str(self.row.trials)
        self.told = self._folder / f"{self.row.trials}.told"
        self.told.touch()

    def next(self) -> None:
        """Count a trial; after :data:`A_CORPUS` trials continue with a new corpus."""
        self.row.trials += 1
        if self.row.trials % A_CORPUS == 0:
            shutil.rmtree(self.root, ignore_errors=True)
            self._begin()

    def start(self, work: Callable[[], object]) -> int:
        """Run *work* in a child, and return its process id; it exits with 0, or the exit code of a ``CorpusError``."""
        child = os.fork()
        if child:
            return child
        code = 99
        try:
            work()
            code = 0
        except CorpusError as error:
            code = error.exit_code
        except BaseException:
            traceback.print_exc()
        os._exit(code)

    def writer(self, groups: int = 10**9) -> int:
        """Start a child that archives *groups* groups, and return its process id."""
        seed = self.chance.getrandbits(64)
        self._told_bytes = self.told.stat().st_size
        return self.start(lambda: write(self.root, self.told, Random(seed), groups))

    def wait_for_acknowledged(self, writer: int) -> None:
        """Wait until the *writer* that was started last has acknowledged a record, or has ended."""
        ended = os.WEXITED | os.WNOHANG | os.WNOWAIT
        wait_for(
            lambda: self.told.stat().st_size > self._told_bytes or os.waitid(os.P_PID, writer, ended),
            "a record that is acknowledged",
        )

    def check(self) -> None:
        """Open the corpus as the next crawl will, and compare it with the acknowledged records."""
        if not (self.root / "corpus.json").exists():
            self.row.lost += len(self.told.read_text().split())
            return
        problems = self._opened()
        if problems and self.may_be_malformed:
            self.row.notes["malformed, and told so"] += 1
            rebuild(self.root, problems[0])
            problems = self._opened()
        self.row.others += [f"{self.root}: {problem}" for problem in problems]
        found = self.found()
        told = set(self.told.read_text().split())
        self.row.notes["acknowledged records looked for"] += len(told)
        self.row.lost += len(told - found.keys())
        self.row.doubled += sum(times - 1 for times in found.values())
        self.row.largest = max(self.row.largest, len(found))

    def _opened(self) -> list[str]:
        """Open the corpus and return what is wrong with it."""
        try:
            with closing(Corpus(self.root, "replica", segment_bytes=SEGMENT_BYTES)) as corpus, corpus.group():
                corpus.frontier.release(now=time.time() - TEN_YEARS, run="the next")
                leased = corpus.frontier.counts().get("leased")
            problems = ["a target is leased to the dead"] if leased else []
            return problems + [str(problem) for problem in verify(self.root, processes=1).problems]
        except CorpusError as error:
            return [str(error)]

    def found(self) -> Counter[str]:
        found: Counter[str] = Counter()
        for path in (path for family in FAMILIES for path in segment_paths(self.root, family)):
            for _, line in read_lines(path):
                try:
                    record = decode(line) if line.endswith(b"\n") else None
                except ValueError:
                    record = None
                if record:
                    found[name(record.key, record.version)] += 1
                else:
                    self.row.torn += 1
        return found


def name(key: str, version: int) -> str:
    """Return the name of a record in the file of acknowledged records."""
    return f"{key}#{version}"


def write(root: Path, told: Path, chance: Random, groups: int) -> None:
    """Archive *groups* groups with a clock that is years off; append the names of durable records to *told*."""
    database.MAX_UNCOMMITTED_LINES = chance.choice((1, 3, 50))  # only in a process that will die
    telling = os.open(told, os.O_WRONLY | os.O_APPEND)
    now = time.time() + chance.uniform(-TEN_YEARS, TEN_YEARS)
    parent = os.getppid()
    with closing(Corpus(root, "replica", segment_bytes=SEGMENT_BYTES)) as corpus:
        if chance.random() < 0.3:
            corpus.seal(chance.choice((None, "gzip", "zstd")), within=5)
        if chance.random() < 0.5:
            index.FLUSH_DOCUMENTS = chance.choice((1, 5, 8192))
            corpus.find_near_duplicates(0.5)
        for _ in range(groups):
            if os.getppid() != parent:  # the process that should kill this one has died
                return
            with corpus.group(wait=chance.random() < 0.5):
                corpus.frontier.lease(3, max_depth=9, run=str(now), until=now + 600)
                records = [made(corpus, chance) for _ in range(chance.randrange(1, 8))]
                corpus.look_up(records)
                names = [archive(corpus, record) for record in records]
            corpus.durable.add_done_callback(partial(tell, telling, names))


def made(corpus: Corpus, chance: Random) -> Article:
    """Return a record: new, changed, equal to a stored one, the twin of another, or nearly one."""
    number = chance.randrange(1, KEYS)
    related = related_items(*chance.sample(range(1, 2 * KEYS), 3))
    kind = chance.random()
    if kind < 0.1:
        return make_seed(f"{number:012x}", tuple(item_id for item_id in range(number, number + 3)))
    if kind < 0.2:
        return make_stub(number)
    text = f"Text {chance.randrange(5)} of article {number}." if kind < 0.6 else f"Text {chance.randrange(20)} of many."
    if kind > 0.8:
        story = Random(chance.randrange(10))
        text = " ".join(f"{story.choice('abcdef')}{story.choice('ghijkl')}" for _ in range(chance.randrange(25, 60)))
    article = make_article(number, text=text, related=related)
    if kind < 0.4:
        path, digest = corpus.store_picture(f"picture {number}".encode(), "jpg")
        images = (
            Image(pic=f"/{number}.jpg", status="stored", path=path, sha256=digest, bytes=len(f"picture {number}")),
        )
        article = replace(article, images=images)
    return article


def archive(corpus: Corpus, article: Article) -> str:
    """Archive *article*; return the name to write when it is durable."""
    return name(article.key, corpus.add(article).version)


def tell(descriptor: int, names: list[str], durable: object) -> None:
    """Write *names* to the file of acknowledged records, unless their sync failed."""
    if durable.exception() is None:  # type: ignore[attr-defined]
        os.write(descriptor, "".join(f"{one}\n" for one in names).encode())


def kill(process: int) -> bool:
    """Kill *process* and wait for its end; return whether the kill ended it."""
    os.kill(process, signal.SIGKILL)
    return os.WIFSIGNALED(os.waitpid(process, 0)[1])
