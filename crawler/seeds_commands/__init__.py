"""The verbs of ``scrapy seeds``, a module each: ``run(root, opts)`` does it and returns the exit code."""


def named(paths: list[str]) -> str:
    """Return what to call *paths* in a message."""
    return paths[0] if len(paths) == 1 else f"{paths[0]} and {len(paths) - 1} more"
