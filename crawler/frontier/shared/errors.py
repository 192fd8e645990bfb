"""Errors of a Redis or Valkey server: temporary ones, and those that need the user."""

from __future__ import annotations

from typing import Final
from urllib.parse import parse_qs, urlsplit

from redis.exceptions import (
    AskError,
    AuthenticationError,
    AuthenticationWrongNumberOfArgsError,
    ClusterDownError,
    InvalidResponse,
    NoPermissionError,
    OutOfMemoryError,
    ReadOnlyError,
    RedisError,
    ResponseError,
    TryAgainError,
)

from crawler.exceptions import ConfigError, FrontierGone, GleanerError

MAX_REASON_LETTERS = 200
"""Letters of an error message of Redis that are shown; the rest is cut."""

_SCHEMES = frozenset({"redis", "rediss", "unix"})
_PASSING = ("LOST", "LOADING", "BUSY", "CLUSTERDOWN", "TRYAGAIN", "MASTERDOWN", "NOREPLICAS", "max number of clients")
"""The first words of temporary errors: another try may succeed."""
_REMEDIES: Final = (
    (
        (AuthenticationError, AuthenticationWrongNumberOfArgsError),
        "it refuses the user name or the password: check those in the URL",
    ),
    (NoPermissionError, "its user may not run the commands of a worker: allow all commands and the keys {gleaner:*"),
    (ReadOnlyError, "it is a read-only replica: give the address of the primary"),
    (OutOfMemoryError, "its memory is full (maxmemory): raise the limit, or delete data that is not needed"),
    (AskError, "it is a cluster node without this key: give the address of the node that has it"),
    (InvalidResponse, "the server there is not Redis"),
)
_REMEDIES_BY_WORD: Final = (
    ("MISCONF", "it cannot write to its own disk: free some space there, and read its log"),
    ("WRONGTYPE", "a key of the frontier there is not from Gleaner: give another FRONTIER_KEY, or delete that key"),
    ("DB index", "it has no database of that number: correct the number at the end of the URL"),
    ("SELECT is not allowed", "a cluster has no numbered databases: leave out the number at the end of the URL"),
    ("DENIED", "it is in protected mode: set a password, and put it into the URL"),
    (
        "unknown command",
        "it lacks a command: it must be a Redis 6.2 or newer, or Valkey; give a Sentinel as redis+sentinel://HOST:PORT/NAME",
    ),
)


def check_address(url: str) -> None:
    """Raise ``ConfigError`` unless *url* is the address of a Redis; the message does not show *url*.

    The client alone would use database 0 if the number is invalid.
    """
    try:
        parts = urlsplit(url)
        _ = parts.port
        number = parse_qs(parts.query, keep_blank_values=True).get("db", [""])[0]
    except ValueError:
        raise no_address() from None
    if parts.scheme not in _SCHEMES or parts.fragment:
        raise no_address()
    if parts.scheme == "unix" and not parts.path:
        raise no_address()
    if parts.scheme != "unix" and not parts.hostname:
        raise no_address()
    path = "" if parts.scheme == "unix" else parts.path.removeprefix("/")
    for database in (path, number):
        if database and not (database.isascii() and database.isdigit()):
            raise ConfigError("FRONTIER_URL: the database at its end must be a number, as in redis://HOST:PORT/0")


def no_address() -> ConfigError:
    """Return the error for a FRONTIER_URL that is not the address of a Redis."""
    return ConfigError(
        "FRONTIER_URL is not the address of a Redis: give one such as redis://127.0.0.1:6379/0"
        " (in a password, write %40 for @, %3A for :, %2F for / and %23 for #)"
    )


def place_of(url: str) -> str:
    """Return the server and database of *url*, without user, password and options.

    >>> place_of("redis://:secret@127.0.0.1:6379/0")
    'redis://127.0.0.1:6379/0'
    """
    try:
        parts = urlsplit(url)
        host = f"{parts.hostname or ''}:{parts.port}" if parts.port else parts.hostname or ""
    except ValueError:
        return "FRONTIER_URL"
    return f"{parts.scheme}://{host}{parts.path}"


def error_at(place: str, error: Exception) -> GleanerError:
    """Return the exception to raise for *error* of the Redis at *place*.

    ``FrontierGone`` for temporary errors, ``ConfigError`` for what the user must change.
    """
    # The client raises these for an invalid URL when it connects: RedisError itself is about TLS options.
    if isinstance(error, ValueError | TypeError) or type(error) is RedisError:
        return no_address()
    reason = (str(error) or type(error).__name__)[:MAX_REASON_LETTERS]
    if isinstance(error, ClusterDownError | TryAgainError) or reason.removeprefix("ERR ").startswith(_PASSING):
        return FrontierGone(place, reason)
    for kind, remedy in _REMEDIES:
        if isinstance(error, kind):
            return _refused(place, remedy, reason)
    if not isinstance(error, ResponseError):
        return FrontierGone(place, reason)
    for word, remedy in _REMEDIES_BY_WORD:
        if word in reason:
            return _refused(place, remedy, reason)
    return _refused(place, "it refuses what a worker asks for", reason)


def _refused(place: str, remedy: str, reason: str) -> ConfigError:
    return ConfigError(f"FRONTIER_URL ({place}): {remedy} ({reason})")
