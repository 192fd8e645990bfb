"""The dataset card: what is in the folder, where it comes from, and what may be done with it."""

from __future__ import annotations

import json
import re
from collections import Counter
from importlib.resources import files
from typing import Any

from crawler import __version__

_LANGUAGE_RE = re.compile(r"[a-z]{2,3}(-[A-Za-z0-9]{2,8})*", re.ASCII)
_DAY_RE = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_NO_NAME_RE = re.compile(r"[^A-Za-z0-9_-]", re.ASCII)
_SIZES = ((10**3, "n<1K"), (10**4, "1K<n<10K"), (10**5, "10K<n<100K"), (10**6, "100K<n<1M"), (10**7, "1M<n<10M"))
_LARGER = "10M<n<100M"

_TEXT = files(__package__).joinpath("card.md").read_text(encoding="utf-8")


class Card:
    """Counts records as they are written, and describes them."""

    def __init__(self, site: str) -> None:
        self._site = _NO_NAME_RE.sub("-", site)
        self._bytes = 0
        self._languages: Counter[str] = Counter()
        self._kinds: Counter[str] = Counter()
        self._sources: Counter[str] = Counter()
        self._first, self._last = "9", ""

    def count(self, record: dict[str, Any], size: int) -> None:
        """Take in *record*, a line of *size* bytes."""
        self._bytes += size
        language = str(record.get("language") or "")
        if _LANGUAGE_RE.fullmatch(language):
            self._languages[language] += 1
        self._kinds[_plain_word(record.get("kind"))] += 1
        self._sources[_plain_word((record.get("capture") or {}).get("source"))] += 1
        if day := _DAY_RE.match(str(record.get("published"))):
            self._first, self._last = min(self._first, day[0]), max(self._last, day[0])

    def text(self, records: int) -> str:
        """Return the card of *records* records: YAML between dashes, then Markdown."""
        name = f"News articles of {self._site}"
        head = {
            "pretty_name": name,
            "language": sorted(self._languages) or ["und"],
            "license": "other",
            "license_name": "texts-remain-their-publishers",
            "size_categories": [next((size for bound, size in _SIZES if records < bound), _LARGER)],
            "task_categories": ["text-generation", "text-retrieval"],
            "tags": ["news", "web-archive", "gleaner"],
            "configs": [{"config_name": "default", "data_files": [{"split": "train", "path": "data/train-*.parquet"}]}],
        }
        dates = f"from {self._first} to {self._last}" if self._last else "undated"
        return _TEXT.format(
            head="\n".join(f"{key}: {json.dumps(value)}" for key, value in head.items()),  # JSON is YAML
            name=name,
            records=f"{records:,}",
            megabytes=f"{self._bytes / 1e6:,.1f}",
            dates=dates,
            kinds=_listed_counts(self._kinds),
            languages=_listed_counts(self._languages),
            sources=_listed_counts(self._sources),
            version=__version__,
        )


def _plain_word(value: object) -> str:
    """Return *value* if it is a plain word: others would be Markdown of somebody else's."""
    return value if isinstance(value, str) and value.isalpha() and value.isascii() else "unknown"


def _listed_counts(counts: Counter[str]) -> str:
    return ", ".join(f"{name} {count:,}" for name, count in counts.most_common()) or "none"
