"""Checks records from another corpus, and their pictures, like any other input."""

from __future__ import annotations

import hashlib
import re
from dataclasses import replace

import orjson

from crawler.archive.tombstones import WithdrawnContentError, refused_picture
from crawler.archive.writer import Corpus
from crawler.corpus.fixity.linecheck import record_validator
from crawler.corpus.merge.others import OtherCorpus
from crawler.items import Article, Image
from crawler.jsonl import decode
from crawler.pages.media import identify
from crawler.text import content_sha256

_PICTURE_RE = re.compile(r"images/([0-9a-f]{2})/(\1[0-9a-f]{62})\.([a-z0-9]{1,5})", re.ASCII)
_MAX_PICTURE_BYTES = 256 * 1024 * 1024


class Records:
    """Reads lines of another corpus of *site*, and checks everything that they claim."""

    def __init__(self, site: str) -> None:
        self._site = site
        self._validator = record_validator()

    def read(self, raw: bytes) -> Article | None:
        """Return the record in a line; None if it is invalid, of another site, or its text does not match its hash."""
        try:
            fields = orjson.loads(raw)
            article = decode(raw) if self._validator.is_valid(fields) else None
        except ValueError:
            return None
        if article is None or article.site != self._site or not article.key.startswith(f"{self._site}/"):
            return None
        return article if article.content_sha256 == content_sha256(article.text) else None


class Pictures:
    """Copies pictures from the corpus *source*; ``copied`` and ``failed`` count them."""

    def __init__(self, source: OtherCorpus) -> None:
        self._source = source
        self.copied = 0
        self.failed = 0

    def bring(self, corpus: Corpus, article: Article) -> Article:
        """Copy the stored pictures of *article* to *corpus*; return it with ``failed`` for missing ones."""
        return replace(article, images=tuple(self._bring(corpus, image) for image in article.images))

    def _bring(self, corpus: Corpus, image: Image) -> Image:
        if image.status != "stored":
            return image
        match = _PICTURE_RE.fullmatch(image.path or "")
        if match and match[2] == image.sha256:
            if corpus.has_picture(image):
                return image
            data = self._read(match[0], match[2])
            if data is not None and _is_picture(data, match[3]):
                try:
                    corpus.store_picture(data, match[3])
                except WithdrawnContentError:
                    return refused_picture(image.pic, image.url)
                self.copied += 1
                return image
        self.failed += 1
        return Image(pic=image.pic, url=image.url, status="failed")

    def _read(self, path: str, sha256: str) -> bytes | None:
        """Return the bytes of a picture; None if they do not match its name."""
        data = self._source.picture(path, _MAX_PICTURE_BYTES)
        if data is None or len(data) > _MAX_PICTURE_BYTES:
            return None
        return data if hashlib.sha256(data).hexdigest() == sha256 else None


def _is_picture(data: bytes, extension: str) -> bool:
    try:
        return identify(data).extension == extension
    except ValueError:
        return False
