r"""Cleans text for storage: lines and paragraphs, their normalized form and its hash.

>>> from crawler.text import clean_line
>>> clean_line("  Fire\u200b and   rescue\u202e ")
'Fire and rescue'
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from crawler.text.article import clean_article, clean_names, clean_related, clean_title
    from crawler.text.clean import clean_line, clean_text
    from crawler.text.normal import content_sha256, normalized
    from crawler.text.rules import RULES, Cleaned, clean_story

__all__ = [
    "RULES",
    "Cleaned",
    "clean_article",
    "clean_line",
    "clean_names",
    "clean_related",
    "clean_story",
    "clean_text",
    "clean_title",
    "content_sha256",
    "normalized",
]

_MODULES = {
    "article": ("clean_article", "clean_names", "clean_related", "clean_title"),
    "clean": ("clean_line", "clean_text"),
    "normal": ("content_sha256", "normalized"),
    "rules": ("RULES", "Cleaned", "clean_story"),
}


def __getattr__(name: str) -> Any:
    """Import *name* when it is first used: most commands clean nothing, and the rules are a fifth of their start."""
    for module, names in _MODULES.items():
        if name in names:
            return getattr(import_module(f"{__name__}.{module}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
