"""Common Crawl's columnar index: Parquet files with a row a capture, queried by duckdb.

The schema is that of https://github.com/commoncrawl/cc-index-table. Its files are sorted by ``url_surtkey``, so that
only the row groups of a site are read. Files are read one by one, and rows as they come, so that memory stays bounded.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from crawler.captures.lines import CaptureLine, capture_line
from crawler.captures.scope import ListingScope, Pattern
from crawler.exceptions import ConfigError, SeedError
from crawler.inputs import expand_input, is_remote, shown

if TYPE_CHECKING:
    import duckdb

_BATCH_ROWS = 5_000
_MEMORY_LIMIT = "512MB"
_AFTER_ALL_KEYS = "\U0010ffff"
_NEEDED = ("url_surtkey", "url", "fetch_time")
_FIELDS = {
    "mime-detected": "content_mime_detected",
    "mime": "content_mime_type",
    "status": "fetch_status",
    "digest": "content_digest",
    "length": "warc_record_length",
    "filename": "warc_filename",
    "offset": "warc_record_offset",
}
"""Our fields, and the columns of the index; older files lack some."""
_INPUT_ERROR_RE = re.compile(r"(?:Broken|Changed|Refused|\w*OSError|\w+Error): ")


def parquet_files(place: str) -> list[str]:
    """Return the Parquet files at *place*, a path or a URL: a file, or all in a folder.

    Raises ConfigError if there are none.
    """
    path = Path(place)
    if is_remote(place):
        found = [name for name, is_in_folder in expand_input(place) if not is_in_folder or name.endswith(".parquet")]
    else:
        files = sorted(str(file) for file in path.rglob("*.parquet") if file.is_file())
        found = files if path.is_dir() else [place]
    if not found:
        raise ConfigError(f"{shown(place)}: there is no Parquet file in it")
    return found


def check_duckdb(places: Iterable[str]) -> None:
    """Raise ConfigError if what reads the indexes at *places* is not installed: duckdb, and for URLs fsspec."""
    by_url = any(map(is_remote, places))
    try:
        import duckdb  # noqa: F401, PLC0415 - an extra

        if by_url:
            import fsspec  # noqa: F401, PLC0415 - an extra
    except ImportError:
        needed = "duckdb and fsspec" if by_url else "duckdb"
        extras = "columnar,remote" if by_url else "columnar"
        hint = f"a columnar index needs {needed}: pip install 'scrapy-gleaner[{extras}]'"
        raise ConfigError(hint) from None


def read_columnar(path: str, scope: ListingScope, source: str) -> Iterator[CaptureLine | SeedError]:
    """Yield the captures in *scope* of the Parquet file *path*, a path or a URL, and an error for each invalid row.

    Raises SeedError if the file cannot be read, or is not such an index.
    """
    import duckdb  # noqa: PLC0415 - an extra

    name = shown(path)
    with duckdb.connect() as connection:
        try:
            rows = _rows(connection, path, scope)
        except duckdb.Error as error:
            raise SeedError(name, f"cannot be read as Parquet ({_reason(error)})") from error
        names = [column[0] for column in connection.description or ()]
        while True:
            try:
                batch = rows.fetchmany(_BATCH_ROWS)
            except duckdb.Error as error:
                raise SeedError(name, f"cannot be read to its end ({_reason(error)})") from error
            if not batch:
                return
            for values in batch:
                fields = dict(zip(names, values, strict=True))
                try:
                    line = capture_line(fields, source)
                except ValueError as error:
                    yield SeedError(name, f"the capture of {str(fields.get('url'))[:200]!r}: {error}")
                    continue
                if line is not None and scope.wants(line):
                    yield line


def _rows(connection: duckdb.DuckDBPyConnection, path: str, scope: ListingScope) -> duckdb.DuckDBPyConnection:
    connection.execute(f"SET memory_limit = '{_MEMORY_LIMIT}'")
    connection.execute("SET autoinstall_known_extensions = false")  # nothing is fetched from anywhere
    connection.execute("SET autoload_known_extensions = false")
    place = path
    if is_remote(path):
        from crawler.inputs.filesystem import InputFileSystem, input_path  # noqa: PLC0415 - an extra

        connection.register_filesystem(InputFileSystem())
        place = input_path(path)
    table = "read_parquet(?, hive_partitioning = true)"
    described = connection.execute(f"DESCRIBE SELECT * FROM {table}", [place]).fetchall()  # noqa: S608 - our words
    columns = {row[0] for row in described}
    if missing := [name for name in _NEEDED if name not in columns]:
        raise SeedError(shown(path), f"not Common Crawl's columnar index: there is no column {missing[0]}")
    chosen = ["url", "strftime(fetch_time, '%Y%m%d%H%M%S') AS timestamp"]
    chosen += [f'{column} AS "{name}"' for name, column in _FIELDS.items() if column in columns]
    conditions, values = _conditions(scope)
    if "subset" in columns:
        conditions += " AND subset <> 'robotstxt'"
    query = f"SELECT {', '.join(chosen)} FROM {table} WHERE {conditions}"  # noqa: S608 - values are parameters
    return connection.execute(query, [place, *values])


def _conditions(scope: ListingScope) -> tuple[str, list[Any]]:
    """Return what a row of *scope* must fulfil, for the row groups to read; what comes is checked again."""
    ranges, values = [], list[Any]()
    for pattern in scope.patterns:
        ranges.append("(url_surtkey >= ? AND url_surtkey < ?)")
        values += [_first_key(pattern), pattern.key + _AFTER_ALL_KEYS]
    condition = f"({' OR '.join(ranges)})"
    for bound, comparison in ((scope.begin, ">="), (scope.end, "<=")):
        if bound is not None:
            condition += f" AND strftime(fetch_time, '%Y%m%d%H%M%S') {comparison} ?"
            values.append(bound)
    return condition, values


def _first_key(pattern: Pattern) -> str:
    return pattern.key.removesuffix("/") if pattern.match == "prefix" else pattern.key


def _reason(error: Exception) -> str:
    """Return the first line of an *error* of duckdb; of an error of an input by URL, the line behind its traceback."""
    lines = str(error).splitlines()
    own = (line.partition(": ")[2] for line in lines if _INPUT_ERROR_RE.match(line))
    return next(own, lines[0] if lines else "")[:300]
