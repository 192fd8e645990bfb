"""The verbs of ``scrapy seeds``, a module each: ``run(root, opts)`` does it and returns the exit code."""

from crawler.exceptions import SeedError


def no_dump(paths: list[str], looked_at: int, what: str) -> SeedError:
    """Return the error of *paths*, in whose so many files or pages (*what*) there is no dump."""
    if not looked_at:
        return SeedError(_named(paths), "there is nothing in it to read")
    return SeedError(_named(paths), "no dump in it" if looked_at == 1 else f"no dump in any of {looked_at} {what}")


def _named(paths: list[str]) -> str:
    """Return what to call *paths* in a message."""
    return paths[0] if len(paths) == 1 else f"{paths[0]} and {len(paths) - 1} more"
