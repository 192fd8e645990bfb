"""Verbs of our commands, a module each, loaded when a user names them."""
