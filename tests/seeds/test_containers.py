"""Files told by their first bytes: compressed, packed, or nothing that is read."""

from __future__ import annotations

import bz2
import gzip
import io
import json
import lzma
import struct
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path
from random import Random
from zoneinfo import ZoneInfo

import pytest

from crawler.exceptions import SeedError
from crawler.seeds import SeedPage, containers, read_seeds
from crawler.seeds.containers import unread
from crawler.seeds.find import harvest_file
from crawler.seeds.unpacked import UnpackBudget
from crawler.zstd import zstd
from tests.seeds.written import RECORDS, items, json_string

TEXT = f"Some body.\n\n{json_string(RECORDS)}\n"
LINES = "".join(
    json.dumps({"id": number, "text": TEXT, "url": f"http://example.org/{number}"}) + "\n" for number in (1, 2)
)


def read(path: Path) -> tuple[list[SeedPage], list[str]]:
    errors: list[SeedError] = []
    pages = list(read_seeds([str(path)], ZoneInfo("UTC"), errors.append))
    return pages, [str(error).removeprefix(f"{path.parent}/") for error in errors]


def zipped(members: dict[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return out.getvalue()


def tarred(members: dict[str, bytes], form: int = tarfile.PAX_FORMAT) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=form) as archive:
        for name, data in members.items():
            header = tarfile.TarInfo(name)
            header.size = len(data)
            archive.addfile(header, io.BytesIO(data))
    return out.getvalue()


def skippable(content: bytes, number: int = 0x184D2A50) -> bytes:
    return struct.pack("<II", number, len(content)) + content


def long_window(data: bytes) -> bytes:
    return zstd.compress(data, options={zstd.CompressionParameter.window_log: 30})


def with_dictionary(data: bytes) -> bytes:
    samples = [json.dumps({"text": f"{place} {TEXT}", "n": place}).encode() for place in range(200)]
    dictionary = zstd.train_dict(samples, 2000)
    return skippable(zstd.compress(dictionary.dict_content), 0x184D2A5D) + zstd.compress(data, zstd_dict=dictionary)


PACKED: dict[str, Callable[[bytes], bytes]] = {
    "plain": bytes,
    "gzip": gzip.compress,
    "two members": lambda data: gzip.compress(data[:100]) + gzip.compress(data[100:]),
    "padded": lambda data: gzip.compress(data) + bytes(512),
    "xz": lzma.compress,
    "two streams of xz": lambda data: lzma.compress(data[:100]) + bytes(8) + lzma.compress(data[100:]),
    "lzma": lambda data: lzma.compress(data, lzma.FORMAT_ALONE),
    "bzip2": bz2.compress,
    "two streams of bzip2": lambda data: bz2.compress(data[:100]) + bz2.compress(data[100:]),
    "zstd": zstd.compress,
    "frames": lambda data: (
        skippable(bytes(9000)) + zstd.compress(data[:99]) + skippable(b"") + zstd.compress(data[99:])
    ),
    "long window": long_window,
    "dictionary": with_dictionary,
    "zip": lambda data: zipped({"a": data}),
    "stored": lambda data: zipped({"folder/": b"", "folder/a": data}, zipfile.ZIP_STORED),
    "zip of bzip2": lambda data: zipped({"a": data}, zipfile.ZIP_BZIP2),
    "tar": lambda data: tarred({"a": data}),
    "old tar": lambda data: tarred({"a": data}, tarfile.GNU_FORMAT),
    "tar.xz": lambda data: lzma.compress(tarred({"a": data})),
    "gzip in tar in gzip": lambda data: gzip.compress(tarred({"a": gzip.compress(data)})),
    "zip in tar.zst": lambda data: zstd.compress(tarred({"a": zipped({"b": data})})),
}


@pytest.mark.parametrize("name", ["a.txt", "a.zip", "noname"])
@pytest.mark.parametrize("packing", PACKED)
def test_container_is_recognized_by_its_first_bytes(tmp_path: Path, packing: str, name: str) -> None:
    path = tmp_path / name
    path.write_bytes(PACKED[packing](LINES.encode()))
    pages, errors = read(path)
    assert [(page.line, page.url, page.page.dumps[0].related) for page in pages] == [
        (1, "http://example.org/1", items(RECORDS)),
        (2, "http://example.org/2", items(RECORDS)),
    ]
    assert errors == []
    found = list(harvest_file(str(path), None, pytest.fail, lambda _: None))
    assert [(page.url, page.records) for page in found] == [(page.url, 3) for page in pages]


def test_members_are_named_and_read_in_order(tmp_path: Path) -> None:
    path = tmp_path / "a.zip"
    path.write_bytes(zipped({"../../etc/x.txt": TEXT.encode(), "b.jsonl": LINES.encode(), "c.pdf": b"%PDF-1.4 ..."}))
    pages, errors = read(path)
    assert [page.source.removeprefix(str(path)) for page in pages] == ["!/../../etc/x.txt", "!/b.jsonl", "!/b.jsonl"]
    assert errors == ["a.zip!/c.pdf: not read: a PDF"]
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize(
    ("data", "what"),
    [
        (b"7z\xbc\xaf\x27\x1c\x00\x04", "a 7z archive"),
        (b"Rar!\x1a\x07\x01\x00", "a RAR archive"),
        (b"%PDF-1.7\n%\xe2\xe3\xcf\xd3", "a PDF"),
        (b"SQLite format 3\x00\x10\x00", "an SQLite database"),
        (b"\x04\x22\x4d\x18\x64", "LZ4 data"),
        (b"ORC\x08\x03", "an ORC file"),
        (b"\x89PNG\r\n\x1a\n", "a picture"),
        (b"\x00\x00\x00\x20ftypisom", "a film or a sound"),
        (b"\x7fELF\x02\x01", "a program"),
        (Random(1).randbytes(9000).replace(b"\0", b"x"), "binary data"),
        (zipped({"[Content_Types].xml": b"<Types/>", "word/document.xml": b"<w/>"}), "a document of an office program"),
    ],
)
def test_unread_container_says_so_in_one_line(tmp_path: Path, data: bytes, what: str) -> None:
    path = tmp_path / "a.txt"
    path.write_bytes(data)
    assert read(path) == ([], [f"a.txt: not read: {what}"])
    with pytest.raises(SeedError, match=f"not read: {what}"):
        list(harvest_file(str(path), None, pytest.fail, lambda _: None))


@pytest.mark.parametrize(
    "text",
    [
        *("ORCHESTRA plays on", "PARENTS protest", "ID3 tags explained", "MZ is a country code", "BZhur was there"),
        *(
            "LZIP in the news",
            "]",
            "Rar! he said",
            "PAR15",
            "0707012345 is the number",
            "II* and MM*",
            "%PDF is a form",
        ),
    ],
)
@pytest.mark.parametrize("charset", ["utf-8", "utf-16-le", "utf-16"])
def test_text_that_begins_like_something_else_is_text(text: str, charset: str) -> None:
    assert unread(f"{text}. {TEXT}".encode(charset)) is None


@pytest.mark.parametrize("text", ["Κείμενο στα ελληνικά ", "العالم العربي ", "Новости дня "])
def test_utf_16_of_other_scripts_is_no_binary_data(text: str) -> None:
    assert unread((text * 100).encode("utf-16-be")) is None


@pytest.mark.parametrize("pack", [gzip.compress, lzma.compress, bz2.compress, zstd.compress])
def test_garbage_behind_compressed_data_is_reported_and_what_stands_before_is_read(
    tmp_path: Path, pack: Callable[[bytes], bytes]
) -> None:
    path = tmp_path / "a"
    path.write_bytes(pack(LINES.encode()) + b"garbage")
    pages, errors = read(path)
    assert len(pages) == 2
    assert len(errors) == 1
    assert "cannot be read to its end" in errors[0]


def test_lines_before_a_break_in_gzip_are_read(tmp_path: Path) -> None:
    noise = Random(3)
    lines = [json.dumps({"text": f"{noise.randbytes(300).hex()} {TEXT}"}) for _ in range(20)]
    data = bytearray(gzip.compress("\n".join(lines).encode()))
    place = len(data) * 3 // 4
    data[place : place + 40] = b"\xff" * 40
    (tmp_path / "a.gz").write_bytes(data)
    pages, errors = read(tmp_path / "a.gz")
    assert 10 < len(pages) < 20
    assert errors


def test_broken_member_is_reported_and_those_behind_it_are_read(tmp_path: Path) -> None:
    data = zipped({"a.txt": TEXT.encode() * 20, "b.txt": TEXT.encode()}, zipfile.ZIP_STORED)
    (tmp_path / "a.zip").write_bytes(data.replace(b"Some body", b"Some bods", 1))
    pages, errors = read(tmp_path / "a.zip")
    assert [page.source.rpartition("/")[2] for page in pages][-1] == "b.txt"
    assert len(errors) == 1
    assert "a.zip!/a.txt" in errors[0]


def test_broken_tar_header_is_reported_and_members_behind_it_are_read(tmp_path: Path) -> None:
    data = bytearray(tarred({name: TEXT.encode() for name in ("a", "b", "c")}, tarfile.GNU_FORMAT))
    second = data.index(b"b\0\0\0")
    data[second + 100] ^= 0xFF
    (tmp_path / "a.tar").write_bytes(data)
    pages, errors = read(tmp_path / "a.tar")
    assert [page.source[-1] for page in pages] == ["a", "c"]
    assert len(errors) == 1


def test_members_without_content_are_reported(tmp_path: Path) -> None:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        link = tarfile.TarInfo("passwd")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
        archive.addfile(link)
        folder = tarfile.TarInfo("folder")
        folder.type = tarfile.DIRTYPE
        archive.addfile(folder)
    (tmp_path / "a.tar").write_bytes(out.getvalue())
    assert read(tmp_path / "a.tar") == ([], ["a.tar!/passwd: not read: a link or a device"])


def test_member_with_a_password_is_reported(tmp_path: Path) -> None:
    data = bytearray(zipped({"a.txt": TEXT.encode()}))
    data[data.index(b"PK\x03\x04") + 6] |= 1
    data[data.index(b"PK\x01\x02") + 8] |= 1
    (tmp_path / "a.zip").write_bytes(data)
    assert read(tmp_path / "a.zip") == ([], ["a.zip!/a.txt: not read: it has a password"])


def test_bomb_is_given_up_at_a_thousand_times_its_size(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(UnpackBudget, "MIN_BYTES", 1 << 20)
    monkeypatch.setattr(UnpackBudget, "MAX_RATIO", 100)
    bomb = zipped({str(number): bytes(1 << 20) for number in range(20)})
    (tmp_path / "a.zip").write_bytes(gzip.compress(bomb))
    _, errors = read(tmp_path / "a.zip")
    assert errors[-1] == "a.zip: unpacks to over 100 times its size: the rest is not read"


def test_containers_within_one_another_are_bounded(tmp_path: Path) -> None:
    data = TEXT.encode()
    for _ in range(9):
        data = gzip.compress(data)
    (tmp_path / "a.gz").write_bytes(data)
    pages, errors = read(tmp_path / "a.gz")
    assert (pages, len(errors)) == ([], 1)
    assert "more than 5 containers in one another" in errors[0]


def test_long_header_of_tar_takes_no_memory(tmp_path: Path) -> None:
    header = tarfile.TarInfo("x")
    header.type, header.size = tarfile.XHDTYPE, containers._MAX_TAR_HEADER_BYTES + 1
    (tmp_path / "a.tar").write_bytes(header.tobuf(tarfile.USTAR_FORMAT) + bytes(2 << 20))
    pages, errors = read(tmp_path / "a.tar")
    assert (pages, len(errors)) == ([], 1)


def test_dictionary_that_is_missing_is_reported(tmp_path: Path) -> None:
    data = with_dictionary(LINES.encode())
    (tmp_path / "a.zst").write_bytes(data[data.rindex(b"\x28\xb5\x2f\xfd") :])
    pages, errors = read(tmp_path / "a.zst")
    assert (pages, len(errors)) == ([], 1)
    assert "ictionary" in errors[0]


@pytest.mark.parametrize("outer", ["plain", "zip", "gzip"])
def test_parquet_row_by_row(tmp_path: Path, outer: str) -> None:
    arrow = pytest.importorskip("pyarrow")
    parquet = pytest.importorskip("pyarrow.parquet")
    rows = [
        {"id": str(number), "raw_content": TEXT, "meta": {"url": f"http://example.org/{number}", "date": "2017-05-04"}}
        for number in range(40)
    ]
    out = io.BytesIO()
    parquet.write_table(arrow.Table.from_pylist(rows), out, row_group_size=7)
    path = tmp_path / "a.bin"
    path.write_bytes(PACKED[outer](out.getvalue()))
    pages, errors = read(path)
    assert errors == []
    assert [(page.line, page.url, page.timestamp) for page in pages] == [
        (number + 1, f"http://example.org/{number}", "2017-05-04") for number in range(40)
    ]
    assert {page.page.dumps[0].related for page in pages} == {items(RECORDS)}
    assert len(list(harvest_file(str(path), None, pytest.fail, lambda _: None))) == 40


def test_broken_parquet_is_one_line(tmp_path: Path) -> None:
    pytest.importorskip("pyarrow")
    (tmp_path / "a.parquet").write_bytes(b"PAR1" + bytes(100))
    pages, errors = read(tmp_path / "a.parquet")
    assert (pages, len(errors)) == ([], 1)
