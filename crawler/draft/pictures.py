"""Templates of pictures, from the paths of pictures in dumps and the URLs of pictures in captures and pages."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from urllib.parse import urljoin, urlsplit

from crawler.captures.lines import CaptureLine
from crawler.draft.tally import is_error, is_picture
from crawler.net import url_origin

MIN_SHARE = 0.01
"""Of the pictures of the first template: templates with fewer are left out."""
MAX_TEMPLATES = 6
_LINK_RE = re.compile(
    rb"""(?:(?:src|href|content|poster|data-[a-z-]{1,20})\s?=\s?["']|url\(["']?|["'](?=https?:))"""
    rb"""([^"'()<>\s\\]{1,1000}?\.(?:jpe?g|png|gif|webp|mp4))(?=["')?])""",
    re.IGNORECASE,
)
"""A link to a picture: in an attribute, a style, or an absolute URL in a script. A dump has bare paths in quotes."""
_MAX_PAGE_LINKS = 500
_MAX_FORM_PICS = 10_000


@dataclass
class PictureTemplate:
    """A template with ``{pic}``: which pictures of dumps were captured at it, and to which pages link.

    ``alike`` counts other pictures there whose paths have the form of those in dumps; ``total_bytes`` is the length of
    the ``sized`` captures.
    """

    url: str
    is_flat: bool
    captured: set[str] = field(default_factory=set)
    linked: set[str] = field(default_factory=set)
    alike: int = 0
    total_bytes: int = 0
    sized: int = 0
    example: str = ""

    @property
    def mean_bytes(self) -> float:
        """The mean length of its captures; 0 if the list does not tell."""
        return self.total_bytes / self.sized if self.sized else 0

    @property
    def pics(self) -> int:
        """How many pictures of dumps are known at it."""
        return len(self.captured | self.linked)

    @property
    def evidence(self) -> int:
        """How many pictures are known at it, of dumps and others."""
        return self.pics + self.alike


class PictureTally:
    """Finds *pics* (paths as dumps have them) in URLs."""

    def __init__(self, pics: Collection[str]) -> None:
        self._by_name: dict[str, list[str]] = defaultdict(list)
        for pic in sorted(pics):
            self._by_name[pic.rpartition("/")[2]].append(pic)
        self._forms = {_form(pic) for pic in sorted(pics)[:_MAX_FORM_PICS]}
        self.templates: dict[str, PictureTemplate] = {}
        self.pictures = 0

    def add_captures(self, lines: Iterable[CaptureLine]) -> None:
        """Count the captures of pictures among *lines*."""
        for line in lines:
            if is_error(line) or not is_picture(line):
                continue
            self.pictures += 1
            if (found := self._find(line.url)) is not None:
                template, pic = found
                if pic is None:
                    template.alike += 1
                else:
                    template.captured.add(pic)
                template.example = template.example or line.url
                if line.length:
                    template.total_bytes, template.sized = template.total_bytes + line.length, template.sized + 1

    def add_page(self, body: bytes, url: str) -> None:
        """Count the pictures to which the page in *body*, from *url*, links."""
        for number, match in enumerate(_LINK_RE.finditer(body)):
            if number >= _MAX_PAGE_LINKS:
                return
            try:
                absolute = urljoin(url, match[1].decode("ascii"))
            except ValueError:
                continue
            if (found := self._find(absolute)) is not None:
                template, pic = found
                if pic is None:
                    template.alike += 1
                else:
                    template.linked.add(pic)
                template.example = template.example or absolute

    def _find(self, url: str) -> tuple[PictureTemplate, str | None] | None:
        """Return the template of the picture at *url*, and the picture of a dump that it is; None if it has no form."""
        plain = url.partition("?")[0]
        known = self._by_name.get(plain.rpartition("/")[2], ())
        pic = next((one for one in known if plain.endswith(one if one.startswith("/") else f"/{one}")), None)
        tail = pic or self._tail(plain)
        if tail is None or url_origin(plain) is None or "{" in plain or "}" in plain:
            return None
        start = plain.removesuffix(tail)
        if not urlsplit(start).netloc:
            return None
        key = f"{start}{'' if urlsplit(start).path else '/'}{{pic}}"
        return self.templates.setdefault(key, PictureTemplate(key, "/" not in tail)), pic

    def _tail(self, url: str) -> str | None:
        """Return the end of *url* that has the form of a picture's path in a dump."""
        parts = url.partition("://")[2].split("/")[1:]
        for count in range(len(parts), 0, -1):
            for slash in ("/", ""):
                tail = slash + "/".join(parts[-count:])
                if (slash or count < len(parts) + 1) and _form(tail) in self._forms:
                    return tail
        return None

    def chosen(self, *, flat: bool) -> list[PictureTemplate]:
        """Return the templates of pictures without a folder (*flat*) or with one: the largest pictures first."""
        found = [one for one in self.templates.values() if one.is_flat == flat]
        most = max((one.evidence for one in found), default=0)
        kept = [one for one in found if one.evidence >= MIN_SHARE * most]
        kept.sort(key=lambda one: (not one.sized, -one.mean_bytes, -one.evidence, one.url))
        return kept[:MAX_TEMPLATES]


def _form(pic: str) -> str:
    """Return the form of a path: how many digits it has where, and where words are; flat names are digits alone.

    >>> _form("/2016/02/26/alalam_635921016327147719_25f_4x3.jpg")
    '/4/2/2/w_18_2w_1w1.w'
    """
    digits = re.sub(r"[0-9]+", lambda found: f"<{len(found[0])}>", pic)
    return re.sub(r"[A-Za-z]+", "w", digits).replace("<", "").replace(">", "")
