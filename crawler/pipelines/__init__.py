"""Item pipelines, in the order of their numbers in ``ITEM_PIPELINES``: clean, duplicates, images, archive."""
