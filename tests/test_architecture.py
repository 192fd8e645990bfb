"""The layers: what is pure imports no Scrapy, and arrows never run back."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[1] / "crawler"
PURE = [
    "seeds",
    "sites",
    "extract",
    "text",
    "dedupe",
    "archive",
    "warc",
    "recover",
    "items",
    "jsonl",
    "exceptions",
    "reading",
    "looking",
    "records",
    "soft404",
    "profilechoice",
    "reextract",
]
PURE += [
    "workers",
    "interrupts",
    "zstd",
    "sqlite",
    "summary",
    "exitcodes",
    "net",
    "politeness",
    "report",
    "monitor",
    "sharing",
    "settingcheck",
    "writable",
]
# What each part of the core may import of the others; the shell may import all of them.
ALLOWED = {
    "writable": set(),
    "exceptions": {"writable"},
    "interrupts": {"exitcodes"},
    "workers": {"interrupts"},
    "items": set(),
    "jsonl": {"items"},
    "zstd": set(),
    "sqlite": set(),
    "text": {"items"},
    "net": set(),
    "politeness": set(),
    "sites": {"exceptions", "net"},
    "seeds": {"items", "exceptions", "text", "sites", "net", "workers", "writable", "zstd"},
    "extract": {"items", "sites", "text"},
    "warc": {"exceptions", "sqlite", "zstd"},
    "dedupe": {"exceptions"},
    "archive": {"items", "exceptions", "interrupts", "jsonl", "text", "warc", "sqlite", "workers", "zstd", "dedupe"},
    "reading": {"items", "extract", "seeds", "sites", "text"},
    "looking": {"archive"},
    "records": {"items", "archive", "reading", "seeds", "sites", "text"},
    "soft404": {"archive", "reading", "sites"},
    "profilechoice": {"archive", "exceptions", "sites"},
    "reextract": {"archive", "exceptions", "items", "jsonl", "reading", "records", "sites"},
    "recover": {"archive", "sites", "net", "politeness"},
    "sharing": {"archive", "exceptions", "items"},
    "summary": {"exitcodes", "writable"},
    "exitcodes": set(),
    "monitor": set(),
    "settingcheck": set(),
    "report": {"archive", "exceptions", "exitcodes", "workers"},
}


WHICH_LOADS_THEM = """
import importlib, sys
for name in sys.argv[1:]:
    importlib.import_module(f"crawler.{name}")
    if found := {"scrapy", "twisted", "itemadapter"} & set(sys.modules):
        sys.exit(f"crawler.{name} loads {found}")
"""


def test_the_core_loads_without_scrapy_and_twisted():
    command = [sys.executable, "-c", WHICH_LOADS_THEM, *PURE]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=PACKAGE.parent)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("name", PURE)
def test_the_core_imports_only_what_is_below_it(name):
    path = PACKAGE / name
    files = sorted(path.rglob("*.py")) if path.is_dir() else [path.with_suffix(".py")]
    imported = {part for file in files for part in imports_of_ours(file)}
    assert imported - {name} <= ALLOWED[name]


def imports_of_ours(file: Path) -> set[str]:
    """Return the parts of our package that *file* imports: ``text`` for ``from crawler.text.clean import ...``."""
    found = set()
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module and node.module.startswith("crawler."):
            found.add(node.module.split(".")[1])
        elif isinstance(node, ast.Import):
            found.update(alias.name.split(".")[1] for alias in node.names if alias.name.startswith("crawler."))
    return found


def test_placeholders_of_sql_have_names_or_nothing():
    """Python before 3.12.4 warns of ``?1`` with a sequence."""
    found = [path.name for path in PACKAGE.rglob("*.py") if re.search(r"[=,(] ?\?\d", path.read_text(encoding="utf-8"))]
    assert found == []
