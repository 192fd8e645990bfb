"""The dataset card: what is in the folder, where it comes from, and what may be done with it."""

from __future__ import annotations

import json
import re
from collections import Counter
from typing import Any

from crawler import __version__

_LANGUAGE_RE = re.compile(r"[a-z]{2,3}(-[A-Za-z0-9]{2,8})*", re.ASCII)
_DAY_RE = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_NO_NAME_RE = re.compile(r"[^A-Za-z0-9_-]", re.ASCII)
_SIZES = ((10**3, "n<1K"), (10**4, "1K<n<10K"), (10**5, "10K<n<100K"), (10**6, "100K<n<1M"), (10**7, "1M<n<10M"))
_LARGER = "10M<n<100M"

_FIELDS = """\
| field | type | meaning |
|---|---|---|
| schema | int64 | version of the record's form: 1 |
| key | string | `<site>/<id>`, or `<site>/seed-<hash>` for a page of unknown id |
| kind | string | `article` (fetched), `seed` (known from its dump's text), `stub` (known from what others say of it) |
| id, site, url | string | url: where it was fetched |
| title, kicker, text, language, desk_code | string | text: paragraphs parted by a blank line |
| authors | list of string | |
| published | string | ISO 8601 with offset, in the site's zone |
| published_utc | timestamp | the same instant, in UTC |
| published_from | string | where the date comes from: `page`, `metadata`, `dump`, `picture` or `id`, best first |
| images | list of struct | pic, url, status, path, sha256, phash, bytes, width, height, media_type, reason; no bytes |
| related | list of struct | what the site itself called related: id, sort, content_type, pic, title, partial |
| discovered_from | list of string | keys of the pages that listed it |
| depth | int64 | steps from the seeds |
| capture | struct | its source: source, url, fetched, status, warc_file, warc_offset, archived, attempts, coding |
| version | int64 | a changed text is a new version |
| content_sha256 | string | of the normalized text |
| near_duplicate_of, similarity | string, double | of records whose text is that of another key |
| run | string | the crawl that obtained it |
| dateline, credit | string | where and by whom it was filed, and who wrote it: split off from the text |
| duplicate_rule | string | by which rule it is a duplicate |"""


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
        self._kinds[_word(record.get("kind"))] += 1
        self._sources[_word((record.get("capture") or {}).get("source"))] += 1
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
            "size_categories": [next((size for most, size in _SIZES if records < most), _LARGER)],
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
            kinds=_told(self._kinds),
            languages=_told(self._languages),
            sources=_told(self._sources),
            fields=_FIELDS,
            version=__version__,
        )


def _word(value: object) -> str:
    """Return *value* if it is a plain word: others would be Markdown of somebody else's."""
    return value if isinstance(value, str) and value.isalpha() and value.isascii() else "unknown"


def _told(counts: Counter[str]) -> str:
    return ", ".join(f"{name} {count:,}" for name, count in counts.most_common()) or "none"


_TEXT = """\
---
{head}
---

# {name}

{records} records ({megabytes} MB as JSON lines), published {dates}.

- Kinds: {kinds}
- Languages: {languages}
- Obtained from: {sources}

```python
from datasets import load_dataset

articles = load_dataset("path/of/this/folder", split="train")
```

## Fields

{fields}

Every field is in every record, null or empty where nothing is known.

## Provenance

Made by Gleaner {version} (`scrapy corpus export --format hf`) from its archive of the site. Gleaner reads *seed dumps*,
pages of the site that web archives such as Common Crawl kept and that listed related articles, follows what they name,
and keeps what the site or web archives still serve. `capture` says for each record where and when its content was
obtained, `discovered_from` which pages led to it. A `stub` was served by nobody: all that is known of it is what other
pages said.

The archive promises: a record is there once and whole or not at all; a changed text is a new `version` and nothing is
ever overwritten; texts equal to one that is there are kept apart, with the key they repeat in `near_duplicate_of`;
dates say where they come from in `published_from`.

## Licence

The texts, titles and pictures remain their publishers'. Nothing here grants a right to them: what you may do with them
is for the law of your country and the publisher's terms to say. Leave the key and the url with a text, so that it can
be traced and withdrawn.
"""
