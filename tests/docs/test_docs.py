"""The docs list every setting, verb and field, and their commands and examples work."""

from __future__ import annotations

import argparse
import importlib.util
import json
import os
import re
import shlex
import subprocess
import sys
import types
from pathlib import Path
from types import SimpleNamespace

import pytest
from scrapy.settings import Settings, default_settings

from crawler import settings as settings_module
from crawler.cli.captures.options import VERBS as CAPTURE_VERBS
from crawler.cli.corpus.options import VERBS
from crawler.cli.seeds.options import VERBS as SEED_VERBS
from crawler.commands.corpus import Command
from crawler.corpus.export import writing as export_writing
from crawler.sites import load_profile
from tests.archive.corpora import make_corpus
from tests.corpus.export import test_export as export_tests
from tests.crawling import REPOSITORY
from tests.factories import make_article, make_stub
from tests.waiting import HANG_SECONDS

DOCS = REPOSITORY / "docs"
PAGES = [
    *(REPOSITORY / name for name in ("README.md", "CONTRIBUTING.md", "SECURITY.md", "CHANGELOG.md")),
    *sorted(DOCS.rglob("*.md")),
]
FENCE = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_SPEC = importlib.util.spec_from_file_location("generate", DOCS / "generate.py")  # the hook of the site
generate = importlib.util.module_from_spec(_SPEC)
_SPEC.loader.exec_module(generate)


def blocks(page, language):
    """Return the fenced blocks of *page* that are in *language*."""
    return [text for name, text in FENCE.findall(page.read_text(encoding="utf-8")) if name == language]


def blocks_within_lists(page, language):
    """Return the fenced blocks of *page* in *language* that are indented by four spaces."""
    text = re.sub(r"^    ", "", page.read_text(encoding="utf-8"), flags=re.MULTILINE)
    return [block for name, block in FENCE.findall(text) if name == language]


def corpus_lines():
    """Yield every ``scrapy corpus`` command line that stands in a block of its own in the docs."""
    for page in PAGES:
        for line in page.read_text(encoding="utf-8").splitlines():
            match = re.fullmatch(r"(?:    )?(scrapy corpus [a-z].*?)(?:  +#.*)?", line)
            if match and "..." not in match[1]:
                yield pytest.param(match[1], id=f"{page.name}: {match[1][:60]}")


@pytest.mark.parametrize("line", list(corpus_lines()))
def test_command_lines_of_the_docs_are_accepted(line):
    command = Command()
    command.settings = Settings()
    parser = argparse.ArgumentParser(conflict_handler="resolve")
    command.add_options(parser)
    words = shlex.split(re.split(r" [|>&;]", line)[0], comments=True)
    assert parser.parse_known_args(words[2:])[1] == []


def test_settings_in_docs_and_schedules_exist():
    files = [*PAGES, *(REPOSITORY / "examples/schedules").iterdir()]
    given = {
        name for file in files for name in re.findall(r"(?:-s|setting=) ?([A-Z_]+)=", file.read_text(encoding="utf-8"))
    }
    assert len(given) > 4
    spidermons = set(re.findall(r'"(SPIDERMON_\w+)"', (REPOSITORY / "crawler/extensions/monitorsuite.py").read_text()))
    assert given - {"NAME"} <= {*vars(settings_module), *vars(default_settings), *spidermons}


def test_reference_lists_every_setting_with_its_meaning():
    ours = Path(settings_module.__file__).read_text(encoding="utf-8").partition("# -- Our own")[2]
    names = set(re.findall(r"^([A-Z_]+)\b.* = ", ours, re.MULTILINE))
    rows = [line.split("|") for line in generate.settings().splitlines()[2:]]
    assert {row[1].strip(" `") for row in rows} == names
    assert all(len(row[3].strip()) > 20 for row in rows)


def test_reference_has_the_help_of_every_command():
    text = generate.commands()
    for name in (
        "crawl",
        "replica",
        "completion",
        *(f"captures {verb}" for verb in CAPTURE_VERBS),
        *(f"seeds {verb}" for verb in SEED_VERBS),
        *(f"corpus {verb}" for verb in VERBS),
    ):
        assert f"## scrapy {name}\n" in text
    assert "--faults" in text
    assert "--loglevel" not in text  # Scrapy's own, the same everywhere


@pytest.mark.parametrize(
    ("page", "command", "verbs"),
    [
        ("reference/commands.md", r"`scrapy seeds (\S+)`", SEED_VERBS),
        ("reference/commands.md", r"`scrapy captures (\S+)`", CAPTURE_VERBS),
        ("corpus-commands.md", r"`([a-z`, ]+)", VERBS),
    ],
)
def test_tables_of_commands_list_every_verb(page, command, verbs):
    rows = re.findall(rf"^\| {command}", (DOCS / page).read_text(encoding="utf-8"), re.MULTILINE)
    assert set(verbs) <= set(re.findall(r"\w+", " ".join(rows)))


