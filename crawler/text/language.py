"""Identifies the language of a text offline, from its letters, with a declaration as evidence.

py3langid (a naive Bayes model of 140 languages that comes with the package) was the most accurate one compared in
``benchmarks/language.py``; its probabilities are good enough to be combined with a declaration.
"""

# ruff: noqa: RUF001 - the letters of other scripts are the subject

from __future__ import annotations

import re
from collections import Counter
from functools import lru_cache
from itertools import chain, repeat
from typing import NamedTuple

from py3langid.langid import LanguageIdentifier

from crawler.text.languagemodel import load_identifier

MAX_SAMPLE_CHARACTERS = 1_000
MIN_LETTERS = 20
"""Letters; fewer are not enough. A Han, kana or Hangul character counts as three."""

WIDE_LETTER_WEIGHT = 3
MIN_PROBABILITY = 0.5
DECLARED_ODDS = 20.0
"""A declaration counts unless the text is twenty times likelier to be in another language."""

# Labels of the model for dialects that news writes in the standard language, and for older scripts.
_STANDARD_CODES = {"arz": "ar", "ary": "ar", "wuu": "zh", "hbo": "he", "grc": "el", "uzs": "uz"}
# Languages that are hard to tell apart by a text: here the declaration decides.
_KIN_CODES = (
    {"id", "ms"}, {"hr", "bs", "sr", "sh", "cnr"}, {"no", "nb", "nn"}, {"ku", "ckb", "sdh", "kmr"},
    {"zh", "yue", "cmn"}, {"fa", "prs"}, {"tl", "fil"}, {"ro", "mo"},
)  # fmt: skip

# The most frequent words of a language.
_EVERYDAY_WORDS = {
    "en": "the of and to is that was with for on it as by are from at be have this has he they which an said "
    "you your we our their will can would not but or were been more than when who its about all out up if "
    "there what how",
    "de": "der die und das den ist nicht mit ein eine auf sich für dem des im von zu auch als wird werden hat sind",
    "fr": "le la les et des du une est dans pour que qui sur pas plus par avec au ce il sont été aux cette mais",
    "es": "el la los las de del y en que un una por con para su es se no lo como más al fue ha este esta pero "
    "sus también sobre desde son",
    "pt": "o os as de do da dos das e em que um uma por com para não se na no mais ao foi é são como mas seu "
    "sua também pelo pela está",
    "it": "il lo la i gli le di del della dei delle e che è un una per in con non si da al alla nel nella sono "
    "più come anche ha ma",
    "nl": "de het een en van in is dat op te zijn met voor niet aan er die ook als maar bij door wordt naar "
    "heeft werd om",
    "pl": "w i na z do się nie to jest że o za po od przez jak ale dla są oraz który która co przy tym został",
    "tr": "ve bir bu için da de ile olarak çok daha olan gibi en kadar sonra ama değil her göre olduğu tarafından ise",
    "ru": "в и не что с как из это его для к также о за от который был при после но года они",
    "ar": "في من على إلى أن التي الذي عن مع هذا هذه ما لا بعد قال بين كما كان وقد خلال حيث",
    "fa": "و در به از که این را با است برای آن یک های شد بر هم تا خود اما کرد شده",
}
_LANGUAGES_OF: dict[str, list[str]] = {}
for _code, _words in _EVERYDAY_WORDS.items():
    for _word in _words.split():
        _LANGUAGES_OF.setdefault(_word, []).append(_code)
_WORD_RE = re.compile(r"[^\W\d_]+")
MIN_WORDS = 30
MIN_EVERYDAY_SHARE, MIN_EVERYDAY_SHARE_DECLARED = 0.2, 0.14
_CODES_WITHOUT_KIN = frozenset({"en", "de", "fr", "ru", "ar", "fa"})
"""Languages whose relatives share few of these words. Others must be declared: Galician has many Portuguese ones."""

