"""What pages and dumps say steers no terminal and fakes no log line, whichever command prints it."""

from __future__ import annotations

import ast
import json
import logging
import os
import pty
import subprocess
import sys
from dataclasses import replace

import pytest

from crawler.archive import Corpus
from crawler.items import Attempt, Image, RelatedItem
from crawler.utils.log import SafeRecord
from tests.crawling import REPOSITORY, crawl_arguments, write_seed
from tests.factories import make_article, make_stub
from tests.scripted import Scripted, http, write_profile
from tests.waiting import HANG_SECONDS

# What steers terminals (ECMA-48, xterm's control sequences), what reorders a line (UAX #9), what ends one.
STEERING = [
    *(f"\x1b{rest}" for rest in (
        "]52;c;cm0gLXJm\x07", "]52;c;cm0gLXJm\x1b\\", "]0;title\x07", "]2;title\x07", "]1337;File=:x\x07", "]8;;http://evil\x07",
        "]4;1;rgb:00/00/00\x07", "]10;?\x07", "]11;?\x1b\\", "]777;notify;a;b\x07", "]133;A\x07", "]7;file://evil/\x07",
        "[2J", "[H", "[1;1H", "[31m", "[8m", "[?25l", "[?1049h", "[?2004h", "[6n", "[c", "[>c", "[5n", "[21t", "[3J",
        "[1A", "[K", "[20l", "P$q q\x1b\\", "P+q544e\x1b\\", "_Gf=24;AAAA\x1b\\", "^pm\x1b\\", "Xsos\x1b\\", "c", "#8", "(0", "N",
    )),
    "\x9b31m", "\x9d0;title\x9c", "\x90q\x9c", "\x85next", "\x08\x08\x08\x08", "\x7f\x7f", "\x07", "\x0e", "\x05",
    "\rgleaner: all well", "\n2026-01-01 00:00:00 [fake] INFO: all well", "\u2028all well", "\u2029all well",
    "\u202egpj.exe", "\u2066\u2067x", "\u200fabc", "\ufeffx", "\U000e0041x", "\x0b\x0c",
]  # fmt: skip


def marked(number):
    """Return a vector as it stands in a text: after a word by which what is printed of it can be found."""
    return f"vector{number:02d}{STEERING[number]} harbour"


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A corpus all of whose fields are hostile, another to merge, and seeds."""
    folder = tmp_path_factory.mktemp("escapes")
    for root, first in ((folder / "corpus", 1), (folder / "other", 500)):
        corpus = Corpus(root, "replica")
        with corpus.group():
            for number in range(len(STEERING)):
                corpus.add(hostile(first + number, marked(number)))
            corpus.add(replace(hostile(first, marked(0)), text="The harbour has changed.", content_sha256="0" * 64))
            corpus.add(replace(make_article(first + 200, text=marked(1)), content_sha256="1" * 64))
            corpus.add(replace(make_article(first + 201, title=marked(2), text=marked(1)), content_sha256="1" * 64))
            reason = Attempt(f"http://h/{marked(3)}", 404, marked(4), "origin")
            stub = make_stub(first + 300)
            corpus.add(replace(stub, title=marked(5), capture=replace(stub.capture, attempts=(reason,))))
        corpus.close()
    (folder / "seeds").mkdir()
    for number in range(len(STEERING)):
        write_seed(
            folder / "seeds" / f"{number}.txt", 1, 2, text=f"{marked(number)}\n\n{marked(number)}", pic=marked(number)
        )
    (folder / "seeds" / f"named {marked(0)}.txt".replace("/", "")).write_text("no dump")
    (folder / "pages.jsonl").write_text(json.dumps({"text": marked(0), "url": marked(1)}) + "\n" + marked(2) + "\n")
    return folder


def hostile(number, said):
    article = make_article(number)
    return replace(
        article,
        title=said,
        kicker=said,
        text=said,
        authors=(said,),
        desk_code=said,
        language=said,
        dateline=said,
        credit=said,
        published=said,
        url=f"http://127.0.0.1/news/{number}/{said}",
        content_sha256=f"{number:064x}",
        related=(RelatedItem(id="9", pic=said, title=said),),
        discovered_from=(f"replica/{said}",),
        images=(Image(pic=said, url=said, status="refused", reason=said),),
        capture=replace(article.capture, url=said),
        run=said,
    )


COMMANDS = {
    "stats": ["corpus", "stats"],
    "stats, JSON": ["corpus", "stats", "--json"],
    "verify": ["corpus", "verify"],
    "verify, JSON": ["corpus", "verify", "--json"],
    "search": ["corpus", "search", "harbour", "--limit", "99"],
    "search, JSON": ["corpus", "search", "harbour", "--json"],
    "history": ["corpus", "history", "1"],
    "history, JSON": ["corpus", "history", "1", "--json"],
    "duplicates": ["corpus", "duplicates"],
    "duplicates, JSON": ["corpus", "duplicates", "--json"],
    "report": ["corpus", "report", "-o", "{folder}/report.html", "--force"],
    "keys": ["corpus", "report", "--keys", "articles"],
    "export": ["corpus", "export", "--format", "csv", "-o", "{folder}/out.csv", "--force"],
    "graph": ["corpus", "graph", "--format", "dot", "-o", "{folder}/out.dot", "--force"],
    "repair": ["corpus", "repair"],
    "merge": ["corpus", "merge", "{folder}/other"],
    "no such key": ["corpus", "history", marked(12)],
    "no such corpus": ["corpus", "stats", "-s", f"CORPUS_DIR={marked(0)}".replace("/", "")],
    "inspect": ["seeds", "inspect", "{folder}/seeds", "{folder}/pages.jsonl"],
    "inspect, JSON": ["seeds", "inspect", "{folder}/seeds", "{folder}/pages.jsonl", "--json"],
    "harvest": ["seeds", "harvest", "{folder}/seeds", "{folder}/pages.jsonl", "-o", "{folder}/out.jsonl"],
    "no such seed": ["seeds", "inspect", marked(0).replace("/", "")],
}
QUIET = {
    "stats",
    "stats, JSON",
    "verify",
    "verify, JSON",
    "report",
    "export",
    "graph",
    "repair",
    "merge",
    "harvest",
    "keys",
}
"""These print counts, or names of ours, and have nothing to escape unless something is wrong."""

RUN_ALL = """
import json, sys
from scrapy.cmdline import execute
for name, arguments in json.loads(sys.argv[1]).items():
    print(f"=== {name}", flush=True)
    try:
        execute(["scrapy", *arguments])
    except SystemExit:
        pass
    sys.stdout.flush()
    sys.stderr.flush()
