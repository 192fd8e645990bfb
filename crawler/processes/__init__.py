"""Our processes: how a worker begins and ends, and what a signal does to a command."""
