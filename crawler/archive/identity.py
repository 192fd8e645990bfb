"""What identifies a record: its number, its text and its URL."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple

from w3lib.url import canonicalize_url

from crawler.archive.fingerprints import fingerprint
from crawler.frontier.targets import target_id
from crawler.items import Article

_PLAIN_URL_RE = re.compile(r"https?://[a-z0-9.-]+(:[1-9][0-9]{0,3})?/[A-Za-z0-9_/-]*")


class Identity(NamedTuple):
    """What a record is looked up by: its number, the fingerprint of its text, and its :func:`url_key_of`."""

    tid: int
    fingerprint: int | None
    url_key: str | None


def identity_of(article: Article) -> Identity:
    """Return what *article* is looked up by."""
    content = article.content_sha256
    return Identity(target_id(article.key), fingerprint(content) if content else None, url_key_of(article))


def url_key_of(article: Article) -> str | None:
    """Return a key that all URLs of one page share; None for records that are not fetched articles."""
    return _canonical(article.url) if article.kind == "article" and article.url else None


@lru_cache(maxsize=1024)  # asked when looking for twins, and again when indexing
def _canonical(url: str) -> str:
    # A plain URL is canonical already. Checking that is thirty times faster than making a URL canonical.
    canonical = url if _PLAIN_URL_RE.fullmatch(url) else canonicalize_url(url)
    return canonical.removeprefix("https:").removeprefix("http:")
