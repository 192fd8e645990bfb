"""Finds settings of Scrapy without effect, because Gleaner switches off or replaces what reads them."""

from __future__ import annotations

from collections.abc import Collection, Iterator

_MIDDLEWARES = "scrapy.downloadermiddlewares"
_READERS: dict[str, tuple[tuple[str, ...], str]] = {
    f"{_MIDDLEWARES}.cookies.CookiesMiddleware": (
        ("COOKIES_",), "cookies are kept only along the redirects of one request",
    ),
    f"{_MIDDLEWARES}.redirect.MetaRefreshMiddleware": (
        ("METAREFRESH_IGNORE_TAGS",), "Gleaner reads refreshes itself, as browsers do",
    ),
    f"{_MIDDLEWARES}.httpauth.HttpAuthMiddleware": (("HTTPAUTH_",), "no credentials are sent"),
    f"{_MIDDLEWARES}.httpcache.HttpCacheMiddleware": (
        ("HTTPCACHE_",), "use ARCHIVE_WARC to keep answers and SOURCE=warc:PATH to replay them",
    ),
    f"{_MIDDLEWARES}.httpcompression.HttpCompressionMiddleware": (
        ("COMPRESSION_ENABLED",), "Gleaner decodes answers itself, always",
    ),
    "scrapy.spidermiddlewares.depth.DepthMiddleware": (
        ("DEPTH_",), "the frontier counts depth: use the spider's argument -a depth=N",
    ),
    "scrapy.extensions.logstats.LogStats": (("LOGSTATS_",), "Gleaner reports progress itself"),
    "scrapy.core.scheduler.Scheduler": (
        ("JOBDIR", "SCHEDULER_", "DUPEFILTER_"), "the corpus holds the frontier, and every crawl resumes from it",
    ),
    "scrapy.core.downloader.handlers.ftp.FTPDownloadHandler": (
        ("FTP_USER", "FTP_PASSWORD", "FTP_PASSIVE_MODE"), "only http and https are fetched",
    ),
    "scrapy.core.downloader.handlers.http2.H2DownloadHandler": (("HTTP2_",), "pages are fetched by HTTP/1.1"),
    "scrapy.core.downloader.handlers._httpx.HttpxDownloadHandler": (("HTTPX_",), "pages are fetched by HTTP/1.1"),
    "scrapy.pipelines.images.ImagesPipeline": (
        ("IMAGES_STORE", "IMAGES_EXPIRES", "IMAGES_MIN_", "IMAGES_THUMBS", "IMAGES_URLS_FIELD", "IMAGES_RESULT_FIELD"),
        "pictures are kept in the corpus (CORPUS_DIR)",
    ),
    "scrapy.pipelines.files.FilesPipeline": (("FILES_",), "pictures are kept in the corpus (CORPUS_DIR)"),
    "spidermon.contrib.scrapy.extensions.Spidermon": (("SPIDERMON_",), "SPIDERMON_ENABLED is off"),
}  # fmt: skip
"""The path of each reader, with the names of its settings (or their beginnings), and what Gleaner does instead."""


def without_effect(names: Collection[str], enabled: Collection[str]) -> Iterator[tuple[str, str]]:
    """Yield each of *names* that no class in *enabled* (paths of classes) reads, with the reason.

    >>> list(without_effect(["DEPTH_LIMIT"], ["scrapy.spidermiddlewares.depth.DepthMiddleware"]))
    []
    """
    off = [reader for path, reader in _READERS.items() if path not in enabled]
    for name in sorted(names):
        for beginnings, why in off:
            if name.startswith(beginnings):
                yield name, why
                break
