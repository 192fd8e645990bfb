"""Merge corpora, also those of other machines."""
