"""Help that keeps its paragraphs."""

from __future__ import annotations

import argparse

from scrapy.commands import ScrapyHelpFormatter


class Paragraphs(argparse.HelpFormatter):
    """Wraps each paragraph separately, where argparse joins them; a list with indented lines stays as it is."""

    def _fill_text(self, text: str, width: int, indent: str) -> str:
        fill = super()._fill_text
        return "\n\n".join(one if "\n " in one else fill(one, width, indent) for one in text.split("\n\n"))


class ScrapyParagraphs(Paragraphs, ScrapyHelpFormatter):
    """The same for Scrapy, which takes a line that ends with a colon for a heading: no wrapped line may end so."""

    def _split_lines(self, text: str, width: int) -> list[str]:
        return [f"{line} " if line.endswith(":") else line for line in super()._split_lines(text, width)]
