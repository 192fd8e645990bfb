"""A coverage-guided fuzz target for the dump reader; needs atheris.

Run it from the repository, for a minute::

    python -m tests.fuzz.fuzz_seeds -max_total_time=60 tests/fuzz/corpus

Further inputs that it finds interesting are written into the first folder it is given, so give it a copy to keep the
corpus as it is. It stops at the first input that raises, breaks a promise of the reader, or takes longer than a second.
"""

from __future__ import annotations

import re
import sys
from zoneinfo import ZoneInfo

import atheris

with atheris.instrument_imports(include=["crawler.seeds"]):
    from crawler.seeds import Page, parse_page
    from crawler.seeds.streams import decode_text

_ZONE = ZoneInfo("Asia/Tehran")
_ID_RE = re.compile("[0-9]{1,20}", re.ASCII)


def check(page: Page, size: int) -> None:
    """Hold *page*, read from a text of *size* bytes, against what the reader promises."""
    for dump in page.dumps:
        assert 0 <= dump.offset <= dump.end <= size
        assert (dump.length_verdict == "exact") <= (dump.short_by == 0)
        for item in dump.related:
            assert _ID_RE.fullmatch(item.id)
            assert item.sort is None or 0 <= item.sort < 2**63
            assert item.title == (item.title.strip() or None if item.title else None)
            (item.title or "").encode()
            (item.pic or "").encode()
        for diagnosis in dump.diagnoses:
            assert 0 <= diagnosis.offset <= size
    for text in (page.title, page.kicker, page.desk_code, *page.paragraphs):
        (text or "").encode()


def fuzz_one(data: bytes) -> None:
    """Read *data* as the text of a page."""
    text = decode_text(data)
    check(parse_page(text, _ZONE), len(text.encode("utf-8", "surrogatepass")))


if __name__ == "__main__":
    atheris.Setup([*sys.argv, "-timeout=1", "-max_len=4096"], fuzz_one)
    atheris.Fuzz()
