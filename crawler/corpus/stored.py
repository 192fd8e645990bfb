"""The stored pictures of a record that was read from a line: what a line says of itself may be anything."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

PICTURE_PATH_RE = re.compile(r"images/[0-9a-f]{2}/[0-9a-f]{64}\.(?:jpg|png|gif|webp|avif)", re.ASCII)
"""Where a corpus keeps a picture; nothing else is ever opened."""


def images_of(record: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the images of *record*; invalid ones are skipped."""
    images = record.get("images")
    return [image for image in images if isinstance(image, dict)] if isinstance(images, list) else []


def stored_pictures(record: Mapping[str, Any]) -> list[str]:
    """Return the paths, in the corpus, of the pictures of *record* that are stored, each once."""
    paths = (image.get("path") for image in images_of(record) if image.get("status") == "stored")
    return list(dict.fromkeys(p for p in paths if isinstance(p, str) and PICTURE_PATH_RE.fullmatch(p)))


def stored_picture(record: Mapping[str, Any]) -> str | None:
    """Return the path, in the corpus, of the first picture of *record* that is stored; None if it has none."""
    return next(iter(stored_pictures(record)), None)
