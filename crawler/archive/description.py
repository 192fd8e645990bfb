"""``corpus.json``: describes a corpus. It outlives the catalogue, and is rebuilt from the files beside it.

It is one JSON object: ``schema``, ``site``, ``created`` (null if it was rebuilt and the date is unknown), ``depth``
(the greatest depth allowed to a crawl of this corpus, null if unknown), ``profiles`` (the SHA-256 of each site profile
it was crawled with, the latest last) and ``sha256``, that of all the other fields. A Gleaner before 0.1 wrote the
first three only; the next crawl adds the others.
"""

from __future__ import annotations

import hashlib
import re
import tomllib
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

import orjson

from crawler.archive.files import write_atomically
from crawler.archive.manifest_lines import unlist
from crawler.archive.segments import all_segments, read_lines
from crawler.exceptions import ConfigError, CorpusDamaged, CorpusError
from crawler.items import SCHEMA

DESCRIPTION_NAME = "corpus.json"
PROFILE_NAME = "site.toml"
QUARANTINE_NAME = "quarantine"

_UNPROTECTED = frozenset({"schema", "site", "created"})
"""The fields of an older corpus.json, which has no checksum."""
_CHECKSUM = "sha256"
_REPAIR = "scrapy corpus repair rebuilds it"
_RUN_RE = re.compile(r"(\d{8}T\d{6}Z)-[0-9a-f]{4}", re.ASCII)
_RUN_TIME = "%Y%m%dT%H%M%S%z"

Description = dict[str, Any]


def describe(root: Path) -> Description:
    """Return the content of corpus.json in *root*, without its checksum, which is not checked.

    Raises ``CorpusError`` if there is no corpus, ``CorpusDamaged`` if corpus.json is missing, cannot be read, or is of
    another schema.
    """
    fields = _read(root)
    return {name: value for name, value in fields.items() if name != _CHECKSUM}


def describe_checked(root: Path) -> Description:
    """Return what :func:`describe` does; raise ``CorpusDamaged`` also if a field changed since it was written."""
    fields = _read(root)
    if message := _changed(fields):
        raise CorpusDamaged(str(root), f"{DESCRIPTION_NAME} {message}; {_REPAIR}")
    return {name: value for name, value in fields.items() if name != _CHECKSUM}


def description_problems(root: Path) -> Iterator[tuple[str, None, str]]:
    """Yield what is wrong with corpus.json in *root*: its name, no offset, and a message.

    Raises ``CorpusError`` if there is no corpus, ``CorpusDamaged`` if a newer Gleaner wrote it.
    """
    try:
        describe_checked(root)
    except CorpusDamaged as error:
        if is_newer(root):
            raise
        yield DESCRIPTION_NAME, None, str(error).partition(f"{DESCRIPTION_NAME} ")[2]


def is_corpus(root: Path) -> bool:
    """Return whether a corpus is in *root*, with or without its corpus.json."""
    return (root / DESCRIPTION_NAME).exists() or has_remains(root)


def has_remains(root: Path) -> bool:
    """Return whether lines, pictures or records of runs of a corpus are in *root*."""
    return (
        any(all_segments(root))
        or any((root / "runs").glob("*/stats.json"))
        or any((root / "images").glob("[0-9a-f][0-9a-f]"))
    )


def open_description(root: Path, site: str) -> tuple[Description, str | None]:
    """Return the description of the corpus of *site* in *root*. The caller holds its lock and will write to it.

    A missing corpus.json is written. If the rest of a corpus is there, it is rebuilt, and the second value says why.
    Raises ``ConfigError`` if the corpus is of another site, ``CorpusDamaged`` as :func:`describe_checked` does.
    """
    rebuilt: str | None = None
    if (root / DESCRIPTION_NAME).exists():
        fields = describe_checked(root)
    elif has_remains(root):
        fields = _rebuilt(root, site)
        rebuilt = "it was missing"
    else:
        fields = _fields(site, created=datetime.now(UTC).isoformat(timespec="seconds"))
    if fields["site"] != site:
        raise ConfigError(f"corpus {root} is of the site {fields['site']!r}, not {site!r}: give another CORPUS_DIR")
    if not (root / DESCRIPTION_NAME).exists():
        _write(root, fields)
    return fields, rebuilt


