"""Chooses the site profile of a command: the given one, else the corpus's own, else a default."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from crawler.archive.description import PROFILE_NAME, is_corpus, profile_site, sha256_of
from crawler.archive.ownprofile import own_profile
from crawler.exceptions import CorpusDamaged
from crawler.inputs import shown
from crawler.sites import SiteProfile, parse_profile, parse_table, profile_content

DEFAULT_SITE = "alalam"
_MAX_KEYS_NAMED = 6


@dataclass(frozen=True, slots=True)
class ChosenProfile:
    """A site profile, its file's bytes, and a remark for the user: how it differs from the corpus's, or None."""

    profile: SiteProfile
    content: bytes
    remark: str | None = None

    @property
    def sha256(self) -> str:
        """The SHA-256 of its file, in hexadecimal digits."""
        return sha256_of(self.content)


def choose_profile(root: Path | None, given: str | None, default: str = DEFAULT_SITE) -> ChosenProfile:
    """Return the site profile for the corpus at *root* (None: without a corpus).

    It is the one *given* by name or path; else the one that the corpus keeps; else the one named *default*. Raises
    ``ProfileError`` if it cannot be used, ``CorpusDamaged`` if the corpus's own is needed and is missing or changed.
    """
    if given is None:
        own = own_profile(root) if root is not None and is_corpus(root) else None
        if own is not None:
            return ChosenProfile(parse_profile(own, f"{root}/{PROFILE_NAME}"), own)
    content, name = profile_content(given or default), shown(given or default)
    profile = parse_profile(content, name)
    remark = None if given is None or root is None else _remark(root, profile, content, name)
    return ChosenProfile(profile, content, remark)


def _remark(root: Path, profile: SiteProfile, content: bytes, name: str) -> str | None:
    """Return how the profile *name* differs from the one kept in the corpus at *root*, if both are of one site."""
    if not is_corpus(root):
        return None
    try:
        own = own_profile(root)
    except CorpusDamaged as error:
        return f"{error}; {name} is used"
    if own is None or own == content or profile_site(own) != profile.name:
        return None
    keys = list(_differences(parse_table(own, PROFILE_NAME), parse_table(content, name)))
    more = f" and {len(keys) - _MAX_KEYS_NAMED} more" if len(keys) > _MAX_KEYS_NAMED else ""
    where = f"in {', '.join(keys[:_MAX_KEYS_NAMED])}{more}" if keys else "in comments or order only"
    return f"the site profile {name} differs from the one that corpus {root} keeps ({PROFILE_NAME}) {where}"


def _differences(one: Mapping[str, Any], other: Mapping[str, Any], prefix: str = "") -> Iterator[str]:
    """Yield the keys, such as ``extract.title``, whose values differ in two tables."""
    for key in dict.fromkeys((*one, *other)):
        first, second = one.get(key), other.get(key)
        if isinstance(first, dict) and isinstance(second, dict):
            yield from _differences(first, second, f"{prefix}{key}.")
        elif first != second:
            yield f"{prefix}{key}"
