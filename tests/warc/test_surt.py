"""SURT by the rules: a table of what each rule does, and the package of the field's own tools as judge."""

from __future__ import annotations

import json
import subprocess
import time

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from crawler.warc.index import url_key
from crawler.warc.surt import surt
from tests.archives import tool
from tests.waiting import HANG_SECONDS

ID32, ID24 = "9682993c8daa2c5497996114facdc805", "4hqa0555fwsecu455xqckv45"
HOSTS = {
    "http://www.Example.org/": "org,example)/",
    "http://example.org": "org,example)/",
    "http://www2.example.org/": "org,example)/",
    "http://www.www.example.org/": "org,example,www)/",
    "http://a.www.example.org/": "org,example,www,a)/",
    "http://www-2.example.org/": "org,example,www-2)/",
    "http://www.co.uk/": "uk,co)/",
    "http://www/": "www)/",
    "http://user:pa@ss@example.org/": "org,example)/",
    "http://example.org:80/": "org,example)/",
    "http://example.org:0080/": "org,example)/",
    "http://example.org:443/": "org,example:443)/",
    "https://example.org:443/": "org,example)/",
    "https://user@www.example.org:8443/": "org,example:8443)/",
    "http://example.org:/": "org,example)/",
    "http://.example..org./": "org,example)/",
    "http://ex%61mple.org/": "org,example)/",
    "http://a_b.example.org/": "org,example,a_b)/",
    "http://ex ample.org/": "org,ex%20ample)/",
    "http://bücher.example/": "example,xn--bcher-kva)/",
    "http://b%C3%BCcher.example/": "example,xn--bcher-kva)/",
    "http://XN--BCHER-KVA.example/": "example,xn--bcher-kva)/",
    "http://пример.испытание/": "xn--80akhbyknj4f,xn--e1afmkfd)/",
    "http://%FC.example/": "example,%fc)/",
    "http://127.0.0.1:8765/": "1,0,0,127:8765)/",
    "http://2130706433/": "1,0,0,127)/",
    "http://1.2.3.4.5/": "5,4,3,2,1)/",
    "http://[::1]:8080/": "::1:8080)/",
    "http://[2001:DB8::1]/a": "2001:db8::1)/a",
    "ftp://www.example.org:21/a/": "org,example:21)/a",
    "example.org/a": "org,example)/a",
    "//example.org/a": "org,example)/a",
    "http:/EXAMPLE.org/a": "org,example)/a",
    " http://exam\tple.org/a\r\n": "org,example)/a",
}
PATHS = {
    "/A/": "/a",
    "/a//": "/a",
    "//": "/",
    "/a///b": "/a/b",
    "/a/./b": "/a/b",
    "/a/../b": "/b",
    "/a/b/..": "/a",
    "/../b": "/../b",
    "/a#b?c": "/a",
    "/#!/a": "/",
    "/%7Euser/%41": "/~user/a",
    "/%2541": "/a",
    "/%252541": "/a",
    "/a%": "/a%25",
    "/%zz": "/%25zz",
    "/a b/%23": "/a%20b/%23",
    "/ü%C3%BC%FC": "/%c3%bc%c3%bc%fc",
    "/%00%7F": "/%00%7f",
    "/a;b,c)": "/a;b,c)",
    f"/a;jsessionid={ID32}": f"/a;jsessionid={ID32}",
    f"/x/(S({ID24}))/page.aspx?a": "/x/page.aspx?a",
    f"/(a({ID24})f({ID24}))/page.aspx": "/page.aspx",
    f"/({ID24})/page.aspx": "/page.aspx",
    f"/({ID24})/page.html": f"/({ID24})/page.html",
}
QUERIES = {
    "?": "",
    "??": "??",
    "?&": "?&",
    "?b&a": "?a&b",
    "?b=2&B=1&a": "?a&b=1&b=2",
    "?a-b=1&a=2": "?a=2&a-b=1",
    "?a=b=c&a=b": "?a=b&a=b=c",
    "?a&a=&a=b": "?a&a=&a=b",
    "?x=1&": "?&x=1",
    "?q=a+b%20c%2Bd": "?q=a+b%20c+d",
    "?b=1%26a": "?a&b=1",
    "?x=http://b.c//D/../e?f": "?x=http://b.c//d/../e?f",
    f"?PHPSESSID={ID32}": "",
    f"?x=1&PHPSESSID={ID32}&y=2": "?x=1&y=2",
    f"?x=1&sid={ID32}": "?&x=1",
    "?sid=1": "?sid=1",
    f"?jsessionid={ID32}&x": "?x",
    "?ASPSESSIONIDAQBSDSRT=EOHBLBDDPFCLHKPGGKLILNAM&x": "?x",
    "?CFID=1169580&CFTOKEN=48630702&x": "?x",
    "?CFID=1169580": "?cfid=1169580",
    f"?cfid=1&cftoken=2&sid={ID32}": "",
}
OTHERS = {
    "": "-",
    "dns:WWW.example.org": "dns:www.example.org",
    "mailto:Foo@example.org?b&a": "mailto:foo@example.org?a&b",
    "warcinfo:A B.warc.gz": "warcinfo:a%20b.warc.gz",
    "urn:uuid:0-1": "urn:uuid:0-1",
    "urn:view:http://www.Example.org/": "urn:view:http://www.example.org",
    "filedesc://a.arc.gz": "filedesc://a.arc.gz",
    "example.org:8080/a": "example.org:8080/a",
}
TABLE = {
    **HOSTS,
    **{f"http://example.org{path}": f"org,example){key}" for path, key in PATHS.items()},
    **{f"http://example.org/a{query}": f"org,example)/a{key}" for query, key in QUERIES.items()},
    **OTHERS,
}
JUDGE = """
import ipaddress, json, socket, sys
def looked_up(host):
    name = str(ipaddress.IPv4Address(host if isinstance(host, str) else host.decode()))
    return name, [], [name]
socket.gethostbyname_ex = looked_up
import surt
for line in sys.stdin:
    try:
        key = surt.surt(json.loads(line))
    except Exception:
        key = None
    print(json.dumps(key), flush=True)
"""


