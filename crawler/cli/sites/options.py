"""The arguments and the help of every verb of ``scrapy sites``."""

from __future__ import annotations

import argparse

from crawler.cli.verbs import Verb, positive

EXIT_CODES = (
    "0 done, 2 wrong usage, 4 the evidence or the profile cannot be used, 9 captures of the sample could not be "
    "fetched, 11 stopped by a signal, 17 check: the profile does not fit the sample"
)
DEFAULT_PAGES = 40


def _sample(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--pages",
        metavar="N",
        type=int,
        default=DEFAULT_PAGES,
        help=f"how many captured pages to read (default: {DEFAULT_PAGES}; 0: none)",
    )
    parser.add_argument(
        "--warc",
        metavar="PATH",
        action="append",
        default=[],
        help="WARC, ARC or WACZ files to read pages from before an archive is asked; may be repeated",
    )


def _draft(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "evidence", metavar="HOST|CAPTURES", help="a list of captures, or a host whose captures are listed first"
    )
    parser.add_argument("-o", "--output", metavar="FILE", required=True, help="the profile to write, ending in .toml")
    parser.add_argument("--seeds", metavar="PATH", nargs="+", default=[], help="dumps, for their ids and pictures")
    parser.add_argument("--name", metavar="NAME", help="the name of the site (default: from its host)")
    parser.add_argument(
        "--archives",
        metavar="NAME|FILE",
        help="a profile whose [recover] names the archives of the list (default: the Wayback Machine, Common Crawl)",
    )
    parser.add_argument(
        "--source",
        metavar="SOURCE",
        action="append",
        default=[],
        help="for a HOST: where to list its captures, as for scrapy captures list; may be repeated",
    )
    parser.add_argument("--force", action="store_true", help="replace FILE")
    _sample(parser)


def _check(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("site", metavar="NAME|FILE", help="the site profile")  # Scrapy has an option --profile
    parser.add_argument(
        "sample", metavar="PATH", nargs="+", help="lists of captures, corpora, and dumps, each told by its content"
    )
    parser.add_argument(
        "--live", metavar="N", type=positive, help="also request N of the articles from the site itself"
    )
    _sample(parser)


def _show(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("site", metavar="NAME|FILE", help="the site profile")  # Scrapy has an option --profile


VERBS: dict[str, Verb] = {
    "draft": Verb(
        "draft a site profile from evidence",
        "Draft a site profile from a list of captures: the URLs of articles and the id in them, pictures, time zone, "
        "language and dates of ids. With --seeds the ids of dumps are looked for in the URLs; without, those of dumps "
        "in captured pages, or the number that grows with time. A comment says the evidence of each line, and what is "
        "doubtful is commented out. For a HOST, the captures are listed first, to FILE's name ending in "
        ".captures.jsonl.gz. See docs/guides/site-profile.md.",
        "scrapy sites draft captures.jsonl.gz --seeds my-dumps/ -o example.toml",
        _draft,
        json="print the evidence as one JSON object",
    ),
    "check": Verb(
        "try a site profile on a sample",
        "Try a site profile on lists of captures, corpora and dumps: how many of the captured pages and ids each "
        "template has, how many sampled pages give a title, a date and a text, and mistakes, named by their key. Exit "
        "code 17 if there is a mistake. Only with --live is the site itself requested.",
        "scrapy sites check example.toml captures.jsonl.gz my-dumps/",
        _check,
    ),
    "show": Verb(
        "print a site profile",
        "Print a site profile as TOML, with all defaults and the hosts that may be requested.",
        "scrapy sites show alalam",
        _show,
    ),
}
