"""The HTML of the replica: article pages in the forms that the real site's take, and the pages beside them."""

from __future__ import annotations

from functools import cached_property
from html import escape
from typing import Final

import orjson

from crawler.replica.calendar import date_line
from crawler.replica.chrome import NAME, VARIANTS, Chrome, chromes
from crawler.replica.draw import Draw, number
from crawler.replica.dump import var_dump
from crawler.replica.layout import LAYOUTS, Layout
from crawler.replica.site import ReplicaArticle, Site

_MAX_TEASERS = 40
_SHARE_BAR_HTML: Final = (
    '<div class="share"><a href="#" onclick="return openShare(\'/share/1\')">Share</a> '
    '<a href="#">Tweet</a> <a href="#">Send</a> <a href="#" class="print">Print</a></div>\n'
)

HIDINGS: Final = (
    ("{}\n", False),
    ('<pre style="display: none">{}</pre>\n', False),
    ("<div hidden><pre>{}</pre></div>\n", False),
    ("<!-- {} -->\n", False),
    ("<script>/* {} */</script>\n", False),
    ("<textarea>{}</textarea>\n", False),
    ("<noscript><pre>{}</pre></noscript>\n", False),
    ("<template>{}</template>\n", False),
    ('<div data-debug="{}"></div>\n', True),
    ('<input type="hidden" value="{}">\n', True),
)
"""What a dump can stand in, unseen but for the first, and whether it must be escaped there."""


class Pages:
    """Renders the pages of *site*. *base* (``http://host:port``) is what absolute links in them begin with."""

    def __init__(self, site: Site, base: str) -> None:
        self.site = site
        self.base = base

    @cached_property
    def _chromes(self) -> tuple[Chrome, ...]:
        return chromes(self.site, self.base)

    def article(self, article_id: int) -> bytes:
        """Return the page of an article, with the dump that the site leaked into it, if it has related items.

        What an id's page has follows from the id: metadata (Open Graph and JSON-LD, Open Graph alone, or
        none), a canonical link, the way of the dump (raw or with entities, in ``<pre>``, a ``<div>`` or bare). A dump
        that the site hides (:meth:`Site.hides_dump`) stands unseen below the text, or behind the end of the page.
        """
        article = self.site.article(article_id)
        draw = Draw(self.site.number, "page", article_id)
        chrome = self._chromes[draw.below(VARIANTS)]
        head = self._head(article, draw)
        body = _story(article, self._layout, draw)
        behind = ""
        if self.site.hides_dump(article_id) and article.related:
            hidden = _hide(var_dump(article.related), draw)
            within, behind = draw.choice(((hidden, ""), ("", hidden)))
            body += _code(article) + within + self._box(article)
        else:
            body += self._leak(article, draw)
        parts = (head.encode(), chrome.head, b"</head>\n", chrome.before, body.encode(), chrome.after, behind.encode())
        return b"".join(parts)

    def home(self) -> bytes:
        """Return the home page: a list of the newest articles."""
        last = self.site.articles - 1
        ids = [self.site.id_at(last - n) for n in range(min(_MAX_TEASERS, self.site.articles))]
        items = "".join(self._link(one, self.site.title(one)) for one in ids)
        return self._plain(NAME, f"<h2>Latest</h2>\n<ul>\n{items}</ul>\n")

    def not_found(self) -> bytes:
        """Return the page that says that there is none; the site sends it with status 200 as well as with 404."""
        return self._plain(
            f"{NAME} - Page Not Found",
            "<h2>Page not found</h2>\n<p>The page you are looking for does not exist or has been moved. "
            'You may search our archive or return to the <a href="/">home page</a>.</p>\n',
        )

    def parked(self) -> bytes:
        """Return the page of a domain that its owner let go."""
        return (
            b'<!DOCTYPE html>\n<html lang="en">\n<head><title>This domain is for sale</title></head>\n<body>'
            b"<h1>Buy this domain</h1>\n<p>The domain name is for sale by its owner. Related searches: news, travel, "
            b"insurance, flights, hotels, credit cards, online degrees.</p>\n</body></html>\n"
        )

    def teaser(self, tid: int) -> bytes:
        """Return the fragment that ``/getcontent?tid=`` gives; *tid* is not the id of its article."""
        article_id = self.site.id_at(number(self.site.number, "tid", tid) % self.site.articles)
        title = escape(self.site.title(article_id))
        return f'<div class="teaser"><a href="{self._href(article_id)}"><b>{title}</b></a></div>\n'.encode()

    @cached_property
    def _layout(self) -> Layout:
        return LAYOUTS[self.site.layout]

    def _head(self, article: ReplicaArticle, draw: Draw) -> str:
        layout = self._layout
        url = self.site.url(article.id, self.base, slugged=layout.always_slugged)
        title = escape(article.title)
        parts = [
            '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n',
            f"<title>{title}</title>\n" if draw.chance(0.5) else f"<title>{title} - {NAME}</title>\n",
        ]
        if draw.chance(0.5):
            slugged = self.site.url(article.id, self.base, slugged=True)
            parts.append(f'<link rel="canonical" href="{escape(slugged)}">\n')
        metadata = draw.below(5)  # 2 of 5 with both, 2 with Open Graph alone, 1 with none
        if metadata:
            parts.append(_open_graph(article, title, url, layout.picture_url(article.pic, self.base)))
        if metadata > 2:  # noqa: PLR2004 - see above
            parts.append(_json_ld(article, layout.picture_url(article.pic, self.base)))
        return "".join(parts)

    def _leak(self, article: ReplicaArticle, draw: Draw) -> str:
        """Return what follows the text: desk code, dump, and the list of related articles that the dump was for."""
        if not article.related:
            return _code(article) + self._box(article)
        dump = var_dump(article.related)
        if draw.chance(0.5):
            dump = escape(dump)
        opening, closing = draw.choice((("<pre>", "</pre>"), ("<div>", "</div>"), ("<br>\n", "")))
        return f"{_code(article)}{opening}{dump}{closing}\n{self._box(article)}"

    def _box(self, article: ReplicaArticle) -> str:
        if not article.related:
            return "</div>\n"
        links = "".join([self._link(int(item.id), item.title or "") for item in article.related])
        return f'<div class="box-3"><h3>Related</h3>\n<ul>\n{links}</ul></div>\n</div>\n'

    def _link(self, article_id: int, title: str) -> str:
        return f'<li><a href="{self._href(article_id)}">{escape(title, quote=False)}</a></li>\n'

    def _href(self, article_id: int) -> str:
        return escape(self.site.link(article_id, self.base))

    def _plain(self, title: str, body: str) -> bytes:
        chrome = self._chromes[0]
        head = f'<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n<title>{title}</title>\n'
        return b"".join((head.encode(), chrome.head, b"</head>\n", chrome.before, body.encode(), chrome.after))


