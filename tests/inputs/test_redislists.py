"""Lists in Redis that other tools fill, read as files of lines and left as they are."""

from __future__ import annotations

import json
from zoneinfo import ZoneInfo

import pytest

from crawler.exceptions import SeedError
from crawler.inputs import open_input
from crawler.seeds.sources import read_seeds_and_lists
from tests.redisserver import PROGRAM

redis = pytest.importorskip("redis")
pytestmark = pytest.mark.skipif(PROGRAM is None, reason="there is no redis-server or valkey-server here")
URLS = [f"http://en.example.org/news/{number}" for number in range(1793001, 1793031)]


@pytest.fixture
def client(redis_server):
    with redis.Redis.from_url(redis_server.url) as client:
        yield client


def place(server, key):
    return f"{server.url}/0?key={key}"


def listed(url):
    errors = []
    found = list(read_seeds_and_lists([url], ZoneInfo("UTC"), errors.append))
    assert errors == []
    return [str(one.url) for one in found]


def test_scrapy_redis_lists_of_json_are_read_in_order_and_left(redis_server, client):
    entries = [json.dumps({"url": url, "meta": {"job-id": "123", "start-date": "dd/mm/yy"}}) for url in URLS]
    client.rpush("json:start_urls", *entries)
    assert listed(place(redis_server, "json:start_urls")) == URLS
    assert client.llen("json:start_urls") == len(URLS)


def test_plain_urls_of_sets_and_sorted_sets_are_read(redis_server, client):
    client.sadd("set:start_urls", *URLS)
    client.zadd("sorted:start_urls", {url: place for place, url in enumerate(URLS)})
    assert sorted(listed(place(redis_server, "set:start_urls"))) == URLS
    assert listed(place(redis_server, "sorted:start_urls")) == URLS[::-1]  # the highest priority first


def test_more_entries_than_one_question_brings_are_all_read(redis_server, client):
    client.rpush("many", *range(2_500))
    with open_input(place(redis_server, "many")) as file:
        assert file.read() == b"".join(b"%d\n" % number for number in range(2_500))


def test_entry_with_line_breaks_is_one_line(redis_server, client):
    client.rpush("broken", b'{"url":\r\n"http://h/1"}')
    with open_input(place(redis_server, "broken")) as file:
        assert file.read().count(b"\n") == 1


@pytest.mark.parametrize(
    ("query", "said"), [("", "name the key"), ("?key=none", "there is no such key"), ("?key=text", "it is a string")]
)
def test_key_that_is_no_list_is_named_without_the_password(redis_server, client, query, said):
    client.set("text", "x")
    errors = []
    url = redis_server.url.replace("redis://", "redis://:s3cret@") if not query else redis_server.url
    assert list(read_seeds_and_lists([f"{url}/0{query}"], ZoneInfo("UTC"), errors.append)) == []
    assert [type(error) for error in errors] == [SeedError]
    assert said in str(errors[0])
    assert "s3cret" not in str(errors[0])
