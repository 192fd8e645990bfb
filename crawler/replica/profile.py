"""The site profile of a replica at any address, for crawls of it."""

from __future__ import annotations

import re
from importlib.resources import files

from crawler.replica.layout import LAYOUTS, Layout, old_base

_USUAL_BASE = "http://127.0.0.1:8765"
_URLS_RE = re.compile(r"\[article\].*?(?=\n\n# Known)", re.DOTALL)


def profile_text(base: str, layout: str = "news") -> str:
    """Return the profile of a replica at *base* (``http://host:port``) with the URLs of *layout*.

    That of ``news`` ships with Gleaner as ``replica``.
    """
    shipped = files("crawler.sites").joinpath("replica.toml").read_text(encoding="utf-8")
    if layout == "news":
        return shipped.replace(_USUAL_BASE, base)
    return _URLS_RE.sub(lambda _: _tables(base, LAYOUTS[layout]), shipped)


def _tables(base: str, layout: Layout) -> str:
    urls = [f"{base}{layout.address}"]
    urls += [f"{old_base(base)}{layout.before.address}"] if layout.before else []
    listed = ", ".join(f'"{url}"' for url in urls)
    return (
        f"[article]\nurls = [{listed}]\nid_pattern = '{layout.id_pattern}'\n\n"
        f'[image]\nurls = ["{base}{layout.original}{{pic}}", "{base}{layout.small}{{pic}}"]\n'
        f'flat_urls = ["{base}{layout.flat}{{pic}}"]'
    )