# Letters that only the news of one language uses.
_SCRIPT_LETTERS = {
    "ja": "\u3040-\u30ff", "zh": "\u3400-\u9fff", "ko": "\uac00-\ud7a3", "el": "\u0370-\u03ff\u1f00-\u1fff",
    "th": "\u0e00-\u0e7f", "lo": "\u0e80-\u0eff", "km": "\u1780-\u17ff", "ka": "\u10a0-\u10ff", "hy": "\u0531-\u0587",
    "gu": "\u0a80-\u0aff", "ta": "\u0b80-\u0bff", "te": "\u0c00-\u0c7f", "kn": "\u0c80-\u0cff", "ml": "\u0d00-\u0d7f",
    "si": "\u0d80-\u0dff",
}  # fmt: skip
_SCRIPT_RE = re.compile("|".join(f"(?P<{code}>[{letters}]+)" for code, letters in _SCRIPT_LETTERS.items()))
MIN_SCRIPT_SHARE = 0.5
MIN_JAPANESE_KANA_SHARE, MAX_CHINESE_KANA_SHARE = 0.1, 0.02
"""Shares of kana in a text: from the first on its Han letters count as Japanese, up to the second as Chinese."""


MIN_OTHER_SCRIPT_LETTERS = 3
"""This many letters of another script show that a text is not in the declared language."""
_PERSIAN_LETTERS, _ARABIC_LETTERS, _URDU_LETTERS = frozenset("پچژگکی"), frozenset("ةىيكأإؤئ"), frozenset("ٹڈڑںے")
_FOREIGN_LETTERS = {"fa": frozenset("ٹڈڑںےة"), "ar": frozenset("ٹڈڑںےپچژگ")}
"""Letters that a language uses only in names and loanwords: evidence against a declaration."""
_OTHER_SCRIPT_CODES = {
    "\u0600-\u06ff\u0750-\u077f\ufb50-\ufdff\ufe70-\ufeff": "ar fa ur ps ku ckb sdh sd ug pa azb prs bal",
    "\u0400-\u052f": "ru uk bg sr mk be kk ky tg mn tt ba cv os ab",
    "\u0590-\u05ff": "he yi lad",
}
"""Scripts of several languages; the most likely language of a short text comes first."""
_OTHER_SCRIPT_RES = {re.compile(f"[{letters}]"): codes.split() for letters, codes in _OTHER_SCRIPT_CODES.items()}


class Language(NamedTuple):
    """An ISO 639 code, and how probable it is that the text is in this language."""

    code: str
    probability: float


def language_of(text: str, declared: str | None = None) -> str | None:
    """Return the language of *text*, from any evidence; None if there is none.

    *declared* is a declared language (an ISO 639 code): evidence, but not the answer.

    >>> language_of("بازگشایی فرودگاه", "en"), language_of("إعادة فتح المطار", "en"), language_of("It rained.", "en")
    ('fa', 'ar', None)
    """
    seen = everyday_language(text, declared) or language_of_script(text)
    if seen is None:  # usually the model is not needed, which saves time and memory
        guess = identify(text, declared)
        seen = guess.code if guess else _language_of_few_letters(text, declared)
    return seen


def _language_of_few_letters(text: str, declared: str | None) -> str | None:
    """Return the language of a short text, judged by letters that the *declared* language does not use."""
    sample = text[:MAX_SAMPLE_CHARACTERS]
    letters = sum(map(str.isalpha, sample))
    for pattern, codes in _OTHER_SCRIPT_RES.items():
        count = len(pattern.findall(sample))
        if count < MIN_OTHER_SCRIPT_LETTERS or count <= MIN_SCRIPT_SHARE * letters:
            continue
        seen = _language_of_arabic_script(frozenset(sample), declared) if codes[0] == "ar" else codes[0]
        return (
            seen if declared not in codes or _FOREIGN_LETTERS.get(declared, frozenset()).intersection(sample) else None
        )
    return None


