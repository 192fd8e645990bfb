"""The distribution is ``scrapy-gleaner``: on the package index ``gleaner`` is another project, which nothing may install."""

from __future__ import annotations

import re
import subprocess
import tomllib
from email import message_from_bytes
from pathlib import Path

import pytest
from setuptools.build_meta import prepare_metadata_for_build_wheel

from tests.crawling import REPOSITORY

NAME = "scrapy-gleaner"
WORD = r"(?<![-\w/.])gleaner(?![-\w/.])"
VERB = r"(?<!un)\b(?:install|pipx|uvx|uv add|poetry add)\b"
STRANGER = re.compile(
    rf"(?<!scrapy-)\b(?i:gleaner)\[|{WORD} ?(?:[=~!<>]=|@ )|{VERB}[^;.&|]*{WORD}|pip install (?i:{WORD})"
)
"""Texts that would make pip and its kin take the other project."""
VERSION = re.compile(r"""(?:\bversion|\bdistribution|\bmetadata|\brequires|\bfiles)\(['"]gleaner['"]\)""")
"""Calls of importlib.metadata."""
EXAMPLES = [
    "pip install gleaner",
    "pip install --constraint constraints.txt 'gleaner[browse]'",
    'pip install "gleaner >= 0.1"',
    "its extra, gleaner[harvest]",
    "pipx run gleaner",
    "RUN pip install -q scrapy gleaner",
    "gleaner==0.1.0",
]


def tracked_texts():
    """Yield path and text of all files of the repository that are text, this one excepted."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=REPOSITORY, capture_output=True, check=False)
    if listed.returncode:
        pytest.skip("this is no checkout of git: the project's files are unknown")
    for name in listed.stdout.decode().split("\0"):
        path = REPOSITORY / name
        if name and path.is_file() and path != Path(__file__):
            try:
                yield name, path.read_text(encoding="utf-8")
            except UnicodeDecodeError:
                continue


def test_the_metadata_that_is_built_has_the_name(tmp_path, monkeypatch):
    project = tomllib.loads((REPOSITORY / "pyproject.toml").read_text(encoding="utf-8"))
    for name in ("pyproject.toml", "README.md", "LICENSE", "crawler/__init__.py"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes((REPOSITORY / name).read_bytes())
    monkeypatch.chdir(tmp_path)
    (tmp_path / "out").mkdir()
    folder = prepare_metadata_for_build_wheel("out")
    built = message_from_bytes((tmp_path / "out" / folder / "METADATA").read_bytes())
    assert built["Name"] == NAME
    assert set(built.get_all("Provides-Extra")) == set(project["project"]["optional-dependencies"])
    assert (tmp_path / "out" / folder / "top_level.txt").read_text().split() == ["crawler"]


def test_no_text_installs_the_other_project():
    found = [
        f"{name}: {match[0]}"
        for name, text in tracked_texts()
        for line in text.splitlines()
        if (match := STRANGER.search(line) or VERSION.search(line))
    ]
    assert found == []


@pytest.mark.parametrize("text", EXAMPLES)
def test_former_name_is_found(text):
    assert STRANGER.search(text)
    assert not STRANGER.search(text.replace("gleaner", NAME))


@pytest.mark.parametrize("text", ["pip uninstall gleaner", "USER_AGENT = gleaner/0.1", "pip install /srv/gleaner"])
def test_texts_without_the_former_name_are_accepted(text):
    assert not STRANGER.search(text)


def test_every_extra_that_a_hint_names_is_there():
    extras = tomllib.loads((REPOSITORY / "pyproject.toml").read_text(encoding="utf-8"))["project"][
        "optional-dependencies"
    ]
    named = {
        extra.strip()
        for _, text in tracked_texts()
        for listed in re.findall(rf"\b{NAME}\[([a-z, ]+)\]", text)
        for extra in listed.split(",")
    }
    assert {"export", "harvest", "browse", "redis", "warc", "monitors", "completion"} <= named
    assert named <= set(extras)
