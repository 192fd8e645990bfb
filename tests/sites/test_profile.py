"""Site profiles: what they build, what they allow, and how they say what is wrong with them."""

from datetime import date

import pytest

from crawler.exceptions import ProfileError
from crawler.net import url_origin
from crawler.sites import load_profile, profile_names
from crawler.sites.recovery import WebArchive

MINIMAL = """
name = "x"
timezone = "Asia/Tehran"
[article]
urls = ["https://h/news/{id}"]
id_pattern = '/news/(?P<id>\\d+)'
"""


@pytest.fixture
def alalam():
    return load_profile("alalam")


@pytest.mark.parametrize("name", profile_names())
def test_every_profile_that_ships_loads_and_finds_its_own_ids(name):
    profile = load_profile(name)
    assert profile.name == name
    assert all(profile.article_id(url) == "1793356" for url in profile.article_urls("1793356"))


def test_ids_and_pics_become_urls_in_order(alalam):
    assert alalam.article_urls("1793356") == (
        "https://en.alalam.ir/news/1793356",
        "http://en.alalam.ir/news/1793356",
    )
    pic = "/2016/02/26/alalam_635921016327147719_25f_4x3.jpg"
    assert alalam.image_urls(pic)[0] == f"https://media.alalam.ir/news/image/original/{pic}"
    flat = "150994162047493000.jpg"
    assert alalam.image_urls(flat) == (f"https://media.alalamtv.net/uploads/855x495/{flat}",)
    assert all(alalam.pic(url) == pic for url in alalam.image_urls(pic))
    assert alalam.pic(alalam.image_urls(flat)[0]) == flat


@pytest.mark.parametrize(
    ("url", "article_id"),
    [
        ("http://en.alalam.ir/news/1551138/picture-of-beirut", "1551138"),
        ("https://en.alalam.ir/news/1910671", "1910671"),
        ("https://en.alalam.ir/", None),
        ("http://en.alalam.ir/getcontent?tid=41423", None),
        ("https://elsewhere.example/news/1910671", None),
        ("https://en.alalam.ir/news/" + "9" * 21, None),
    ],
)
def test_a_url_tells_its_article_id(alalam, url, article_id):
    assert alalam.article_id(url) == article_id


@pytest.mark.parametrize("article_id", ["", "../1", "1\r\nHost: x", "\u0661\u0662", "9" * 21, "-1", "1 ", "0x1"])
def test_only_plain_digits_are_an_id(alalam, article_id):
    assert alalam.article_urls(article_id) == ()


@pytest.mark.parametrize(
    "pic",
    [
        "",
        "//evil.example/x.jpg",
        "/x.jpg/../..",
        "/../../etc/passwd",
        "/2016/02/26/..%2f..%2fx.jpg",
        "/2016/%2e%2e/x.jpg",
        "\\\\evil\\x.jpg",
        "http://evil.example/x.jpg",
        "file:///etc/passwd.jpg",
        "/x.jpg\n",
        "/x.jpg\0",
        "/x.jpg?y",
        "/x.jpg#y",
        "/a@b.jpg",
        "/x.php",
        "/.hidden.jpg",
        "/" + "a/" * 20 + "x.jpg",
        "/" + "a" * 100_000 + ".jpg",
    ],
)
def test_an_unsafe_pic_has_no_url(alalam, pic):
    assert alalam.image_urls(pic) == ()


@pytest.mark.parametrize(
    ("url", "allowed"),
    [
        ("https://en.alalam.ir/anything", True),
        ("https://EN.alalam.ir/", True),
        ("https://web.archive.org/cdx/search/cdx?url=x", True),
        ("https://en.alalam.ir:8443/", False),
        ("https://en.alalam.ir.evil.example/", False),
        ("https://user@en.alalam.ir/", False),
        ("https://en.alalam.ir\\@evil.example/", False),
        ("https://en.alalam.ir\t/", False),
        ("ftp://en.alalam.ir/", False),
        ("file:///etc/passwd", False),
        ("//en.alalam.ir/", False),
        ("https://127.0.0.1/", False),
        ("https://[::1]/", False),
        ("https://en.\u0430lalam.ir/", False),
        ("https://en.alalam.ir:99999/", False),
        ("https://en.alalam.ir:/", False),
        ("", False),
    ],
)
def test_requests_stay_within_the_hosts_and_ports_of_the_profile(alalam, url, allowed):
    assert alalam.allows(url) is allowed


