"""The learned reader of bodies: its features, words and trees."""
