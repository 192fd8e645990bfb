r"""Text that is fit to keep: cleaned lines and paragraphs, their normalized form and its hash.

>>> from crawler.text import clean_line
>>> clean_line("  Fire\u200b and   rescue\u202e ")
'Fire and rescue'
"""

from crawler.text.article import clean_article
from crawler.text.clean import clean_line, clean_text
from crawler.text.normal import content_sha256, normalized

__all__ = ["clean_article", "clean_line", "clean_text", "content_sha256", "normalized"]