def test_loopback_is_allowed_only_where_the_profile_names_that_very_port():
    replica = load_profile("replica")
    assert replica.allows("http://127.0.0.1:8765/robots.txt")
    assert not replica.allows("http://127.0.0.1:8766/")
    assert not replica.allows("http://localhost:8765/")


def test_a_file_of_ones_own_is_a_profile(tmp_path):
    path = tmp_path / "x.toml"
    path.write_text(MINIMAL + '[[known]]\nid = 5\ndate = 2016-02-28\n[extract]\ntitle = "h1"\n', encoding="utf-8")
    profile = load_profile(str(path))
    assert (profile.key("5"), profile.known, profile.selectors) == ("x/5", ((5, date(2016, 2, 28)),), {"title": "h1"})


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (("Asia/Tehran", "Asia/Nowhere"), "'timezone' 'Asia/Nowhere'"),
        (('"x"', '"../x"'), "'name' must be"),
        (("{id}", ""), "must hold {id} once"),
        (("{id}", "{id}{id}"), "must hold {id} once"),
        (("https://h/", "ftp://h/"), "not a plain http"),
        (("https://h/", "https://{id}/"), "must hold {id} once"),
        (("(?P<id>\\d+)", "(\\d+)"), "a group (?P<id>...)"),
        (("(?P<id>\\d+)", "(?P<id>"), "not a regular expression"),
        (("[article]", "[artikle]"), "unknown key 'artikle'"),
        (("urls", "urls = []\nurl"), "[article] has no key 'url' (known: hosts, id_pattern, urls)"),
        (("[article]", "image = 1\n[article]"), "[image] must be a table"),
        (("[article]", "[image]\nflat = 1\n[article]"), "[image] has no key 'flat' (known: flat_urls, urls)"),
        (("[article]", "[extract]\nlead = 'p'\n[article]"), "[extract] has no key 'lead' (known: authors, body, date"),
        (("[article]", "[extract]\nbody = 1\n[article]"), "'extract.body' must be a CSS selector"),
        (("[article]", "[extract]\nbody = 'div..x'\n[article]"), "'extract.body' 'div..x' is not a CSS selector: Exp"),
        (("name", "name ="), "is not TOML"),
    ],
)
def test_a_mistake_is_named_with_its_file_and_key(tmp_path, change, message):
    path = tmp_path / "x.toml"
    path.write_text(MINIMAL.replace(*change), encoding="utf-8")
    with pytest.raises(ProfileError) as caught:
        load_profile(str(path))
    assert str(path) in str(caught.value)
    assert message in str(caught.value)


def test_an_unknown_name_says_which_are_known():
    with pytest.raises(ProfileError, match="known: alalam, replica"):
        load_profile("alalm")


def test_the_origin_of_a_url_has_its_default_port():
    assert url_origin("http://h/") == ("h", 80)
    assert url_origin("https://h/") == ("h", 443)
    assert url_origin("http://[::1]:8765/") == ("[::1]", 8765)


def test_real_profile_names_the_real_archives_and_the_replica_none(alalam):
    recovery = alalam.recovery
    (wayback,) = recovery.archives
    assert wayback.cdx == "https://web.archive.org/cdx/search/cdx"
    assert wayback.replay == "https://web.archive.org/web/{timestamp}id_/{url}"
    assert (recovery.asks("wayback"), recovery.asks("commoncrawl"), recovery.asks("sisters")) == (True, True, False)
    assert {"web.archive.org", "index.commoncrawl.org", "data.commoncrawl.org"} <= {host for host, _ in alalam.origins}
    replica = load_profile("replica").recovery
    assert not any(replica.asks(step) for step in replica.steps)


def test_a_url_of_an_archive_is_not_one_of_the_site(alalam):
    assert alalam.article_id("https://web.archive.org/web/20160227101112id_/http://en.alalam.ir/news/1793356") is None


