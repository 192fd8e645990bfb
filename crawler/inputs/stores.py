"""Files of object stores and other servers, by fsspec: ``s3://``, ``gs://``, ``az://``, ``ftp://``, ``sftp://``...

Credentials come from where fsspec's drivers look for them. A bucket of S3 is read anonymously if there are none.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from typing import Any

from crawler.exceptions import ConfigError
from crawler.inputs.names import scheme_of, shown
from crawler.inputs.ranged import FIRST_WINDOW_BYTES, RangedFile
from crawler.inputs.retries import Broken, Changed, Refused, TransferRetries

_MAGIC = frozenset("*?[")
_VERSIONS = (
    "ETag",
    "etag",
    "generation",
    "md5Hash",
    "content_md5",
    "LastModified",
    "last_modified",
    "mtime",
    "updated",
)
"""Names under which drivers say what changes when a file does."""
_S3 = frozenset({"s3", "s3a"})
_INSTALL = "pip install 'scrapy-gleaner[remote]'"
_DRIVERS = {
    **dict.fromkeys(("gs", "gcs"), "gcsfs"),
    **dict.fromkeys(("az", "abfs", "abfss", "adl"), "adlfs"),
    **dict.fromkeys(("sftp", "ssh"), "paramiko"),
    "oss": "ossfs",
    "hf": "huggingface_hub",
}
"""The packages with the drivers of other schemes; of further ones, fsspec says it."""
_EXPIRED = "FileExpired"


def filesystem(url: str) -> tuple[Any, str]:
    """Return fsspec's file system of *url*, and the path in it. Raises ``ConfigError`` if what it needs is missing."""
    scheme = scheme_of(url)
    try:
        import fsspec  # noqa: PLC0415 - an extra
        from fsspec.core import url_to_fs  # noqa: PLC0415
    except ImportError as error:
        raise ConfigError(f"{scheme}:// needs fsspec: {_INSTALL}") from error
    if scheme not in {*fsspec.available_protocols(), *fsspec.registry}:
        raise ConfigError(f"{shown(url)}: {scheme}:// is not known; see fsspec's list of file systems")
    try:
        found, path = url_to_fs(url, **({"anon": True} if scheme in _S3 and _has_no_credentials() else {}))
    except ImportError as error:
        driver = "" if scheme in _S3 else _DRIVERS.get(scheme)
        words = str(error).splitlines()[0] if driver is None else f"{_INSTALL} {driver}".rstrip()
        raise ConfigError(f"{scheme}:// needs a driver of fsspec: {words}") from error
    except Exception as error:
        raise Refused(f"it cannot be opened ({_reason(error)})") from error
    return found, str(path)


class StoreFile(RangedFile):
    """The file at *url* of an object store, opened. Raises ``OSError`` at once if there is none."""

    def __init__(self, url: str, retries: TransferRetries | None = None) -> None:
        super().__init__(retries)
        self._files, self._path = filesystem(url)
        self._handle: Any = None
        self._version: tuple[Any, ...] | None = None
        self._window = FIRST_WINDOW_BYTES  # each window is one request, whether the reading goes straight on or not
        while True:
            try:
                self._opened()
            except Broken as error:
                self._retries.broke(error)
            else:
                break

    @property
    def state(self) -> str:
        """What changes when the file does, as text."""
        return f"{self._version}"

    def begin(self, start: int, end: int | None) -> _StoreBytes:
        handle = self._opened()
        stop = self.size if end is None else end
        try:
            handle.seek(start)
            return _StoreBytes(handle.read((stop or start) - start))
        except Exception as error:
            self._drop()
            raise _as_ours(error) from error

    def _opened(self) -> Any:
        """Return the open handle; a new one only if the file is what it was."""
        if self._handle is not None:
            return self._handle
        try:
            self._files.invalidate_cache()
            facts = self._files.info(self._path)
            if facts.get("type") == "directory":
                raise Refused("it is a folder")  # noqa: TRY301
            version = (facts.get("size"), *(str(facts[name]) for name in _VERSIONS if facts.get(name) is not None))
            handle = self._files.open(self._path, "rb", cache_type="none")
        except Exception as error:
            raise _as_ours(error) from error
        if self._version is not None and self._version != version:
            handle.close()
            raise Changed
        self._version, self.size, self._handle = version, facts.get("size"), handle
        return handle

    def _drop(self) -> None:
        if self._handle is not None:
            with suppress(Exception):  # it may be broken already
                self._handle.close()
            self._handle = None

    def close(self) -> None:
        self._drop()
        super().close()


class _StoreBytes:
    """Bytes that came in one request."""

    def __init__(self, data: bytes) -> None:
        self._data, self._place = data, 0

    def read(self, count: int) -> bytes:
        data = self._data[self._place : self._place + count]
        self._place += len(data)
        return data

    def close(self) -> None:
        self._data = b""


def expand_store(url: str) -> Iterator[tuple[str, bool]]:
    """Yield the files that *url* names, sorted, and whether each was found in a folder: a glob, a folder or a file."""
    files, path = filesystem(url)
    try:
        names = sorted(files.glob(path)) if _MAGIC & set(path) and not files.exists(path) else [path]
        for name in names:
            is_folder = files.isdir(name)
            for found in sorted(files.find(name)) if is_folder else [name]:
                yield str(files.unstrip_protocol(found)), is_folder
    except Exception as error:
        raise _as_ours(error) from error


def check_store(url: str) -> None:
    """Raise ``OSError`` if *url* names no file, no folder, and no pattern of one."""
    files, path = filesystem(url)
    try:
        is_there = bool(files.glob(path)) if _MAGIC & set(path) else files.exists(path)
    except Exception as error:
        raise _as_ours(error) from error
    if not is_there:
        raise Refused("no file matches" if _MAGIC & set(path) else "no such file or directory")


def _as_ours(error: Exception) -> Exception:
    """Return *error*, of any driver, as one of ours."""
    if isinstance(error, Refused | Changed | Broken | ConfigError):
        return error
    if type(error).__name__ == _EXPIRED:
        return Changed()
    if isinstance(error, FileNotFoundError):
        return Refused("no such file or directory")
    if isinstance(error, PermissionError) or "credentials" in str(error).lower():
        return Refused(f"access is refused ({_reason(error)})")
    if isinstance(error, ValueError | NotImplementedError):
        return Refused(f"it cannot be opened ({_reason(error)})")
    return Broken(f"the transfer broke ({_reason(error)})")


def _has_no_credentials() -> bool:
    from botocore.session import get_session  # noqa: PLC0415 - comes with s3fs

    return get_session().get_credentials() is None


def _reason(error: BaseException) -> str:
    words = str(getattr(error, "strerror", None) or error).splitlines()
    return shown(words[0])[:200] if words and words[0] else type(error).__name__
