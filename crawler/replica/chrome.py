"""Everything of a page that is not the article: navigation, side bars, styles, scripts, share bar, footer.

The real site's pages are 30 to 80 KB of which the article is a tenth. So that such a page costs next to nothing,
its surroundings are rendered once, in a few variants that differ in size and in their teasers.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from html import escape

from crawler.replica import prose, words
from crawler.replica.draw import Draw
from crawler.replica.site import Site

VARIANTS = 16
NAME = "Lanternport Wire"


@dataclass(frozen=True, slots=True)
class Chrome:
    """The pieces around an article, as bytes: in the head, before the article and after it."""

    head: bytes
    before: bytes
    after: bytes


def chromes(site: Site, base: str) -> tuple[Chrome, ...]:
    """Return the variants that pages of *site* at *base* use."""
    return tuple(_chrome(site, base, n) for n in range(VARIANTS))


def _chrome(site: Site, base: str, variant: int) -> Chrome:
    draw = Draw(site.number, "chrome", variant)
    head = f'<meta name="viewport" content="width=device-width">\n{_styles(draw)}\n{_script(draw)}\n'
    latest = _sidebar(site, base, draw, "Latest News", 8 + draw.below(10))
    before = f'{_header(draw)}\n<div id="wrap" class="row">\n{latest}\n'
    after = (
        f"{_sidebar(site, base, draw, 'Most Viewed', 10 + draw.below(16))}\n</div>\n{_footer(draw)}\n{_script(draw)}\n"
        "<script>/* counter */ (function(){var i=new Image();i.width=1;})();</script>\n</body>\n</html>\n"
    )
    return Chrome(head.encode(), before.encode(), after.encode())


def _styles(draw: Draw) -> str:
    names = [f"{block}-{part}" for block in ("nav", "news", "side", "box", "ftr", "gal") for part in range(12)]
    rules = [
        f".{draw.choice(names)} .{draw.choice(names)}{{margin:{draw.below(20)}px {draw.below(20)}px;"
        f"color:#{draw.below(0xFFFFFF):06x};font:{10 + draw.below(9)}px/1.{draw.below(9)} Arial,sans-serif}}"
        for _ in range(80 + draw.below(140))
    ]
    return "<style>\n{}\n</style>".format("\n".join(rules))


def _script(draw: Draw) -> str:
    config = {
        f"slot{n}": {"unit": f"/3{draw.below(10**7)}/wire_{draw.below(99)}", "size": [728, 90], "lazy": bool(n % 2)}
        for n in range(30 + draw.below(90))
    }
    return (
        f"<script>\nvar wireConfig = {json.dumps(config)};\n"
        "function openShare(u){window.open(u,'share','width=600,height=400');return false;}\n"
        "for (var k in wireConfig) { if (wireConfig[k].lazy) { wireConfig[k].seen = 0; } }\n</script>"
    )


def _header(draw: Draw) -> str:
    menus = "".join(f"<li>{_menu(section, draw)}</li>\n" for section in words.SECTIONS)
    return (
        f'<body class="v{draw.below(9)}">\n<header id="top">'
        f'<a href="/" class="logo"><img src="/static/logo.png" alt="{NAME}"></a>'
        '<form action="/search"><input name="q" placeholder="Search"><button>Go</button></form>'
        f'<nav><ul class="menu">\n{menus}</ul></nav></header>'
    )


def _menu(section: str, draw: Draw) -> str:
    path = f"/section/{section.lower()}"
    places = [f'<li><a href="{path}/{n}">{draw.choice(words.PLACES)}</a></li>' for n in range(6)]
    return f'<a href="{path}">{section}</a><ul>{"".join(places)}</ul>'


def _sidebar(site: Site, base: str, draw: Draw, title: str, length: int) -> str:
    teasers = "".join(_teaser(site, base, draw) for _ in range(length))
    return f'<aside class="sidebar"><h3>{title}</h3><ul>\n{teasers}</ul></aside>'


def _teaser(site: Site, base: str, draw: Draw) -> str:
    article_id = site.id_at(draw.below(site.articles))
    return (
        f'<li class="side-{draw.below(12)}"><a href="{escape(site.link(article_id, base))}">'
        f'<img src="/static/thumb-{draw.below(99)}.png" alt=""><span>{escape(site.title(article_id))}</span></a>'
        f"<p>{escape(prose.teaser(site.number, article_id))}</p></li>\n"
    )


def _footer(draw: Draw) -> str:
    links = [f'<a href="/page/{n}">{draw.choice(words.PLACES)} {draw.choice(words.SECTIONS)}</a>' for n in range(24)]
    return (
        f'<footer id="ftr"><p>{" | ".join(links)} | <a href="/contact">Contact</a></p>'
        f"<p>&copy; {NAME}. All rights reserved. A made-up site: nothing in it is true.</p></footer>"
    )
