"""SURT, the Sort-friendly URI Reordering Transform: the keys by which CDX indexes and replay tools look up URLs.

Written from the published rules: those of Google's Safe Browsing for escapes, hosts and paths; those of Heritrix for
what does not distinguish pages (letter case, ``www`` prefixes, users, default ports, session ids, the order of the
query, a trailing slash). The package ``surt``, whose licence (AGPL) does not fit ours, is the reference in the tests.
"""

from __future__ import annotations

import re
from contextlib import suppress
from socket import inet_aton, inet_ntoa

_SCHEME = re.compile(r"([a-z][a-z0-9+.-]*):", re.IGNORECASE)
_AUTHORITY = re.compile(r"(?:.*@)?(?P<host>\[[^\]]*\]|[^:\[\]]*)(?::(?P<port>[0-9]*))?", re.DOTALL)
_LINE_ENDS = str.maketrans("", "", "\t\r\n")
_ASCII_SPACE = " \t\r\n\v\f"
_WEB = frozenset({"http", "https"})
_DEFAULT_PORTS = {"http": 80, "https": 443}
_MAX_PORT = 65535
_WWW = re.compile(r"^www\d*\.", re.ASCII)
_NUMERIC_HOST = re.compile(r"[0-9]+(?:\.[0-9]+){0,3}")
_ESCAPE = re.compile(rb"%[0-9A-Fa-f]{2}")
_TO_ESCAPE = re.compile(rb"[\x00-\x20\x7f-\xff#%]")
_PATH_SESSIONS = (
    re.compile(r"^(.*/)\((?:[a-z]\([0-9a-z]{24}\))+\)/([^?]+\.aspx.*)$"),
    re.compile(r"^(.*/)\([0-9a-z]{24}\)/([^?]+\.aspx.*)$"),
)
_QUERY_SESSIONS = (
    re.compile(r"^(.*)jsessionid=[0-9a-z]{32}(?:&(.*))?$"),
    re.compile(r"^(.*)phpsessid=[0-9a-z]{32}(?:&(.*))?$"),
    re.compile(r"^(.*)sid=[0-9a-z]{32}(?:&(.*))?$"),
    re.compile(r"^(.*)aspsessionid[a-z]{8}=[a-z]{24}(?:&(.*))?$"),
    re.compile(r"^(.*)cfid=(?:(?!cfid=)[^&])++&cftoken=[^&]++(?:&(.*))?$"),
)
"""Session ids as Heritrix removes them: those of ASP.NET in the path; of Java, PHP, ASP and ColdFusion in the query."""


def surt(url: str) -> str:
    """Return the SURT of *url*; a URL without a host, such as ``dns:example.org``, keeps its order.

    >>> surt("https://www.example.org:8443/News/7/?b=2&a=%31#top")
    'org,example:8443)/news/7?a=1&b=2'

    Raises ValueError for an invalid host or port, or characters that UTF-8 cannot encode.
    """
    text = url.strip(_ASCII_SPACE).translate(_LINE_ENDS).partition("#")[0]
    if not text:
        return "-"
    found = _SCHEME.match(text)
    scheme, rest = (found[1], text[found.end() :]) if found else ("http", text)
    if (kind := scheme.lower()) in _WEB:
        rest = "//" + rest.lstrip("/")
    before, _, query = rest.partition("?")
    if not before.startswith("//") or kind == "filedesc":
        return f"{scheme}:{_canonical(before).rstrip('/')}{_query(query)}"
    authority, _, path = before[2:].partition("/")
    return f"{_authority(kind, authority)}){_path(path)}{_query(query)}"


def _authority(scheme: str, authority: str) -> str:
    """Return the labels of the host from the last to the first, and the port if it is not the scheme's default."""
    found = _AUTHORITY.fullmatch(authority)
    port = int(found["port"] or 0) if found else _MAX_PORT + 1
    host = ".".join(label for label in _host(found["host"].strip("[]")).split(".") if label) if found else ""
    if not host or port > _MAX_PORT:
        raise ValueError(f"no host and port: {authority!r}")
    if _NUMERIC_HOST.fullmatch(host):
        with suppress(OSError):
            host = inet_ntoa(inet_aton(host))  # also with fewer or octal numbers; no resolver is used
    labels = ",".join(reversed(_WWW.sub("", host).split(".")))
    return labels if port in {0, _DEFAULT_PORTS.get(scheme)} else f"{labels}:{port}"


def _host(host: str) -> str:
    raw = _unescaped(host)
    if not raw.isascii():
        with suppress(UnicodeError):  # a name that IDNA does not allow stays unchanged
            raw = raw.decode(errors="ignore").encode("idna")
    return _escaped(raw)


def _path(path: str) -> str:
    """Return *path* without its dots, doubled slashes, session ids and the slash at its end."""
    kept: list[str] = []
    for segment in _canonical(path).split("/"):
        if segment == ".." and kept:
            kept.pop()
        elif segment != ".":
            kept.append(segment)
    end = "/" if kept and not kept[-1] else ""
    found = "/" + "/".join(segment for segment in kept if segment) + end
    for sessions in _PATH_SESSIONS:
        found = sessions.sub(r"\1\2", found)
    return "/" + found.strip("/")


def _query(query: str) -> str:
    """Return the question mark and *query* in order, without session ids; nothing if it is empty."""
    found = _canonical(query)
    for sessions in _QUERY_SESSIONS:
        found = sessions.sub(r"\1\2", found)
    return "?" + "&".join(sorted(found.split("&"), key=lambda pair: pair.partition("="))) if found else ""


def _canonical(text: str) -> str:
    return _escaped(_unescaped(text))


def _escaped(raw: bytes) -> str:
    return _TO_ESCAPE.sub(lambda found: b"%%%02x" % ord(found[0]), raw).decode("ascii").lower()


def _unescaped(text: str) -> bytes:
    """Return *text* in UTF-8 without escapes, also nested ones: ``%2541`` is ``A``. Takes linear time."""
    raw = text.encode()
    if b"%" not in raw:
        return raw
    found = bytearray()
    for byte in raw:
        found.append(byte)
        while _ESCAPE.fullmatch(found[-3:]):
            found[-3:] = bytes([int(found[-2:], 16)])
    return bytes(found)
