"""Lists every message of the command line, so that a reader can go through all of them.

    python -m docs.messages                 # errors, log lines and printed lines: place, then message
    python -m docs.messages error           # one kind: error, log, printed or help

A message is a string in the source with at least two words that is raised, logged or printed, or the help of an option.
Values in it are shown as ``{name}``.
"""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[1]
KINDS = ("error", "log", "printed", "help")
PRINTING_ROOMS = ("cli/", "commands/", "runs/exitcodes.py", "runs/summary.py", "replica/options.py", "settingcheck/")
"""Modules whose strings are printed, also when another function prints them."""
HELP_MODULES = (
    "cli/captures/options.py",
    "cli/corpus/options.py",
    "cli/seeds/options.py",
    "cli/sites/options.py",
    "replica/options.py",
)
LOG_METHODS = {"debug", "info", "warning", "error", "critical", "exception", "log"}
PRINT_FUNCTIONS = {"print", "note", "say", "done", "_warn"}
ERRORS = {"DiskFull", "CorpusDamaged", "CorpusLocked", "FrontierGone"}
"""Exceptions whose names do not end in ``Error``."""
HELP_ARGUMENTS = {"help", "description", "epilog", "json", "short", "example"}
PROSE_RE = re.compile(r"[a-z]{2,}.* [a-z(]{2,}|^[A-Z]?[a-z]+ [\w{]", re.DOTALL)
SQL_RE = re.compile(r"^\s*(SELECT|INSERT|UPDATE|DELETE|CREATE|PRAGMA|FROM|WHERE|WITH|ORDER|GROUP|AND|ATTACH)\b")


class Message(NamedTuple):
    """A message: its kind, the file and line where it stands, and its words."""

    kind: str
    path: str
    line: int
    text: str


def main() -> int:
    """Print the messages of the kinds that were asked for, each with its place."""
    kinds = sys.argv[1:] or list(KINDS[:-1])
    if unknown := set(kinds) - set(KINDS):
        sys.stderr.write(f"unknown kind {', '.join(sorted(unknown))}: give {', '.join(KINDS)}\n")
        return 2
    found = list(messages())
    for kind in kinds:
        of_kind = [one for one in found if one.kind == kind]
        sys.stdout.write(f"\n== {kind}: {len(of_kind)}\n\n")
        sys.stdout.writelines(f"{one.path}:{one.line}: {one.text}\n" for one in of_kind)
    return 0


def messages() -> Iterator[Message]:
    """Yield every message of the package, in the order of the files."""
    for path in sorted((ROOT / "crawler").rglob("*.py")):
        name = path.relative_to(ROOT).as_posix()
        tree = ast.parse(path.read_text(encoding="utf-8"))
        yield from _messages_in(tree, name)


def _messages_in(tree: ast.Module, path: str) -> Iterator[Message]:
    parents = {child: node for node in ast.walk(tree) for child in ast.iter_child_nodes(node)}
    for node in ast.walk(tree):
        is_part = isinstance(parents.get(node), ast.JoinedStr | ast.Expr)  # of an f-string; or a docstring
        if isinstance(node, ast.Constant | ast.JoinedStr) and not is_part:
            text, kind = words(node), _kind(node, parents, path)
            if kind and PROSE_RE.search(text) and not SQL_RE.search(text):
                yield Message(kind, path, node.lineno, re.sub(r"\s+", " ", text).strip())


def words(node: ast.expr) -> str:
    """Return the text of a string in the source, with ``{expression}`` for each value in it."""
    if isinstance(node, ast.Constant):
        return node.value if isinstance(node.value, str) else ""
    if isinstance(node, ast.JoinedStr):
        return "".join(words(value) for value in node.values)
    if isinstance(node, ast.FormattedValue):
        return f"{{{ast.unparse(node.value)}}}"
    return ""


def _kind(node: ast.AST, parents: dict[ast.AST, ast.AST], path: str) -> str | None:
    """Return the kind of the message at *node*, by the statement and calls around it; None if it is no message."""
    while (parent := parents.get(node)) is not None:
        if isinstance(parent, ast.Raise):
            return "error"
        if isinstance(parent, ast.keyword) and parent.arg in HELP_ARGUMENTS:
            return "help"
        if isinstance(parent, ast.Call) and (kind := _kind_of_call(parent)):
            return kind
        node = parent
    inside = path.removeprefix("crawler/")
    if inside in HELP_MODULES:
        return "help"
    return "printed" if inside.startswith(PRINTING_ROOMS) else None


def _kind_of_call(call: ast.Call) -> str | None:
    """Return the kind of a message that is an argument of *call*; None if the call does not say."""
    owner, _, called = ast.unparse(call.func).rpartition(".")
    if called in LOG_METHODS and owner.endswith("logger"):
        return "log"
    if called == "Verb":
        return "help"
    if called in PRINT_FUNCTIONS or (called == "write" and owner in {"sys.stderr", "sys.stdout"}):
        return "printed"
    return "error" if called.endswith("Error") or called in ERRORS else None


if __name__ == "__main__":
    sys.exit(main())
