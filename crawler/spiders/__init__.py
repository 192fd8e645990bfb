"""Spiders: neighbours follows the related items of seed dumps, revisit asks again for what a corpus holds."""
