"""Spiders: neighbours follows the related items of seed dumps."""
