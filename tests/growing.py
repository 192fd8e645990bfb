"""A news site that lists new articles day by day, as a server on loopback; its pages hold dumps."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from random import Random

from tests.scripted import Scripted, http, write_profile

FIRST = 1_000_000
_WORDS = ("harbour", "council", "market", "bridge", "school", "winter", "river", "museum", "station", "garden", "ferry")


class GrowingSite:
    """Article *front* lists all others, which list nobody; its own text never changes.

    ``articles`` are the ids that there are; :meth:`publish` adds some. ``asked`` are the ids asked for, in order.
    """

    def __init__(self, front: int, articles: int) -> None:
        self.front = front
        self.articles = [front + number for number in range(1, articles + 1)]
        self.asked: list[int] = []
        self.url = ""

    def publish(self, number: int) -> list[int]:
        """Publish that many new articles, and return their ids."""
        new = [max(self.articles) + step for step in range(1, number + 1)]
        self.articles += new
        return new

    def page(self, article_id: int) -> bytes | None:
        """Return the page of an article, None if there is none."""
        if article_id != self.front and article_id not in self.articles:
            return None
        paragraphs = "".join(f"<p>{_sentence(article_id, number)}</p>" for number in range(4))
        listed = self.articles if article_id == self.front else []
        return (
            f"<html><head><title>Story {article_id}</title></head><body><article><h1>Story {article_id}</h1>"
            f"{paragraphs}</article><div>{_dump(listed) if listed else ''}</div></body></html>"
        ).encode()


def _sentence(article_id: int, number: int) -> str:
    """Return a sentence that no other article has, nor any nearly like it."""
    words = Random(f"{article_id} {number}").choices(_WORDS, k=14)
    return f"Paragraph {number} of story {article_id} tells about the {' and the '.join(words)}."


def _dump(listed: list[int]) -> str:
    items = [
        {"id": str(one), "sort": str(order), "contenttypeid": "21", "pic": "", "title": f"Story {one}"}
        for order, one in enumerate(listed)
    ]
    text = "[" + " ,".join(json.dumps(item, separators=(",", ":")) for item in items) + " ]"
    return f'string({len(text)}) "{text}"'


@contextmanager
def growing_site(folder: Path, articles: int) -> Iterator[tuple[GrowingSite, Path]]:
    """Serve a :class:`GrowingSite` with so many *articles*; give it, and the path of its profile in *folder*."""
    site = GrowingSite(FIRST, articles)

    def answer(path: str) -> bytes:
        number = path.rpartition("/")[2]
        if not number.isdigit():
            return http(404)
        site.asked.append(int(number))
        page = site.page(int(number))
        return http(404) if page is None else http(200, page)

    with Scripted(answer) as server:
        site.url = server.url
        yield site, write_profile(folder / "site.toml", site.url)