def _language_of_arabic_script(letters: frozenset[str], declared: str | None) -> str | None:
    """Return which of Urdu, Persian and Arabic uses *letters*; Arabic or *declared* if they do not decide."""
    if _URDU_LETTERS & letters:
        return "ur"
    if not _PERSIAN_LETTERS & letters:
        return "ar"
    return (
        declared
        if _ARABIC_LETTERS & letters and declared in {"ar", "fa"}
        else "ar"
        if _ARABIC_LETTERS & letters
        else "fa"
    )


def identify(text: str, declared: str | None = None) -> Language | None:
    """Return the language of *text*; None if it is too short, or no language is likelier than all others together.

    *declared* is a declared language (an ISO 639 code): it decides where the letters do not.

    >>> identify("Firefighters from three districts reached the harbour within minutes.").code
    'en'
    >>> identify("Reuters, 12/5") is None
    True
    """
    sample = text[:MAX_SAMPLE_CHARACTERS]
    if _letters(sample) < MIN_LETTERS:
        return None
    weights: dict[str, float] = {}
    for label, probability in _model().rank(sample):
        code = _STANDARD_CODES.get(label, label)
        weights[code] = weights.get(code, 0.0) + probability
    total = 1.0
    if declared in weights:
        gained = weights[declared] * (DECLARED_ODDS - 1)
        weights[declared] += gained
        total += gained
    best = max(weights, key=lambda code: weights[code])
    probability = weights[best] / total
    if best == "zxx" or probability < MIN_PROBABILITY:
        return None
    return Language(best, round(probability, 3))


def everyday_language(text: str, declared: str | None = None) -> str | None:
    """Return the language of the everyday words in *text*, without the model.

    None for a short text, for a language without such words here, and for a language that many others resemble, unless
    it is the *declared* one.

    >>> everyday_language("The ministry said that the bridge will stay closed. " * 4)
    'en'
    """
    words = _WORD_RE.findall(text[:MAX_SAMPLE_CHARACTERS].casefold())
    if len(words) < MIN_WORDS:
        return None
    counts = Counter(chain.from_iterable(map(_LANGUAGES_OF.get, words, repeat(()))))
    best = max(_EVERYDAY_WORDS, key=counts.__getitem__)
    least = (
        MIN_EVERYDAY_SHARE_DECLARED if best == declared else MIN_EVERYDAY_SHARE if best in _CODES_WITHOUT_KIN else 1.0
    )
    return best if counts[best] >= least * len(words) else None


def language_of_script(text: str) -> str | None:
    """Return the language of most letters of *text*, if only one language uses their script.

    >>> language_of_script("국토부는 다리가 금요일까지 폐쇄된다고 밝혔다.")
    'ko'
    """
    sample = text[:MAX_SAMPLE_CHARACTERS]
    letters = _letters(sample)
    if letters < MIN_LETTERS:
        return None
    counts: Counter[str | None] = Counter()
    for match in _SCRIPT_RE.finditer(sample):
        counts[match.lastgroup] += _letters(match[0])
    kana = counts["ja"]
    if kana >= MIN_JAPANESE_KANA_SHARE * letters:
        counts["ja"] += counts.pop("zh", 0)
    elif kana > MAX_CHINESE_KANA_SHARE * letters:
        return None
    return next((code for code, count in counts.items() if count > MIN_SCRIPT_SHARE * letters), None)


def are_kin(one: str, other: str) -> bool:
    """Return whether *one* and *other* are the same code, or languages that are hard to tell apart by a text.

    >>> are_kin("id", "ms"), are_kin("ar", "fa")
    (True, False)
    """
    return one == other or any(one in kin and other in kin for kin in _KIN_CODES)


def _letters(text: str) -> int:
    return sum(
        WIDE_LETTER_WEIGHT if char >= "\u3040" and not "\ufb1d" <= char <= "\ufeff" else 1
        for char in text
        if char.isalpha()
    )


@lru_cache(maxsize=1)
def _model() -> LanguageIdentifier:
    return load_identifier()
