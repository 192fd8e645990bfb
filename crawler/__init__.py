"""Gleaner: rebuild a news corpus from the scraps that web archives kept."""

__version__ = "0.1.0"
