"""Fixity: verify a corpus, its manifest, and BagIt bags of it."""