def test_sister_hosts_budgets_and_the_order_of_the_steps_are_the_profiles(tmp_path):
    table = """
[recover]
article_urls = ["https://sister/news/{id}"]
image_urls = ["https://sister/image/{pic}"]
wayback = "http://127.0.0.1:1/"
cdx = "http://127.0.0.1:1/web/cdx"
cdx_per_minute = 600.5
nearest = 1
steps = ["commoncrawl", "wayback", "sisters"]
"""
    path = tmp_path / "x.toml"
    path.write_text(MINIMAL + table)
    site = load_profile(str(path))
    (wayback,) = site.recovery.archives
    assert wayback == WebArchive(
        name="wayback",
        cdx="http://127.0.0.1:1/web/cdx",
        replay="http://127.0.0.1:1/web/{timestamp}id_/{url}",
        cdx_per_minute=600.5,
    )
    assert (wayback.captures_per_minute, site.recovery.nearest) == (120, 1)
    assert site.recovery.steps == ("commoncrawl", "wayback", "sisters")
    assert site.sister_urls("7") == ("https://sister/news/7",)
    assert site.sister_image_urls("/a/b.jpg") == ("https://sister/image//a/b.jpg",)
    assert site.article_id("https://sister/news/7") == "7"
    path.write_text(MINIMAL + table.replace(', "sisters"]', "]"))
    assert load_profile(str(path)).sister_urls("7") == ()


ARCHIVES = """
[recover]
wayback = "https://web.archive.org"
captures_per_minute = 60

[[recover.archives]]
name = "arquivo"
cdx = "https://arquivo.pt/wayback/cdx"
replay = "https://arquivo.pt/wayback/{timestamp}id_/{url}"
cdx_per_minute = 12

[[recover.archives]]
name = "national-library"
replay = "http://archive.example:8080/news/{timestamp}mp_/{url}"
timemap = "http://archive.example:8080/news/timemap/link/{url}"
captures_per_minute = 30.5
"""


def test_a_profile_names_several_archives_each_with_its_urls_and_budgets(tmp_path):
    path = tmp_path / "x.toml"
    path.write_text(MINIMAL + ARCHIVES)
    site = load_profile(str(path))
    recovery = site.recovery
    assert recovery.steps == ("sisters", "wayback", "arquivo", "national-library", "commoncrawl")
    assert recovery.archive("arquivo") == WebArchive(
        name="arquivo",
        cdx="https://arquivo.pt/wayback/cdx",
        replay="https://arquivo.pt/wayback/{timestamp}id_/{url}",
        cdx_per_minute=12,
        captures_per_minute=60,
    )
    library = recovery.archive("national-library")
    assert (library.cdx, library.cdx_per_minute, library.captures_per_minute) == (None, 24, 30.5)
    assert [recovery.asks(step) for step in ("wayback", "arquivo", "national-library")] == [True] * 3
    assert not recovery.asks("nowhere")
    assert {("arquivo.pt", 443), ("archive.example", 8080), ("web.archive.org", 443)} <= site.origins
    assert not site.allows("http://archive.example/news/20160227101112mp_/http://h/news/1")
    path.write_text(MINIMAL + ARCHIVES.replace("[recover]\n", "[recover]\nsteps = ['arquivo', 'wayback']\n"))
    recovery = load_profile(str(path)).recovery
    assert (recovery.steps, recovery.asks("national-library")) == (("arquivo", "wayback"), False)


REPLAY = "replay = 'https://h/a/{timestamp}id_/{url}'"


@pytest.mark.parametrize(
    ("lines", "what"),
    [
        (REPLAY, r"'recover.archives\[1\].name' must be"),
        ("name = 'A'", r"'recover.archives\[1\].name' must be"),
        ("name = 7", r"'recover.archives\[1\].name' must be a string"),
        *((f"name = '{name}'", "are taken") for name in ("origin", "seed", "warc", "sisters", "commoncrawl", "a-cdx")),
        ("name = 'a'", r"'recover.archives\[1\].replay' is missing"),
        (
            "name = 'a'\nreplay = 'https://h/a/{url}'",
            r"archives\[1\].replay'.*must hold {timestamp} and {url}, each once",
        ),
        ("name = 'a'\nreplay = 'https://h/{x}/{timestamp}/{url}'", r"archives\[1\].replay'.*must hold"),
        ("name = 'a'\nreplay = 'https://h/{url}/{timestamp}'", "at its end"),
        ("name = 'a'\nreplay = 'https://{timestamp}/{url}'", "not a plain http"),
        ("name = 'a'\nreplay = 'ftp://h/{timestamp}/{url}'", "not a plain http"),
        (f"name = 'a'\n{REPLAY}\ntimemap = 'https://h/t'", r"archives\[1\].timemap'.*must hold {url}"),
        (f"name = 'a'\n{REPLAY}\ncdx = 'h/cdx'", r"'recover.archives\[1\].cdx'.*not a plain"),
        (
            f"name = 'a'\n{REPLAY}\ncdx_per_minute = -1",
            r"'recover.archives\[1\].cdx_per_minute' must be a number above 0",
        ),
        (f"name = 'a'\n{REPLAY}\nwayback = 'https://h'", r"'recover.archives\[1\]' has no key 'wayback'"),
        (f"name = 'a'\n{REPLAY}\n[[recover.archives]]\nname = 'a'\n{REPLAY}", r"archives\[2\].name'.*two archives 'a'"),
    ],
)
def test_a_mistake_in_an_archive_is_named_with_its_file_and_key(tmp_path, lines, what):
    path = tmp_path / "x.toml"
    path.write_text(f"{MINIMAL}[[recover.archives]]\n{lines}\n")
    with pytest.raises(ProfileError, match=what) as raised:
        load_profile(str(path))
    assert str(raised.value).startswith(f"site profile {path}: ")


