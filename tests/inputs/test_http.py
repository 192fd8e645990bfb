"""Files of HTTP servers that break off, lie, change their files, and refuse."""

from __future__ import annotations

import io
import random
import tracemalloc
import zipfile

import pytest

from crawler.inputs.http import HttpFile
from crawler.inputs.retries import Changed, InputError, TransferRetries
from tests.inputs.fileserver import Served

DATA = random.Random(1).randbytes(3_000_000)


class Pauses(list[float]):
    """Keeps the pauses that would have been made."""

    def retries(self) -> TransferRetries:
        return TransferRetries(sleep=self.append)


@pytest.fixture
def pauses():
    return Pauses()


def read(url: str, pauses: Pauses) -> bytes:
    with HttpFile(url, pauses.retries()) as file, io.BufferedReader(file) as buffered:
        return buffered.read()


def test_whole_file_is_one_request(server, pauses):
    assert read(server.add("/a", DATA), pauses) == DATA
    assert server.asked == [("/a", None)]


@pytest.mark.parametrize("etag", ['"one"', None])
@pytest.mark.parametrize("modified", ["Sat, 27 Feb 2016 10:11:12 GMT", None])
def test_broken_transfer_resumes_at_the_byte_where_it_broke(server, pauses, etag, modified):
    url = server.add("/a", DATA, cuts=[1_000_000, 0, 500_000, 70_000], etag=etag, modified=modified)
    assert read(url, pauses) == DATA
    assert server.sent < len(DATA) + 4 * 1_000_000
    starts = [int(asked.removeprefix("bytes=").rstrip("-")) for _, asked in server.asked[1:]]
    assert starts == sorted(starts)
    assert pauses == [1.0]  # the first further try follows at once, the next waits


def test_server_without_ranges_sends_from_the_start_and_nothing_is_doubled(server, pauses):
    url = server.add("/a", DATA, cuts=[1_000_000, 2_000_000], ranges=False)
    assert read(url, pauses) == DATA


def test_body_that_is_shorter_than_its_length_is_asked_for_again_and_reported(server, pauses):
    url = server.add("/a", DATA[:1000], length="2000")
    with pytest.raises(InputError) as caught:
        read(url, pauses)
    assert isinstance(caught.value, Changed)  # the file has no byte 1,000


def test_file_of_unknown_length_is_read_to_the_end_of_the_connection(server, pauses):
    url = server.add("/a", DATA, length=None)
    with HttpFile(url, pauses.retries()) as file:
        assert not file.seekable()
    assert read(url, pauses) == DATA


def replaced(served: Served) -> None:
    served.data, served.etag, served.modified = DATA[::-1], '"two"', "Sun, 28 Feb 2016 10:11:12 GMT"


def shortened(served: Served) -> None:
    served.data, served.etag, served.modified = DATA[:500], None, None


def grown(served: Served) -> None:
    served.data, served.etag, served.modified = DATA + DATA, None, None


@pytest.mark.parametrize("change", [replaced, shortened, grown])
@pytest.mark.parametrize("ranges", [True, False])
@pytest.mark.parametrize("etag", ['"one"', 'W/"one"', None])
def test_file_that_changes_between_two_parts_is_an_error(server, pauses, change, ranges, etag):
    modified = "Sat, 27 Feb 2016 10:11:12 GMT"
    url = server.add("/a", DATA, cuts=[1_000_000], then=change, ranges=ranges, etag=etag, modified=modified)
    with pytest.raises(Changed, match="changed while it was read"):
        read(url, pauses)


@pytest.mark.parametrize("status", [429, 500, 502, 503, 504])
def test_busy_server_is_asked_again(server, pauses, status):
    url = server.add("/a", DATA, statuses=[(status, ""), (status, "Retry-After: 7"), (status, "")])
    assert read(url, pauses) == DATA
    assert pauses == [7.0, 2.0]


def test_server_that_asks_for_a_long_pause_is_not_waited_for(server, pauses):
    url = server.add("/a", DATA, statuses=[(429, "Retry-After: 3600")])
    with pytest.raises(InputError, match="429"):
        read(url, pauses)
    assert pauses == []


def test_server_that_stays_broken_is_given_up(server, pauses):
    url = server.add("/a", DATA, cuts=[1000, *[0] * 50])
    with pytest.raises(InputError, match=r"broke|no answer"):
        read(url, pauses)
    assert pauses == [1.0, 2.0, 4.0, 8.0, 16.0]


