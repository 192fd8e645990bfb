"""Full-text search in a corpus."""
