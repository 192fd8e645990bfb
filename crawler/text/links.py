# ruff: noqa: RUF001 - the words of other scripts are the subject
"""Removes page furniture from the paragraphs: share buttons, and lists of other stories."""

from __future__ import annotations

import re

from crawler.text.story import Story, core

_SHARE_WORDS = (
    "share tweet retweet partager partagez compartir comparte compartilhar teilen teile condividi delen paylaş "
    "поделиться поделитесь поделись follow suivez síguenos folgen подписывайтесь شارك شاركها مشاركة تابعونا "
    "تابعنا اشتراک اشتراکگذاری بفرستید שתף שתפו שיתוף 分享 分享到 转发 转发到"
)
_SHARE = frozenset(_SHARE_WORDS.split())
_PLATFORMS_WORDS = (
    "facebook twitter x whatsapp telegram linkedin pinterest reddit email e-mail mail messenger viber vk "
    "instagram flipboard pocket tumblr weibo wechat qq line print imprimer imprimir drucken copy link вконтакте "
    "одноклассники телеграм فيسبوك تويتر واتساب واتس تلغرام تيليجرام طباعة تلگرام توییتر فیسبوک واتساپ واتساپ چاپ "
    "ایمیل פייסבוק טוויטר ווטסאפ וואטסאפ טלגרם הדפסה 微信 微博 朋友圈 qq空间"
)
_PLATFORMS = frozenset(_PLATFORMS_WORDS.split())
_FILLERS_WORDS = (
    "this article story post page news on via by to with or and the your friends us cet cette l'article sur par "
    "en por este esta artículo noticia auf diesen den artikel per bei в на эту эта статью с друзьями على عبر هذا "
    "هذه الخبر المقال مع الأصدقاء در با این خبر مطلب به را گذاشتن گذاری بگذارید בפייסבוק בטוויטר את הכתבה ב"
)
_FILLERS = frozenset(_FILLERS_WORDS.split())
_MAX_WORDS = 16
_MIN_PLATFORMS = 3
_WORD_RE = re.compile(r"[^\s,|/•·:：、，>»()\[\]–—-]+(?:-[^\W\d_]+)*")

_MARKERS = (
    "read more|read also|also read|read next|see also|related|related (?:articles?|stories|story|news|content|topics|"
    "coverage|links)|you (?:may|might) also like|more on this (?:story|topic)|recommended (?:articles|stories|for you)|"
    "don['’]t miss|"
    "(?:à )?lire aussi|lire (?:la suite|également)|voir aussi|sur le même (?:sujet|thème)|"
    "lea también|leer más|lee también|también te puede interesar|te puede interesar|noticias relacionadas|vea también|"
    "leia (?:também|mais)|veja também|leggi anche|lees ook|"
    "lesen sie (?:auch|hier|mehr)|mehr zum thema|lesen sie auch zum thema|auch interessant|siehe auch|"
    "читайте также|читать (?:далее|также|ещё|еще)|смотрите также|по теме|материалы по теме|"
    "[اإ]قر[أا](?:وا)? (?:أيضا|أيضاً|ايضا|ايضاً|المزيد|كذلك)|للمزيد|مواضيع ذات صلة|أخبار ذات صلة|"
    "بیشتر بخوانید|همچنین بخوانید|بیشتر بدانید|اخبار مرتبط|مطالب مرتبط|"
    "مزید پڑھیں|یہ بھی پڑھیں|"
    "ilgili haberler|ayrıca okuyun|bunları da okuyun|devamını oku|"
    "קראו (?:גם|עוד)|קרא עוד|עוד בנושא|לקריאה נוספת|"
    "延伸阅读|延伸閱讀|相关阅读|相关新闻|相關新聞|相关报道|阅读更多|更多阅读|推荐阅读"
)
_ALONE_RE = re.compile(rf"\W*(?:{_MARKERS})\s*[:：…>»]*\W*", re.IGNORECASE)
_LED_RE = re.compile(rf"\W*(?:{_MARKERS})\s*[:：]\s*\S.*", re.IGNORECASE)
_MAX_LINK_CHARACTERS = 200
_SENTENCES_RE = re.compile(r"[.!?؟۔]\s+\S|[。！？]\S")
_ENDED_RE = re.compile(r"[.۔。][\"'”’»)\]]*$")


def drop_share_buttons(story: Story) -> Story:
    """Remove paragraphs that consist only of words of share, print and follow buttons."""
    return story.without(number for number, text in enumerate(story.paragraphs) if _is_buttons(text))


def _is_buttons(text: str) -> bool:
    if len(text) > _MAX_WORDS * 8:
        return False
    words = _WORD_RE.findall(text.casefold().replace("\u200c", ""))
    if not 0 < len(words) <= _MAX_WORDS or not all(map(_is_known, words)):
        return False
    platforms = sum(word in _PLATFORMS for word in words)
    shares = any(word.rstrip("!.") in _SHARE for word in words)
    return shares or platforms >= _MIN_PLATFORMS


def _is_known(word: str) -> bool:
    word = word.rstrip("!.")
    return word in _SHARE or word in _PLATFORMS or word in _FILLERS


def drop_read_more(story: Story) -> Story:
    """Remove "Read more: ..." lines, and the lists of titles after "Read also".

    A list ends at the first paragraph that is neither the title of a related item nor, at the end of the text, a line
    without a full stop.
    """
    gone: list[int] = []
    count = len(story.paragraphs)
    for number, text in enumerate(story.paragraphs):
        if len(text) > _MAX_LINK_CHARACTERS or number in gone:
            continue
        if _ALONE_RE.fullmatch(text):
            gone.append(number)
            rest = range(number + 1, count)
            if all(_is_title(story.paragraphs[after]) for after in rest):
                gone += rest
                break
            for after in rest:
                if core(story.paragraphs[after]) not in story.related:
                    break
                gone.append(after)
        elif _LED_RE.fullmatch(text) and not _SENTENCES_RE.search(text):
            gone.append(number)
    return story.without(gone)


def _is_title(text: str) -> bool:
    return len(text) <= _MAX_LINK_CHARACTERS and not _ENDED_RE.search(text) and not _SENTENCES_RE.search(text)
