"""A hook of MkDocs: writes the reference out of the code, and makes links to files of the project plain.

In a page, ``<!-- generated: settings -->`` (or ``commands``, ``schema``) is where it goes.
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
_HOW = "How it works, and why"
_MARK_RE = re.compile(r"<!-- generated: (\w+) -->")
_OUTSIDE_RE = re.compile(r"\[([^\]]+)\]\((?:\.\./)+(?!docs/)([^)]+)\)")
_SETTING_RE = re.compile(r"((?:^# .*\n)+)^([A-Z_]+)(?:: [^=]+)? = (.+)$", re.MULTILINE)


def on_config(config: Any) -> Any:
    """Add the pages that the navigation does not name: what is explained, by whoever wrote a page about it."""
    named = set(re.findall(r"[\w/-]+\.md", str(config["nav"])))
    pages = sorted(path.name for path in (ROOT / "docs").glob("*.md") if path.name not in named)
    config["nav"] = [*config["nav"], {_HOW: list(pages)}]
    return config


def on_page_markdown(markdown: str, **_: Any) -> str:
    """Return *markdown* with what is generated, and without links that lead out of the docs."""
    markdown = _MARK_RE.sub(lambda match: GENERATED[match[1]](), markdown)
    return _OUTSIDE_RE.sub(r"`\2`", markdown)


def settings() -> str:
    """Return the settings of our own as a table, with the comments above them as their meaning."""
    source = (ROOT / "crawler/settings.py").read_text(encoding="utf-8")
    ours = source[source.index("# -- Our own") :].partition("\n")[2]
    rows = ["| setting | default | meaning |", "|---|---|---|"]
    for comment, name, default in _SETTING_RE.findall(ours):
        meaning = " ".join(line.removeprefix("#").strip() for line in comment.splitlines())
        rows.append(f"| `{name}` | `{default}` | {meaning.replace('|', chr(92) + '|')} |")
    return "\n".join(rows)


def commands() -> str:
    """Return what ``--help`` says of each command."""
    return "\n\n".join(f"## {name}\n\n```text\n{text.strip()}\n```" for name, text in _helps())


def _helps() -> Iterator[tuple[str, str]]:
    from crawler.commands import corpus, crawl, replica, seeds  # noqa: PLC0415 - Scrapy is heavy

    os.environ["COLUMNS"] = "100"
    for name, module in (("crawl", crawl), ("seeds", seeds), ("replica", replica)):
        command = module.Command()
        command.settings = Settings()
        parser = argparse.ArgumentParser(
            prog=f"scrapy {name}", usage=f"scrapy {name} {command.syntax()}", description=command.long_desc(),
            conflict_handler="resolve",
        )  # fmt: skip
        command.add_options(parser)
        yield f"scrapy {name}", parser.format_help()
    command = corpus.Command()
    command.settings = Settings()
    parser = argparse.ArgumentParser(prog="scrapy corpus", conflict_handler="resolve")
    command.add_options(parser)
    (verbs,) = (action for action in parser._actions if isinstance(action, argparse._SubParsersAction))  # noqa: SLF001
    for name, verb in verbs.choices.items():
        yield f"scrapy corpus {name}", verb.format_help().partition("\nGlobal Options:")[0] + f"\n\n{verb.epilog}"


def schema() -> str:
    """Return the JSON Schema of a record."""
    return f"```json\n{(ROOT / 'crawler/schema.json').read_text(encoding='utf-8').strip()}\n```"


GENERATED = {"settings": settings, "commands": commands, "schema": schema}
