"""Seeds from all sources: files, directories, globs, compressed or not, JSON lines, lists, standard input."""

from __future__ import annotations

import glob
import io
import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from zoneinfo import ZoneInfo

from crawler.exceptions import SeedError
from crawler.inputs import check_input, expand_input, is_remote, shown
from crawler.seeds.containers import STDIN, Part, parts_of, reporting
from crawler.seeds.documents import DocumentReader, as_utf8
from crawler.seeds.lists.model import Listed, ListedArticle
from crawler.seeds.lists.reading import ListForm, list_form, read_list
from crawler.seeds.model import Diagnosis, Dump, Page, SeedPage
from crawler.seeds.page import parse_page

MAX_PAGE_BYTES = 16 << 20
"""A longer page is read in parts, a longer JSON line is skipped, so that memory stays bounded."""

_COMPRESSED = (".gz", ".zst", ".xz", ".bz2")
_NO_PAGES = frozenset(
    ".md .py .pyc .toml .sqlite .db .jpg .jpeg .png .gif .webp .mp4 .pdf .cdx .cdxj".split()  # noqa: SIM905
)
_TABLES = frozenset((".tsv", ".csv"))
"""Endings of files that hold no dumps: a walk skips them unless lists are wanted."""
_ARCHIVES = frozenset((".warc", ".wet", ".arc", ".wacz"))
"""Endings of files that a walk through a directory skips; a file that is named itself is always read."""

OnError = Callable[[SeedError], None]


def read_seeds(paths: Sequence[str], zone: ZoneInfo, on_error: OnError | None = None) -> Iterator[SeedPage]:
    """Return an iterator over the pages in *paths*, one after the other, in constant memory.

    Each path is a file, a directory (walked in order of names), a glob, the URL of a file, or ``-`` for standard input.
    Files may be gzip or zstandard; a file of JSON lines gives a page for each line's ``text``. Pages without a dump are
    included, lists of articles are not: see :func:`read_seeds_and_lists`.

    Raises :class:`~crawler.exceptions.SeedError` at once for a path that does not exist or a glob that matches
    nothing. Later errors go to *on_error* and the source is skipped; without *on_error* they are raised.
    """
    return (seed for seed in read_seeds_and_lists(paths, zone, on_error) if isinstance(seed, SeedPage))


def read_seeds_and_lists(
    paths: Sequence[str], zone: ZoneInfo, on_error: OnError | None = None
) -> Iterator[SeedPage | Listed]:
    """Return an iterator over the pages in *paths*, and over what the lists among them name.

    Lists are feeds, sitemaps, tables, JSON, and plain lines of URLs or ids, each recognised by its content; see
    :func:`read_seeds` for paths and errors.
    """
    check_paths(paths)
    return _read_all(paths, zone, on_error or _raise)


def read_bytes(
    name: str, data: bytes, zone: ZoneInfo, on_error: OnError, url: str | None = None
) -> Iterator[SeedPage | Listed]:
    """Yield the pages in *data*, and what it names if it is a list; *name* is for messages.

    *url* is where the data came from: pages that say no URL get it, and links are relative to it.
    """
    with reporting(name, on_error, is_file=True):
        for part in parts_of(name, on_error, io.BytesIO(data)):
            with reporting(part.name, on_error):
                for seed in _read_part(part, zone, on_error):
                    if isinstance(seed, ListedArticle):
                        yield replace(seed, base=seed.base or url)
                    elif isinstance(seed, SeedPage):
                        yield replace(seed, url=seed.url or url)
                    else:
                        yield seed


def expand(path: str, *, archives: bool = False) -> Iterator[str]:
    """Yield the files that *path* names, without opening them.

    In directories these are files that may hold seeds; with *archives*, WARC and WET files instead of tables.
    """
    passed_by = _NO_PAGES | (_TABLES if archives else _ARCHIVES)
    if is_remote(path):
        yield from (name for name, is_found in expand_input(path) if not is_found or _may_hold(name, passed_by))
    elif path == STDIN or Path(path).is_file():
        yield path
    elif Path(path).is_dir():
        yield from _walk(path, passed_by)
    elif glob.has_magic(path):
        for match in sorted(glob.glob(path, recursive=True)):  # noqa: PTH207 - the pattern may be absolute
            yield from _walk(match, passed_by) if Path(match).is_dir() else (match,)
    else:  # a pipe or a device
        yield path


