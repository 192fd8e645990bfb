"""Help that keeps its paragraphs."""

from __future__ import annotations

import argparse

from scrapy.commands import ScrapyHelpFormatter


class Paragraphs(argparse.HelpFormatter):
    """Fills each paragraph by itself, where argparse makes one of all; a list, its lines indented, stays as it is."""

    def _fill_text(self, text: str, width: int, indent: str) -> str:
        fill = super()._fill_text
        return "\n\n".join(one if "\n " in one else fill(one, width, indent) for one in text.split("\n\n"))


class ScrapyParagraphs(Paragraphs, ScrapyHelpFormatter):
    """The same with Scrapy's headings: lines that end with a colon, which of those that are wrapped none must."""

    def _split_lines(self, text: str, width: int) -> list[str]:
        return [f"{line} " if line.endswith(":") else line for line in super()._split_lines(text, width)]
