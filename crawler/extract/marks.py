"""Recognizes elements by their names in the markup: share bars, captions, related stories, bodies."""

from __future__ import annotations

import re
from functools import lru_cache

# Stems of the words in class names and ids; `word=` matches only that whole word.
KINDS = {
    "comment": "comment disqus respond repl discuss",
    "share": "share= shar= sharing shares social facebook twitter whatsapp follow sharebar sharedaddy addthis",
    "related": "relat recommend recirc readmore more= also= trend popular outbrain taboola next= prev similar suggest"
    " upsell promo teaser card= cards= latest mostread mostpopular zergnet further",
    "caption": "caption credit copyright photograph legend wpcaption imagetext cutline",
    "byline": "byline author writer contribut journalist reporter",
    "bio": "bio= biograph about= aboutauthor profile avatar",
    "date": "date time= timestamp publish posted pubdate dateline= datetime",
    "meta": "meta= info= details metadata postmeta entrymeta",
    "nav": "nav menu breadcrumb crumb paginat pager= skip= toolbar toc= toc jump= tab= tabs=",
    "footer": "foot bottom= colophon",
    "header": "header masthead banner topbar hero= top=",
    "side": "side aside rail= rail widget secondary complement plugin module=",
    "ad": "ad= ads= advert adslot adunit sponsor commerc affiliate dfp= disclos disclaim deal product price shop= buy=",
    "letter": "newsletter subscri signup paywall regist login optin email form= forms= donat support cta= mailing app="
    " promo inline= piano",
    "tags": "tag= tags= taglist topic categ keyword label kicker eyebrow rubric",
    "gallery": "gallery slide carousel swiper lightbox photo image img= media= figure picture thumb pic=",
    "player": "video player audio podcast playlist jw= jwplayer brightcove transcript",
    "consent": "cookie consent gdpr popup modal overlay dialog notice alert privacy toast",
    "hidden": "hidden= hide= visually screenreader sr= offscreen noprint assistive",
    "list": "list item= items= grid= feed= stream river archive loop= ul= li=",
    "title": "title headline heading= hed=",
    "quote": "quote pullquote blockquote callout highlight factbox infobox inset box=",
    "lead": "summary lead= lede intro standfirst dek= subtitle subhead deck= excerpt abstract chapo sapo description"
    " synopsis tease= strapline",
    "body": "body articlebody postbody storybody entrycontent postcontent articlecontent storycontent bodytext"
    " articletext storytext richtext bodycopy maincontent paragraph prose rte= wysiwyg",
    "content": "content article story= post= entry main= text= copy= blog= news single= page=",
    "live": "live= liveblog update timeline",
    "rating": "rating review= score= vote poll quiz survey",
    "legal": "correct legal terms= rights= source= sources= footnote reference citation endnote",
}
"""Maps a kind of element to the words that show it."""

_TAGS = {
    "nav": "nav", "footer": "footer", "header": "header", "aside": "side", "form": "letter", "figure": "gallery",
    "figcaption": "caption", "blockquote": "quote", "ul": "list", "ol": "list", "main": "content", "article": "article",
    "table": "table", "dialog": "consent", "pre": "pre", "details": "details", "li": "li", "address": "byline",
    "section": "section",
}  # fmt: skip
NAMES = [*KINDS, *sorted(set(_TAGS.values()) - set(KINDS))]
KIND_COUNT = len(NAMES)
_INDEX = {name: index for index, name in enumerate(NAMES)}
COMMENT = _INDEX["comment"]
_WORDS: dict[str, int] = {}
_STEMS: dict[str, int] = {}
for _kind, _words in KINDS.items():
    for _word in _words.split():
        (_WORDS if _word.endswith("=") else _STEMS).setdefault(_word.rstrip("="), _INDEX[_kind])
_LENGTHS = sorted({len(stem) for stem in _STEMS}, reverse=True)
NAMING = frozenset({"class", "id", "role", "itemprop", "data-component", "data-testid"})
"""Attributes whose words describe an element."""

_MAX_NAMES_CHARACTERS = 300
_WORD_RE = re.compile("[A-Z]?[a-z]{2,30}|[A-Z]{2,30}")


def marks_of(names: str) -> tuple[int, ...]:
    """Return the kinds (indices of :data:`NAMES`) of an element with *names* in an attribute."""
    return _marks(names[:_MAX_NAMES_CHARACTERS])


@lru_cache(maxsize=4096)
def _marks(names: str) -> tuple[int, ...]:
    kinds = set(map(_kind_of, _WORD_RE.findall(names)))
    kinds.discard(-1)
    return tuple(kinds)


@lru_cache(maxsize=8192)
def _kind_of(word: str) -> int:
    word = word.lower()
    if word in _WORDS:
        return _WORDS[word]
    return next((_STEMS[word[:size]] for size in _LENGTHS if word[:size] in _STEMS), -1)


_OTHER_RE = re.compile(
    r"(?:^|[\s_-])(?:related|recommend\w*|recirc\w*|most-?(?:read|popular)|trending|newsletter|sign-?up|read-?(?:next|also)"
    r"|also-?read|more-?(?:from|on|stories)|(?<!with-)(?<!has-)(?<!no-)(?<!content-)(?:sidebar|rail)|outbrain|taboola)"
    r"(?=[\s_A-Z-]|$)|related(?:Content|Articles|Stories|Posts)"
)


@lru_cache(maxsize=4096)
def names_other_content(names: str) -> bool:
    """Return whether *names*, the classes of an element, say that its content is not part of the article.

    >>> names_other_content("card related-stories"), names_other_content("layout-with-rail__main")
    (True, False)
    """
    return _OTHER_RE.search(names[:_MAX_NAMES_CHARACTERS]) is not None


_MARKS_OF_TAGS = {tag: (_INDEX[name],) for tag, name in _TAGS.items()}


def marks_of_tag(tag: str) -> tuple[int, ...]:
    """Return the kinds (indices of :data:`NAMES`) of an element with *tag*."""
    return _MARKS_OF_TAGS.get(tag, ())
