"""The arguments and the help of every verb of ``scrapy captures``."""

from __future__ import annotations

import argparse

from crawler.cli.verbs import Verb

EXIT_CODES = (
    "0 complete, 2 wrong usage, 3 disk full, 4 arguments that make no sense, 6 another process lists to the same OUT, "
    "9 a source gave no answer or not all, 11 stopped by a signal, 18 a source asked for fewer requests. After 3, 9, "
    "11 and 18 the same command resumes"
)
_MATCHES = ("exact", "prefix", "host", "domain")


def _what(parser: argparse.ArgumentParser, what: str) -> None:
    parser.add_argument("target", metavar="HOST|PREFIX", nargs="?", help=what)
    parser.add_argument(
        "--site", metavar="NAME|FILE", help="the site profile: its hosts, its web archives, its kinds of URLs"
    )
    parser.add_argument("--match", choices=_MATCHES, help="which URLs HOST|PREFIX stands for (default: by its form)")
    parser.add_argument("--from", dest="begin", metavar="TIME", help="the first time, such as 2013 or 2013-02-27")
    parser.add_argument("--to", dest="end", metavar="TIME", help="the last time, inclusive")
    parser.add_argument(
        "--status", metavar="LIST", help="statuses to list, such as 200,3xx,- (-: none given), or any (default: 2xx,-)"
    )
    parser.add_argument("--mime", metavar="LIST", help="media types to list, such as text/html,image/*")
    parser.add_argument(
        "--source",
        metavar="SOURCE",
        action="append",
        default=[],
        help="a name (wayback, commoncrawl, an archive of the profile), cdx:URL, timemap:TEMPLATE, commoncrawl:URL, "
        "columnar:PATH, or a PATH of WARC, ARC, WACZ, CDX or CDXJ files; NAME= before it names it; may be repeated",
    )
    parser.add_argument("--urls", metavar="FILE", help="URLs to request TimeMaps of: one a line, or a list of captures")
    parser.add_argument(
        "--filter", action="append", default=[], metavar="EXPR", help="a filter in the CDX server's own language"
    )
    parser.add_argument(
        "--collapse", action="append", default=[], metavar="FIELD[:N]", help="what the CDX server collapses"
    )
    parser.add_argument("--all", action="store_true", help="keep captures of equal content, too")
    parser.add_argument("--force", action="store_true", help="replace OUT, and an unfinished listing")


def _list(parser: argparse.ArgumentParser) -> None:
    _what(parser, "a host, *.DOMAIN, or the beginning of URLs; without it the whole site of --site")
    parser.add_argument(
        "-o", "--output", metavar="OUT", required=True, help="the file to write: .jsonl, .jsonl.gz or .jsonl.zst"
    )


def _count(parser: argparse.ArgumentParser) -> None:
    _what(parser, "a list of captures (a file, - for standard input), or what scrapy captures list takes")
    parser.add_argument("-o", "--output", metavar="OUT", help="the list to write, if captures are listed first")


VERBS: dict[str, Verb] = {
    "list": Verb(
        "list what web archives hold",
        "List all captures that web archives hold of a host, of URLs with one beginning, or of a site, one JSON line "
        "each, in the order of URL and time. Without --site the Wayback Machine and Common Crawl are asked. However it "
        "is stopped, the same command resumes. See docs/captures.md.",
        "scrapy captures list example.org --from 2013 --to 2018 -o captures.jsonl.gz",
        _list,
        json="print the result, with counts by month, as one JSON object",
    ),
    "count": Verb(
        "count captures by month and kind",
        "Count the captures in a list by month and kind (article, picture, other), the distinct articles, and how many "
        "of them the corpus in CORPUS_DIR holds. Instead of a list it takes the arguments of scrapy captures list, and "
        "lists first. See docs/captures.md.",
        "scrapy captures count captures.jsonl.gz --site alalam",
        _count,
        json="print the counts as one JSON object",
    ),
}
