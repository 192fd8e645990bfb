"""What stands behind </html>, text and dump, is part of the page."""

from __future__ import annotations

from crawler.extract import page_text
from crawler.pages.facts import read_page
from crawler.sites import load_profile

FIRST = "The council met on Friday and spoke of the harbour, the budget and the railway, officials said."
SECOND = "The second half stands behind the end tag, as an old template closed the page too early."
DUMP = 'string(77) "[{"id":"1793356","sort":"1","contenttypeid":"21","pic":"/a.jpg","title":"x"} ]"'
PAGE = (
    f"<!doctype html><html lang=en><head><title>Council meets</title></head><body><main><h1>Council meets</h1>\n"
    f"<p>{FIRST}</p>\n</main></body></html>\n<p>{SECOND}</p>\n<pre>{DUMP}</pre>\n"
).encode()


def test_text_and_dump_behind_the_end(seen):
    seen("page_text", ["Council meets", FIRST, SECOND, DUMP], page_text(PAGE).split("\n\n"))
    facts = read_page(PAGE, "http://127.0.0.1:8765/news/7", load_profile("replica"))
    seen("related", ["1793356"], [item.id for item in facts.related])
    seen("text", f"{FIRST}\n\n{SECOND}", facts.text)
