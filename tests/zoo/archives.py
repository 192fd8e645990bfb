"""Files of web archives, each with one oddity. ``ODDITIES`` maps its name to the file's ending and the maker of its
bytes.

Each file holds the pages of :data:`~tests.zoo.pages.IDS`; expected.tsv says what harvest, replay and recovery do with
each.
"""

from __future__ import annotations

import gzip
import hashlib
import io
import zipfile
import zlib
from base64 import b32encode
from collections.abc import Callable, Iterable
from typing import NamedTuple

from crawler.zstd import zstd
from tests.zoo.pages import CODERS, DATE, HOST, IDS, ODD, arc, arc_head, chunked, http, page, record, record_id


class Oddity(NamedTuple):
    """A file of the zoo: its *ending*, its bytes, and, if it has one, the odd record alone as in an index of Common
    Crawl."""

    ending: str
    make: Callable[[], bytes]
    alone: Callable[[], bytes] | None = None


def _member(data: bytes) -> bytes:
    return gzip.compress(data, mtime=0)


def _with(odd: bytes) -> list[bytes]:
    return [odd if number == ODD else record(number) for number in IDS]


def _plain(odd: Callable[[], bytes]) -> Oddity:
    return Oddity("warc", lambda: b"".join(_with(odd())), odd)


def _gzip(odd: Callable[[], bytes]) -> Oddity:
    return Oddity("warc.gz", lambda: b"".join(map(_member, _with(odd()))), lambda: _member(odd()))


def _both(name: str, odd: Callable[[], bytes]) -> dict[str, Oddity]:
    return {f"{name}": _plain(odd), f"{name}, gzip": _gzip(odd)}


def _coded(coding: str, *headers: str, stored: str | None = None, chunks: bool = False) -> Callable[[], bytes]:
    """Return the maker of a record whose header says *coding*, with a body *stored* in that coding (None: *coding*; "":
    plain)."""

    def make() -> bytes:
        how = coding if stored is None else stored
        body = CODERS[how](page(ODD)) if how else page(ODD)
        said = [f"Content-Encoding: {coding}"] if coding else []
        transfer = ["Transfer-Encoding: chunked"] if chunks else []
        return record(ODD, http(chunked(body) if chunks else body, *said, *transfer, *headers))

    return make


def _codings() -> dict[str, Oddity]:
    found: dict[str, Oddity] = {}
    for coding in CODERS:
        found |= _both(f"chunked and {coding}", _coded(coding, chunks=True))
        found[f"{coding} said, stored plain"] = _gzip(_coded(coding, stored=""))
        found[f"{coding} not said"] = _gzip(_coded("", stored=coding))
    for name in ("none", "UTF-8", "binary", "8bit", "text/html", "rot13"):
        found[f"coding {name}"] = _gzip(_coded(name, stored=""))
    plain = page(ODD)
    return found | {
        "chunked said, stored plain": _gzip(lambda: record(ODD, http(plain, "Transfer-Encoding: chunked"))),
        "chunked and gzip said, stored plain": _gzip(
            lambda: record(ODD, http(plain, "Transfer-Encoding: chunked", "Content-Encoding: gzip"))
        ),
        "chunked not said": _gzip(lambda: record(ODD, http(chunked(plain)))),
        "chunk sizes with spaces": _gzip(
            lambda: record(ODD, http(chunked(plain, 100, b"   "), "Transfer-Encoding: chunked"))
        ),
        "br said, gzip": _gzip(_coded("br", stored="gzip")),
        "x-gzip": _gzip(_coded("x-gzip", stored="gzip")),
        "raw deflate": _gzip(lambda: record(ODD, http(zlib.compress(plain)[2:-4], "Content-Encoding: deflate"))),
        "gzip twice": _gzip(lambda: record(ODD, http(_member(_member(plain)), "Content-Encoding: gzip, gzip"))),
        "gzip twice, said once": _gzip(lambda: record(ODD, http(_member(_member(plain)), "Content-Encoding: gzip"))),
        "zeros after gzip": _gzip(lambda: record(ODD, http(_member(plain) + bytes(20), "Content-Encoding: gzip"))),
        "gzip cut short": _gzip(lambda: record(ODD, http(_member(plain)[:-60], "Content-Encoding: gzip"))),
        "gzip with a wrong checksum": _gzip(
            lambda: record(ODD, http(_member(plain)[:-8] + bytes(8), "Content-Encoding: gzip"))
        ),
        "a bomb": _gzip(lambda: record(ODD, http(_member(bytes(70 << 20)), "Content-Encoding: gzip"))),
    }


