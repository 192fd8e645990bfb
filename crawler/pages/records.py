"""Makes records: of a seed, of a fetched page, and of a page that was not found. Pure; no clock, no network."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from crawler.frontier.targets import Target, stub_state
from crawler.items import Article, Attempt, Capture, DateSource, Image, RelatedItem
from crawler.pages.facts import PageFacts, related_items
from crawler.seeds import SeedPage
from crawler.sites import SiteProfile
from crawler.text.language import language_of

_MAX_INTEGER = 2**63 - 1


def seed_record(seed: SeedPage, profile: SiteProfile, run: str) -> Article:
    """Return the record of the page whose text a seed holds.

    Its key has the article's id if the seed came with its URL, else the start of its text's SHA-256.
    """
    page = seed.page
    article_id = profile.article_id(seed.url) if seed.url else None
    date = page.published.isoformat(timespec="seconds") if page.published else None
    published, published_from = _date(date, "dump", profile, None, article_id)
    return Article(
        key=profile.key(article_id or f"seed-{seed.text_sha256[:12]}"),
        kind="seed",
        id=article_id,
        site=profile.name,
        url=seed.url,
        title=page.title,
        kicker=page.kicker,
        text="\n\n".join(page.paragraphs) or None,
        language=language_of("\n\n".join(page.paragraphs) or page.title or "", profile.language) or profile.language,
        desk_code=page.desk_code,
        published=published,
        published_from=published_from,
        related=_bounded(related_items(page.dumps)),
        capture=Capture(source="seed", url=seed.url, fetched=seed.timestamp),
        run=run,
    )


def article_record(
    target: Target, facts: PageFacts, profile: SiteProfile, capture: Capture, *, run: str, url: str
) -> Article:
    """Return the record of *target*'s page at *url* on its site, which *capture* gave."""
    published, published_from = _date(facts.published, facts.published_from, profile, target.pic, target.id)
    return Article(
        key=target.key,
        kind="article",
        id=target.id,
        site=profile.name,
        url=url,
        title=facts.title or target.title,
        kicker=facts.kicker,
        text=facts.text,
        language=facts.language or profile.language,
        desk_code=facts.desk_code,
        authors=facts.authors,
        published=published,
        published_from=published_from,
        images=_images(target.pic, facts.image_urls, profile),
        related=_bounded(facts.related),
        content_sha256=facts.content_sha256,
        dateline=facts.dateline,
        credit=facts.credit,
        depth=target.depth,
        capture=capture,
        run=run,
    )


def stub_record(target: Target, attempts: Sequence[Attempt], profile: SiteProfile, *, run: str, tried: str) -> Article:
    """Return the record of a *target* whose page was not found anywhere: the data from dumps.

    ``capture`` is that of the most hopeful attempt at the site: one without a conclusive answer before a plain "not
    found". Answers of web archives are in ``attempts``, too: a missing capture does not show that the page is gone.
    """
    at_origin = [attempt for attempt in attempts if attempt.source == "origin"]
    hopeful = [attempt for attempt in at_origin if stub_state(attempt.status) == "failed"]
    last = (hopeful or at_origin)[-1] if at_origin else None
    published, published_from = _date(None, None, profile, target.pic, target.id)
    return Article(
        key=target.key,
        kind="stub",
        id=target.id,
        site=profile.name,
        title=target.title,
        language=(language_of(target.title, profile.language) or profile.language) if target.title else None,
        published=published,
        published_from=published_from,
        images=_images(target.pic, (), profile),
        depth=target.depth,
        capture=Capture(
            source="origin",
            url=last.url if last else None,
            fetched=tried,
            status=last.status if last else None,
            attempts=tuple(attempts),
        ),
        run=run,
    )


def _date(
    date: str | None, date_source: DateSource | None, profile: SiteProfile, pic: str | None, article_id: str | None
) -> tuple[str | None, DateSource | None]:
    """Return the best known date and its source: *date*, else from the picture, else from the id."""
    if date:
        return date, date_source
    inferred: tuple[tuple[datetime | None, DateSource], ...] = (
        (profile.picture_time(pic), "picture"),
        (profile.id_time(article_id) if article_id else None, "id"),
    )
    for moment, source in inferred:
        if moment:
            return moment.isoformat(timespec="seconds"), source
    return None, None


def _images(pic: str | None, urls: Sequence[str], profile: SiteProfile) -> tuple[Image, ...]:
    """Return the pictures to fetch: the dump's first, then those of the page, each once."""
    images: dict[str, Image] = {pic: Image(pic=pic)} if pic else {}
    for url in urls:
        name = profile.pic(url)
        known = images.setdefault(name or url, Image(pic=name, url=url))
        if known.url is None:
            images[name or url] = replace(known, url=url)
    return tuple(images.values())


def _bounded(items: Sequence[RelatedItem]) -> tuple[RelatedItem, ...]:
    """Return *items* without numbers that exceed 64 bits, which a hostile dump may contain."""
    return tuple(
        replace(
            item,
            sort=item.sort if item.sort is None or abs(item.sort) <= _MAX_INTEGER else None,
            content_type=item.content_type
            if item.content_type is None or abs(item.content_type) <= _MAX_INTEGER
            else None,
        )
        for item in items
    )
