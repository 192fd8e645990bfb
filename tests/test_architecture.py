"""The layers of the house: a room imports only rooms that stand lower, and the core knows nothing of Scrapy."""

from __future__ import annotations

import ast
import importlib
import re
import subprocess
import sys
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[1] / "crawler"

LAYERS = (
    ("commands",),
    ("cli",),
    ("spiders", "pipelines", "middlewares", "scheduler", "logformatter", "settings"),
    ("extensions", "handlers"),
    ("utils",),
    ("corpus",),
    ("draft",),
    ("pages", "captures", "plan"),
    ("archive", "seeds", "extract", "recover", "runs", "replica"),
    ("frontier", "warc", "dedupe", "text", "sites", "jsonl", "settingcheck", "batch"),
    ("inputs",),
    ("net", "processes", "items", "sqlite", "zstd"),
    ("exceptions",),
    ("writable",),
)
"""From the shell down to the ground; rooms of one layer do not import one another."""
SHELL_LAYERS = 5
"""So many of them, from the top, may import Scrapy; the others are the core."""
ROOMS = [room for layer in LAYERS for room in layer]
CORE = [room for layer in LAYERS[SHELL_LAYERS:] for room in layer]

ABOVE_A_FINISHED_CORPUS = {"commands", "cli"}
"""A crawl needs no tool of a finished corpus: only these import ``corpus``. The report of a run is its own process."""
WHO_STARTS_THE_REPLICA = {"commands"}

MODULES_IN_STRINGS = {
    "crawler/extensions/runs.py": "crawler.corpus.report",
    "crawler/cli/verbs.py": "crawler.cli",
    "crawler/corpus/export/writing.py": "crawler.corpus.export",
    "crawler/corpus/export/graph/writing.py": "crawler.corpus.export.graph.tables",
    "crawler/corpus/browse/hooks.py": "crawler.corpus.report",
    "crawler/cli/seeds/rescue.py": "crawler.extensions.recoverer",
}
"""Files that name a module in a string, where no tool that moves modules finds it, and the module."""

MAX_CLASS_METHODS, MAX_CLASS_LINES = 15, 200
SIZE_REASON_RE = re.compile(r"^Over (?:15 methods|200 lines): \w", re.MULTILINE)
"""In the docstring of a class that is larger: why it is."""

NAME_OF_EVERY_COMMAND = "Command"
"""Scrapy finds the class of a command by its base, and calls each of its own so."""

LOADS_NO_SCRAPY = """
import importlib, sys
for name in sys.argv[1:]:
    importlib.import_module(f"crawler.{name}")
    if found := {"scrapy", "twisted", "itemadapter"} & set(sys.modules):
        sys.exit(f"crawler.{name} loads {found}")
"""


def files_of(room: str) -> list[Path]:
    path = PACKAGE / room
    return sorted(path.rglob("*.py")) if path.is_dir() else [path.with_suffix(".py")]


def imported_by(file: Path) -> Iterator[str]:
    """Yield the modules of ours that *file* imports, dotted: ``crawler.text.clean``."""
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module and node.module.partition(".")[0] == "crawler":
            whole = node.module == "crawler"
            yield from (f"crawler.{alias.name}" for alias in node.names) if whole else (node.module,)
        elif isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name.startswith("crawler."))


def rooms_imported_by(room: str) -> set[str]:
    modules = {module for file in files_of(room) for module in imported_by(file)}
    return {module.split(".")[1] for module in modules} - {room, "__version__"}


def test_every_room_has_a_layer():
    on_disk = {path.stem for path in PACKAGE.iterdir() if path.suffix == ".py" or (path / "__init__.py").exists()}
    assert on_disk - {"__init__"} == set(ROOMS)


@pytest.mark.parametrize("room", ROOMS)
def test_room_imports_only_lower_rooms(room):
    layer = next(number for number, rooms in enumerate(LAYERS) if room in rooms)
    lower = {name for rooms in LAYERS[layer + 1 :] for name in rooms}
    assert rooms_imported_by(room) <= lower


def test_crawl_imports_no_tool_of_a_finished_corpus():
    assert {room for room in ROOMS if "corpus" in rooms_imported_by(room)} <= ABOVE_A_FINISHED_CORPUS


def test_replica_is_imported_by_commands_only():
    assert {room for room in ROOMS if "replica" in rooms_imported_by(room)} <= WHO_STARTS_THE_REPLICA


def test_middlewares_are_named_in_the_settings_only():
    assert [room for room in ROOMS if "middlewares" in rooms_imported_by(room)] == []


def test_core_loads_without_scrapy_and_twisted():
    command = [sys.executable, "-c", LOADS_NO_SCRAPY, *CORE]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=PACKAGE.parent)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize(("file", "module"), MODULES_IN_STRINGS.items())
def test_module_named_in_a_string_exists(file, module):
    assert module in (PACKAGE.parent / file).read_text(encoding="utf-8")
    importlib.import_module(module)


def test_placeholders_of_sql_have_names_or_nothing():
    """Python before 3.12.4 warns of ``?1`` with a sequence."""
    found = [path.name for path in PACKAGE.rglob("*.py") if re.search(r"[=,(] ?\?\d", path.read_text(encoding="utf-8"))]
    assert found == []


def classes() -> Iterator[tuple[str, ast.ClassDef]]:
    """Yield the file, relative to the package, and the syntax of each top-level class."""
    for path in sorted(PACKAGE.rglob("*.py")):
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            if isinstance(node, ast.ClassDef):
                yield path.relative_to(PACKAGE).as_posix(), node


def is_too_large(node: ast.ClassDef) -> bool:
    methods = sum(isinstance(part, ast.FunctionDef | ast.AsyncFunctionDef) for part in node.body)
    lines = (node.end_lineno or node.lineno) - node.lineno + 1
    return methods > MAX_CLASS_METHODS or lines > MAX_CLASS_LINES


def test_large_class_gives_its_reason():
    large = {
        f"{file}: {node.name}"
        for file, node in classes()
        if is_too_large(node) and not SIZE_REASON_RE.search(ast.get_docstring(node) or "")
    }
    assert large == set()


def test_name_belongs_to_one_class():
    files = defaultdict(list)
    for file, node in classes():
        files[node.name].append(file)
    shared = {name: places for name, places in files.items() if len(places) > 1 and name != NAME_OF_EVERY_COMMAND}
    assert shared == {}


def test_class_is_large_by_its_methods_or_its_lines():
    many_methods = "class Made:\n" + "    def method(self): ...\n" * (MAX_CLASS_METHODS + 1)
    many_lines = "class Made:\n" + "    value: int\n" * MAX_CLASS_LINES
    few = "class Made:\n" + "    def method(self): ...\n" * MAX_CLASS_METHODS
    sizes = [is_too_large(node) for text in (many_methods, many_lines, few) for node in ast.parse(text).body]
    assert sizes == [True, True, False]


def test_module_assigns_each_constant_once():
    """The second assignment also changes what code above it reads: two modules that were joined clashed that way."""
    again = []
    for path in PACKAGE.rglob("*.py"):
        statements = [
            node
            for node in ast.parse(path.read_text(encoding="utf-8")).body
            if isinstance(node, ast.Assign | ast.AnnAssign)
        ]
        stored = [
            part.id
            for node in statements
            for part in ast.walk(node)
            if isinstance(part, ast.Name) and isinstance(part.ctx, ast.Store) and part.id.isupper()
        ]
        again += [f"{path.relative_to(PACKAGE)}: {name}" for name in set(stored) if stored.count(name) > 1]
    assert again == []
