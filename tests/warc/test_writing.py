from __future__ import annotations

import gzip
from io import BytesIO

from fastwarc.warc import ArchiveIterator, WarcRecordType
from warcio.archiveiterator import ArchiveIterator as WarcioIterator

from crawler.warc import Original, encode_exchange, write_warc
from tests.archives import warcio_check
from tests.warc.exchanges import EXCHANGE, PAGE, exchange

INFO = "<urn:uuid:12345678-1234-1234-1234-123456789012>"


def headers_of(member: bytes) -> dict[str, str]:
    head = gzip.decompress(member).split(b"\r\n\r\n")[0].decode().split("\r\n")
    assert head[0] == "WARC/1.1"
    return dict(line.split(": ", 1) for line in head[1:])


def test_an_exchange_becomes_a_response_and_a_request_concurrent_to_it():
    encoded = encode_exchange(EXCHANGE, INFO)
    response, request = headers_of(encoded.response), headers_of(encoded.request)

    assert response.pop("WARC-Record-ID") == request["WARC-Concurrent-To"] == encoded.record_id
    assert response == {
        "WARC-Type": "response",
        "WARC-Date": "2026-11-22T12:30:15.123Z",
        "WARC-Target-URI": "http://127.0.0.1:8765/news/1445001?page=1",
        "WARC-Warcinfo-ID": INFO,
        "WARC-IP-Address": "127.0.0.1",
        "WARC-Payload-Digest": "sha1:FZMAHCFFLB24ZHCLNBX342O75JT2DGOE",
        "WARC-Identified-Payload-Type": "text/html",
        "Content-Type": "application/http; msgtype=response",
        "WARC-Block-Digest": response["WARC-Block-Digest"],
        "Content-Length": "148",
    }
    assert request["WARC-Type"] == "request"
    assert request["WARC-Date"] == response["WARC-Date"]
    assert gzip.decompress(encoded.request).endswith(
        b"\r\n\r\nGET /news/1445001?page=1 HTTP/1.1\r\nHost: 127.0.0.1:8765\r\nUser-Agent: gleaner\r\n"
        b"Accept-Encoding: gzip, br\r\n\r\n\r\n\r\n"
    )


def test_a_payload_that_is_held_becomes_a_revisit_without_a_body():
    original = Original("<urn:uuid:x>", "http://127.0.0.1/1", "2020-01-01T00:00:00.000Z")
    member = encode_exchange(EXCHANGE, INFO, original).response
    headers = headers_of(member)

    assert headers["WARC-Type"] == "revisit"
    assert headers["WARC-Profile"] == "http://netpreserve.org/warc/1.1/revisit/identical-payload-digest"
    assert headers["WARC-Payload-Digest"] == headers_of(encode_exchange(EXCHANGE, INFO).response)["WARC-Payload-Digest"]
    refers_to = [headers[f"WARC-Refers-To{what}"] for what in ("", "-Target-URI", "-Date")]
    assert refers_to == list(original[:3])
    assert gzip.decompress(member).endswith(b"Content-Length: 71\r\n\r\n\r\n\r\n")


def test_a_body_that_is_not_whole_says_so():
    headers = headers_of(encode_exchange(exchange(truncated="disconnect"), INFO).response)
    assert headers["WARC-Truncated"] == "disconnect"


def test_bytes_beyond_ascii_in_headers_stay_as_they_came():
    member = encode_exchange(exchange(headers=(("X-Name", "m\xfcller"),)), INFO).response
    assert b"X-Name: m\xfcller\r\n" in gzip.decompress(member)


def test_warcio_and_fastwarc_read_what_is_written(tmp_path):
    """... digests included, whatever the bytes of the body are."""
    bodies = [PAGE, b"", b"\r\n\r\nWARC/1.1\r\n", gzip.compress(PAGE), bytes(range(256)) * 50]
    path = tmp_path / "made.warc.gz"
    with path.open("wb") as file:
        write_warc(file, (exchange(body=body, headers=()) for body in bodies), path.name, {"software": "gleaner"})

    checked = warcio_check(path)
    assert (checked.returncode, checked.stdout.count("digest pass")) == (0, 11)
    with path.open("rb") as file:
        types = [record.rec_type for record in WarcioIterator(file)]
    assert types == ["warcinfo", *["response", "request"] * 5]
    read = ArchiveIterator(BytesIO(path.read_bytes()), WarcRecordType.response, verify_digests=True)
    assert [record.reader.read() for record in read] == bodies
