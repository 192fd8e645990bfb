"""A coverage-guided fuzz target for the dump reader; needs atheris.

Run it from the repository, for a minute::

    python -m tests.fuzz.fuzz_seeds -max_total_time=60 tests/fuzz/corpus

Further inputs that it finds interesting are written into the first folder it is given, so give it a copy to keep the
corpus as it is. It stops at the first input that raises, breaks a promise of the reader, or takes longer than a second.
"""

from __future__ import annotations

import sys
from zoneinfo import ZoneInfo

import atheris

with atheris.instrument_imports(include=["crawler.seeds"]):
    from crawler.seeds import parse_page
    from crawler.text.charset import decode
    from tests.fuzz.promises import check

_ZONE = ZoneInfo("Asia/Tehran")


def fuzz_one(data: bytes) -> None:
    """Read *data* as the text of a page."""
    text = decode(data)
    check(parse_page(text, _ZONE), len(text.encode("utf-8", "surrogatepass")))


if __name__ == "__main__":
    atheris.Setup([*sys.argv, "-timeout=1", "-max_len=4096"], fuzz_one)
    atheris.Fuzz()