@pytest.mark.parametrize(("status", "words"), [(403, "403"), (404, "404"), (410, "410"), (416, "416"), (401, "401")])
def test_refusal_is_an_error_at_once(server, pauses, status, words):
    url = server.add("/a", DATA, statuses=[(status, "")] * 9)
    with pytest.raises(InputError, match=f"the server answers {words}"):
        HttpFile(url, pauses.retries())
    assert len(server.asked) == 1


def test_refusal_in_the_middle_is_an_error(server, pauses):
    def forbid(served: Served) -> None:
        served.statuses = [(403, "")]

    url = server.add("/a", DATA, cuts=[1000], then=forbid)
    with pytest.raises(InputError, match="403"):
        read(url, pauses)


def test_parts_are_fetched_in_ranges(server, pauses):
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_STORED) as archive:
        for number in range(30):
            archive.writestr(f"{number}.bin", DATA[number * 100_000 : (number + 1) * 100_000])
    url = server.add("/a.zip", packed.getvalue())
    with HttpFile(url, pauses.retries(), in_parts=True) as file, zipfile.ZipFile(io.BufferedReader(file)) as archive:
        assert archive.read("17.bin") == DATA[1_700_000:1_800_000]
    assert server.sent < 1_000_000
    assert all(asked is not None for _, asked in server.asked)


@pytest.mark.parametrize(("how", "seekable"), [({}, True), ({"says_ranges": False}, True), ({"ranges": False}, False)])
def test_whether_parts_can_be_read_is_found_out(server, pauses, how, seekable):
    with HttpFile(server.add("/a", DATA, **how), pauses.retries()) as file:
        assert file.seekable() is seekable


def test_random_reads_give_the_bytes_at_their_places(server, pauses):
    chance = random.Random(5)
    url = server.add("/a", DATA, cuts=[70_000, *[200_000] * 3, 5_000])
    with HttpFile(url, pauses.retries()) as file:
        buffered = io.BufferedReader(file)
        for _ in range(60):
            place, count = chance.randrange(len(DATA)), chance.choice([1, 100, 5_000, 400_000])
            buffered.seek(place)
            assert buffered.read(count) == DATA[place : place + count]


def test_redirects_are_followed_and_their_number_is_bounded(server, pauses):
    target = server.add("/a", DATA)
    url = server.add("/moved", b"", statuses=[(302, f"Location: {target}")] * 9)
    assert read(url, pauses) == DATA
    loop = server.add("/loop", b"", statuses=[(302, "Location: /loop")] * 20)
    with pytest.raises(InputError, match="too many redirects"):
        read(loop, pauses)


@pytest.mark.parametrize("target", ["file:///etc/passwd", "s3://bucket/key", "ftp://127.0.0.1/"])
def test_redirect_out_of_http_is_refused(server, pauses, target):
    url = server.add("/moved", b"", statuses=[(302, f"Location: {target}")])
    with pytest.raises(InputError, match="no URL of an HTTP server"):
        read(url, pauses)


def test_public_server_cannot_lead_to_a_private_address(server, pauses, monkeypatch):
    public = {"93.184.216.34": True}
    monkeypatch.setattr("crawler.inputs.http._is_public", lambda host: public.get(host, False))
    file = HttpFile(server.add("/a", DATA), pauses.retries())
    file._url = "http://93.184.216.34/a"
    with pytest.raises(InputError, match="private address"):
        file._follow(f"{server.url}/a")


def test_password_is_sent_to_its_own_host_and_shown_nowhere(server, pauses):
    url = server.add("/a", DATA, user="Basic bWU6czpjcmV0")  # me:s:cret
    assert read(url.replace("http://", "http://me:s%3Acret@"), pauses) == DATA
    with pytest.raises(InputError) as caught:
        read(url.replace("http://", "http://me:wr0ng@"), pauses)
    assert "wr0ng" not in str(caught.value)


def test_closed_port_is_reported_in_words(pauses):
    with pytest.raises(InputError, match="no answer") as caught:
        HttpFile("http://127.0.0.1:9/a?token=s3cret", pauses.retries())
    assert "s3cret" not in str(caught.value)
    assert "object at" not in str(caught.value)
    assert len(pauses) == 5


def test_memory_does_not_grow_with_the_file(server, pauses):
    large = bytes(60_000_000)
    url = server.add("/a", large, cuts=[40_000_000])
    tracemalloc.start()
    with HttpFile(url, pauses.retries()) as file:
        count = sum(len(block) for block in iter(lambda: file.read(1 << 20), b""))
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert count == len(large)
    assert most < 110_000_000  # the server of the test holds copies
