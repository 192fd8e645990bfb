"""The model of py3langid, read on demand: most processes need only a few of its 68 MB."""

from __future__ import annotations

import lzma
import os
import shutil
from array import array
from struct import unpack_from
from tempfile import TemporaryFile
from typing import IO, Any
from weakref import finalize
from zipfile import ZipFile

import numpy as np
from numpy.typing import NDArray
from py3langid.langid import MODEL_DIR, MODEL_FILE, LanguageIdentifier

_CHUNK_BYTES = 1 << 18
_SAMPLE_LETTERS = 256
_LOCAL_HEADER = 30
"""Bytes before the name of a member of a ZIP file; the last are the lengths of name and extra field (APPNOTE 4.3.7)."""


class _Stored:
    """A table in a file, row by row."""

    def __init__(self, file: IO[bytes], start: int, kind: np.dtype[Any], width: int) -> None:
        self._file = os.dup(file.fileno())
        finalize(self, os.close, self._file)
        self._start = start
        self.kind = kind
        self.size = width * kind.itemsize

    def row(self, number: int) -> bytes:
        return os.pread(self._file, self.size, self._start + number * self.size)


class _Moves:
    """The transitions of the automaton as one long row; the used parts stay in memory."""

    def __init__(self, stored: _Stored) -> None:
        self._stored = stored
        self._rows: dict[int, array[int]] = {}

    def __getitem__(self, place: int) -> int:
        row = self._rows.get(place >> 8)
        if row is None:
            row = self._rows[place >> 8] = array("I", self._stored.row(place >> 8))
        return row[place & 255]


class _Weights:
    """The weight of each feature for each language."""

    def __init__(self, stored: _Stored) -> None:
        self._stored = stored

    def __getitem__(self, features: NDArray[np.intp]) -> NDArray[np.float16]:
        rows = b"".join(map(self._stored.row, features.tolist()))
        return np.frombuffer(rows, self._stored.kind).reshape(len(features), -1)


def load_identifier() -> LanguageIdentifier:
    """Return what ``LanguageIdentifier.from_model_file`` returns, in 17 MiB of memory instead of 75 (103 at peak).

    It ranks a text in 0.3 ms instead of 0.17. That is worth it: every worker process has one, and few pages need it.

    The model is unpacked to a temporary file without a name, which the system removes with the process.
    """
    with TemporaryFile(suffix=".npz") as file:
        with lzma.open(MODEL_DIR / MODEL_FILE) as packed:
            shutil.copyfileobj(packed, file, _CHUNK_BYTES)
        file.flush()
        with ZipFile(file) as members:
            weights, moves = (_stored(members, name, file) for name in ("ptc.npy", "nextmove.npy"))
            odds, names, rows, found = (
                np.lib.format.read_array(members.open(name))
                for name in ("pc.npy", "classes.npy", "nextmove_row.npy", "out_feat.npy")
            )
    states = array("I", rows.tolist())
    outputs = array("i", found.tolist())
    return LanguageIdentifier(
        _Weights(weights), odds, names.tolist(), _Moves(moves), outputs, norm_probs=True, tk_row=states
    )


def _stored(members: ZipFile, name: str, file: IO[bytes]) -> _Stored:
    """Return the array *name* of *members*, which are uncompressed in *file*."""
    member = members.getinfo(name)
    with members.open(member) as stream:
        np.lib.format.read_magic(stream)
        shape, _, kind = np.lib.format.read_array_header_1_0(stream)
        header = stream.tell()
    around = unpack_from("<HH", os.pread(file.fileno(), _LOCAL_HEADER, member.header_offset), _LOCAL_HEADER - 4)
    start = member.header_offset + _LOCAL_HEADER + sum(around) + header
    return _Stored(file, start, kind, shape[1] if len(shape) > 1 else _SAMPLE_LETTERS)