def _http_heads() -> dict[str, Oddity]:
    body = page(ODD)
    return {
        "HTTP head with LF": _gzip(lambda: record(ODD, http(body, end="\n"))),
        "HTTP/2 without a phrase": _gzip(lambda: record(ODD, http(body, start="HTTP/2 200"))),
        "HTTP header folded": _gzip(lambda: record(ODD, http(body, "X-Long: a\r\n b"))),
        "HTTP header without colon": _gzip(lambda: record(ODD, http(body, "nonsense"))),
        "space before the colon": _gzip(lambda: record(ODD, http(body, "P3P : CP=x"))),
        "control characters in a header": _gzip(lambda: record(ODD, http(body, "X-Odd: a\x01\x0bb"))),
        "HTTP header of 100 kB": _gzip(lambda: record(ODD, http(body, "X-Long: " + "a" * 100_000))),
        "resource": _gzip(lambda: record(ODD, body, kind="resource", media_type="text/html")),
    }


def _records() -> dict[str, Oddity]:
    right = len(http(page(ODD)))
    cases: dict[str, Callable[[], bytes]] = {
        "length too short": lambda: record(ODD, length=right - 3),
        "length too long": lambda: record(ODD, length=right + 400),
        "length one too long": lambda: record(ODD, length=right + 1),
        "length of 10^15": lambda: record(ODD, length=10**15),
        "length negative": lambda: record(ODD, length=-1),
        "no length": lambda: record(ODD, without="Content-Length"),
        "heads with LF": lambda: record(ODD).replace(b"\r\n", b"\n"),
        "lines end in CR CR LF": lambda: record(ODD).replace(b"\r\n", b"\r\r\n"),
        "names in lower case": lambda: record(ODD).replace(b"WARC-T", b"warc-t").replace(b"Content-L", b"content-l"),
        "stray line before": lambda: b"junk\r\n" + record(ODD),
        "no line ends behind": lambda: record(ODD, trailer=b""),
        "many line ends behind": lambda: record(ODD, trailer=b"\r\n" * 40),
        "zero byte behind": lambda: record(ODD) + b"\0",
        "WARC/0.18": lambda: record(ODD, version="WARC/0.18"),
        "WARC/1.1 with fractions": lambda: record(ODD, version="WARC/1.1", date="2016-02-27T10:11:12.123456789Z"),
        "date of 14 digits": lambda: record(ODD, date="20160227101112"),
        "date without time": lambda: record(ODD, date="2016-02-27"),
        "date of day 65": lambda: record(ODD, date="2009-03-65T08:43:19-0800"),
        "no date": lambda: record(ODD, without="WARC-Date"),
        "no record id": lambda: record(ODD, without="WARC-Record-ID"),
        "URL in brackets": lambda: record(ODD, url=f"<{HOST}{ODD}>"),
        "header not UTF-8": lambda: record(ODD, None, "X-Odd: \xff").replace("\xff".encode(), b"\xff"),
        "header folded": lambda: record(ODD, None, "X-Odd: a\r\n b"),
        "WARC line in the body": lambda: record(
            ODD, http(page(ODD) + b"\r\n\r\nWARC/1.0\r\nWARC-Type: response\r\n\r\n")
        ),
    }
    found: dict[str, Oddity] = {}
    for name, odd in cases.items():
        found |= _both(name, odd)
    return found | {
        "no URL": _plain(lambda: record(ODD, without="WARC-Target-URI")),
        "head without end": _plain(lambda: record(ODD).replace(b"\r\n\r\n", b"\r\n")),
        "truncated, and says so": _gzip(lambda: record(ODD, None, "WARC-Truncated: length")),
    }


