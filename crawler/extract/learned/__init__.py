"""The learned model that recognizes bodies: its features, words and trees."""
