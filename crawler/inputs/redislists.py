"""Lists in Redis or Valkey that other tools fill, such as scrapy-redis' ``start_urls``: ``redis://HOST:PORT/DB?key=KEY``.

A list, a set or a sorted set of lines: URLs, or JSON objects with a ``url``. It is read as a file with a line for each
entry, and left as it is: what was crawled is known by the frontier, not by what is missing in a list.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from crawler.exceptions import ConfigError
from crawler.inputs.retries import Refused

SCHEMES = frozenset({"redis", "rediss"})
_ENTRIES_AT_ONCE = 1_000
_TIMEOUT_SECONDS = 10.0


class RedisLines(io.RawIOBase):
    """The entries of the key that *url* names, a line each. Raises ``OSError``; ``ConfigError`` without the extra."""

    def __init__(self, url: str) -> None:
        address, self._key = _parted(url)
        try:
            import redis  # noqa: PLC0415 - an extra
        except ImportError as error:
            raise ConfigError(f"redis:// needs redis: pip install 'scrapy-gleaner[redis]' ({error})") from error
        self._errors: tuple[type[Exception], ...] = (redis.RedisError, OSError, ValueError)
        self._left = b""
        try:
            options: dict[str, Any] = dict.fromkeys(("socket_timeout", "socket_connect_timeout"), _TIMEOUT_SECONDS)
            self._redis: Any = redis.Redis.from_url(address, protocol=2, **options)
            named: Any = self._redis.type(self._key)
            kind = named.decode("ascii", "replace")
        except self._errors as error:
            raise Refused(f"Redis cannot be read ({error})") from error
        readers = {"list": self._list, "set": self._set, "zset": self._sorted_set}
        if kind not in readers:
            what = "there is no such key" if kind == "none" else f"it is a {kind}, and no list or set"
            raise Refused(what)
        self._entries = readers[kind]()

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        while not self._left:
            try:
                entry: bytes | None = next(self._entries, None)
            except self._errors as error:
                raise Refused(f"Redis cannot be read further ({error})") from error
            if entry is None:
                return 0
            self._left = entry.replace(b"\r", b" ").replace(b"\n", b" ") + b"\n"
        count = min(len(buffer), len(self._left))
        buffer[:count], self._left = self._left[:count], self._left[count:]
        return count

    def close(self) -> None:
        if not self.closed:
            self._redis.close()
        super().close()

    def _list(self) -> Iterator[bytes]:
        start = 0
        while entries := self._redis.lrange(self._key, start, start + _ENTRIES_AT_ONCE - 1):
            yield from entries
            start += len(entries)

    def _set(self) -> Iterator[bytes]:
        yield from self._redis.sscan_iter(self._key, count=_ENTRIES_AT_ONCE)

    def _sorted_set(self) -> Iterator[bytes]:
        start = 0
        while entries := self._redis.zrevrange(self._key, start, start + _ENTRIES_AT_ONCE - 1):
            yield from entries
            start += len(entries)


def _parted(url: str) -> tuple[str, str]:
    """Return the address in *url*, and the key."""
    parts = urlsplit(url)
    query = dict(parse_qsl(parts.query))
    key = query.pop("key", "")
    if not key:
        raise Refused("name the key, as in redis://HOST:PORT/0?key=spider:start_urls")
    return urlunsplit(parts._replace(query=urlencode(query))), key
