"""What is installed for tests has a hash for each file, and is what pyproject.toml asks for at the pinned versions."""

from __future__ import annotations

import re
import tomllib
from importlib.metadata import distribution
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

REPOSITORY = Path(__file__).parents[1]
PROJECT = tomllib.loads((REPOSITORY / "pyproject.toml").read_text(encoding="utf-8"))
GROUPS = PROJECT["dependency-groups"]
EXTRAS = PROJECT["project"]["optional-dependencies"]
LOCKS = {
    "develop": [
        *PROJECT["project"]["dependencies"],
        *(one for extra in ("fast", "harvest", "redis", "remote", "warc") for one in EXTRAS[extra]),
        *(one for group in ("test", "scrapyd", "lint") for one in GROUPS[group]),
    ],
    "docs": GROUPS["docs"],
    "fuzz": GROUPS["fuzz"],
    "archives": GROUPS["archives"],
}
SAY = "run make lock"


def pins(path):
    """Return the versions of a requirements file by canonical name; each must have a hash if it is a lock."""
    found = {}
    text = path.read_text(encoding="utf-8").replace("\\\n", " ")
    for line in text.splitlines():
        if line and not line.lstrip().startswith("#"):
            requirement, *hashes = line.split(" --hash=")
            assert all(re.fullmatch("sha256:[0-9a-f]{64}", one.strip()) for one in hashes)
            assert hashes or path.parent == REPOSITORY, f"{requirement} has no hash: {SAY}"
            parsed = Requirement(requirement)
            (pin,) = parsed.specifier
            assert pin.operator == "=="
            found.setdefault(canonicalize_name(parsed.name), set()).add(pin.version)
    return found


@pytest.mark.parametrize("name", LOCKS)
def test_dependencies_are_locked_at_their_pinned_versions(name):
    locked = pins(REPOSITORY / "requirements" / f"{name}.txt")
    pinned = pins(REPOSITORY / ("constraints-archives.txt" if name == "archives" else "constraints.txt"))
    for requirement in map(Requirement, LOCKS[name]):
        versions = locked.get(canonicalize_name(requirement.name), set())
        assert versions, f"{requirement.name} is not in requirements/{name}.txt: {SAY}"
        assert all(requirement.specifier.contains(version) for version in versions), f"{requirement}: {SAY}"
    for package in locked.keys() & pinned.keys():
        assert pinned[package] <= locked[package], f"{package} is pinned to {pinned[package]}: {SAY}"


def test_packages_installed_by_the_makefile_are_locked():
    makefile = (REPOSITORY / "Makefile").read_text(encoding="utf-8")
    assert {f"requirements/{name}.txt" for name in LOCKS} == set(
        re.findall(r"--require-hashes --requirement (\S+?)(?:;|\n)", makefile)
    )


def test_make_clean_removes_what_was_made_and_no_corpus():
    makefile = (REPOSITORY / "Makefile").read_text(encoding="utf-8")
    (removed,) = re.findall(r"^clean:\n\trm -rf (.+)$", makefile, re.MULTILINE)
    assert "$(VENV)" in removed
    assert "corpus" not in removed.lower()


def test_pip_with_other_spelling_of_extras_installs_the_same():
    """Before 23.3, pip passes over an extra whose name is spelled in another way than where it is defined."""
    ours = {canonicalize_name(Requirement(one).name) for one in PROJECT["project"]["dependencies"]}
    seen, waiting, missed = set(), sorted(ours), set()
    while waiting:
        if (name := waiting.pop()) in seen:
            continue
        seen.add(name)
        for needed in required(name):
            waiting.append(canonicalize_name(needed.name))
            defined = distribution(needed.name).metadata.get_all("Provides-Extra", [])
            for extra in needed.extras.difference(defined):
                missed.update(canonicalize_name(one.name) for one in required(needed.name, canonicalize_name(extra)))
    assert {"lxml", "twisted"} <= seen
    assert missed <= ours


def required(name, extra=""):
    """Return what the installed *name* requires here: by itself, or by the *extra*."""
    found = [Requirement(one) for one in distribution(name).requires or []]
    plain = {str(one) for one in found if one.marker is None or one.marker.evaluate({"extra": ""})}
    if not extra:
        return [one for one in found if str(one) in plain]
    return [one for one in found if str(one) not in plain and one.marker.evaluate({"extra": extra})]
