"""Seed files whose names are not UTF-8 are read like others."""

from __future__ import annotations

import json
import os
from pathlib import Path

from tests.crawling import crawl, records, scrapy, write_seed

NAMES = (b"caf\xe9.txt", b"\xff\xfe.jsonl", b"sub\xe9/\xc7\xe1.txt", "حرب.txt".encode("windows-1256"), b"plain.txt")


def seeds(folder: Path) -> Path:
    for number, name in enumerate(NAMES):
        path = Path(os.fsdecode(os.fsencode(folder) + b"/" + name))
        path.parent.mkdir(exist_ok=True)
        dump = write_seed(folder / "made", 1793356 + number).read_text()
        path.write_text(json.dumps({"text": dump}) if name.endswith(b".jsonl") else dump)
        (folder / "made").unlink()
    return folder


def test_inspect_harvest_and_crawl(tmp_path: Path, replica, seen):
    folder = tmp_path / "seeds"
    folder.mkdir()
    seeds(folder)
    done = scrapy("seeds", "inspect", folder, "--json")
    seen("inspect", (0, len(NAMES)), (done.returncode, len(done.stdout.splitlines())))
    names = {json.loads(line)["file"] for line in done.stdout.splitlines()}
    shown = {f"{folder}/{name.decode('utf-8', 'backslashreplace')}" for name in NAMES}
    seen("names", sorted(shown), sorted(names))
    done = scrapy("seeds", "harvest", folder, "-o", tmp_path / "out.jsonl", "-j", "2")
    lines = (tmp_path / "out.jsonl").read_text().splitlines()
    seen("harvest", (0, len(NAMES), ""), (done.returncode, len(lines), done.stderr))
    done = scrapy("seeds", "inspect", tmp_path / "out.jsonl", "--json")
    seen("the harvest is a seed again", len(NAMES), len(done.stdout.splitlines()))
    corpus = tmp_path / os.fsdecode(b"corp\xfcs")
    done = crawl(folder, corpus, replica.profile, "depth=0", settings=[f"LOG_FILE={tmp_path}/log"])
    count = len(records(corpus)) + len(records(corpus, "duplicates"))  # all have one text
    seen("crawl", (0, len(NAMES), ""), (done.returncode, count, done.stderr))
