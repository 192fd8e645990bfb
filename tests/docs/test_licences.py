"""The page of licences lists each package that a plain installation brings, with the licence in its metadata."""

from __future__ import annotations

import re
import tomllib
from importlib.metadata import distribution

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.crawling import REPOSITORY

PAGE = (REPOSITORY / "docs/reference/licences.md").read_text(encoding="utf-8")
BASE = {
    canonicalize_name(one.name): one
    for one in map(
        Requirement,
        tomllib.loads((REPOSITORY / "pyproject.toml").read_text(encoding="utf-8"))["project"]["dependencies"],
    )
}
ROWS = {
    cells[0]: cells
    for line in re.findall(r"^\| ([a-z].*) \|$", PAGE, re.MULTILINE)
    if (cells := line.split(" | "))[0] != "package"
}
FAMILIES = {
    "AGPL": r"AGPL|Affero",
    "LGPL": r"LGPL|Lesser General Public|Library General Public",
    "GPL": r"\bGPL|General Public License",
    "MPL": r"MPL|Mozilla",
    "Apache": r"Apache",
    "PSF": r"PSF|Python Software Foundation",
    "BSD": r"BSD",
    "MIT": r"MIT",
    "ZPL": r"ZPL|Zope",
}
"""Licences by what metadata without an SPDX expression calls them; the first that fits."""
STRONG = {"AGPL", "GPL"}
NO_LICENCES = {"License :: OSI Approved", "Dual License"}
"""What stands in place of the name of a licence."""
MAX_NAME_LETTERS = 80
"""What is longer is the text of a licence, not its name."""


def licence_in(row):
    return row[2] if len(row) == 4 else row[1]


def family(name):
    return next((known for known, pattern in FAMILIES.items() if re.search(pattern, name)), name)


def stated(name):
    """Return what the metadata of *name* states: an SPDX expression; or the families of its licences, and False."""
    metadata = distribution(name).metadata
    if expression := metadata.get("License-Expression"):
        return expression, True
    words = [
        metadata.get("License") or "",
        *(one for one in metadata.get_all("Classifier", []) if one.startswith("License ::")),
    ]
    found = {
        family(one.rpartition(":: ")[2])
        for one in words
        if one and len(one) < MAX_NAME_LETTERS and one not in NO_LICENCES
    }
    return found, False


def closure():
    """Yield the canonical names of the base dependencies and of all that these need here."""
    seen, waiting = set(), list(BASE.values())
    while waiting:
        one = waiting.pop()
        name = canonicalize_name(one.name)
        if name in seen or (one.marker and not one.marker.evaluate({"extra": ""})):
            continue
        seen.add(name)
        yield name
        for needed in map(Requirement, distribution(name).requires or []):
            if needed.marker is None or any(needed.marker.evaluate({"extra": extra}) for extra in ("", *one.extras)):
                needed.marker = None
                waiting.append(needed)


def choices(expression):
    """Return the families of which one may choose: ``A OR (B AND C)`` is {A}, {B, C}."""
    return [{family(part.strip(" ()")) for part in option.split(" AND ")} for option in expression.split(" OR ")]


INSTALLED = sorted(closure())


@pytest.mark.parametrize("name", INSTALLED)
def test_every_package_is_listed_with_its_licence(name):
    assert name in ROWS, f"{name} is not in docs/reference/licences.md"
    listed = licence_in(ROWS[name])
    found, is_expression = stated(name)
    assert listed == found if is_expression else set().union(*choices(listed)) == found


@pytest.mark.parametrize("name", ROWS)
def test_no_package_has_to_be_used_under_the_gpl(name):
    assert any(not option & STRONG for option in choices(licence_in(ROWS[name])))


def test_the_gpl_is_recognized():
    for expression in ("AGPL-3.0-or-later", "GPL-2.0-only OR AGPL-3.0-only", "MIT AND GPL-3.0-only"):
        assert all(option & STRONG for option in choices(expression))
    for words in ("GNU Affero General Public License v3", "GNU General Public License v2 or later (GPLv2+)", "GPL"):
        assert family(words) in STRONG
    assert family("GNU Lesser General Public License v3 or later (LGPLv3+)") == "LGPL"


def test_nothing_is_listed_that_is_not_installed_anywhere():
    locked = (REPOSITORY / "requirements/develop.txt").read_text(encoding="utf-8")
    names = {canonicalize_name(name) for name in re.findall(r"^([A-Za-z0-9._-]+)==", locked, re.MULTILINE)}
    assert set(ROWS) <= names
    assert set(INSTALLED) <= set(ROWS)


def test_direct_dependencies_are_listed_with_their_versions():
    listed = {name: row for name, row in ROWS.items() if len(row) == 4}
    assert set(listed) == set(BASE)
    for name, row in listed.items():
        asked = BASE[name].specifier
        assert Requirement(f"{name}{row[1].strip('`').replace('any', '')}").specifier == asked
        assert len(row[3]) > 10
