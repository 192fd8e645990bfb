"""What lies beside the lines: a bag, a corpus on a read-only disk, and files that are damaged or gone."""

from __future__ import annotations

import json
import signal
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import pytest

from tests.conftest import Crawled
from tests.crawling import REPOSITORY, scrapy, scrapy_command, setting_arguments
from tests.waiting import HANG_SECONDS

READ_ONLY = 'mount --bind "$1" "$1" && mount -o remount,bind,ro "$1" || exit 77; shift; exec "$@"'
NO_NAMESPACE = 77

Seen = Callable[[str, Any, Any], None]


def run(corpus: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return scrapy("corpus", *arguments, *setting_arguments(f"CORPUS_DIR={corpus}"))


def read_only(corpus: Path, *arguments: str) -> list[str]:
    """Return the command line of a verb that sees the corpus on a read-only disk."""
    command = scrapy_command("corpus", *arguments, *setting_arguments(f"CORPUS_DIR={corpus}"))
    return ["unshare", "--map-root-user", "--mount", "sh", "-c", READ_ONLY, "sh", str(corpus), *command]


def search_read_only(corpus: Path) -> tuple[int, int]:
    """Search the corpus on a read-only disk; return the exit code, and how many records were found."""
    command = read_only(corpus, "search", "the", "--json")
    done = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, check=False, timeout=HANG_SECONDS)
    if done.returncode == NO_NAMESPACE or "unshare" in done.stderr:
        pytest.skip(f"no mount namespace is available here: {done.stderr.strip()}")
    return done.returncode, json.loads(done.stdout)["total"] if done.stdout else -1


def test_search_and_browse_of_a_read_only_corpus(seen: Seen, crawled: Crawled, tmp_path: Path) -> None:
    """... without an index, with one that has read all, and with a damaged one; nothing is written."""
    corpus = crawled.copy(tmp_path)
    without = search_read_only(corpus)
    total = json.loads(run(corpus, "search", "the", "--json").stdout)["total"]
    seen("search without an index", (0, total), without)
    seen("search with a fresh index", (0, total), search_read_only(corpus))
    index = corpus / "search.sqlite"
    index.write_bytes(index.read_bytes()[:4096] + b"\xff" * 8192)
    seen("search with a damaged index", (0, total), search_read_only(corpus))
    pytest.importorskip("datasette")
    command = read_only(corpus, "browse", "--port", "0", "--json")
    with subprocess.Popen(command, cwd=REPOSITORY, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout
        url = json.loads(server.stdout.readline())["url"]
        with urlopen(f"{url}corpus/articles.json?_shape=array", timeout=HANG_SECONDS) as answer:
            shown = len(json.load(answer))
        with urlopen(f"{url}catalogue/targets.json?_shape=array", timeout=HANG_SECONDS) as answer:
            seen("browse: records and targets are shown", (True, True), (shown > 1, len(json.load(answer)) > 1))
        server.send_signal(signal.SIGINT)
        server.wait(HANG_SECONDS)


def test_a_bag_is_not_written_to(seen: Seen, crawled: Crawled, tmp_path: Path) -> None:
    corpus, bag = crawled.copy(tmp_path), tmp_path / "bag"
    assert run(corpus, "bag", str(bag)).returncode == 0
    before = {path: path.is_file() and path.read_bytes() for path in bag.rglob("*")}
    for verb in ("verify", "repair"):
        done = run(bag / "data", verb)
        seen(f"{verb} of a bag's data: code, merge named", (4, True), (done.returncode, "corpus merge" in done.stderr))
    after = {path: path.is_file() and path.read_bytes() for path in bag.rglob("*")}
    seen("the bag is as it was", True, after == before)


@pytest.mark.parametrize("damage", ["deleted", "emptied"])
def test_a_manifest_that_is_gone_is_missed(seen: Seen, crawled: Crawled, tmp_path: Path, damage: str) -> None:
    corpus = crawled.copy(tmp_path)
    assert run(corpus, "seal").returncode == 0
    seen("verify of a sealed corpus", 0, run(corpus, "verify").returncode)
    manifest = corpus / "manifest-sha256.txt"
    manifest.unlink() if damage == "deleted" else manifest.write_bytes(b"")
    done = run(corpus, "verify")
    named = "manifest-sha256.txt" in done.stdout
    seen(f"verify, manifest {damage}: exit code, named", (5, True), (done.returncode, named))
    run(corpus, "repair")
    run(corpus, "seal")
    seen("verify after repair and seal", 0, run(corpus, "verify").returncode)
