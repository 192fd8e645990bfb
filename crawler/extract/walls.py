# ruff: noqa: E501, RUF001 - phrases of other scripts
"""Recognizes pages that come instead of an article: errors, logins, subscriptions, consent, checks for robots."""

from __future__ import annotations

import re
from collections.abc import Sequence

from crawler.extract.dates import find_published
from crawler.extract.learned.letters import weight
from crawler.extract.page import ArticlePage

_MAX_LETTERS = 1_500
_MIN_PHRASES = 2
_ERROR = "an error page"
_PHRASES = {
    _ERROR: (
        r"\b40[34]\b|\b50[0234]\b|(?:page|article|file|story) (?:was |could |is |has |can)?(?:not|no longer)(?: be)? (?:found|available|exist)|not found|access denied|forbidden"
        r"|page (?:that )?you(?:'re| are|’re| were)? (?:looking for|request\w+)|(?:moved, |renamed|been moved|deleted)|check the (?:address|url)|do(?:es)? not have permission|been blocked"
        r"|(?:scheduled )?maintenance|(?:be )?right back|service unavailable|temporarily unavailable|something went wrong"
        r"|page introuvable|n['’]existe pas|a été déplacée|nicht gefunden|existiert nicht|no encontrada|no existe|não encontrada|non trovata|bulunamadı"
        r"|страница не найдена|не существует|الصفحة غير موجودة|تبحث عنها|صفحه (?:مورد نظر )?(?:یافت|پیدا) نشد|מצא|页面不存在|找不到"
    ),
    "a login": (
        r"\blog ?in\b|\bsign in\b|your (?:e-?mail|user ?name)|\bpasswords?\b|forgot(?:ten)? your|(?:create|have|need) an account|already registered"
        r"|mot de passe|se connecter|identifiant|passwort|anmelden|contraseña|iniciar sesión|senha|şifre|giriş yap|пароль|войти|كلمة المرور|تسجيل الدخول|رمز عبور|گذرواژه|סיסמ|密码|登录"
    ),
    "an offer of a subscription": (
        r"subscribe (?:now|to|today)|to continue reading|already a subscriber|your subscription|free articles|unlimited access|cancel (?:at )?any ?time"
        r"|abonnez-vous|déjà abonné|jetzt abonnieren|suscríb\w+|assine"
    ),
    "a request for consent": (
        r"\bcookies?\b|your privacy|your (?:consent|preferences|choices)|our (?:\d+ )?partners|personal data|accept all|personali[sz]ed ads"
        r"|données personnelles|vos préférences|personenbezogene|einwilligung|datos personales|персональных данных|ملفات تعريف الارتباط"
    ),
    "a check for robots": (
        r"(?:checking|verif\w+) (?:that )?(?:your browser|you are (?:not a robot|human))|not a robot|just a moment|enable javascript|browser will redirect|security of your connection|unusual traffic|captcha"
    ),
}
_MISSING_RE = re.compile(
    r"\b(?:error|http)\W{0,3}4(?:04|10)\b|\b4(?:04|10)\W{1,3}(?:error|not found|page|gone)|^\W*404\W*$"
    r"|\b(?:page|article|file|story|document|url|link) (?:that )?(?:you(?:'re| are|’re| were|'ve| have)? (?:looking for|request\w+|tried) )?"
    r"(?:(?:was|could|is|has|can|does) ?)?(?:not|no longer)(?: be)? (?:found|(?<=no longer )available|exists?)\b"
    r"|\b(?:page|article|story|document) (?:has been|was|is) (?:removed|deleted|moved)\b"
    r"|(?:page|article|story|document) you(?:'re| are|’re| were|'ve| have)? (?:looking for|request\w+)\b[^.!?]{0,40}?"
    r" (?:does(?: not|n['’]t) exist|not (?:be )?(?:found|located)|no longer|(?:re)?moved|deleted|renamed|missing|gone)\b"
    r"|(?:cannot|can't|can’t|could not|couldn't|unable to) (?:find|locate) (?:that|the|this|your|a) (?:\w+ )?(?:page|article|file|url|document)"
    r"|nothing (?:was|could be) found (?:at|here)"
    r"|page introuvable|cette page n['’]existe pas|seite (?:wurde |konnte )?nicht gefunden|página no encontrada|página não encontrada|pagina non trovata|sayfa bulunamadı"
    r"|страница не найдена|الصفحة (?:التي تبحث عنها )?(?:غير موجودة|لم تعد موجودة)|لم يتم العثور على الصفحة|صفحه (?:مورد نظر )?(?:شما )?(?:یافت|پیدا) نشد|页面不存在|找不到(?:该)?(?:页面|網頁)",
    re.IGNORECASE,
)
_NOT_FOUND_RE = re.compile(
    r"^\W*(?:error\W*)?(?:404\W*)?(?:page )?not found\W*(?:$|[-|–—:])|[-|–—:]\s*(?:page )?not found\W*$", re.IGNORECASE
)
"""Matches a title that says only this."""