def _open_graph(article: ReplicaArticle, title: str, url: str, picture: str) -> str:
    media = "video" if article.pic.endswith(".mp4") else "image"
    return (
        f'<meta property="og:type" content="article">\n<meta property="og:title" content="{title}">\n'
        f'<meta property="og:url" content="{escape(url)}">\n<meta property="og:site_name" content="{NAME}">\n'
        f'<meta property="og:{media}" content="{escape(picture)}">\n'
        f'<meta property="og:description" content="{escape(article.paragraphs[0])}">\n'
    )


def _json_ld(article: ReplicaArticle, picture: str) -> str:
    data = {
        "@context": "https://schema.org",
        "@type": "NewsArticle",
        "headline": article.title,
        "datePublished": article.published.isoformat(),
        "author": [{"@type": "Person", "name": name} for name in article.authors],
        "image": [] if article.pic.endswith(".mp4") else [picture],
        "publisher": {"@type": "Organization", "name": NAME},
    }
    return f'<script type="application/ld+json">{orjson.dumps(data).decode()}</script>\n'


def _story(article: ReplicaArticle, layout: Layout, draw: Draw) -> str:
    """Return the article itself: kicker, title, date line, byline, picture, share bar, paragraphs."""
    kicker = f'<h4 class="kicker">{escape(article.kicker)}</h4>\n' if article.kicker else ""
    byline = f'<p class="byline">By {" and ".join(article.authors)}</p>\n' if article.authors else ""
    paragraphs = escape("\n".join(article.paragraphs), quote=False).replace("\n", "</p>\n<p>")
    return (
        f'<div id="content" class="news-{draw.below(12)}">\n{kicker}<h1>{escape(article.title, quote=False)}</h1>\n'
        f'<div class="date">{date_line(article.published)}</div>\n{byline}{_SHARE_BAR_HTML}{_figure(article, layout)}'
        f'<div class="news-body">\n<p>{paragraphs}</p>\n</div>\n'
    )


def _figure(article: ReplicaArticle, layout: Layout) -> str:
    url = escape(layout.picture_url(article.pic))
    if article.pic.endswith(".mp4"):
        return f'<video controls src="{url}"></video>\n'
    return f'<div class="photo"><img src="{url}" alt="{escape(article.title)}"></div>\n'


def _hide(dump: str, draw: Draw) -> str:
    """Return *dump* as it stands where no reader sees it, in one of :data:`HIDINGS`."""
    template, escapes = draw.choice(HIDINGS)
    return template.format(escape(dump) if escapes or draw.chance(0.5) else dump)


def _code(article: ReplicaArticle) -> str:
    return f"<p>{escape(article.desk_code)}</p>\n" if article.desk_code else ""
