"""Extracts the pictures of an article, with their captions."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from lxml import etree  # type: ignore[import-untyped]

from crawler.extract.marks import NAMES, marks_of, marks_of_tag
from crawler.extract.page import ArticlePage, FoundField

Picture = dict[str, str | None]

_SOURCES = ("data-src", "data-original", "data-lazy-src", "data-full-src", "data-hi-res-src", "src")
_MIN_PIXELS = 100
_MAX_PICTURES = 50
_MAX_CAPTION_CHARACTERS = 1_000
_DECOR_RE = re.compile(
    r"\.svg(?:$|\?)|\b(?:logo|icon|sprite|avatar|pixel|spacer|blank|placeholder|tracking|button|emoji|gravatar)s?\b",
    re.IGNORECASE,
)
_PICTURE_RE = re.compile(r"\.(?:jpe?g|png|gif|webp|avif|bmp)(?:$|[?#:/])", re.IGNORECASE)
_ASIDE = frozenset(NAMES.index(name) for name in ("related", "side", "nav", "ad", "comment", "bio", "share", "footer"))
_MAX_LEVELS_UP = 30


def find_images(page: ArticlePage, body: list[etree._Element]) -> FoundField[list[Picture]] | None:
    """Return the pictures of *page* (``url``, ``caption`` or None), the lead first, each once; None if there are none.

    The lead is the one in Open Graph, else JSON-LD, with the caption of the same picture on the page. Then come the
    pictures under the elements *body*, in page order. Logos, icons and pictures with a declared size below 100 pixels
    are left out. So are thumbnails: pictures in a link to another page (a link to a picture only enlarges it), or in a
    part whose names say that it is beside the article.
    """
    lead = next(_leads(page), None)
    pictures: dict[str, Picture] = {}
    sources = []
    if lead:
        pictures[_identity(lead.value)] = {"url": lead.value, "caption": None}
        sources.append(lead.source)
    for element in body:
        for image in element.iter("img", "amp-img"):
            if len(pictures) >= _MAX_PICTURES:
                break
            if not _is_small(image) and not _is_aside(page, image, element) and (url := _url(page, image)):
                picture = pictures.setdefault(_identity(url), {"url": url, "caption": None})
                picture["caption"] = picture["caption"] or _caption(page, image)
    if len(pictures) > len(sources):
        sources.append("page")
    return FoundField(list(pictures.values()), "+".join(sources)) if pictures else None


def _leads(page: ArticlePage) -> Iterator[FoundField[str]]:
    for name in ("og:image:secure_url", "og:image", "og:image:url", "twitter:image", "twitter:image:src"):
        for value in page.metas.get(name, ()):
            if (url := page.absolute(value)) and not _DECOR_RE.search(url):
                yield FoundField(url, "open-graph" if name.startswith("og:") else "meta")
    for node in page.linked.articles:
        if url := page.absolute(_image_url(page, node.get("image"))):
            yield FoundField(url, "json-ld")
    for rel in page.links.get("image_src", ()):
        if url := page.absolute(rel):
            yield FoundField(url, "meta")


def _image_url(page: ArticlePage, value: Any) -> str | None:
    for _ in range(4):
        value = page.linked.resolve(value)
        if isinstance(value, list):
            value = value[0] if value else None
        elif isinstance(value, dict):
            value = value.get("url") or value.get("contentUrl")
    return value if isinstance(value, str) else None


def _identity(url: str) -> str:
    """Return a key that all addresses of one picture share: without scheme and query, which only change its size."""
    return url.partition("?")[0].partition(":")[2]


def _url(page: ArticlePage, image: etree._Element) -> str | None:
    for attribute in _SOURCES:
        value = image.get(attribute)
        if value and not value.startswith("data:") and not _DECOR_RE.search(value):
            return page.absolute(value)
    for attribute in ("data-srcset", "srcset"):
        if value := image.get(attribute):
            return page.absolute(value.split(",")[-1].split()[0] if value.split(",")[-1].split() else None)
    return None


def _is_small(image: etree._Element) -> bool:
    sizes = [image.get(name, "").removesuffix("px") for name in ("width", "height")]
    return any(size.isascii() and size.isdigit() and int(size[:6]) < _MIN_PIXELS for size in sizes)


def _is_aside(page: ArticlePage, image: etree._Element, body: etree._Element) -> bool:
    """Return whether *image*, somewhere in *body*, belongs to something beside the article, such as a teaser."""
    for number, outer in enumerate(image.iterancestors()):
        if outer is body or number > _MAX_LEVELS_UP:
            return False
        if outer.tag == "a" and (url := page.absolute(outer.get("href"))) and not _PICTURE_RE.search(url):
            return _identity(url) not in {_identity(page.url), _identity(page.base)}
        names = f"{outer.get('class') or ''} {outer.get('id') or ''}".strip()
        if not _ASIDE.isdisjoint(marks_of_tag(outer.tag) + marks_of(names)):
            return True
    return False


def _caption(page: ArticlePage, image: etree._Element) -> str | None:
    """Return the caption of the figure around *image*; None if there is none."""
    holder = image.getparent()
    for _ in range(5):
        if holder is None or holder.tag in {"body", "article", "main"}:
            return None
        for element in holder.iter("figcaption", "amp-caption", "span", "p", "div"):
            if element.tag == "figcaption" or "caption" in (element.get("class") or "").lower():
                return page.clean("".join(element.itertext()))[:_MAX_CAPTION_CHARACTERS] or None
        if holder.tag == "figure":
            return None
        holder = holder.getparent()
    return None
