"""The one encoder and decoder of the corpus's JSON lines: strict UTF-8, fields in the order of the record."""

from __future__ import annotations

from operator import attrgetter
from typing import Any, get_args

import orjson

from crawler.items import Article, Attempt, Capture, Image, Kind, RelatedItem

_KINDS = frozenset(get_args(Kind))


_FIELDS = tuple(Article.__dataclass_fields__)
_VALUES = attrgetter(*_FIELDS)


def encode(article: Article, **changes: Any) -> bytes:
    r"""Return *article* as one line, ending in ``\n``, with every field there and in order.

    *changes* are the values of fields to write in place of its own: :func:`dataclasses.replace`, but quicker.

    Raises ``TypeError`` for what UTF-8 cannot hold (a lone surrogate) or JSON cannot (a number of over 64 bits).
    """
    if not changes:
        return orjson.dumps(article, option=orjson.OPT_APPEND_NEWLINE)
    record = dict(zip(_FIELDS, _VALUES(article), strict=True))
    record.update(changes)
    return orjson.dumps(record, option=orjson.OPT_APPEND_NEWLINE)


def decode(line: bytes) -> Article:
    """Return the record in *line*.

    Raises ``ValueError`` if it is not a JSON object, or lacks or adds a field.
    """
    fields = orjson.loads(line)
    if not isinstance(fields, dict):
        raise ValueError("not a JSON object")
    kind = fields.get("kind")
    if not isinstance(kind, str) or kind not in _KINDS:
        raise ValueError("not an article record: it is of no known kind")
    try:
        return _article(fields)
    except (TypeError, KeyError, AttributeError) as error:
        raise ValueError(f"not an article record: {error}") from error


def _article(fields: dict[str, Any]) -> Article:
    fields["authors"] = tuple(fields["authors"])
    fields["discovered_from"] = tuple(fields["discovered_from"])
    fields["images"] = tuple(Image(**image) for image in fields["images"])
    fields["related"] = tuple(RelatedItem(**item) for item in fields["related"])
    capture = fields["capture"]
    if capture.get("attempts"):
        capture["attempts"] = tuple(Attempt(**attempt) for attempt in capture["attempts"])
    else:  # a list that is not there is an old line's
        capture["attempts"] = ()
    fields["capture"] = Capture(**capture)
    return Article(**fields)
