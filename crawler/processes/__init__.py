"""Processes of ours: how a worker begins and ends, and what a signal does to a command."""