"""


def on_a_terminal(arguments):
    """Run a program whose standard output and error are a terminal without colours; return what it wrote there."""
    master, slave = pty.openpty()
    environment = {**os.environ, "TERM": "dumb", "NO_COLOR": "1", "COLUMNS": "5000"}
    process = subprocess.Popen(arguments, cwd=REPOSITORY, env=environment, stdin=slave, stdout=slave, stderr=slave)
    os.close(slave)
    written = b""
    while True:
        try:
            block = os.read(master, 65536)
        except OSError:  # how Linux says that nobody writes any more
            break
        if not block:
            break
        written += block
    os.close(master)
    process.wait(timeout=HANG_SECONDS)
    return written.decode()


@pytest.fixture(scope="module")
def written(folder):
    """Return what each command wrote to a terminal; all of them run in one process."""
    corpus = ["-s", f"CORPUS_DIR={folder / 'corpus'}"]
    commands = {
        name: [
            *(part.replace("{folder}", str(folder)) for part in arguments),
            *(corpus if arguments[0] == "corpus" and "-s" not in arguments else ()),
        ]
        for name, arguments in COMMANDS.items()
    }
    parts = on_a_terminal([sys.executable, "-W", "ignore", "-c", RUN_ALL, json.dumps(commands)]).split("=== ")
    return dict(part.split("\r\n", 1) for part in parts[1:])


def test_attack_vectors_are_more_than_48():
    assert len(set(STEERING)) > 48


def raw(text):
    """Return the vectors that stand in *text* as they came."""
    return [vector for vector in STEERING if vector in text.replace("\r\n", "\n")]


@pytest.mark.parametrize("name", COMMANDS)
def test_no_command_prints_what_steers(written, name):
    assert raw(written[name]) == []
    assert (name in QUIET) or "vector" in written[name], written[name]
    assert "Traceback" not in written[name]


def test_a_crawl_logs_nothing_that_steers(tmp_path):
    def answer(path):
        if path == "/robots.txt":
            return http(200, "\n".join(STEERING).encode("utf-8"))
        number = int(path.split("/")[2])
        said = marked(number)
        if number % 3 == 0:
            return b"HTTP/1.1 302 " + said.encode() + b"\r\nLocation: http://evil/" + said.encode() + b"\r\n\r\n"
        if number % 3 == 1:
            return http(200, b"x", f"Content-Encoding: {said}".encode().decode("latin-1"))
        return f"HTTP/1.1 {said}\r\n{said}: {said}\r\n\r\n".encode()

    with Scripted(answer) as site:
        profile = write_profile(tmp_path / "site.toml", site.url)
        seeds = tmp_path / "seeds"
        seeds.mkdir()
        write_seed(seeds / "seed.txt", *range(len(STEERING)))
        for number in range(len(STEERING)):  # broken files, whose names are printed
            (seeds / f"{marked(number).replace('/', '')}.gz").write_bytes(b"\x1f\x8b broken")
        arguments = crawl_arguments(
            seeds, tmp_path / "corpus", profile, settings=["RETRY_ENABLED=False", "LOG_LEVEL=DEBUG"]
        )
        log = on_a_terminal([sys.executable, "-W", "ignore", "-m", "scrapy", *arguments])
    assert raw(log) == []
    assert log.count("vector") > 30


def test_a_message_is_one_line_and_a_traceback_has_no_controls():
    try:
        int("bad \x1b[31m\u202e")
    except ValueError:
        record = SafeRecord("crawler", logging.ERROR, "f", 1, "%s", ("a\nfake line\x1b[2J",), sys.exc_info())
    text = logging.Formatter("%(message)s").format(record)
    assert text.split("\n")[0] == r"a\x0afake line\x1b[2J"
    assert "ValueError: invalid literal" in text
    assert raw(text) == []
    assert len(text.split("\n")) > 2


WRITE_THEMSELVES = {
    "cli/show.py",
    "runs/summary.py",
    "corpus/report/__main__.py",
    "cli/checked.py",
    "cli/corpus/report.py",
    "cli/verbs.py",
    "commands/crawl.py",
    "commands/completion.py",
}
"""The modules that write to standard output or error; what they write is looked at above. The replica, and the completion
of shells, know no data of others."""


def test_no_other_module_writes_to_the_terminal_itself():
    package = REPOSITORY / "crawler"
    found = set()
    for path in package.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and ast.unparse(node.func) in {
                "print",
                "sys.stdout.write",
                "sys.stderr.write",
            }:
                found.add(path.relative_to(package).as_posix())
    assert {name for name in found if "replica" not in name} == WRITE_THEMSELVES