def _files() -> dict[str, Oddity]:
    records = [record(number) for number in IDS]
    members = [_member(one) for one in records]
    whole = b"".join(records)
    broken = bytearray(members[1])
    broken[len(broken) // 2] ^= 0xFF
    frames = [zstd.compress(one) for one in records]
    return {
        "gzip in one member": Oddity("warc.gz", lambda: _member(whole)),
        "gzip in blocks": Oddity(
            "warc.gz", lambda: b"".join(_member(whole[at : at + 700]) for at in range(0, len(whole), 700))
        ),
        "two records in a member": Oddity(
            "warc.gz", lambda: members[0] + _member(records[1] + records[2]) + members[3]
        ),
        "head and body in two members": Oddity(
            "warc.gz",
            lambda: members[0] + _member(records[1][:300]) + _member(records[1][300:]) + members[2] + members[3],
        ),
        "plain, named .gz": Oddity("warc.gz", lambda: whole),
        "gzip, named .warc": Oddity("warc", lambda: b"".join(members)),
        "zeros behind": Oddity("warc.gz", lambda: b"".join(members) + bytes(1000)),
        "zeros between members": Oddity("warc.gz", lambda: bytes(512).join(members)),
        "junk between members": Oddity("warc.gz", lambda: members[0] + b"junk" * 50 + b"".join(members[1:])),
        "member that is no record": Oddity(
            "warc.gz", lambda: members[0] + _member(b"no record\r\n") + b"".join(members[1:])
        ),
        "damaged member": Oddity("warc.gz", lambda: members[0] + bytes(broken) + members[2] + members[3]),
        "wrong checksum of a member": Oddity(
            "warc.gz", lambda: members[0] + members[1][:-8] + bytes(4) + members[1][-4:] + members[2] + members[3]
        ),
        "member cut short": Oddity("warc.gz", lambda: members[0] + members[1][:-200] + members[2] + members[3]),
        "first bytes damaged": Oddity(
            "warc.gz", lambda: bytes(40) + members[1][40:] + members[0] + members[2] + members[3]
        ),
        "cut at the end": Oddity("warc.gz", lambda: b"".join((members[0], *members[2:], members[1]))[:-200]),
        "cut at the end, plain": Oddity("warc", lambda: b"".join((records[0], *records[2:], records[1]))[:-600]),
        "zstd": Oddity("warc.zst", lambda: b"".join(frames)),
        "zstd in one frame": Oddity("warc.zst", lambda: zstd.compress(whole)),
        "zstd with a dictionary": Oddity("warc.zst", lambda: _with_dictionary(records, packed=False)),
        "zstd with a compressed dictionary": Oddity("warc.zst", lambda: _with_dictionary(records, packed=True)),
        "zstd with a skippable frame": Oddity("warc.zst", lambda: b"\x50\x2a\x4d\x18\x04\0\0\0abcd" + b"".join(frames)),
        "zstd frame damaged": Oddity("warc.zst", lambda: frames[0] + frames[1][:-80] + frames[2] + frames[3]),
        "WACZ": Oddity("wacz", lambda: _wacz({"archive/a.warc.gz": b"".join(members)})),
        "WACZ in WACZ": Oddity("wacz", lambda: _wacz({"a.wacz": _wacz({"archive/a.warc.gz": b"".join(members)})})),
        "WACZ, compressed in it": Oddity(
            "wacz", lambda: _wacz({"archive/a.warc.gz": b"".join(members)}, zipfile.ZIP_DEFLATED)
        ),
        "invalid WACZ": Oddity("wacz", lambda: b"PK\x03\x04 nothing"),
    }


def _with_dictionary(records: Iterable[bytes], *, packed: bool) -> bytes:
    trained = zstd.train_dict([record(number)[place:] for number in range(100, 140) for place in (0, 200, 400)], 4096)
    stored = zstd.compress(trained.dict_content) if packed else trained.dict_content
    head = b"\x5d\x2a\x4d\x18" + len(stored).to_bytes(4, "little") + stored
    return head + b"".join(zstd.compress(one, zstd_dict=trained) for one in records)


def _wacz(files: dict[str, bytes], how: int = zipfile.ZIP_STORED) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", how) as archive:
        archive.writestr("datapackage.json", b"{}" * 50)
        for name, data in files.items():
            archive.writestr(name, data)
    return out.getvalue()


def _arcs() -> dict[str, Oddity]:
    pages = [arc(number) for number in IDS]
    body = page(ODD)
    spaced = arc(ODD).replace(b" text/html ", b" text/html; charset=utf-8 ", 1)
    true_length = len(http(body, end="\n"))

    def with_length(claimed: int) -> bytes:
        odd = pages[1].replace(b" %d\n" % true_length, b" %d\n" % claimed, 1)
        return arc_head() + pages[0] + odd + b"".join(pages[2:])

    return {
        "ARC 1": Oddity("arc", lambda: arc_head() + b"".join(pages), lambda: pages[1]),
        "ARC 1, gzip": Oddity(
            "arc.gz", lambda: _member(arc_head()) + b"".join(map(_member, pages)), lambda: _member(pages[1])
        ),
        "ARC 2": Oddity(
            "arc.gz", lambda: _member(arc_head(2)) + b"".join(_member(arc(number, version=2)) for number in IDS)
        ),
        "ARC in one member": Oddity("arc.gz", lambda: _member(arc_head() + b"".join(pages))),
        "ARC without file head": Oddity("arc.gz", lambda: b"".join(map(_member, pages))),
        "ARC, spaces in the type": Oddity(
            "arc", lambda: arc_head() + pages[0] + spaced + pages[2] + pages[3], lambda: spaced
        ),
        "ARC, length too short": Oddity("arc", lambda: with_length(300)),
        "ARC, length too long": Oddity("arc", lambda: with_length(2500)),
        "ARC, length of -1": Oddity("arc", lambda: with_length(-1)),
        "ARC line without length": Oddity(
            "arc",
            lambda: (
                arc_head()
                + pages[0]
                + b"http://h/robots.txt 192.0.2.7 20130908181048 08Sep201318:10-1:47GMT\nx\n"
                + b"".join(pages[1:])
            ),
        ),
    }


def _digest(data: bytes, algorithm: str = "sha1") -> bytes:
    return hashlib.new(algorithm, data, usedforsecurity=False).digest()


def _revisit(*headers: str, original: Iterable[str] = (), date: str = DATE, later: bytes = b"") -> Oddity:
    """Return a file in which the odd page is a revisit of a page at another URL, named in *headers*."""
    first = record(9999999, http(page(ODD)), *original, date=date)
    revisit = record(ODD, http(b""), *headers, kind="revisit", date="2016-03-01T00:00:00Z")
    others = [record(number) for number in IDS if number != ODD]
    return Oddity("warc.gz", lambda: b"".join(map(_member, [first, *([later] if later else []), revisit, *others])))


def _revisits() -> dict[str, Oddity]:
    raw, raw256 = _digest(page(ODD)), _digest(page(ODD), "sha256")
    base32, lower = b32encode(raw).decode(), b32encode(raw).decode().lower()
    place = (f"WARC-Refers-To-Target-URI: {HOST}9999999", f"WARC-Refers-To-Date: {DATE}")
    held = [f"WARC-Payload-Digest: sha1:{base32}"]
    chain = record(
        8888888, http(b""), f"WARC-Refers-To: {record_id(9999999)}", kind="revisit", date="2016-02-28T00:00:00Z"
    )
    loop = record(8888888, http(b""), f"WARC-Refers-To: {record_id(ODD)}", kind="revisit", date="2016-02-28T00:00:00Z")
    return {
        "revisit by record id": _revisit(f"WARC-Refers-To: {record_id(9999999)}"),
        "revisit by URL and date": _revisit(*place),
        "revisit by URL in brackets": _revisit(f"WARC-Refers-To-Target-URI: <{HOST}9999999>", place[1]),
        "revisit, fraction in the original": _revisit(*place, date="2016-02-27T10:11:12.345Z"),
        "revisit, fraction in the reference": _revisit(place[0], "WARC-Refers-To-Date: 2016-02-27T10:11:12.000Z"),
        "revisit, date of 14 digits": _revisit(place[0], "WARC-Refers-To-Date: 20160227101112"),
        "revisit by digest": _revisit(f"WARC-Payload-Digest: sha1:{base32}", original=held),
        "revisit, digest in lower case": _revisit(f"WARC-Payload-Digest: sha1:{lower}", original=held),
        "revisit, digest in hex": _revisit(f"WARC-Payload-Digest: sha1:{raw.hex()}", original=held),
        "revisit, digest named SHA1": _revisit(f"WARC-Payload-Digest: SHA1:{base32}", original=held),
        "revisit, digest of another algorithm": _revisit(
            *place, f"WARC-Payload-Digest: sha256:{raw256.hex()}", original=held
        ),
        "revisit, digest not in the original": _revisit(*place, f"WARC-Payload-Digest: sha1:{base32}"),
        "revisit, digest and URL only": _revisit(place[0], f"WARC-Payload-Digest: sha1:{base32}"),
        "revisit of a revisit": _revisit(f"WARC-Refers-To: {record_id(8888888)}", later=chain),
        "revisits in a loop": _revisit(f"WARC-Refers-To: {record_id(8888888)}", later=loop),
        "revisit of nothing": _revisit("WARC-Refers-To: <urn:uuid:0>"),
    }


ODDITIES: dict[str, Oddity] = {
    **_codings(),
    **_http_heads(),
    **_records(),
    **_files(),
    **_arcs(),
    **_revisits(),
}

_ANSWERS = {*_codings(), *_http_heads()} - {"resource"}


def answer(name: str) -> bytes | None:
    """Return the odd answer of the oddity *name* as a server would send it; None if the oddity is one of a file."""
    alone = ODDITIES[name].alone
    if name not in _ANSWERS or alone is None:
        return None
    data = alone()
    plain = gzip.decompress(data) if data.startswith(b"\x1f\x8b") else data
    return plain.partition(b"\r\n\r\n")[2].removesuffix(b"\r\n\r\n")
