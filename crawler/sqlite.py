"""Reading SQLite databases where one may write, and where one may not."""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path


def connect_to_read(path: Path) -> sqlite3.Connection:
    """Open the database at *path* for reading, beside who writes to it; also on a read-only disk.

    SQLite makes files of its own beside a database in WAL mode that it reads. Where it may not, all is in the one file
    if that was closed as it should be (https://www.sqlite.org/wal.html#read_only_databases).
    """
    still = not os.access(path.parent, os.W_OK) and not path.with_name(f"{path.name}-wal").exists()
    return sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro{'&immutable=1' if still else ''}", uri=True)
