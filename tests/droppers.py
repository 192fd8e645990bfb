"""A user's own pipelines, in a module of their own, for crawls in processes of their own."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from crawler import settings

_SOURCE = """
from scrapy.exceptions import DropItem

IDS = {ids!r}

class Dropper:
    def process_item(self, item):
        if item.id in IDS:
            raise DropItem("not our topic")
        return item

class Breaker:
    def process_item(self, item):
        if item.id in IDS:
            raise ValueError("it cannot do that")
        return item
"""


def with_pipeline(folder: Path, name: str, *ids: int) -> tuple[str, dict[str, Any]]:
    """Return a setting that puts the pipeline *name* before the archive, and the environment where it is found.

    ``Dropper`` drops the articles *ids*, ``Breaker`` raises an error for them.
    """
    (folder / "userpipelines.py").write_text(_SOURCE.format(ids=set(map(str, ids))), encoding="utf-8")
    pipelines = {**settings.ITEM_PIPELINES, f"userpipelines.{name}": 300}
    return f"ITEM_PIPELINES={json.dumps(pipelines)}", {**os.environ, "PYTHONPATH": str(folder)}
