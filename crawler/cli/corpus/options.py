"""The arguments and the help of every verb of ``scrapy corpus``."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from crawler.cli.cluster import add_cluster
from crawler.cli.verbs import Verb, positive

if TYPE_CHECKING:
    from crawler.corpus.selection import Selection

KINDS = ("article", "seed", "stub")
EXPORT_FORMATS = ("parquet", "csv", "jsonl", "txt", "hf", "wacz")
GRAPH_FORMATS = ("graphml", "gexf", "parquet", "dot")


def _selection(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--since", metavar="DATE", help="published on or after DATE: 2020, 2020-06 or 2020-06-30")
    parser.add_argument(
        "--until", metavar="DATE", help="published on or before DATE; that day, month or year is included"
    )
    parser.add_argument("--language", metavar="XX", help="only records in this language, such as en or fa")
    parser.add_argument("--kind", choices=KINDS, help="only records of this kind")


def selection_of(opts: argparse.Namespace) -> Selection:
    """Return the selection that the options of :func:`_selection` give."""
    from crawler.corpus.selection import Selection  # noqa: PLC0415 - only the options are loaded at every start

    return Selection(since=opts.since, until=opts.until, language=opts.language, kind=opts.kind)


def _output(parser: argparse.ArgumentParser, formats: tuple[str, ...]) -> None:
    parser.add_argument("--format", choices=formats, required=True, help="the format to write")
    parser.add_argument(
        "-o", "--output", metavar="OUT", required=True, help="the file or folder to write, - for a pipe"
    )
    parser.add_argument("--force", action="store_true", help="replace OUT if it exists")


def _search(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "words", metavar="WORDS", nargs="+", help='words, beginnings* and "phrases"; a record must have all of them'
    )
    _selection(parser)
    parser.add_argument("--limit", metavar="N", type=positive, default=10, help="show the N best (default: 10)")


def _export(parser: argparse.ArgumentParser) -> None:
    _output(parser, EXPORT_FORMATS)
    _selection(parser)
    parser.add_argument("--all-versions", action="store_true", help="write every version, and duplicates too")
    parser.add_argument(
        "--bom",
        action="store_true",
        help="csv for Excel: a byte order mark first, and cells longer than its 32,767 characters cut, with a mark",
    )


def _history(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("key", metavar="KEY", help="such as alalam/1445001, or only the id")
    parser.add_argument("--from", dest="from_", metavar="N", type=positive, help="compare from this version")
    parser.add_argument("--to", metavar="M", type=positive, help="compare to this version (default: the last two)")


def _duplicates(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "key", metavar="KEY", nargs="?", help="only the duplicates of this record, or the record that it repeats"
    )
    parser.add_argument("--limit", metavar="N", type=positive, default=10, help="show the N largest (default: 10)")


def _merge(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("others", metavar="OTHER", nargs="+", help="folder or URL of another corpus of the same site")
    parser.add_argument(
        "--all-versions",
        action="store_true",
        help="add older versions too",
    )


def _reextract(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--dry-run", action="store_true", help="show the differences and write nothing")
    parser.add_argument("--yes", action="store_true", help="write without asking")
    parser.add_argument("--key", metavar="KEY", help="show what would change in this article, and write nothing")
    parser.add_argument("--site", metavar="NAME|FILE", help="the site profile (default: the corpus's own)")
    add_cluster(parser)


def _overlap(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "others",
        metavar="OTHER",
        nargs="+",
        help="the folder of a corpus; or JSON lines, JSON, Parquet or plain texts: a file, folder, glob or URL",
    )
    parser.add_argument(
        "-o", "--output", metavar="OUT", default="-", help="the file of JSON lines to write (default: standard output)"
    )
    parser.add_argument(
        "--threshold",
        metavar="S",
        type=_similarity,
        default=0.5,
        help="the least similarity, from 0.3 to 1 (default: 0.5)",
    )
    add_cluster(parser)


def _similarity(value: str) -> float:
    number = float(value)
    if not 0.3 <= number <= 1:  # noqa: PLR2004 - as NEAR_DUPLICATE_THRESHOLD
        raise ValueError
    return number


_similarity.__name__ = "similarity from 0.3 to 1"


def _compression(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--compression",
        choices=("gzip", "zstd", "none"),
        help="compress the segments (default: ARCHIVE_COMPRESSION)",
    )


def _bag(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("out", metavar="OUT", help="a folder that does not exist yet")
    _compression(parser)
    parser.add_argument(
        "--link", action="store_true", help="hard links instead of copies: on the same disk, without extra space"
    )


def _report(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--run", metavar="RUN", help="only of this run, such as 20261122T210543Z-ab6e, or latest")
    parser.add_argument(
        "-o", "--output", metavar="FILE", help="the file to write (default: report.html in the corpus or run)"
    )
    parser.add_argument("--force", action="store_true", help="replace FILE if it exists")
    parser.add_argument("--keys", metavar="NAME", help="instead, print all keys behind the number NAME, one a line")


def _withdraw(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "keys", metavar="KEY", nargs="*", help="an article, such as alalam/1445001, or a picture's path or SHA-256"
    )
    parser.add_argument("--reason", metavar="TEXT", help="why; it stays in withdrawn.jsonl, so name nobody")
    parser.add_argument("--near", action="store_true", help="take near duplicates of the articles out, too")
    parser.add_argument("--dry-run", action="store_true", help="show what would be taken out, and change nothing")
    parser.add_argument("--list", action="store_true", dest="list_", help="show what was withdrawn, when and why")


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
        "Check every line, hash, picture and capture. Print each problem with its place. Exit code 0, or 5 if there is "
        "a problem. It always checks all.",
        "scrapy corpus verify",
        add_cluster,
    ),
    "seal": Verb(
        "close its segments and list their hashes",
        "Close and seal every segment, compress the segments if asked to, and list all final files with their SHA-256 "
        "in manifest-sha256.txt, for sha256sum. The next crawl begins new segments. The corpus is checked first, as by "
        "verify. Exit code 0, or 5: nothing is sealed if verify finds a problem, and files that were listed before and "
        "are missing stay listed. See docs/corpus.md.",
        "scrapy corpus seal --compression zstd",
        _compression,
    ),
    "bag": Verb(
        "make a bag of it for archivists",
        "Seal the corpus, and make a bag (BagIt 1.0, RFC 8493) of it at OUT: all final files, checked as they are "
        "copied, without the databases. scrapy corpus merge OUT/data makes a corpus from the bag.",
        "scrapy corpus bag /media/usb/corpus-bag",
        _bag,
    ),
    "repair": Verb(
        "take out damaged lines, rebuild its catalogue",
        "Move damaged lines and pictures to quarantine/. Rebuild the catalogue from the lines, the index of the WARC "
        "files, and corpus.json if it is missing or damaged. Show what was found. The next crawl requests articles "
        "again whose lines or pictures are damaged or lost. Lost captures are named and recorded in "
        "lost-captures.jsonl. Exit code 0, or 5 if something is damaged or lost.",
        "scrapy corpus repair",
    ),
    "search": Verb(
        "find words in it",
        "Find the records that have all WORDS, best first; words of the title count more. Case, accents, vowel signs "
        "and the forms of Arabic and Persian letters and digits make no difference. The latest version of each record "
        "is searched, also while a crawl writes. The index, search.sqlite in the corpus, is updated by each search and "
        "can be deleted at any time.",
        "scrapy corpus search '\"holy city\"' gaz* --since 2020 --language en",
        _search,
    ),
    "export": Verb(
        "write it for other programs",
        "Write the latest version of each selected record to OUT: parquet (needs pyarrow), csv (no cell is a formula), "
        "jsonl (the lines unchanged), txt (a folder with a file for each article), hf (a folder for Hugging Face "
        "datasets) or wacz (all captures, for ReplayWeb.page and pywb, with the records as pages). OUT appears only "
        "when it is complete, and replaces nothing without --force.",
        "scrapy corpus export --format parquet -o articles.parquet --since 2015 --kind article",
        _export,
    ),
    "graph": Verb(
        "write the graph of related articles",
        "Write the graph of related articles to OUT. Nodes are all known keys with state, kind, title, published and "
        "depth; an edge leads from a page to a related item, with the site's sort order. graphml, gexf and dot are "
        "files, parquet (needs pyarrow) is a folder of nodes.parquet and edges.parquet.",
        "scrapy corpus graph --format gexf -o related.gexf",
        lambda parser: _output(parser, GRAPH_FORMATS),
    ),
    "report": Verb(
        "write an HTML report about it",
        "Write an HTML page about the corpus, or about one run: how seeds became articles, a time line, the graph of "
        "related articles, what could not be fetched and why, duplicates, slow hosts, pictures. It is one file without "
        "scripts or network access. Each number links to some keys behind it; --keys prints all of them. A crawl "
        "writes the report of its run at its end (REPORT_SECONDS).",
        "scrapy corpus report --run latest -o report.html",
        _report,
        json="print one JSON object; with --keys, one for each key, a line each",
    ),
    "browse": Verb(
        "show it in a browser",
        "Serve the corpus to browsers on this machine, read-only, with Datasette "
        "(pip install 'scrapy-gleaner[browse]'): search, facets by year, language, source and kind, pictures, each "
        "record with its neighbours and its JSON line, and SQL over the catalogue. It shows the corpus as it was at "
        "the start. Ctrl-C ends it.",
        "scrapy corpus browse --port 8001",
        _browse,
    ),
    "history": Verb(
        "show the versions of a record",
        "Show the versions of KEY, in articles/ and duplicates/, with the time, run and source of each. Then show the "
        "differences between two of them, word by word: in colour on a terminal, otherwise as [-removed-] {+added+}.",
        "scrapy corpus history alalam/1445001 --from 1 --to 3",
        _history,
    ),
    "duplicates": Verb(
        "show which records repeat which",
        "Show the records in duplicates/ under the records in articles/ that they repeat, most repeated first, with "
        "their similarity, the rule that decided (docs/duplicates.md), and the words that differ: in colour on a "
        "terminal, otherwise as [-removed-] {+added+}. With KEY, of either record, show only those, with all words.",
        "scrapy corpus duplicates alalam/1445001",
        _duplicates,
    ),
    "reextract": Verb(
        "extract its articles again from captures",
        "Extract every article again whose page is in the corpus's WARC files (see ARCHIVE_WARC), without any request. "
        "Show in how many articles each field differs, and write those that differ as new versions if you agree. The "
        "field capture stays. If it is interrupted, the same command resumes. An article that would lose its text is "
        "reported and left unchanged.",
        "scrapy corpus reextract --dry-run",
        _reextract,
    ),
    "overlap": Verb(
        "find its texts in other corpora",
        "Find which texts of this corpus are, or nearly are, in OTHER: a corpus, or JSON lines, JSON, Parquet or plain "
        "texts of any size, such as shards of FineWeb. Write a JSON line for each text of this corpus and OTHER in "
        "which it is: key, other, similarity (1 is equal), file, place, their_key, url, and texts, how many similar "
        "texts are there. It is the similarity of near duplicates (docs/duplicates.md); texts of fewer than 20 words "
        "are not compared. If it is stopped, the same command resumes. Exit code 9 if a file failed each time.",
        "scrapy corpus overlap fineweb/*.parquet -o overlap.jsonl",
        _overlap,
        json="print the counts as one JSON object, on standard error if OUT is standard output",
    ),
    "withdraw": Verb(
        "take articles or pictures out for good",
        "Take articles (all versions, records with an equal text, captures, pictures that no other record shows) or "
        "pictures out of the corpus, for example because a court or a person asked for it. What other lines say of "
        "them goes, too. A tombstone without content stays in withdrawn.jsonl. Crawls, merges, reextract, repair and "
        "replays never bring them back, and merges pass the tombstones on. If it is interrupted, the next command or "
        "crawl finishes it. Bags, exports and backups made before are not changed. See docs/guides/withdrawal.md.",
        "scrapy corpus withdraw alalam/1445001 --reason 'request of 1 December 2026'",
        _withdraw,
    ),
    "merge": Verb(
        "add other corpora to it",
        "Add the records and pictures of OTHER corpora of the same site to the one in CORPUS_DIR, which is created if "
        "needed. Known records are skipped, so a merge that was stopped can be run again. The other corpora are only "
        "read; a crawl may write to them at the same time. OTHER may be a URL: s3://bucket/corpus, or "
        "https://example.org/corpus for a corpus that was sealed, or a bag.",
        "scrapy corpus merge laptop-corpus usb/corpus -s CORPUS_DIR=corpus",
        _merge,
    ),
}

EXIT_CODES = (
    "0 done, 1 the corpus cannot be used, 2 wrong usage, 3 disk full, 4 an argument is invalid, "
    "5 corpus damaged, 6 a crawl holds it, 8 the cluster is gone, 9 some inputs failed, 11 stopped"
)
