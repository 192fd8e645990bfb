"""Which records of a corpus are selected: by publication date, language and kind; the latest of each key or all."""

from __future__ import annotations

import re
from calendar import monthrange
from dataclasses import dataclass
from datetime import date

from crawler.exceptions import ConfigError

_DAY_RE = re.compile(r"(\d{4})(?:-(\d{2})(?:-(\d{2}))?)?", re.ASCII)
_LANGUAGE_RE = re.compile(r"[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*", re.ASCII)

STATE = "r.version = (SELECT max(v.version) FROM records v WHERE v.tid = r.tid)"
"""SQL that holds for the latest version of a key, be it in articles/ or in duplicates/: where that key stands now."""
LATEST = f"r.duplicate_of IS NULL AND {STATE}"
"""SQL that holds for the latest version of a key that stands in articles/: what the corpus has to say of that key."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """What is selected; None selects all.

    ``since`` and ``until`` are a year, a month or a day (``2020``, ``2020-06``, ``2020-06-30``), both included, by the
    clock of the site; with either of them a record without a date is not selected. ``language`` ``en`` is also that
    of ``en-GB``. Raises ``ConfigError`` for what is neither a date nor a language.
    """

    since: str | None = None
    until: str | None = None
    language: str | None = None
    kind: str | None = None

    def __post_init__(self) -> None:
        for name in ("since", "until"):
            value = getattr(self, name)
            if value is not None and not _is_day(value):
                raise ConfigError(f"--{name} {value}: give a date such as 2020, 2020-06 or 2020-06-30")
        if self.language is not None and not _LANGUAGE_RE.fullmatch(self.language):
            raise ConfigError(f"--language {self.language}: give the tag of a language, such as en or fa")

    def sql_condition(self, table: str) -> tuple[str, dict[str, str]]:
        """Return an SQL condition on the columns published, language and kind of *table*, and its parameters."""
        conditions = {
            # ISO 8601 sorts as text, and a shorter date is the beginning of all dates in it.
            "since": f"{table}.published >= :since",
            "until": f"substr({table}.published, 1, length(:until)) <= :until",
            "language": f"(lower({table}.language) = :language OR lower({table}.language) LIKE :language || '-%')",
            "kind": f"{table}.kind = :kind",
        }
        given = {name: value for name in conditions if (value := getattr(self, name)) is not None}
        if self.language:
            given["language"] = self.language.lower()
        return " AND ".join(["1", *(conditions[name] for name in given)]), given


def _is_day(value: str) -> bool:
    match = _DAY_RE.fullmatch(value)
    if not match:
        return False
    year, month, day = (int(part) if part else 1 for part in match.groups())
    try:
        return day <= monthrange(year, month)[1] and bool(date(year, month, day))
    except ValueError:  # year 0, month 13, day 0
        return False
