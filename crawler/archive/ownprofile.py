"""``site.toml``: the site profile that a corpus is crawled with, kept beside its lines.

corpus.json lists the SHA-256 of each kept profile before the file is written. So after a kill the profile is one of
those, and any other profile was damaged or edited. An earlier profile stays, as
``site-<first 12 digits of its SHA-256>.toml``.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from crawler.archive.description import (
    DESCRIPTION_NAME,
    PROFILE_NAME,
    describe,
    profile_site,
    quarantine,
    sha256_of,
    update_description,
)
from crawler.archive.files import sync_directory, write_atomically
from crawler.archive.manifest_lines import unlist
from crawler.exceptions import CorpusDamaged

MAX_PROFILE_BYTES = 1024 * 1024
_HASH_DIGITS = 12


def own_profile(root: Path) -> bytes | None:
    """Return the site profile that the corpus at *root* keeps; None if it has none yet.

    Raises ``CorpusDamaged`` if it is missing, or if the corpus was never crawled with it. Without corpus.json that
    cannot be checked, and the profile is accepted.
    """
    content = _content(root / PROFILE_NAME)
    if not (root / DESCRIPTION_NAME).exists():
        return content
    kept = describe(root).get("profiles") or []
    if message := _problem(content, kept):
        raise CorpusDamaged(str(root), f"{PROFILE_NAME} {message}; give the right one with -a site= or --site")
    return content


def earlier_profiles(root: Path) -> list[Path]:
    """Return the paths of the earlier site profiles of the corpus at *root*."""
    return sorted((root).glob(f"site-{'[0-9a-f]' * _HASH_DIGITS}.toml"))


def profile_problems(root: Path) -> Iterator[tuple[str, None, str]]:
    """Yield the problems of the site profiles in the corpus at *root*: a file, no offset, and a message.

    If corpus.json cannot be read, site.toml cannot be checked.
    """
    try:
        kept = describe(root).get("profiles") or []
    except CorpusDamaged:
        kept = []
    if kept and (message := _problem(_content(root / PROFILE_NAME), kept)):
        yield PROFILE_NAME, None, message
    for path in earlier_profiles(root):
        if path != earlier_path(root, _content(path) or b""):
            yield path.name, None, "it is not the site profile that it is named after"


def repair_profiles(root: Path) -> list[str]:
    """Move changed earlier profiles of the corpus at *root* to quarantine/; return what is wrong, and what to do.

    ``site.toml`` cannot be rebuilt: a person must bring the right one. The caller holds the corpus's lock.
    """
    messages = []
    for name, _, message in list(profile_problems(root)):
        if name == PROFILE_NAME:
            messages.append(f"{name} {message}; give the right one to the next crawl with -a site=")
            continue
        quarantine(root, root / name)
        unlist(root, name)
        (root / name).unlink()
        sync_directory(root)
        messages.append(f"{name}: {message}; it was moved to quarantine/")
    return messages


def keep_profile(root: Path, content: bytes) -> Path | None:
    """Keep *content* as the site profile of the corpus at *root*, whose lock the caller holds.

    Returns the path of the profile that was kept before, if it is a different one. A file that is not a profile of
    this corpus goes to quarantine/.
    """
    kept, current, digest = describe(root).get("profiles") or [], _content(root / PROFILE_NAME), sha256_of(content)
    update_description(root, profiles=[*(one for one in kept if one != digest), digest])
    earlier = None
    if current == content:
        return None
    if current is not None and _problem(current, kept) is None:
        earlier = earlier_path(root, current)
        write_atomically(earlier, current)
    elif current is not None:
        quarantine(root, root / PROFILE_NAME)
    unlist(root, PROFILE_NAME)
    write_atomically(root / PROFILE_NAME, content)
    return earlier


def bring_profile(root: Path, other: Path) -> bool:
    """Copy the site profile of the corpus at *other* to the one at *root*, whose lock the caller holds.

    If *root* has none, it becomes its own, and True is returned. Otherwise a different one is kept as an earlier
    profile, which nothing uses.
    """
    content = _content(other / PROFILE_NAME)
    if content is None or profile_site(content) != describe(root)["site"]:
        return False
    own = _content(root / PROFILE_NAME)
    if own is None:
        keep_profile(root, content)
    elif own != content:
        write_atomically(earlier_path(root, content), content)
    return own is None


def earlier_path(root: Path, content: bytes) -> Path:
    """Return the path of the site profile *content* in the corpus at *root* once another one has replaced it."""
    return root / f"site-{sha256_of(content)[:_HASH_DIGITS]}.toml"


def _problem(content: bytes | None, kept: list[str]) -> str | None:
    if content is None:
        return "is missing" if kept else None
    if sha256_of(content) not in kept:
        return "is not a site profile that this corpus was crawled with: it was damaged or edited"
    return None


def _content(path: Path) -> bytes | None:
    """Return the bytes of the file at *path*; None if it is not a plain file, or too large for a site profile."""
    try:
        if path.is_symlink() or path.stat().st_size > MAX_PROFILE_BYTES:
            return None
        return path.read_bytes()
    except OSError:
        return None
