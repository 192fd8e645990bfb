"""The article of a captured URL: spellings that web archives treat as one are one."""

from __future__ import annotations

from functools import lru_cache
from urllib.parse import urlsplit

from crawler.net import url_origin
from crawler.sites.profile import SiteProfile

_USUAL_PORTS = frozenset({80, 443})
_MAX_ID_DIGITS = 20


def captured_id(profile: SiteProfile, url: str) -> str | None:
    """Return the article id in the *url* of a capture: scheme, usual port and a leading ``www.`` do not matter.

    >>> from crawler.sites import load_profile
    >>> captured_id(load_profile("alalam"), "http://www.en.alalam.ir:80/news/1793356?ref=x")
    '1793356'
    """
    hosts = _hosts(profile.article_bases)
    if url_origin(url) is None or _host(url) not in hosts:
        return None
    parts = urlsplit(url)
    match = profile.id_pattern.search(parts.path + (f"?{parts.query}" if parts.query else ""))
    found = match["id"] if match else None
    return found if found and found.isascii() and found.isdigit() and len(found) <= _MAX_ID_DIGITS else None


@lru_cache
def _hosts(bases: tuple[str, ...]) -> frozenset[str]:
    return frozenset(map(_host, bases))


def _host(url: str) -> str:
    """Return the host in *url* as archives treat it: any scheme, no usual port, no leading ``www.``."""
    host, port = url_origin(url) or ("", 0)
    return f"{host.removeprefix('www.')}{'' if port in _USUAL_PORTS else f':{port}'}"
