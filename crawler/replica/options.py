"""The options of ``scrapy replica``, shared with ``python -m crawler.replica``."""

from __future__ import annotations

import argparse
import sys
from dataclasses import replace
from pathlib import Path

from crawler.exceptions import ConfigError, GleanerError
from crawler.replica.dump import seed_text
from crawler.replica.faults import parse_faults
from crawler.replica.layout import LAYOUTS
from crawler.replica.misbehaviour import FAULTS
from crawler.replica.profile import profile_text
from crawler.replica.server import ServerOptions, run
from crawler.replica.site import Site
from crawler.replica.universe import LAST_OPEN

_SITE, _SERVER = Site(), ServerOptions()


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the options of the replica to *parser*."""
    group = parser.add_argument_group(title="Replica")
    group.add_argument("--host", default=_SERVER.host, help=f"loopback address to bind (default: {_SERVER.host})")
    group.add_argument(
        "--port", type=int, default=_SERVER.port, help=f"port, 0 for any free one (default: {_SERVER.port})"
    )
    group.add_argument(
        "--articles",
        type=int,
        default=_SITE.articles,
        metavar="N",
        help=f"articles that related items are drawn from (default: {_SITE.articles})",
    )
    group.add_argument(
        "--seed-number", type=int, default=_SITE.number, metavar="K", help="another number, another site (default: 1)"
    )
    _add_share(group, "--missing", _SITE.missing, "of those articles that answer 404")
    _add_share(group, "--soft-missing", _SITE.soft_missing, "of them that answer something else than the article")
    _add_share(group, "--redirects", _SITE.redirects, "of all articles that redirect to a URL with a slug")
    _add_share(group, "--republished", _SITE.republished, "of the articles that repeat an earlier story, edited")
    _add_share(group, "--gone", _SITE.gone, "of all articles that were switched off (404, 410, soft 404, parked, home)")
    _add_share(group, "--gone-pictures", _SITE.gone_pictures, "of all pictures that were switched off")
    _add_share(group, "--hidden-dumps", _SITE.hidden_dumps, "of all articles whose dump is hidden from readers")
    group.add_argument("--gone-ids", default="", metavar="ID[,ID...]", help="articles that were switched off")
    group.add_argument(
        "--layout",
        default=_SITE.layout,
        choices=tuple(LAYOUTS),
        help="URL shapes: those of the real site, dates and slugs before ids, ids in queries, "
        f"or another host and path before 2012 (default: {_SITE.layout})",
    )
    group.add_argument("--delay", type=float, default=0, metavar="MS", help="milliseconds before each answer")
    group.add_argument(
        "--faults",
        default="",
        metavar="NAME[=SHARE],...",
        help=f"misbehave for a share (default: 0.02) of articles and pictures: {', '.join(FAULTS)}",
    )
    # Scrapy's own --profile (cProfile) makes way; cmdline.py still reads its destination.
    parser.set_defaults(profile=None)
    group.add_argument(
        "--profile", dest="site_profile", metavar="OUT.toml", help="write a site profile for this host and port"
    )
    group.add_argument(
        "--print-seed",
        metavar="ID[,RELATED,...]",
        help="print the text of an article's page with its dump (of other related ids, if given), and end",
    )


def _add_share(group: argparse._ArgumentGroup, name: str, default: float, what: str) -> None:
    group.add_argument(
        name, type=float, default=default, metavar="SHARE", help=f"share {what}, 0 to 1 (default: {default})"
    )


def run_options(options: argparse.Namespace) -> int:
    """Do what *options* ask and return the exit code; an error is one line on stderr."""
    try:
        _run(options)
    except GleanerError as error:
        sys.stderr.write(f"{error}\n")
        return error.exit_code
    return 0


def _run(options: argparse.Namespace) -> None:
    try:
        site = Site(
            number=options.seed_number,
            articles=options.articles,
            missing=options.missing,
            soft_missing=options.soft_missing,
            redirects=options.redirects,
            republished=options.republished,
            gone=options.gone,
            gone_pictures=options.gone_pictures,
            hidden_dumps=options.hidden_dumps,
            layout=options.layout,
            gone_ids=frozenset(int(word) for word in options.gone_ids.split(",") if word),
        )
        faults = parse_faults(options.faults)
    except ValueError as error:
        raise ConfigError(f"replica: {error}") from error
    if options.print_seed is not None:
        _print_seed(site, options.print_seed)
        return
    if not 0 <= options.port <= 65535 or options.delay < 0:  # noqa: PLR2004 - what a port is
        raise ConfigError("replica: --port must be 0 to 65535, --delay 0 or more")
    server = ServerOptions(host=options.host, port=options.port, delay=options.delay / 1000, faults=faults)
    run(site, server, lambda base: _announce(base, site, options.site_profile))


def _print_seed(site: Site, text: str) -> None:
    try:
        article_id, *others = (int(word) for word in text.split(","))
    except ValueError:
        raise ConfigError(f"replica: --print-seed: {text!r} is not a list of ids") from None
    if not all(0 <= one <= LAST_OPEN for one in (article_id, *others)):
        raise ConfigError(f"replica: --print-seed: an id is 0 to {LAST_OPEN}")
    article = site.article(article_id)
    if others:
        article = replace(article, related=site.listing(article_id, others))
    sys.stdout.write(seed_text(article))


def _announce(base: str, site: Site, profile: str | None) -> None:
    if profile:
        try:
            unfinished = Path(f"{profile}.unfinished")
            unfinished.write_text(profile_text(base, site.layout), encoding="utf-8")
            unfinished.replace(profile)  # a crawl that begins now reads the whole profile, this one or the one before
        except OSError as error:
            raise ConfigError(f"replica: cannot write the profile: {error}") from error
    sys.stdout.write(f"replica: {base}/ ({site.articles} articles)\n")
    sys.stdout.flush()