def update_description(root: Path, **changes: object) -> Description:
    """Change fields of corpus.json, durably, and return its new content. The caller holds the corpus's lock."""
    fields = describe_checked(root) | changes
    unlist(root, DESCRIPTION_NAME)  # first: after a kill here the manifest is still correct
    _write(root, fields)
    return fields


def check_repairable(root: Path) -> None:
    """Raise ``CorpusError`` if there is no corpus in *root*, ``CorpusDamaged`` if a newer Gleaner wrote it."""
    if not is_corpus(root) or is_newer(root):
        describe(root)


def repair_description(root: Path) -> str | None:
    """Rebuild corpus.json in *root* if it is missing or damaged, and return why; None if it is intact.

    A damaged file is kept in quarantine/. Raises ``CorpusError`` if nothing says which site the corpus is of.
    """
    problem = next(description_problems(root), None)
    if problem is None:
        return None
    fields = _rebuilt(root)
    quarantine(root, root / DESCRIPTION_NAME)
    unlist(root, DESCRIPTION_NAME)
    _write(root, fields)
    return problem[2].removesuffix(f"; {_REPAIR}")


def quarantine(root: Path, path: Path) -> None:
    """Copy the file at *path*, if it can be read, to quarantine/ of the corpus at *root*."""
    try:
        data = path.read_bytes()
    except OSError:
        return
    folder = root / QUARANTINE_NAME
    folder.mkdir(exist_ok=True)
    write_atomically(folder / f"{path.name}-{sum(1 for _ in folder.iterdir())}.damaged", data)


def encode_description(fields: Description) -> bytes:
    """Return the content of a corpus.json with *fields* and its checksum."""
    return orjson.dumps(fields | {_CHECKSUM: _checksum(fields)}, option=orjson.OPT_INDENT_2) + b"\n"


def sha256_of(content: bytes) -> str:
    """Return the SHA-256 of *content* in hexadecimal digits."""
    return hashlib.sha256(content).hexdigest()


def profile_site(content: bytes) -> str | None:
    """Return the ``name`` in a site profile; None if it is not valid TOML or has no name."""
    try:
        name = tomllib.loads(content.decode()).get("name")
    except ValueError:  # also for bytes that are not UTF-8
        return None
    return name if isinstance(name, str) else None


def is_newer(root: Path) -> bool:
    """Return whether corpus.json in *root* can be read and has a newer schema."""
    try:
        fields = orjson.loads((root / DESCRIPTION_NAME).read_bytes())
    except (OSError, orjson.JSONDecodeError):
        return False
    schema = fields.get("schema") if isinstance(fields, dict) else None
    return isinstance(schema, int) and schema > SCHEMA


def _read(root: Path) -> Description:
    path = root / DESCRIPTION_NAME
    try:
        fields = orjson.loads(path.read_bytes())
    except FileNotFoundError as error:
        if has_remains(root):
            message = f"{DESCRIPTION_NAME} is missing, though the rest of a corpus is here; {_REPAIR}"
            raise CorpusDamaged(str(root), message) from error
        raise CorpusError(str(root), f"there is no corpus here (no {DESCRIPTION_NAME})") from error
    except (OSError, orjson.JSONDecodeError) as error:
        raise CorpusDamaged(str(root), f"{DESCRIPTION_NAME} cannot be read: {error}; {_REPAIR}") from error
    if is_newer(root):
        message = f"{DESCRIPTION_NAME} is not of schema {SCHEMA}; a newer Gleaner may have written it"
        raise CorpusDamaged(str(root), message)
    if problem := _why_no_description(fields):
        raise CorpusDamaged(str(root), f"{DESCRIPTION_NAME} {problem}; {_REPAIR}")
    return dict(fields)


