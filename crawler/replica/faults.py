"""Which articles and pictures of the replica misbehave on request, and how: each way for a share of them."""

from __future__ import annotations

from collections.abc import Mapping

from crawler.replica.draw import chance, number
from crawler.replica.misbehaviour import FAULTS

DEFAULT_SHARE = 0.02
_MAX_REMEMBERED_PATHS = 65_536


def parse_faults(text: str) -> dict[str, float]:
    """Read ``name[=share],...`` into shares by name; ValueError for an unknown name or a share not from 0 to 1.

    ``all`` stands for every fault there is.

    >>> parse_faults("slow,error500=0.5")
    {'slow': 0.02, 'error500': 0.5}
    """
    shares: dict[str, float] = {}
    for word in filter(None, (word.strip() for word in text.split(","))):
        name, equals, given = word.partition("=")
        if name not in FAULTS and name != "all":
            raise ValueError(f"unknown fault {name!r} (known: all, {', '.join(FAULTS)})")
        try:
            share = float(given) if equals else DEFAULT_SHARE
        except ValueError:
            raise ValueError(f"fault {name}: {given!r} is not a number") from None
        if not 0 <= share <= 1:
            raise ValueError(f"fault {name}: the share must be from 0 to 1, not {given}")
        shares |= dict.fromkeys(FAULTS if name == "all" else (name,), share)
    return shares


class Faults:
    """Decides by hash which paths misbehave and how, so that two runs misbehave alike.

    ``shares`` as :func:`parse_faults` gives them; a path suffers the first fault that chooses it.
    """

    def __init__(self, shares: Mapping[str, float], seed: int) -> None:
        self.shares = dict(shares)
        self.seed = seed
        self._seen: dict[int, None] = {}

    def of(self, path: str) -> str | None:
        """Return the name of the fault that *path* (with its query, as sent) suffers, None for most."""
        return next(
            (name for name, share in self.shares.items() if chance(share, self.seed, "fault", name, path)), None
        )

    def first_time(self, path: str) -> bool:
        """Return whether *path* is new, and remember it; only the last 65,536 are remembered."""
        key = number(path)
        if key in self._seen:
            return False
        if len(self._seen) >= _MAX_REMEMBERED_PATHS:
            del self._seen[next(iter(self._seen))]
        self._seen[key] = None
        return True

    def forget(self) -> None:
        """Take every path for new again."""
        self._seen.clear()