def check_paths(paths: Sequence[str]) -> None:
    """Raise SeedError for the first of *paths* that does not exist, or that is a glob and matches nothing."""
    for path in paths:
        if is_remote(path):
            check_input(path)
            continue
        if path == STDIN or os.path.lexists(path):
            continue
        if not glob.has_magic(path):
            raise SeedError(path, "no such file or directory")
        if not next(glob.iglob(path, recursive=True), None):  # noqa: PTH207
            raise SeedError(path, "no file matches")


def _raise(error: SeedError) -> None:
    raise error


def _walk(directory: str, passed_by: frozenset[str]) -> Iterator[str]:
    for folder, folders, files in os.walk(directory):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(files):
            if not _may_hold(name, passed_by):
                continue
            path = os.path.join(folder, name)  # noqa: PTH118 - keeps the path as the user wrote it
            if Path(path).is_file():
                yield path


def _may_hold(name: str, passed_by: frozenset[str]) -> bool:
    """Return whether the file *name*, found in a folder, is none of those that are *passed_by*."""
    bare = name.rpartition("/")[2]
    return not bare.startswith(".") and Path(_plain_name(bare)).suffix not in passed_by


def _plain_name(name: str) -> str:
    name = name.lower()
    for ending in _COMPRESSED:
        name = name.removesuffix(ending)
    return name


def _read_all(paths: Sequence[str], zone: ZoneInfo, on_error: OnError) -> Iterator[SeedPage | Listed]:
    for path in paths:
        for source in expand(path):
            with reporting(shown(source), on_error, is_file=True):
                for part in parts_of(source, on_error):
                    with reporting(part.name, on_error):
                        yield from _read_part(part, zone, on_error)


def _read_part(part: Part, zone: ZoneInfo, on_error: OnError) -> Iterator[SeedPage | Listed]:
    if part.kind == "archive":
        raise SeedError(part.name, "a web archive: extract its pages with 'scrapy seeds harvest'")
    part, notes = as_utf8(part) if part.kind == "text" else (part, ())
    form = _list_form(part)
    if form is not None and form.detail not in {"lines", "values"}:
        recoded, name = bool(notes), part.name
        yield from read_list(form, name, part.stream, on_error, recoded=recoded, max_bytes=MAX_PAGE_BYTES)
        return
    reader = DocumentReader(on_error, MAX_PAGE_BYTES, MAX_PAGE_BYTES, lists=True)
    for document in reader.documents(part, notes, shape=form and form.detail):
        if document.listed is not None:
            yield document.listed
            continue
        page = counted_in(document.charset, parse_page(document.text, zone))
        yield SeedPage(
            source=part.name,
            offset=document.offset,
            line=document.line,
            url=document.url,
            timestamp=document.timestamp,
            text=document.text,
            page=replace(page, diagnoses=merged(document.diagnoses, page.diagnoses)),
        )


def _list_form(part: Part) -> ListForm | None:
    """Return how *part* lists articles, None if it does not; raises SeedError for a list of something else."""
    if part.kind != "text":
        return None
    try:
        return list_form(part.head)
    except ValueError as error:
        raise SeedError(part.name, str(error)) from error


def counted_in(charset: str | None, page: Page) -> Page:
    """Return *page* with the *charset* of its bytes, if the length of a dump counts bytes in a similar one."""
    if charset is None or all(dump.encoding.startswith("utf-8") for dump in page.dumps):
        return page
    return replace(page, dumps=tuple(_counted_in(charset, dump) for dump in page.dumps))


def _counted_in(charset: str, dump: Dump) -> Dump:
    if dump.encoding.startswith("utf-8"):
        return dump
    diagnoses = tuple(
        replace(one, message=one.message.replace(dump.encoding, charset)) if one.kind == "encoding" else one
        for one in dump.diagnoses
    )
    return replace(dump, encoding=charset, diagnoses=diagnoses)


def merged(first: Sequence[Diagnosis], second: Sequence[Diagnosis]) -> tuple[Diagnosis, ...]:
    """Return *first* and *second* together; kinds that are in both come only from *second*."""
    kinds = {diagnosis.kind for diagnosis in second}
    return (*(diagnosis for diagnosis in first if diagnosis.kind not in kinds), *second)
