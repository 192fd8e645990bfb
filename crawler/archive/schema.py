"""The tables of the catalogue. A catalogue of another version is rebuilt when the corpus is next opened."""

from __future__ import annotations

from typing import Final

from crawler.archive.fingerprints import SCHEMA as FINGERPRINTS
from crawler.archive.recurring import SCHEMA as RECURRING

VERSION: Final = 8
NO_CRC: Final = -1

_TABLES: Final = """
CREATE TABLE segments (             -- how far the catalogue has read each segment
    name TEXT PRIMARY KEY, bytes INTEGER NOT NULL, lines INTEGER NOT NULL
) WITHOUT ROWID;
CREATE TABLE targets (              -- every key that is archived, or that a dump named
    tid INTEGER PRIMARY KEY,        -- see target_id()
    key TEXT NOT NULL,
    id TEXT,
    state TEXT NOT NULL,            -- pending leased fetched gone failed dropped; seed: known from its own dump
    depth INTEGER NOT NULL,         -- steps from the seeds, by the shortest way that is known
    listed INTEGER,                 -- the depth that it had when its record listed others, NULL if it never did
    title TEXT, pic TEXT,           -- what dumps told of it
    attempts INTEGER NOT NULL DEFAULT 0,
    reason TEXT,                    -- why it is gone or failed
    lease_run TEXT, lease_until REAL,
    home TEXT                       -- the state that a lease which ends without an answer goes back to
);
CREATE INDEX targets_pending ON targets (depth, tid) WHERE state = 'pending';
CREATE INDEX targets_leased ON targets (lease_until) WHERE state = 'leased';
CREATE INDEX targets_failed ON targets (tid) WHERE state = 'failed';
CREATE INDEX targets_nearer ON targets (tid) WHERE depth < listed;
CREATE TABLE visits (               -- when each archived target was last requested, and when it is due again
    tid INTEGER PRIMARY KEY, checked REAL NOT NULL, due REAL, interval REAL NOT NULL,
    url TEXT, etag TEXT, modified TEXT
);
CREATE INDEX visits_due ON visits (due) WHERE due IS NOT NULL;
CREATE TABLE edges (                -- source lists target as related
    target INTEGER NOT NULL, source INTEGER NOT NULL, sort INTEGER,
    PRIMARY KEY (target, source)
) WITHOUT ROWID;
CREATE TABLE records (              -- one row a line
    tid INTEGER NOT NULL, version INTEGER NOT NULL,
    segment TEXT NOT NULL, offset INTEGER NOT NULL, length INTEGER NOT NULL,
    crc INTEGER NOT NULL,           -- CRC-32 of the line: what rots in a segment that is not sealed yet is found by it.
                                    -- -1: it was read from a file, and its text was not that of its hash
    kind TEXT NOT NULL, source TEXT NOT NULL, language TEXT, published TEXT,
    url_key TEXT, content_sha256 BLOB, duplicate_of TEXT, duplicate_rule TEXT,
    PRIMARY KEY (tid, version)
) WITHOUT ROWID;
CREATE INDEX records_url ON records (url_key) WHERE url_key IS NOT NULL AND duplicate_of IS NULL;
CREATE TABLE pictures (             -- every picture requested, by its pic, or its URL where it has no pic
    name TEXT PRIMARY KEY, status TEXT, url TEXT, path TEXT, sha256 TEXT, phash TEXT,
    bytes INTEGER, width INTEGER, height INTEGER, media_type TEXT, reason TEXT
) WITHOUT ROWID;
"""

STATEMENTS: Final = (_TABLES + RECURRING + FINGERPRINTS).split(";\n")
