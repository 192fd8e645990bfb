"""Item pipelines, in the order of their numbers in ``ITEM_PIPELINES``: clean, images, archive."""
