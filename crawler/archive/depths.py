"""How far targets are from the seeds, whatever the order in which their records came.

What a record lists is one step farther than itself. If a nearer way to the record is found later, what it lists comes
nearer, too, and what that lists in turn. So a crawl gets all that stands within its depth, also if the nearest way
there was fetched last, because a page failed at first.
"""

from __future__ import annotations

from collections.abc import Callable

from crawler.archive.catalogue import Catalogue
from crawler.archive.intact import CrcOf, record_if_intact
from crawler.archive.segments import Place


def pass_on_depths(catalogue: Catalogue, line: Callable[[Place], bytes]) -> None:
    """Bring nearer what is listed by archived targets to which a nearer way was found, inside a transaction.

    *line* returns the line at a place.
    """
    while nearer := catalogue.nearer():
        for key, depth in nearer:
            catalogue.bring_nearer(key, depth, listed_by(catalogue, line, key))


def listed_by(catalogue: Catalogue, line: Callable[[Place], bytes], key: str) -> set[str]:
    """Return the keys that the records of *key*, in all their versions, list."""
    return {one for _, place in catalogue.versions(key) for one in _listed(line(place), catalogue.crc_of)}


def _listed(line: bytes, crc_of: CrcOf) -> list[str]:
    record = record_if_intact(line, crc_of)  # verify tells what is wrong with it
    return [f"{record['site']}/{item['id']}" for item in record["related"]] if record else []
