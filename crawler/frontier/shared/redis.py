"""A worker's end of the frontier in Redis."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from secrets import token_hex
from typing import Any, Self

from redis import Redis as BlockingRedis
from redis.asyncio import Redis
from redis.asyncio.connection import AbstractConnection
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import ConnectionError as ConnectionLost
from redis.exceptions import RedisError
from redis.retry import Retry as BlockingRetry

from crawler.exceptions import FrontierGone
from crawler.frontier.shared import scripts
from crawler.frontier.shared.entries import Ended, Entry, read_entry
from crawler.frontier.shared.errors import check_address, error_at, no_address, place_of
from crawler.frontier.shared.states import R, S, changed
from crawler.frontier.targets import Target

MAX_CONFLICTS = 200
"""Attempts to change a budget that other workers change at the same time."""
_TIMEOUT_SECONDS = 10.0
_ENTRIES_A_CALL = 500
_ERRORS = (RedisError, OSError, ValueError, TypeError)
_STATES = ("pending", "leased", "fetched", "gone", "failed", "dropped")


class SharedFrontier:
    """The frontier of *site* at *url*, for the worker named *worker*.

    Over 15 methods: it has one for each of :mod:`crawler.frontier.shared.scripts`.

    Every method raises ``FrontierGone``, or ``ConfigError`` for what the user must change.

    It uses one connection. When that breaks, or Redis has lost its data, recent writes may be lost. Then the frontier
    is unavailable to this worker; the next start sends Redis again all that the corpus knows.
    """

    def __init__(self, url: str, site: str, *, name: str, worker: str, lease_seconds: float) -> None:
        self.place = place_of(url)
        self.refused = 0
        """How many entries were not in Gleaner's form."""
        self._site, self._worker, self._seconds = site, worker, lease_seconds
        self._prefix = _prefix(name)
        self._epoch = ""
        self._goes_on = False
        self._connected = False
        try:
            self._redis = Redis.from_url(
                url,
                protocol=2,
                single_connection_client=True,
                socket_timeout=_TIMEOUT_SECONDS,
                socket_connect_timeout=_TIMEOUT_SECONDS,
                retry=Retry(NoBackoff(), 0),
                redis_connect_func=self._connect_once,
            )
        except (ValueError, TypeError):
            raise no_address() from None
        self._scripts: dict[str, Any] = {}

    async def _connect_once(self, connection: AbstractConnection) -> None:
        if self._connected:
            raise ConnectionLost("the connection broke")
        self._connected = True
        await connection.on_connect()

    async def _run(self, script: str, *arguments: bytes | str | float) -> Any:
        run = self._scripts.get(script) or self._scripts.setdefault(script, self._redis.register_script(script))
        try:
            return await run(keys=[self._prefix], args=[self._epoch, self._worker, *arguments])
        except _ERRORS as error:
            raise error_at(self.place, error) from None

    async def join(self, *, retry_failed: bool, retry_dropped: bool = False) -> int:
        """Join the run; return how many failed targets wait again: all if no other worker is active, else none.

        With *retry_dropped*, targets that a pipeline dropped wait again, too. The run is that of the other workers, or
        one that ended a short time ago; otherwise a new run begins.
        """
        self._epoch = token_hex(8)  # unless there is an epoch already
        epoch, retried, goes_on = await self._run(scripts.JOIN, self._seconds, int(retry_failed), int(retry_dropped))
        self._goes_on = bool(goes_on)
        self._epoch = epoch.decode("ascii", "replace")
        return int(retried)

    async def release(self) -> int:
        """Release what was leased to this worker before it joined; return how many targets that was.

        Call it after all that the corpus holds is sent, so that no other worker fetches what this one has archived.
        """
        return int(await self._run(scripts.RELEASE))

    async def beat(self) -> None:
        """Say that this worker is alive; call it several times during the seconds that a lease lasts."""
        await self._run(scripts.BEAT, self._seconds)

    async def seeded(self) -> None:
        """Say that all seeds of this worker were sent."""
        await self._run(scripts.SEEDED)

    async def leave(self) -> int:
        """Release all leases of this worker; return how many targets that was."""
        return int(await self._run(scripts.LEAVE))

    async def claim(self, limit: int, *, max_depth: int, max_articles: int | None = None) -> tuple[list[Target], bool]:
        """Lease up to *limit* targets, the nearest first; return them and whether more may come if there are none.

        Articles fetched in this run plus current leases, of all workers together, never exceed *max_articles*.
        An entry that cannot be a target is refused: no worker receives it again.
        """
        working, *flat = await self._run(
            scripts.CLAIM, self._seconds, max_depth, limit, "" if max_articles is None else max_articles
        )
        targets: list[Target] = []
        bad: list[bytes] = []
        for key, depth, data in zip(*[iter(flat)] * 3, strict=True):
            target, is_ours = read_entry(self._site, key, depth, data)
            self.refused += not is_ours
            if target is None:
                bad.append(key)
            else:
                targets.append(target)
        if bad:
            await self._run(scripts.REFUSE, *bad)
        return targets, working > 0 or (bool(bad) and not targets)

    async def pass_on(
        self, ended: Sequence[Ended] = (), listed: Iterable[Entry] = (), *, known_before: bool = False
    ) -> None:
        """Send how targets *ended*, and the targets that archived records *listed*.

        *known_before*: they ended before this worker joined; of these, only targets that it had leased in the current
        run count as fetched by the run.
        """
        counting = "all" if not known_before else "leased" if self._goes_on else "none"
        flat: list[bytes | str | float] = [part for entry in listed for part in entry]
        first, later = flat[: 3 * _ENTRIES_A_CALL], flat[3 * _ENTRIES_A_CALL :]
        while later:  # listed targets are sent before their record counts as fetched
            part, later = later[: 3 * _ENTRIES_A_CALL], later[3 * _ENTRIES_A_CALL :]
            await self._run(scripts.PASS_ON, counting, 0, *part)
        await self._run(scripts.PASS_ON, counting, len(ended), *(part for one in ended for part in one), *first)

    async def forgotten(self, keys: Sequence[str]) -> list[str]:
        """Return those of the fetched *keys* whose listed ids Redis does not know."""
        return [key.decode("utf-8", "replace") for key in await self._run(scripts.FORGOTTEN, *keys)]

    async def change(self, name: str, make: Callable[[], S], act: Callable[[S, float], R]) -> R:
        """Apply *act* to the budget *name* of all workers at Redis's time, and return its result.

        *act* may run several times, on different states: the last one counts. *make* creates the budget of a new run.
        """
        value, now = await self._run(scripts.STATE, name)
        for _ in range(MAX_CONFLICTS):
            new, result, is_ours = changed(value, float(now), make, act)
            self.refused += not is_ours
            if new == value:
                return result
            done, value, now = await self._run(scripts.SWAP, self._seconds, name, value, new)
            if done:
                return result
        raise FrontierGone(self.place, f"other workers keep changing {name}")

    async def turn(self, host: str, delay: float) -> float:
        """Take a turn at *host*, which all workers together request from at most every *delay* seconds.

        Return 0 if it was taken, else the seconds after which to try again.
        """
        return float(await self._run(scripts.TURN, host, delay))

    async def counts(self) -> dict[str, int]:
        """Return the number of targets in each state; states without targets are left out."""
        numbers = await self._run(scripts.COUNTS)
        return {state: number for state, number in zip(_STATES, numbers, strict=True) if number}

    async def close(self) -> None:
        """Close the connection."""
        with suppress(RedisError, OSError):
            await self._redis.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()


def check(url: str, name: str) -> None:
    """Raise if no worker can use the frontier *name* in the Redis at *url*. Blocks.

    Raises ``FrontierGone`` for temporary errors, ``ConfigError`` for what the user must change: the address, the
    password, the database, the permissions, the memory, or a key that Gleaner did not write.
    """
    check_address(url)
    try:
        with BlockingRedis.from_url(
            url,
            protocol=2,
            socket_timeout=_TIMEOUT_SECONDS,
            socket_connect_timeout=_TIMEOUT_SECONDS,
            retry=BlockingRetry(NoBackoff(), 0),
        ) as client:
            client.eval(scripts.CHECK, 1, _prefix(name))
    except _ERRORS as error:
        raise error_at(place_of(url), error) from None


def _prefix(name: str) -> str:
    return f"{{gleaner:{name}}}"  # braces put all keys in one slot of a cluster
