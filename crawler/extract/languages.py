"""The language of an article: what its page declares, unless its letters contradict."""

from __future__ import annotations

import re
from collections import Counter

from crawler.extract.page import Found, Page

_TAG_RE = re.compile(r"^([a-z]{2,3})(?:[-_][a-z0-9]{1,8})*$", re.IGNORECASE)
_SCRIPTS = (
    ("arabic", re.compile("[\u0600-\u06ff\ufb50-\ufdff]"), {"ar", "fa", "ur", "ps", "ckb", "ug", "sd", "ku", "az"}),
    (
        "cyrillic",
        re.compile("[\u0400-\u04ff]"),
        {"ru", "uk", "bg", "sr", "mk", "be", "kk", "ky", "mn", "tg", "uz", "tt"},
    ),
    ("hebrew", re.compile("[\u0590-\u05ff]"), {"he", "iw", "yi"}),
    ("kana", re.compile("[\u3040-\u30ff]"), {"ja"}),
    ("hangul", re.compile("[\uac00-\ud7af]"), {"ko"}),
    ("han", re.compile("[\u4e00-\u9fff]"), {"zh", "ja", "yue"}),
    ("greek", re.compile("[\u0370-\u03ff]"), {"el"}),
    ("devanagari", re.compile("[\u0900-\u097f]"), {"hi", "mr", "ne"}),
    ("thai", re.compile("[\u0e00-\u0e7f]"), {"th"}),
    ("latin", re.compile("[A-Za-z\u00c0-\u024f]"), None),
)
_DEFAULT = {"arabic": "ar", "cyrillic": "ru", "hebrew": "he", "kana": "ja", "hangul": "ko", "han": "zh", "greek": "el",
            "devanagari": "hi", "thai": "th"}  # fmt: skip
_STOPWORDS = {
    "en": "the of and to in that is for with was on as by at from are this have has",
    "de": "der die und den das ist nicht von mit für auf ein eine dem des sich",
    "fr": "le la les des et est une dans pour que qui sur pas plus par au du",
    "es": "el los las que en una por con para es del se su como más",
    "pt": "o os que uma com para não em do da no na ao é mais",
    "it": "il di che la per una del della con non sono è gli nel le",
    "nl": "de het een van en dat niet op zijn met voor aan ook is",
    "tr": "ve bir bu için ile da de olarak çok daha olan gibi kadar",
    "pl": "w i na z się do nie że jest to o jak po od przez",
    "sv": "och att det som en på är av för med till den inte har",
    "id": "yang dan di ini dengan untuk dari dalam tidak pada akan",
    "ro": "și în de la cu pe nu este care din pentru a fost",
}
_SETS = {language: frozenset(words.split()) for language, words in _STOPWORDS.items()}
_SAMPLE = 3_000
_ENOUGH = 3


def find_language(page: Page, text: str | None) -> Found[str] | None:
    """Return the language of *page* as its ISO 639 code (``en``), None if it is neither told nor seen.

    The declaration (``lang``, JSON-LD, Open Graph, meta) counts unless *text* is written in another script; then,
    and where nothing is declared, the script and the small words of *text* tell. Last, the profile.
    """
    sample = (text or "")[:_SAMPLE]
    script, languages = _script(sample)
    for value, source in _declared(page):
        match = _TAG_RE.match(value.strip())
        if not match:
            continue
        language = match[1].lower()
        if not sample or (language in languages if languages else script == "" or _is_latin(language)):
            return Found("he" if language == "iw" else language, source)
    if sample and (seen := _seen(sample, script)):
        return Found(seen, "text")
    return Found(page.profile.language, "profile") if page.profile and page.profile.language else None


def _declared(page: Page) -> list[tuple[str, str]]:
    told = [(page.root.get("lang") or page.root.get("{http://www.w3.org/XML/1998/namespace}lang") or "", "html")]
    for node in page.linked.articles:
        if isinstance(language := node.get("inLanguage"), str):
            told.append((language, "json-ld"))
            break
    told.append((page.meta("og:locale") or "", "open-graph"))
    told.append((page.meta("content-language", "language", "dc.language", "dcterms.language") or "", "meta"))
    return [(value, source) for value, source in told if value]


def _script(text: str) -> tuple[str, set[str]]:
    """Return the script of most letters of *text* ("" for none) and its languages (none for Latin)."""
    counts = Counter({name: len(pattern.findall(text)) for name, pattern, _ in _SCRIPTS})
    if counts["kana"] * 10 > counts["han"]:
        counts["kana"] += counts["han"]
    name, count = counts.most_common(1)[0]
    if not count:
        return "", set()
    return name, next(languages for script, _, languages in _SCRIPTS if script == name) or set()


def _is_latin(language: str) -> bool:
    return language not in _DEFAULT.values() and language not in {"fa", "ur", "uk", "bg", "yi", "iw", "mk", "be"}


def _seen(text: str, script: str) -> str | None:
    if script == "arabic":
        return "fa" if re.search("[پچژگ]", text) and re.search("[یک]", text) else "ar"
    if script == "cyrillic":
        return "uk" if re.search("[іїєґ]", text) else "ru"
    if script != "latin":
        return _DEFAULT.get(script)
    words = Counter(re.findall(r"\w+", text.casefold()))
    scores = {language: sum(words[word] for word in known) for language, known in _SETS.items()}
    best = max(scores, key=lambda language: scores[language])
    return best if scores[best] >= _ENOUGH else None
