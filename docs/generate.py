"""A hook of MkDocs: generates the reference from the code, and replaces links to other files of the project by names.

The generated text replaces ``<!-- generated: settings -->`` (or ``commands``, ``schema``, ``oddities``) in a page.
"""

from __future__ import annotations

import argparse
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from scrapy.settings import Settings

ROOT = Path(__file__).resolve().parents[1]
_INTERNALS = "Internals"
_MARK_RE = re.compile(r"<!-- generated: (\w+) -->")
_UPWARDS_RE = re.compile(r"\[[^\]]+\]\((\.\./[^)#]+)[^)]*\)")
_GLOBAL_RE = re.compile(r"^Global Options:\n(?:  .*\n)+\n?", re.MULTILINE)
_SETTING_RE = re.compile(r"((?:^# .*\n)+)^([A-Z_]+)(?:: [^=]+)? = (.+)$", re.MULTILINE)


def on_config(config: Any) -> Any:
    """Add the pages that the navigation does not name to its last part, *Internals*."""
    docs = ROOT / "docs"
    named = set(re.findall(r"[\w/-]+\.md", str(config["nav"])))
    paths = sorted(path.relative_to(docs).as_posix() for path in docs.rglob("*.md"))
    *parts, internals = config["nav"]
    pages = [*internals[_INTERNALS], *(path for path in paths if path not in named)]
    config["nav"] = [*parts, {_INTERNALS: pages}]
    return config


def on_page_markdown(markdown: str, *, page: Any, **_: Any) -> str:
    """Return *markdown* with the generated parts; links to files outside the docs become the names of the files."""
    docs = ROOT / "docs"

    def link(match: re.Match[str]) -> str:
        target = (docs / page.file.src_uri).parent.joinpath(match[1]).resolve()
        return match[0] if target.is_relative_to(docs) else f"`{target.relative_to(ROOT)}`"

    markdown = _MARK_RE.sub(lambda match: GENERATED[match[1]](), markdown)
    return _UPWARDS_RE.sub(link, markdown)


def settings() -> str:
    """Return a table of Gleaner's own settings; the comment above each setting is its meaning."""
    source = (ROOT / "crawler/settings.py").read_text(encoding="utf-8")
    ours = source[source.index("# -- Our own") :].partition("\n")[2]
    rows = ["| setting | default | meaning |", "|---|---|---|"]
    for comment, name, default in _SETTING_RE.findall(ours):
        meaning = " ".join(line.removeprefix("#").strip() for line in comment.splitlines())
        rows.append(f"| `{name}` | `{default}` | {meaning.replace('|', chr(92) + '|')} |")
    return "\n".join(rows)


def commands() -> str:
    """Return the output of ``--help`` of each command."""
    helps = ((name, _GLOBAL_RE.sub("", text).strip()) for name, text in _helps())
    return "\n\n".join(f"## {name}\n\n```text\n{text}\n```" for name, text in helps)


def _helps() -> Iterator[tuple[str, str]]:
    from crawler.cli.helptext import Paragraphs  # noqa: PLC0415
    from crawler.commands import captures, completion, corpus, crawl, replica, seeds, sites  # noqa: PLC0415 - Scrapy is heavy

    os.environ["COLUMNS"] = "100"
    for name, module in (("crawl", crawl), ("replica", replica), ("completion", completion)):
        parser = _parser(name, module.Command())
        parser.formatter_class = Paragraphs
        yield f"scrapy {name}", parser.format_help()
    for name, module in (("captures", captures), ("seeds", seeds), ("sites", sites), ("corpus", corpus)):
        actions = _parser(name, module.Command())._actions  # noqa: SLF001 - argparse names no other way
        (verbs,) = (action for action in actions if isinstance(action, argparse._SubParsersAction))  # noqa: SLF001
        for verb, parser in verbs.choices.items():
            yield f"scrapy {name} {verb}", parser.format_help()


def _parser(name: str, command: Any) -> argparse.ArgumentParser:
    command.settings = Settings()
    usage, about = f"scrapy {name} {command.syntax()}", command.long_desc()
    parser = argparse.ArgumentParser(prog=f"scrapy {name}", usage=usage, description=about, conflict_handler="resolve")
    command.add_options(parser)
    return parser


def schema() -> str:
    """Return the JSON Schema of a record."""
    return f"```json\n{(ROOT / 'crawler/schema.json').read_text(encoding='utf-8').strip()}\n```"


def oddities() -> str:
    """Return the table of oddities of WARC and ARC files that a test checks."""
    head, *rows = (ROOT / "tests/zoo/expected.tsv").read_text(encoding="utf-8").splitlines()
    lines = [head, "\t".join(["---"] * 4), *rows]
    return "\n".join(f"| {line.replace(chr(9), ' | ')} |" for line in lines)


GENERATED = {"settings": settings, "commands": commands, "schema": schema, "oddities": oddities}
