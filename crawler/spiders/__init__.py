"""Spiders: neighbours follows the related items of seed dumps, revisit requests again what a corpus holds."""
