"""What the reader of dumps promises of whatever it is given."""

from __future__ import annotations

import re

from crawler.seeds import Page

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
