"""The verbs of ``scrapy seeds``, a module each: ``run(root, opts)`` does it and returns the exit code."""

from crawler.exceptions import SeedError
from crawler.inputs import shown


def no_dump(paths: list[str], looked_at: int, what: str) -> SeedError:
    """Return the error for *paths* without any dump in *looked_at* files or pages (*what*)."""
    if not looked_at:
        return SeedError(_named(paths), "it contains nothing to read")
    return SeedError(_named(paths), "no dump in it" if looked_at == 1 else f"no dump in any of {looked_at} {what}")


def _named(paths: list[str]) -> str:
    """Return the name of *paths* for a message."""
    return shown(paths[0]) if len(paths) == 1 else f"{shown(paths[0])} and {len(paths) - 1} more"
