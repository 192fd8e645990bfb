"""The primary of a Redis or Valkey that Sentinels watch: who it is now, asked when a worker starts.

A worker has one connection, and ends when it breaks. So it need not follow a failover: the same command asks again, and
sends the new primary all that its corpus holds.
"""

from __future__ import annotations

from typing import Any, Final
from urllib.parse import unquote, urlsplit

from redis.exceptions import RedisError
from redis.sentinel import MasterNotFoundError, Sentinel

from crawler.exceptions import ConfigError, FrontierGone

_SCHEMES: Final = {"redis+sentinel": "redis", "rediss+sentinel": "rediss"}
_TIMEOUT_SECONDS: Final = 10.0
_DEFAULT_PORT: Final = 26379


def primary_of(url: str) -> str:
    """Return the address of the primary behind ``redis+sentinel://[USER:PASSWORD@]HOST:PORT[,HOST:PORT...]/NAME[/DB]``.

    Any other *url* is returned as it is. User and password are those of the primary. Raises ``FrontierGone`` if no
    Sentinel knows a primary, ``ConfigError`` for an address of another form.
    """
    scheme, has_scheme, rest = url.partition("://")
    if not has_scheme or scheme not in _SCHEMES:
        return url
    account, has_account, place = urlsplit(f"//{rest}").netloc.rpartition("@")
    name, _, database = urlsplit(f"//{rest}").path.strip("/").partition("/")
    if not name or (database and not database.isdecimal()):
        raise ConfigError("FRONTIER_URL: give redis+sentinel://HOST:PORT[,HOST:PORT...]/NAME-OF-THE-PRIMARY[/DATABASE]")
    shown = f"{scheme}://{place}/{name}"
    try:
        hosts = [_host(one) for one in place.split(",")]
        sentinel: Any = Sentinel(hosts, socket_timeout=_TIMEOUT_SECONDS)  # type: ignore[no-untyped-call]
        host, port = sentinel.discover_master(unquote(name))
    except MasterNotFoundError as error:
        raise FrontierGone(shown, f"no Sentinel there knows a primary of that name ({error})") from None
    except (RedisError, OSError) as error:
        raise FrontierGone(shown, str(error) or type(error).__name__) from None
    except ValueError:
        raise ConfigError(f"FRONTIER_URL: {place} is no list of HOST:PORT") from None
    host = f"[{host}]" if ":" in host else host
    return f"{_SCHEMES[scheme]}://{account}{has_account}{host}:{port}/{database or 0}"


def _host(text: str) -> tuple[str, int]:
    parts = urlsplit(f"//{text}")
    if not parts.hostname:
        raise ValueError
    return parts.hostname, parts.port or _DEFAULT_PORT
