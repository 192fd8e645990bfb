"""What each path of the replica answers, as plain values: no socket, no clock, nothing read from disk."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime, parsedate_to_datetime
from http import HTTPStatus
from typing import Literal

from crawler.replica.draw import chance, number
from crawler.replica.layout import LAYOUTS, OLD_HOST, Layout
from crawler.replica.page import Pages
from crawler.replica.picture import ORIGINAL, SMALL, video
from crawler.replica.site import Site
from crawler.replica.universe import LAST_OPEN, GoneKind

Kind = Literal["article", "image", "robots", "other"]

ROBOTS = b"""User-agent: *
Allow: /news/
Disallow: /search
Disallow: /getcontent
Disallow: /replica/
"""

_TID_RE = re.compile(r"tid=(\d{1,20})", re.ASCII)
_EDITION = 1  # part of every ETag: raise it when the pages of an unchanged site change


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer: status, body, media type and further headers. A reply to a conditional request may be empty."""

    status: int
    body: bytes = b""
    media_type: str = "text/html; charset=utf-8"
    headers: Mapping[str, str] = field(default_factory=dict)


class Routes:
    """The paths of *site*, served at *base* (``http://host:port``)."""

    def __init__(self, site: Site, base: str) -> None:
        self.site = site
        self.pages = Pages(site, base)
        self._layout = LAYOUTS[site.layout]
        self._edition = number(_EDITION, repr(site), base)

    def reply(self, target: str, headers: Mapping[str, str]) -> tuple[Kind, Reply]:
        """Return the kind of thing that *target* (path and query, as sent: nothing is decoded) names, and the answer.

        Of *headers* (names in any case) only ``If-None-Match`` and ``If-Modified-Since`` are looked at.
        """
        path, _, query = target.partition("?")
        for layout in (self._layout, self._layout.before):
            if layout and (match := layout.article_re.fullmatch(target)):
                return "article", self._article(match, layout, headers)
        if match := self._layout.picture_re.fullmatch(target):
            return "image", self._picture(match, headers)
        if path == "/robots.txt":
            return "robots", Reply(200, ROBOTS, "text/plain; charset=utf-8")
        if path == "/":
            return "other", Reply(200, self.pages.home())
        if path == "/getcontent" and (match := _TID_RE.fullmatch(query)):
            return "other", Reply(200, self.pages.teaser(int(match[1])))
        return "other", self._not_found()

    def _not_found(self) -> Reply:
        return Reply(HTTPStatus.NOT_FOUND, self.pages.not_found())

    def _article(self, match: re.Match[str], layout: Layout, headers: Mapping[str, str]) -> Reply:
        article_id = int(match["id"])
        if not self._lies_here(article_id, layout, headers):
            return self._not_found()
        if way := self.site.gone_kind(article_id):
            return self._gone_reply(way)
        answer = self.site.answer(article_id)
        if answer == "missing":
            return self._not_found()
        if answer == "lost":
            if article_id // self.site.step % 2:
                return Reply(HTTPStatus.FOUND, headers={"Location": "/"})
            return Reply(HTTPStatus.OK, self.pages.not_found())
        if (answer == "slug" or layout.always_slugged) and match["slug"] is None:
            location = self.site.path(article_id, slugged=True)
            return Reply(HTTPStatus.MOVED_PERMANENTLY, headers={"Location": location})
        validators = self._validators(f"a{article_id}", self.site.calendar.published(article_id))
        if _unchanged(headers, validators):
            return Reply(HTTPStatus.NOT_MODIFIED, headers=validators)
        return Reply(HTTPStatus.OK, self.pages.article(article_id), headers=validators)

    def _lies_here(self, article_id: int, layout: Layout, headers: Mapping[str, str]) -> bool:
        """Return whether *article_id* has its page at the path, and the host, that it was asked at."""
        if self._layout.before is None:
            return True
        if article_id > LAST_OPEN or self.site.layout_of(article_id) is not layout:
            return False
        host = headers.get("Host")
        return host is None or (host.partition(":")[0].lower() == OLD_HOST) == (layout is self._layout.before)

    def _gone_reply(self, way: GoneKind) -> Reply:
        if way == "home":
            return Reply(HTTPStatus.FOUND, headers={"Location": "/"})
        if way == "parked":
            return Reply(HTTPStatus.OK, self.pages.parked())
        status = {"not found": HTTPStatus.NOT_FOUND, "gone": HTTPStatus.GONE, "soft 404": HTTPStatus.OK}[way]
        return Reply(status, self.pages.not_found())

    def _picture(self, match: re.Match[str], headers: Mapping[str, str]) -> Reply:
        pic = match["pic"].lstrip("/")
        pic = f"/{pic}" if "/" in pic else pic  # one slash or two in the URL: it is the same picture
        original = match["size"].lower() == self._layout.original.lower()
        switched_off = chance(self.site.gone_pictures, self.site.number, "gone", pic)
        if switched_off or not self.site.serves_picture(pic, original=original):
            return Reply(HTTPStatus.NOT_FOUND, self.pages.not_found())
        uploaded = self.site.calendar.uploaded(pic) or datetime(2013, 1, 1, tzinfo=UTC)
        validators = self._validators(f"{'o' if original else 's'}{pic}", uploaded)
        if _unchanged(headers, validators):
            return Reply(HTTPStatus.NOT_MODIFIED, headers=validators)
        if match["kind"].lower() == "mp4":
            return Reply(HTTPStatus.OK, video(pic), "video/mp4", validators)
        return Reply(HTTPStatus.OK, (ORIGINAL if original else SMALL).picture(pic), "image/jpeg", validators)

    def _validators(self, name: str, moment: datetime) -> dict[str, str]:
        modified = (moment + timedelta(hours=1)).astimezone(UTC)
        tag = number(self._edition, name)
        return {"ETag": f'"{tag:016x}"', "Last-Modified": format_datetime(modified, usegmt=True)}


def _unchanged(headers: Mapping[str, str], validators: Mapping[str, str]) -> bool:
    """Return whether a conditional request is answered with 304; the tag goes before the date (RFC 9110, 13.2.2)."""
    tags = headers.get("If-None-Match")
    if tags is not None:
        return tags.strip() == "*" or validators["ETag"] in (tag.strip().removeprefix("W/") for tag in tags.split(","))
    since = headers.get("If-Modified-Since")
    if since is None:
        return False
    try:
        return parsedate_to_datetime(validators["Last-Modified"]) <= parsedate_to_datetime(since)
    except (ValueError, TypeError):
        return False