def _why_no_description(fields: object) -> str | None:
    """Return why the JSON value *fields* is not a description; None if it is one."""
    if not isinstance(fields, dict) or fields.get("schema") != SCHEMA:
        return f"is not of schema {SCHEMA}"
    depth, profiles = fields.get("depth"), fields.get("profiles", [])
    is_ours = (
        isinstance(fields.get("site"), str)
        and (depth is None or (isinstance(depth, int) and depth >= 0))
        and isinstance(profiles, list)
        and all(isinstance(one, str) for one in profiles)
    )
    return None if is_ours else "has a field that is not what it must be"


def _changed(fields: Description) -> str | None:
    """Return how *fields* differ from what was written; None if they do not, as far as is known."""
    if _CHECKSUM in fields:
        return None if fields[_CHECKSUM] == _checksum(fields) else "is not what was written: its checksum is another"
    return None if fields.keys() <= _UNPROTECTED else "is not what was written: its checksum is missing"


def _checksum(fields: Description) -> str:
    content = {name: value for name, value in fields.items() if name != _CHECKSUM}
    return sha256_of(orjson.dumps(content, option=orjson.OPT_SORT_KEYS))


def _fields(site: str, *, created: str | None, depth: int | None = None, profiles: tuple[str, ...] = ()) -> Description:
    return {"schema": SCHEMA, "site": site, "created": created, "depth": depth, "profiles": list(profiles)}


def _write(root: Path, fields: Description) -> None:
    write_atomically(root / DESCRIPTION_NAME, encode_description(fields))


class _Run(NamedTuple):
    """What the record of a run says about its corpus."""

    depth: int | None
    profile: str | None
    site: str | None


def _rebuilt(root: Path, site: str | None = None) -> Description:
    """Return the description of the corpus at *root*, from its files; *site* counts where they do not say it."""
    runs = [_run(path) for path in sorted((root / "runs").glob("*/stats.json"))]
    own = _content(root / PROFILE_NAME)
    first = _first_record(root)
    sites = (profile_site(own), first.get("site"), *(run.site for run in reversed(runs)), site)
    found = next((one for one in sites if isinstance(one, str)), None)
    if found is None:
        message = f"nothing is left here that tells of which site {DESCRIPTION_NAME} was; crawl it with -a site="
        raise CorpusError(str(root), message)
    used = [run.profile for run in runs if run.profile] + ([sha256_of(own)] if own else [])
    latest_last = tuple(reversed(dict.fromkeys(reversed(used))))
    depth = max((run.depth for run in runs if run.depth is not None), default=None)
    return _fields(found, created=_created(root, first), depth=depth, profiles=latest_last)


def _created(root: Path, first: Description) -> str | None:
    """Return when the earliest run with a folder began, else when the first record was obtained, else None."""
    names = (match[1] for path in (root / "runs").glob("*") if (match := _RUN_RE.fullmatch(path.name)))
    earliest = min(names, default=None)
    if earliest is not None:
        try:
            return datetime.strptime(earliest, _RUN_TIME).astimezone(UTC).isoformat()
        except ValueError:
            pass
    capture = first.get("capture")
    fetched = capture.get("fetched") if isinstance(capture, dict) else None
    return fetched if isinstance(fetched, str) else None


def _first_record(root: Path) -> Description:
    """Return the first record of the corpus that can be read and names its site; nothing if there is none."""
    for path in all_segments(root):
        try:
            for _, line in read_lines(path):
                record = _json(line)
                if isinstance(record.get("site"), str):
                    return record
        except (CorpusDamaged, OSError):
            continue
    return {}


def _run(path: Path) -> _Run:
    content = _json(_content(path))
    depth, profile, site = (content.get(name) for name in ("depth", "profile_sha256", "site"))
    return _Run(
        depth if isinstance(depth, int) and depth >= 0 else None,
        profile if isinstance(profile, str) else None,
        site if isinstance(site, str) else None,
    )


def _json(data: bytes) -> Description:
    try:
        value = orjson.loads(data)
    except orjson.JSONDecodeError:
        return {}
    return value if isinstance(value, dict) else {}


def _content(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:
        return b""
