"""Names of inputs: which are URLs, and how they are shown, without what is secret in them."""

from __future__ import annotations

import re

_REMOTE_RE = re.compile(r"([a-z][a-z0-9+.-]*)://(?=.)", re.IGNORECASE)
_HTTP = frozenset({"http", "https"})
_USER_INFO_RE = re.compile(r"(?<=://)[^/?#]*@")


def is_remote(name: str) -> bool:
    """Return whether *name* is a URL, such as ``s3://bucket/key``, and no path.

    >>> is_remote("https://example.org/a.warc.gz"), is_remote("a://"), is_remote("my-dumps/")
    (True, False, False)
    """
    return _REMOTE_RE.match(name) is not None


def scheme_of(name: str) -> str:
    """Return the scheme of a URL in lower case; empty for a path."""
    match = _REMOTE_RE.match(name)
    return match[1].lower() if match else ""


def is_http(name: str) -> bool:
    """Return whether *name* is an ``http`` or ``https`` URL."""
    return scheme_of(name) in _HTTP


def shown(name: str) -> str:
    """Return *name* as it may stand in logs and records: of a URL, no user, no password, no query and no fragment.

    The query of a signed URL is a credential. In names of object stores ``?`` is part of a pattern and stays.

    >>> shown("https://me:secret@example.org/a.gz?X-Amz-Signature=5"), shown("s3://bucket/a?.gz"), shown("a?b#c")
    ('https://example.org/a.gz', 's3://bucket/a?.gz', 'a?b#c')
    """
    if not is_remote(name):
        return name
    bare = without_user(name)
    return re.split(r"[?#]", bare, maxsplit=1)[0] if is_http(name) else bare


def without_user(name: str) -> str:
    """Return the URL *name* without user and password.

    >>> without_user("https://me:secret@example.org/a?b=c@d")
    'https://example.org/a?b=c@d'
    """
    return _USER_INFO_RE.sub("", name)
