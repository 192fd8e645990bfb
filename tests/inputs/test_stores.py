"""Files of an object store: a real S3 server, and fsspec's other file systems."""

from __future__ import annotations

import io
import random
import sys
import zipfile

import pytest

from crawler.exceptions import ConfigError, SeedError
from crawler.inputs import check_input, expand_input, open_input, read_input, shown, state_of
from crawler.inputs.retries import Broken, Changed, InputError, TransferRetries
from crawler.inputs.stores import StoreFile
from tests.inputs.s3 import BUCKET

DATA = random.Random(1).randbytes(3_000_000)

fsspec = pytest.importorskip("fsspec")
pytestmark = pytest.mark.usefixtures("s3")


def test_object_is_read_whole_and_in_parts(s3):
    url = s3.put("whole/a.bin", DATA)
    with io.BufferedReader(open_input(url)) as file:
        assert file.read() == DATA
        file.seek(2_000_000)
        assert file.read(10) == DATA[2_000_000:2_000_010]
        assert file.seekable()
    assert state_of(url).size == len(DATA)
    with pytest.raises(InputError, match="longer than 1000 bytes"):
        read_input(url, 1000)


def test_zip_in_the_store_is_read_in_parts(s3):
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("a", DATA)
        archive.writestr("b", b"the end")
    url = s3.put("packed/a.zip", packed.getvalue())
    with zipfile.ZipFile(io.BufferedReader(open_input(url))) as archive:
        assert archive.read("b") == b"the end"


def test_folders_and_globs_name_files(s3):
    names = [s3.put(f"many/{name}", b"x") for name in ("b/2.txt", "a.txt", "b/1.gz")]
    assert [name for name, _ in expand_input(f"s3://{BUCKET}/many")] == sorted(names)
    assert [name for name, _ in expand_input(f"s3://{BUCKET}/many/")] == sorted(names)
    assert list(expand_input(f"s3://{BUCKET}/many/*.txt")) == [(names[1], False)]
    assert [name for name, _ in expand_input(f"s3://{BUCKET}/many/**/*.gz")] == [names[2]]
    check_input(f"s3://{BUCKET}/many/*.txt")


@pytest.mark.parametrize("url", [f"s3://{BUCKET}/none.txt", f"s3://{BUCKET}/none/*.txt", "s3://no-such-bucket/a"])
def test_name_of_nothing_is_an_error(url):
    with pytest.raises(SeedError, match=r"no such file|no file matches"):
        check_input(url)
    if "*" not in url:
        with pytest.raises(InputError, match="no such file"):
            open_input(url)


def test_object_that_changes_while_it_is_read_is_an_error(s3):
    url = s3.put("changing/a.bin", DATA)
    with StoreFile(url) as file:
        assert file.read(1000)
        s3.put("changing/a.bin", DATA[::-1])
        file.seek(2_000_000)
        with pytest.raises(Changed):
            file.read(1000)


def test_broken_transfer_is_resumed(s3, monkeypatch):
    url, pauses = s3.put("broken/a.bin", DATA), list[float]()
    broken = iter([True, False, True, True, *[False] * 99])
    with StoreFile(url, TransferRetries(sleep=pauses.append)) as file:
        real = type(file._handle).read

        def read(handle, count):
            if next(broken):
                raise ConnectionResetError("reset by peer")
            return real(handle, count)

        monkeypatch.setattr(type(file._handle), "read", read)
        assert b"".join(iter(lambda: file.read(1 << 16), b"")) == DATA
    assert pauses == [1.0]


def test_store_that_stays_away_is_given_up(s3):
    pauses = list[float]()
    with StoreFile(s3.put("gone/a.bin", DATA), TransferRetries(sleep=pauses.append)) as file:
        file._handle.close()
        with pytest.raises(Broken):
            file._handle = None
            file._files.info = lambda _path: (_ for _ in ()).throw(TimeoutError("no answer"))
            file.read(10)
    del file._files.info
    assert len(pauses) == 5


def test_other_file_systems_of_fsspec_are_read(tmp_path):
    fsspec.filesystem("memory").pipe("/folder/a.txt", DATA)
    with io.BufferedReader(open_input("memory://folder/a.txt")) as file:
        assert file.read() == DATA
    (tmp_path / "a.txt").write_bytes(DATA)
    assert read_input((tmp_path / "a.txt").as_uri(), 1 << 30) == DATA


def test_missing_extra_is_one_clear_line(monkeypatch):
    monkeypatch.setitem(sys.modules, "fsspec", None)
    with pytest.raises(ConfigError) as caught:
        open_input("s3://bucket/a")
    assert str(caught.value) == "s3:// needs fsspec: pip install 'scrapy-gleaner[remote]'"


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("gs://bucket/a", r"gs:// needs a driver of fsspec: pip install 'scrapy-gleaner\[remote\]' gcsfs"),
        ("az://bucket/a", r"az:// needs a driver of fsspec: pip install 'scrapy-gleaner\[remote\]' adlfs"),
        ("nosuch://a/b", "nosuch:// is not known"),
    ],
)
def test_scheme_without_a_driver_is_one_clear_line(url, message):
    with pytest.raises(ConfigError, match=message):
        open_input(url)


def test_secrets_are_not_shown():
    assert shown("s3://key:secret@bucket/a*.gz") == "s3://bucket/a*.gz"
    assert shown("https://me:pw@example.org/a.gz?X-Amz-Credential=k&X-Amz-Signature=s#x") == "https://example.org/a.gz"
    assert shown("folder/a?.gz") == "folder/a?.gz"
