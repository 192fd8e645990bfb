r"""Cleans text for storage: lines and paragraphs, their normalized form and its hash.

>>> from crawler.text import clean_line
>>> clean_line("  Fire\u200b and   rescue\u202e ")
'Fire and rescue'
"""

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