def test_reference_lists_every_field_in_order():
    table = (DOCS / "reference/record.md").read_text(encoding="utf-8")
    fields = re.findall(r"^\| `(\w+)` \|", table, re.MULTILINE)
    assert fields == list(json.loads((REPOSITORY / "crawler/schema.json").read_bytes())["properties"])


@pytest.mark.parametrize("page", [page for page in PAGES if page.name != "CONTRIBUTING.md"], ids=lambda page: page.name)
def test_paths_of_the_project_in_docs_exist(page):
    """CONTRIBUTING.md names the new module of its example."""
    named = set(re.findall(r"`((?:tests|benchmarks|crawler|examples)/[\w./]+[\w/])`", page.read_text(encoding="utf-8")))
    assert [path for path in sorted(named) if not (REPOSITORY / path).exists()] == []


def test_schema_describes_every_field():
    schema = json.loads((REPOSITORY / "crawler/schema.json").read_bytes())
    objects = [schema, *schema["$defs"].values()]
    assert [name for one in objects for name, field in one["properties"].items() if not field.get("description")] == []


def test_links_between_pages_have_a_target():
    for page in PAGES:
        for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", page.read_text(encoding="utf-8")):
            assert (page.parent / target).exists(), f"{page.name}: {target}"


def test_links_out_of_the_docs_become_file_names_on_the_site():
    page = SimpleNamespace(file=SimpleNamespace(src_uri="guides/sharing.md"))
    shown = generate.on_page_markdown("[a](../warc.md#b) [c](../../CHANGELOG.md) [d](site-profile.md)", page=page)
    assert shown == "[a](../warc.md#b) `CHANGELOG.md` [d](site-profile.md)"


def test_profile_of_the_guide_is_valid(tmp_path):
    _, text = blocks(DOCS / "guides/site-profile.md", "toml")  # the first shows what a draft looks like
    (tmp_path / "example.toml").write_text(text, encoding="utf-8")
    profile = load_profile(str(tmp_path / "example.toml"))
    assert profile.name == "example"
    assert profile.article_id("https://www.example.org/news/1234") == "1234"
    assert next(iter(profile.article_urls("1234"))) == "https://www.example.org/news/1234"


def test_tutorial_works_as_written(replica, tmp_path):
    """All blocks run in order, in one shell. Left out: the set-up, and the replica, which has another port here."""
    page = (DOCS / "tutorial.md").read_text(encoding="utf-8")
    script = [
        "set -e",
        f'scrapy() {{ {shlex.quote(sys.executable)} -W ignore -m scrapy "$@"; }}',
        f'python() {{ {shlex.quote(sys.executable)} "$@"; }}',
    ]
    for language, text in FENCE.findall(page)[1:]:
        if language == "python":
            script.append(f"python - <<'END'\n{text}END")
        elif text != "scrapy replica\n":
            script.append(
                text.replace("site=replica", f"site={shlex.quote(str(replica.profile))}").replace("=40", "=8")
            )
    (tmp_path / "examples").symlink_to(REPOSITORY / "examples")
    (tmp_path / "scrapy.cfg").write_text("[settings]\ndefault = quick\n")
    (tmp_path / "quick.py").write_text("from crawler.settings import *\nEXTRACT_PROCESSES = REPORT_SECONDS = 0\n")
    done = subprocess.run(
        ["bash", "-c", "\n".join(script)], cwd=tmp_path, capture_output=True, text=True, check=False, timeout=HANG_SECONDS,
        env={**os.environ, "PYTHONPATH": str(REPOSITORY)},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "all well" in done.stdout
    assert re.search(r"^\d+ articles; \['schema', ", done.stdout, re.MULTILINE)


def test_worked_change_of_contributing_passes_its_own_test(tmp_path, monkeypatch):
    """The module that CONTRIBUTING.md adds makes the test pass that it shows."""
    test, module = blocks_within_lists(REPOSITORY / "CONTRIBUTING.md", "python")
    monkeypatch.setitem(export_writing.FORMATS, "urls", "urls")
    urls = types.ModuleType("crawler.corpus.export.urls")
    exec(module, vars(urls))  # the code of our own page
    monkeypatch.setitem(sys.modules, urls.__name__, urls)
    shown = vars(export_tests).copy()
    exec(test, shown)
    corpus = tmp_path / "corpus"
    make_corpus(corpus, make_article(1), make_article(2, text="Another"), make_stub(3))
    shown["test_urls_are_one_a_line_without_records_that_have_none"](corpus, tmp_path)
    assert len((tmp_path / "out.urls").read_text().split()) == 2
