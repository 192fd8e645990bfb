"""The arguments of every verb of ``scrapy corpus``, with what its help says."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from crawler.cli.verbs import Verb, positive

if TYPE_CHECKING:
    from crawler.corpus.selection import Selection

KINDS = ("article", "seed", "stub")
EXPORT_FORMATS = ("parquet", "csv", "jsonl", "txt", "hf", "wacz")
GRAPH_FORMATS = ("graphml", "gexf", "parquet", "dot")


def _selection(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--since", metavar="DATE", help="published then or later: 2020, 2020-06 or 2020-06-30")
    parser.add_argument("--until", metavar="DATE", help="published then or earlier; the day (month, year) is included")
    parser.add_argument("--language", metavar="XX", help="in this language, such as en or fa")
    parser.add_argument("--kind", choices=KINDS, help="only records of this kind")


def selection_of(opts: argparse.Namespace) -> Selection:
    """Return what the options of :func:`_selection` select."""
    from crawler.corpus.selection import Selection  # noqa: PLC0415 - the options alone are loaded at every start

    return Selection(since=opts.since, until=opts.until, language=opts.language, kind=opts.kind)


def _output(parser: argparse.ArgumentParser, formats: tuple[str, ...]) -> None:
    parser.add_argument("--format", choices=formats, required=True, help="what to write")
    parser.add_argument("-o", "--output", metavar="OUT", required=True, help="where to: a file or folder, - for a pipe")
    parser.add_argument("--force", action="store_true", help="replace OUT if it is there")


def _search(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("words", metavar="WORDS", nargs="+", help='words, beginnings* and "phrases", all to be found')
    _selection(parser)
    parser.add_argument("--limit", metavar="N", type=positive, default=10, help="show the N best (default: 10)")


def _export(parser: argparse.ArgumentParser) -> None:
    _output(parser, EXPORT_FORMATS)
    _selection(parser)
    parser.add_argument("--all-versions", action="store_true", help="every version, and the duplicates too")
    parser.add_argument("--bom", action="store_true", help="csv: begin with a byte order mark, as Excel likes it")


def _history(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("key", metavar="KEY", help="such as alalam/1445001; the id alone will do")
    parser.add_argument("--from", dest="from_", metavar="N", type=positive, help="compare from this version")
    parser.add_argument("--to", metavar="M", type=positive, help="... to this one (default: the last two)")


def _duplicates(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("key", metavar="KEY", nargs="?", help="only what repeats this record, or what it repeats")
    parser.add_argument("--limit", metavar="N", type=positive, default=10, help="show the N largest (default: 10)")


def _merge(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("others", metavar="OTHER", nargs="+", help="the folder of another corpus of the same site")
    parser.add_argument(
        "--all-versions",
        action="store_true",
        help="take in texts that are earlier than those held, too",
    )


def _reextract(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--dry-run", action="store_true", help="show the difference and write nothing")
    parser.add_argument("--yes", action="store_true", help="write without asking")
    parser.add_argument("--key", metavar="KEY", help="show what would change in this article, and write nothing")
    parser.add_argument("--site", metavar="NAME|FILE", help="the site profile (default: the corpus's own)")


def _compression(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--compression",
        choices=("gzip", "zstd", "none"),
        help="compress what is not (default: what ARCHIVE_COMPRESSION says)",
    )


def _bag(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("out", metavar="OUT", help="where to: a folder that is not there yet")
    _compression(parser)
    parser.add_argument("--link", action="store_true", help="hard links instead of copies: one disk, no room")


def _report(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--run", metavar="RUN", help="of this run only, such as 20261122T210543Z-ab6e, or latest")
    parser.add_argument("-o", "--output", metavar="FILE", help="where to (default: report.html in the corpus or run)")
    parser.add_argument("--force", action="store_true", help="replace FILE if it is there")
    parser.add_argument("--keys", metavar="NAME", help="print all keys behind the number NAME instead, one a line")


def _port(value: str) -> int:
    number = int(value)
    if not 0 <= number <= 65535:  # noqa: PLR2004 - what a port is
        raise ValueError
    return number


_port.__name__ = "port"


def _browse(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--port", metavar="N", type=_port, default=8001, help="port; 0 for any (default: 8001)")


VERBS: dict[str, Verb] = {
    "stats": Verb("count what it holds", "Count what the corpus holds.", "scrapy corpus stats --json"),
    "verify": Verb(
        "check it",
        "Check every line, hash and picture against what was promised. Exit code 0, or 5 with each problem and its "
        "place.",
        "scrapy corpus verify",
    ),
    "seal": Verb(
        "close its segments and list their hashes",
        "Close and seal every segment, compress them if asked to, and list all files that are final with their "
        "SHA-256 in manifest-sha256.txt, which sha256sum checks too. The next crawl begins new segments. All is "
        "checked first, as verify does. Exit code 0, or 5: nothing is sealed if verify finds a problem, and files that "
        "were listed before and are gone stay listed. See docs/corpus.md.",
        "scrapy corpus seal --compression zstd",
        _compression,
    ),
    "bag": Verb(
        "make a bag of it for archivists",
        "Seal the corpus, and make a bag (BagIt 1.0, RFC 8493) of it at OUT: all that is final, checked on its way, "
        "without the databases. scrapy corpus merge OUT/data makes a corpus of it again.",
        "scrapy corpus bag /media/usb/corpus-bag",
        _bag,
    ),
    "repair": Verb(
        "take out what is damaged, rebuild its catalogue",
        "Move lines that are not as they were written, and damaged pictures, to quarantine/, rebuild the catalogue "
        "from the lines, the index of the WARC files from those, and corpus.json if it is missing or damaged, and show "
        "what was found. Articles whose lines or pictures are damaged or lost are requested again by the next crawl. "
        "Captures that are lost are named and recorded in lost-captures.jsonl. Exit code 0, or 5 if something is "
        "damaged or lost.",
        "scrapy corpus repair",
    ),
    "search": Verb(
        "find words in it",
        "Find the records that have all WORDS, the best first, words of the title counting more. Case, accents, vowel "
        "signs and the forms of Arabic and Persian letters and digits make no difference. The latest version of each "
        "record is searched, also while a crawl writes; the index, search.sqlite in the corpus, keeps up by itself "
        "and can be deleted at any time.",
        "scrapy corpus search '\"holy city\"' gaz* --since 2020 --language en",
        _search,
    ),
    "export": Verb(
        "write it in the form of other programs",
        "Write the latest version of each record, or those selected, to OUT: parquet (needs pyarrow), csv (no cell is "
        "a formula), jsonl (the very lines), txt (a folder, a file for each article), hf (a folder that Hugging "
        "Face datasets load) or wacz (all captures, for ReplayWeb.page and pywb, with the records as its "
        "pages). OUT is there when it is whole, and nothing is replaced without --force.",
        "scrapy corpus export --format parquet -o articles.parquet --since 2015 --kind article",
        _export,
    ),
    "graph": Verb(
        "write which article lists which as related",
        "Write the graph of related articles to OUT. Nodes are all known keys with state, kind, title, published and "
        "depth; an edge leads from a page to what it lists, with the site's sort order. graphml, gexf and dot are "
        "files, parquet (needs pyarrow) is a folder of nodes.parquet and edges.parquet.",
        "scrapy corpus graph --format gexf -o related.gexf",
        lambda parser: _output(parser, GRAPH_FORMATS),
    ),
    "report": Verb(
        "show it as a page",
        "Write a page about the corpus, or about one run: how seeds became articles, a time line, the graph of "
        "related articles, what could not be had and why, duplicates, slow hosts, pictures. One file of HTML that "
        "loads nothing and runs nothing. Each number links to some keys behind it; --keys prints them all. A crawl "
        "writes the page of its run by itself (REPORT_SECONDS).",
        "scrapy corpus report --run latest -o report.html",
        _report,
        json="print one JSON object; of --keys one for each, a line each",
    ),
    "browse": Verb(
        "look into it with a browser",
        "Serve the corpus to the browsers of this machine, read-only, by Datasette "
        "(pip install 'scrapy-gleaner[browse]'): "
        "search, facets by year, language, source and kind, pictures, each record with its neighbours and its JSON "
        "line, and SQL over the catalogue. It shows what the corpus held when it was started. Ctrl-C ends it.",
        "scrapy corpus browse --port 8001",
        _browse,
    ),
    "history": Verb(
        "show the versions of a record",
        "Show the versions of KEY, in articles/ and duplicates/, with when and by which run each was obtained and "
        "from where; and what changed between two of them, word by word: in colour on a terminal, as "
        "[-removed-] {+added+} elsewhere.",
        "scrapy corpus history alalam/1445001 --from 1 --to 3",
        _history,
    ),
    "duplicates": Verb(
        "show which records repeat which",
        "Show the records in duplicates/ under those in articles/ that they repeat, the most repeated first: how alike "
        "they are and by which rule they are there (docs/duplicates.md), and in which words they differ from the one "
        "that is kept: in colour on a terminal, as [-removed-] {+added+} elsewhere. With KEY, of either, only those, "
        "with all of their words.",
        "scrapy corpus duplicates alalam/1445001",
        _duplicates,
    ),
    "reextract": Verb(
        "make its articles anew with today's extractor",
        "Make every article anew whose page lies in the corpus's WARC files (see ARCHIVE_WARC), without any request; "
        "show in how many articles each field differs, and write those that differ as new versions when told to. "
        "What a record says of its capture stays. Interrupted, it goes on where it was when it is given again. "
        "An article that would lose its text is told and left.",
        "scrapy corpus reextract --dry-run",
        _reextract,
    ),
    "merge": Verb(
        "bring other corpora into it",
        "Bring the records and pictures of OTHER corpora of the same site into the one in CORPUS_DIR, which is made if "
        "need be. What it holds already is not brought again, so a merge that was stopped is simply given again. The "
        "others are only read, and may be written to by a crawl meanwhile.",
        "scrapy corpus merge laptop-corpus usb/corpus -s CORPUS_DIR=corpus",
        _merge,
    ),
}

EXIT_CODES = (
    "0 done, 1 the corpus cannot be used, 2 wrong usage, 3 disk full, 4 an argument makes no sense, "
    "5 corpus damaged, 6 a crawl holds it, 11 stopped"
)