_PATTERNS = {reason: re.compile(phrases, re.IGNORECASE) for reason, phrases in _PHRASES.items()}
_INFLECTION_RE = re.compile(r"\W+|s\b")
_GATE_RE = re.compile("|".join((_PHRASES["a login"], _PHRASES["an offer of a subscription"])), re.IGNORECASE)
"""Pages that ask readers to log in or to subscribe often ask for both, with one phrase of each."""


def bars(text: str) -> bool:
    """Return whether *text* has a phrase of a page that comes instead of an article, error pages excepted.

    >>> bars("We use cookies to improve your experience."), bars("The harbour is closed.")
    (True, False)
    """
    return any(pattern.search(text) for reason, pattern in _PATTERNS.items() if reason != _ERROR)


def find_error(page: ArticlePage, title: str | None, paragraphs: Sequence[str]) -> str | None:
    """Return the words with which a short page says that the requested page does not exist; None if there are none.

    They are in one of its titles, in its *paragraphs*, or, if it has neither, in any of its lines. A page that says
    that something else was not found, or that it is unavailable now, here or to this reader, does not count.
    """
    lines = paragraphs or page.lines
    if sum(map(weight, lines)) > _MAX_LETTERS:
        return None
    titles = [text for text in (title, page.title) if text]
    if any(_NOT_FOUND_RE.search(text) for text in titles):
        return "not found"
    found = (_MISSING_RE.search(line) for line in [*titles, *lines])
    return next((match[0] for match in found if match), None)


def find_wall(page: ArticlePage, title: str | None, paragraphs: Sequence[str]) -> str | None:
    """Return what *page*, with these *paragraphs*, is instead of an article; None if it may be an article.

    It is not an article if it is short, has no date anywhere, and half of its title and paragraphs have phrases of one
    kind, at least two different ones; logins and subscriptions count as one kind.
    """
    lines = [title or "", *paragraphs]
    if sum(map(weight, paragraphs)) > _MAX_LETTERS:
        return None
    for reason, pattern in _PATTERNS.items():
        phrases = [_phrases(pattern, line) for line in lines]
        wall_lines = sum(map(bool, phrases))
        if 2 * wall_lines >= len(lines) and len(set().union(*phrases)) >= _MIN_PHRASES:
            return None if find_published(page) else reason
    phrases = [_phrases(_GATE_RE, line) for line in lines]
    if (
        2 * sum(map(bool, phrases)) >= len(lines)
        and len(set().union(*phrases)) >= _MIN_PHRASES
        and not find_published(page)
    ):
        return "a login or an offer"
    return None


def _phrases(pattern: re.Pattern[str], line: str) -> set[str]:
    """Return the different phrases of *pattern* in *line*; forms of one word (cookie, cookies; log in, login) are one."""
    return {_INFLECTION_RE.sub("", match.casefold()) for match in pattern.findall(line)}
