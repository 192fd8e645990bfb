"""A news flash of one sentence is an article, and a page that tells nothing is asked for again."""

from __future__ import annotations

from pathlib import Path

from tests.crawling import crawl, records, write_seed
from tests.scripted import Scripted, http, write_profile

FLASH = "Rockets hit the airport of Sanaa, witnesses say."
AGAIN = "The minister told reporters that the airport of Sanaa will open next week."
PAGES = {
    "flash": f"<article><h1>Story {{id}}</h1><p>{FLASH}</p></article>",
    "repeated": f"<article><h1>Story {{id}}</h1>{f'<p>{AGAIN}</p>' * 30}</article>",
    "nothing": "<html><body><div id=root></div></body></html>",
    "maintenance": "<h1>Scheduled maintenance</h1><p>We will be right back.</p>",
    "soft 404": "<h1>Page not found</h1><p>The page you requested could not be found.</p>",
}
EXPECTED = {"flash": "article", "repeated": "article", "nothing": "failed", "maintenance": "failed", "soft 404": "gone"}


def answer(path: str) -> bytes:
    number = path.rpartition("/")[2]
    if not number.isdigit() or int(number) > len(PAGES):
        return http(404)
    return http(200, list(PAGES.values())[int(number) - 1].replace("{id}", number).encode())


def test_short_articles_are_archived_and_error_pages_are_failed_or_gone(tmp_path: Path, seen):
    seed = write_seed(tmp_path / "seed.txt", *range(1, len(PAGES) + 1))
    settings = ["IMAGES_FETCH=none", "NEAR_DUPLICATE_THRESHOLD=0"]
    with Scripted(answer) as site:
        crawl(seed, tmp_path / "corpus", write_profile(tmp_path / "site.toml", site.url), settings=settings)
    by_id = {record["id"]: record for record in records(tmp_path / "corpus") if record["id"]}
    for number, (name, expected) in enumerate(EXPECTED.items(), 1):
        record = by_id[str(number)]
        state = {"article": "article"}.get(record["kind"]) or ("gone" if record["capture"]["status"] else "failed")
        seen(name, expected, state)
    seen("text of the flash", FLASH, by_id["1"]["text"])
