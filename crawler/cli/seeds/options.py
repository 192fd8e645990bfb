"""The arguments and the help of every verb of ``scrapy seeds``."""

from __future__ import annotations

import argparse

from crawler.cli.cluster import add_cluster
from crawler.cli.verbs import Verb, positive

_DEFAULT_SITE = "alalam"
EXIT_CODES = (
    "0 done, 2 wrong usage, 4 no dump, no such path or an invalid profile, 9 an article was not found, or a file was "
    "left out because its process was killed or its transfer failed, 6 another command writes OUT, 8 the cluster is "
    "gone, 11 stopped by a signal"
)


def _profile(argument: str) -> str:
    name, _, value = argument.partition("=")
    if name != "site" or not value:
        raise ValueError
    return value


_profile.__name__ = "site=NAME"  # argparse names it in the message for an invalid value


def _site(parser: argparse.ArgumentParser, what: str, default: str | None = _DEFAULT_SITE) -> None:
    text = f"{what} (default: {default})" if default else what
    parser.add_argument("--site", metavar="NAME|FILE", default=default, help=text)
    parser.add_argument("-a", dest="site", metavar="site=NAME", type=_profile, help="the same, as for scrapy crawl")


def _paths(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "paths", metavar="PATH", nargs="+", help="a file, a folder, a glob, a URL, or - for standard input"
    )


def _inspect(parser: argparse.ArgumentParser) -> None:
    _paths(parser)
    _site(parser, "the site profile, which gives the time zone of dates")


def _harvest(parser: argparse.ArgumentParser) -> None:
    _paths(parser)
    parser.add_argument("-o", "--output", metavar="OUT", required=True, help="the file to write, - for a pipe")
    _site(parser, "only pages of this site's hosts", default=None)
    parser.add_argument(
        "--base",
        metavar="URL|FOLDER",
        help="what the paths in a list such as wet.paths.gz are relative to (default: the list's own host or bucket)",
    )
    parser.add_argument("-j", "--jobs", metavar="N", type=positive, help="processes (default: one per core)")
    parser.add_argument(
        "--parts",
        action="store_true",
        help="write a folder OUT, here or s3://..., with a part for each file, and a manifest when all are there",
    )
    add_cluster(parser)


def _rescue(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("wanted", metavar="URL|ID", nargs="+", help="an article of the site")
    _site(parser, "the site profile (default: the corpus's own, otherwise alalam)", default=None)


VERBS: dict[str, Verb] = {
    "inspect": Verb(
        "show what dumps hold",
        "Show what each dump in PATH holds, whether its declared length is correct, and each error with its place. "
        "Exit code 4 if there is no dump. See docs/seeds.md.",
        "scrapy seeds inspect seeds/ --json",
        _inspect,
        json="print one JSON object per dump, a line each",
    ),
    "harvest": Verb(
        "find dumps in archives",
        "Find the pages with a dump in WARC, WET, JSON, Parquet or plain text files, also compressed or in a ZIP or "
        "tar file, and write one JSON line for each to OUT, for inspect and crawl. If it is stopped, the same command "
        "does only what is missing: what is done stands in the folder .OUT.parts until OUT is complete. Files that "
        "fail each time are named, with exit code 9. Exit code 4 if there is no dump.",
        "scrapy seeds harvest crawl-data/ -o seeds.jsonl",
        _harvest,
        json="print the counts as one JSON object",
    ),
    "rescue": Verb(
        "fetch single articles now",
        "Request single articles from the site, its sister hosts and web archives, and show the result of each step. "
        "Titles and pictures from dumps are taken from CORPUS_DIR if it knows the articles. Nothing is archived. Exit "
        "code 9 if one was not found. See docs/recovery.md.",
        "scrapy seeds rescue 1445001",
        _rescue,
        json="print one JSON object per article, a line each",
    ),
}
