"""URLs and their hosts and ports: a URL that parsers read in different ways is refused."""

from __future__ import annotations

import re
from collections.abc import Collection
from urllib.parse import urlsplit

Origin = tuple[str, int]
"""A host name in lower case (an IPv6 address in brackets) and a port: the unit in which requests are allowed."""

_UNSAFE_RE = re.compile(r"[\x00-\x20\x7f-\U0010ffff\\]")
_HOST_RE = re.compile(r"[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?|\[[0-9a-f:.]{2,45}\]", re.ASCII)
_USER_INFO_RE = re.compile(r"(?<=//)[^/?#]*@")
_PORTS = {"http": 80, "https": 443}


def url_origin(url: str) -> Origin | None:
    """Return the (host, port) of *url*; None unless it is a plain http(s) URL that all parsers read in the same way.

    >>> url_origin("https://EN.alalam.ir/news/1")
    ('en.alalam.ir', 443)
    >>> url_origin("http://a@evil/") is None
    True
    """
    origin = _parse(url)
    return origin if isinstance(origin, tuple) else None


def url_refusal(url: str, allowed: Collection[Origin]) -> str | None:
    """Return in a word why *url* may not be requested, None if it leads to one of the *allowed* origins.

    ``characters``: some that parsers read differently (control, backslash, space, non-ASCII); ``scheme``: not http(s);
    ``user_info``; ``malformed``: no plain host name or port; ``other_port`` and ``other_host``: not among the allowed.

    >>> url_refusal("http://127.0.0.1:6379/", {("127.0.0.1", 8765)})
    'other_port'
    """
    origin = _parse(url)
    if isinstance(origin, str):
        return origin
    if origin in allowed:
        return None
    return "other_port" if any(origin[0] == host for host, _ in allowed) else "other_host"


def redacted(url: str) -> str:
    """Return *url* for a log line: without user name and password.

    >>> redacted("http://user:secret@host/news/1")
    'http://...@host/news/1'
    """
    return _USER_INFO_RE.sub("...@", url)


def _parse(url: str) -> Origin | str:
    """Return the origin of *url*, or in a word what is wrong with it."""
    if _UNSAFE_RE.search(url):
        return "characters"
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return "malformed"
    if parts.scheme not in _PORTS:
        return "scheme"
    if "@" in parts.netloc:
        return "user_info"
    host = (parts.netloc.rpartition(":")[0] if port is not None else parts.netloc).lower()
    if not _HOST_RE.fullmatch(host) or port == 0:
        return "malformed"
    return host, _PORTS[parts.scheme] if port is None else port