@pytest.mark.parametrize(
    ("line", "what"),
    [
        ("archives = 7", "recover.archives"),
        ("archives = ['https://h']", r"recover.archives\[1\]"),
        ("cdx = 'https://h/cdx'", "recover.wayback"),
        ("waybak = 'https://h'", "no key 'waybak'"),
        ("wayback = 'ftp://h'", "recover.wayback"),
        ("cdx = 'https://h/cdx?x=1'", "recover.cdx"),
        ("cdx_per_minute = 0", "above 0"),
        ("cdx_per_minute = true", "above 0"),
        ("nearest = 1.5", "above 0"),
        ("patience = nan", "above 0"),
        ("steps = ['wayback', 'wayback']", "recover.steps"),
        ("steps = ['archive']", "recover.steps"),
        ("steps = [['wayback']]", "recover.steps"),
        ("collections = ['../x']", "recover.collections"),
        ("article_urls = ['https://h/']", "recover.article_urls"),
    ],
)
def test_a_mistake_in_recovery_is_named(tmp_path, line, what):
    path = tmp_path / "x.toml"
    path.write_text(f"{MINIMAL}[recover]\n{line}\n")
    with pytest.raises(ProfileError, match=what):
        load_profile(str(path))


def test_template_may_write_zeros_before_the_id(tmp_path):
    path = tmp_path / "x.toml"
    path.write_text(MINIMAL.replace("{id}", "{id:07}.html"), encoding="utf-8")
    profile = load_profile(str(path))
    assert profile.article_urls("123")[0].endswith("/0000123.html")
    assert profile.article_urls("12345678")[0].endswith("/12345678.html")


@pytest.mark.parametrize("field", ["{id:7}", "{id:00}", "{id:021}", "{id:07x}", "{id!r}", "{id.x}", "{}", "{ID}"])
def test_other_fields_in_templates_are_refused(tmp_path, field):
    path = tmp_path / "x.toml"
    path.write_text(MINIMAL.replace("{id}", field), encoding="utf-8")
    with pytest.raises(ProfileError, match=r"must hold \{id\} once"):
        load_profile(str(path))


HOSTS = 'name = "x"\ntimezone = "UTC"\n[article]\nhosts = ["https://h.example"]\nid_pattern = \'-(?P<id>\\d+)/\'\n'


def test_hosts_stand_in_for_templates_where_no_template_gives_the_url(tmp_path):
    path = tmp_path / "x.toml"
    path.write_text(HOSTS, encoding="utf-8")
    profile = load_profile(str(path))
    url = "https://h.example/2014/05/12/rain-123/"
    assert (profile.article_urls("123"), profile.article_id(url), profile.allows(url)) == ((), "123", True)
    assert not profile.allows("https://other.example/")


@pytest.mark.parametrize("value", ['"https://h"', '["https://h/x"]', '["h"]', "[1]", '["https://h/"]', '["ftp://h"]'])
def test_bad_hosts_are_named(tmp_path, value):
    path = tmp_path / "x.toml"
    path.write_text(HOSTS.replace('["https://h.example"]', value), encoding="utf-8")
    with pytest.raises(ProfileError, match=r"'article\.hosts'"):
        load_profile(str(path))