@pytest.mark.parametrize("url", TABLE)
def test_the_key_is_the_one_that_the_rules_give(url):
    assert surt(url) == TABLE[url]


@pytest.mark.parametrize("url", ["http://", "http://:80/", "http://a:b/", "http://a:65536/", "http://[::1/", "http://\ud800/", "http://.../"])  # fmt: skip
def test_a_url_without_a_host_is_its_own_key(url):
    with pytest.raises(ValueError, match=r"."):
        surt(url)
    assert url_key(url) == url


@pytest.mark.parametrize("url", ["http://127.1/", "http://0177.0.0.1/", "http://017700000001/"])
def test_addresses_are_read_as_resolvers_read_them(url):
    assert surt(url) == "1,0,0,127)/"


@pytest.mark.parametrize(
    "text", ["%25" * 50_000 + "41", "a/../" * 50_000, "?" + "cfid=" * 20_000, "?" + "&" * 100_000, "(s(" * 50_000]
)
def test_hostile_urls_take_time_in_proportion_to_their_length(text):
    """A square of their length would be minutes; the processor's time of this process alone is looked at."""
    before = time.process_time()
    url_key(f"http://example.org/{text}")
    assert time.process_time() - before < 30


@pytest.fixture(scope="module")
def judge():
    """Give a function that returns the key of the package surt, None where it fails. It never asks a resolver."""
    process = subprocess.Popen(
        [tool("python"), "-W", "ignore", "-c", JUDGE], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )

    def key(url):
        process.stdin.write(json.dumps(url) + "\n")
        process.stdin.flush()
        return json.loads(process.stdout.readline() or pytest.skip("there is no surt among the archives' tools"))

    yield key
    process.stdin.close()
    process.wait(timeout=HANG_SECONDS)
    process.stdout.close()


def test_table_agrees_with_the_reference_package(judge):
    assert {url: judge(url) for url in TABLE} == TABLE


letters = st.text("abcXYZ019-_~%/.;,+()!:@\\'ü\u0130ßع😀 \x01", max_size=8)
escapes = st.sampled_from(["%41", "%2541", "%c3%BC", "%FC", "%2e", "%2F", "%3f", "%26", "%23", "%", "%4", "%0a"])
pieces = st.lists(st.one_of(letters, escapes), max_size=3).map("".join)
labels = st.one_of(
    st.text("abcXYZ019-_", min_size=1, max_size=5),
    st.sampled_from(["www", "WWW3", "bücher", "пример", "ex%61mple", ""]),
)
names = (
    st.lists(labels, min_size=1, max_size=4)
    .map(".".join)
    # The judge removes empty labels only in pairs; no host has them.
    .filter(lambda name: not name.replace(".", "").isdigit() and name.strip(".") and "..." not in name)
)
addresses = st.ip_addresses(v=4).map(str)
ports = st.one_of(st.just(""), st.sampled_from([":", ":80", ":443"]), st.integers(0, 65535).map(":{}".format))
users = st.sampled_from(["", "a@", "a:b@", "a@b:c@"])
segments = st.one_of(pieces, st.sampled_from([".", "..", "", f"(s({ID24}))", f"({ID24})", "page.aspx"]))
paths = st.lists(segments, max_size=5).map(lambda parts: "".join(f"/{part}" for part in parts))
sessions = st.sampled_from([f"sid={ID32}", f"PHPSESSID={ID32}", f"xjsessionid={ID32}", "cfid=1&cftoken=2", "cfid=1"])
pairs = st.one_of(pieces, st.tuples(pieces, pieces).map("=".join), sessions)
queries = st.one_of(st.just(""), st.lists(pairs, max_size=4).map(lambda parts: "?" + "&".join(parts)))
fragments = st.one_of(st.just(""), pieces.map("#{}".format))
urls = st.tuples(
    st.sampled_from(["http://", "https://", "HTTP://", "ftp://"]),
    users,
    st.one_of(names, addresses),
    ports,
    paths,
    queries,
    fragments,
).map("".join)


@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(url=urls)
def test_generated_urls_have_the_keys_of_the_reference_package(judge, url):
    theirs = judge(url)
    assert theirs is None or surt(url) == theirs
