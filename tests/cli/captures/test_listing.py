"""The arguments of ``scrapy captures list``, checked before anything is asked or written."""

from __future__ import annotations

import argparse
import io

import pytest
from rich.console import Console

from crawler.captures.scope import DEFAULT_STATUSES, Pattern
from crawler.captures.sources import PUBLIC
from crawler.cli.captures.listing import make_listing, month_table
from crawler.cli.captures.options import VERBS
from crawler.exceptions import ConfigError

HOST = "example.org"
LOOPBACK = "http://127.0.0.1:9"
PROFILE = f"""name = "example"
timezone = "UTC"
[article]
urls = ["http://{HOST}/news/{{id}}"]
id_pattern = '/news/(?P<id>[0-9]+)'
[recover]
wayback = "{LOOPBACK}"
commoncrawl = "{LOOPBACK}/cc"
collections = ["CC-MAIN-2016-07"]
commoncrawl_per_minute = 3
patience = 7
[[recover.archives]]
name = "mementos"
replay = "{LOOPBACK}/m/{{timestamp}}/{{url}}"
timemap = "{LOOPBACK}/timemap/{{url}}"
"""


def listing(tmp_path, *arguments: str, output: str | None = None):
    parser = argparse.ArgumentParser()
    VERBS["list"].add_options(parser)
    output = output or str(tmp_path / "out.jsonl")
    return make_listing(parser.parse_args([*arguments, "-o", output]), output)


@pytest.fixture
def site(tmp_path) -> str:
    (tmp_path / "site.toml").write_text(PROFILE)
    return str(tmp_path / "site.toml")


def test_host_alone_asks_the_public_archives_for_all_of_it(tmp_path):
    made = listing(tmp_path, HOST)
    assert (made.sources, made.scope.patterns) == (PUBLIC, (Pattern("host", HOST),))
    assert (made.scope.statuses, made.keeps_all) == (DEFAULT_STATUSES, False)


def test_site_gives_its_archives_with_their_budgets(tmp_path, site):
    made = listing(tmp_path, "--site", site, "--urls", site)
    sources = {source.name: (source.kind, source.place, source.per_minute) for source in made.sources}
    assert sources == {
        "wayback": ("cdx", f"{LOOPBACK}/cdx/search/cdx", 24),
        "mementos": ("timemap", f"{LOOPBACK}/timemap/{{url}}", 24),
        "commoncrawl": ("commoncrawl", f"{LOOPBACK}/cc", 3),
    }
    assert (made.scope.patterns, made.patience) == ((Pattern("host", HOST),), 7)
    assert made.sources[-1].collections == ("CC-MAIN-2016-07",)


def test_archive_with_timemaps_only_is_left_out_if_no_urls_are_known_and_chosen_by_name_it_is_refused(tmp_path, site):
    assert [source.name for source in listing(tmp_path, "--site", site).sources] == ["wayback", "commoncrawl"]
    with pytest.raises(ConfigError, match="--urls FILE"):
        listing(tmp_path, "--site", site, "--source", "mementos")


def test_sources_are_named_by_the_user_or_by_their_host(tmp_path):
    made = listing(
        tmp_path, HOST, "--source", "cdx:https://arquivo.pt/wayback/cdx", "--source", f"mine=cdx:{LOOPBACK}/c?a=1"
    )
    assert [(source.name, source.place) for source in made.sources] == [
        ("arquivo-pt", "https://arquivo.pt/wayback/cdx"),
        ("mine", f"{LOOPBACK}/c?a=1"),
    ]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((), "give a host"),
        (("word",), "is not a host"),
        ((HOST, "--from", "2018", "--to", "2013"), "is later than"),
        ((HOST, "--from", "May"), "give a time"),
        ((HOST, "--status", "fine"), "give statuses"),
        ((HOST, "--mime", "a b"), "give media types"),
        ((HOST, "--source", "nowhere"), "no such file, and not a name"),
        ((HOST, "--source", "cdx:ftp://x/"), "not a plain http"),
        ((HOST, "--source", "cdx:http://user@x.org/"), "not a plain http"),
        ((HOST, "--source", "origin=cdx:http://127.0.0.1:9/"), "not a name for a source"),
        ((HOST, "--source", "timemap:http://127.0.0.1:9/{url}"), "--urls FILE"),
        ((HOST, "--source", "timemap:http://127.0.0.1:9/"), "must hold {url} once"),
        ((HOST, "--source", "cdx:http://127.0.0.1:9/a", "--source", "cdx:http://127.0.0.1:9/b"), "two sources"),
        ((HOST, "--urls", "nothing.txt"), "no source has TimeMaps"),
        ((HOST, "--urls", "nothing.txt", "--source", "timemap:http://127.0.0.1:9/{url}"), "no such file"),
        (("--site", "nowhere"), "unknown"),
        (("--site", "replica"), "names no web archive"),
        (("--site", "alalam", "--match", "exact"), "--match needs"),
        ((HOST, "--source", "columnar:nowhere"), "no such file or folder"),
    ],
)
def test_nonsense_is_refused(tmp_path, arguments, said):
    with pytest.raises(ConfigError) as error:
        listing(tmp_path, *arguments)
    assert said in str(error.value)


@pytest.mark.parametrize(
    ("name", "said"), [("-", "ends in .jsonl"), ("a.csv", "ends in .jsonl"), ("no/a.jsonl", "no folder")]
)
def test_output_that_cannot_be_one_is_refused(tmp_path, name, said):
    with pytest.raises(ConfigError, match=said):
        listing(tmp_path, HOST, output=name if name == "-" else str(tmp_path / name))


@pytest.mark.parametrize(
    ("width", "expected"), [(80, ["2013", "999", "1.2k", "57k", "1.0M", "1.1M"]), (160, ["2013", "999", "1,234"])]
)
def test_counts_by_month_fit_on_a_terminal_and_are_never_cut(width, expected):
    out = Console(file=io.StringIO(), force_terminal=True, width=width, color_system=None)
    counts = {"2013-01": 999, "2013-02": 1_234, "2013-03": 56_789, "2013-12": 999_999}
    table = month_table({**counts, **{f"2014-{month:02}": 999_999 for month in range(1, 13)}}, out)
    out.print(table)
    text = out.file.getvalue()
    assert "…" not in text
    assert set(expected) <= set(text.split())
