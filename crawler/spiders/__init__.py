"""Spiders: neighbours follows the dumps of seeds, captures archives what lists name, revisit rechecks articles."""
