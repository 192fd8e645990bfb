"""The site profile of a replica at any address, for crawls of it."""

from __future__ import annotations

from importlib.resources import files

_USUAL = "http://127.0.0.1:8765"


def profile_text(base: str) -> str:
    """Return the profile that ships with Gleaner as ``replica``, with *base* (``http://host:port``) for its address."""
    shipped = files("crawler.sites").joinpath("replica.toml").read_text(encoding="utf-8")
    return shipped.replace(_USUAL, base)
