"""Bags are never written to, nor read as a live corpus; ``merge`` brings their content into a corpus."""

from __future__ import annotations

from pathlib import Path

from crawler.exceptions import ConfigError

BAG_DECLARATION = "bagit.txt"
"""The file that marks a folder as a bag (RFC 8493, section 2.1.1)."""


def is_in_bag(root: Path) -> bool:
    """Return whether *root* is a bag, or in the payload of one."""
    root = root.resolve()
    payloads = (parent for parent in root.parents if root.relative_to(parent).parts[0] == "data")
    return any((bag / BAG_DECLARATION).is_file() for bag in (root, *payloads))


def refuse_bag(root: Path) -> None:
    """Raise ``ConfigError`` if *root* is a bag or in one: adding or removing files there would break it."""
    if is_in_bag(root):
        source = root if (root / "corpus.json").exists() else root / "data"
        raise ConfigError(
            f"CORPUS_DIR {root} is in a bag, which is never written to: bring what it holds into a corpus with "
            f"scrapy corpus merge {source} -s CORPUS_DIR=NEW"
        )
