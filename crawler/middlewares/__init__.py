"""Downloader middlewares: where requests may go and when, how answers are decoded, kept and replayed."""
