"""Settings of the Gleaner project: Scrapy's first, then our own, each with its reason and a safe default."""

import os

BOT_NAME = "gleaner"
SPIDER_MODULES = ["crawler.spiders"]
NEWSPIDER_MODULE = "crawler.spiders"
COMMANDS_MODULE = "crawler.commands"

# -- Politeness: on by default ---------------------------------------------------------------------------------------

# Say who you are: give a way to reach you, for the sites that you crawl.
USER_AGENT = "gleaner/0.1 (news corpus recovery for research; contact: set USER_AGENT)"
ROBOTSTXT_OBEY = True
ROBOTSTXT_USER_AGENT = "gleaner"
DOWNLOAD_DELAY = 1.0
CONCURRENT_REQUESTS_PER_DOMAIN = 2
AUTOTHROTTLE_ENABLED = True
AUTOTHROTTLE_START_DELAY = 1.0
AUTOTHROTTLE_MAX_DELAY = 60.0
# Politeness is for other people's machines: a site on this one (scrapy replica) is crawled at full speed.
DOWNLOAD_SLOTS = {host: {"concurrency": 16, "delay": 0.0} for host in ("127.0.0.1", "::1", "localhost")}
CONCURRENT_REQUESTS = 16
COOKIES_ENABLED = False
REFERRER_POLICY = "no-referrer"

# -- Limits on what comes in -----------------------------------------------------------------------------------------

DOWNLOAD_TIMEOUT = 30
DOWNLOAD_MAXSIZE = 16 * 1024 * 1024
DOWNLOAD_WARNSIZE = 0
REDIRECT_MAX_TIMES = 5
RETRY_TIMES = 2
# Pages that lead on (Refresh, in a header or in the page) are followed, if they do so within so many seconds and have
# little text.
METAREFRESH_ENABLED = True
METAREFRESH_MAXDELAY = 15
# Only http and https, only what the site profile names, only at public addresses: never files, FTP or buckets, even if
# a page or a redirect leads there. Another handler would connect anywhere.
DOWNLOAD_HANDLERS = {
    "http": "crawler.handlers.http.GuardedDownloadHandler",
    "https": "crawler.handlers.http.GuardedDownloadHandler",
    "file": None,
    "data": None,
    "ftp": None,
    "s3": None,
}
# Proxies from the environment (http_proxy) are not used unless this is on: a proxy looks up names itself, so Gleaner
# cannot check the addresses. URLs are checked in any case.
HTTPPROXY_ENABLED = False
# The source site's certificates expired years ago. Pages are checked by their content instead.
DOWNLOAD_VERIFY_CERTIFICATES = False

# -- Doors that Scrapy opens by default ------------------------------------------------------------------------------

TELNETCONSOLE_ENABLED = False
REMOTE_CONTROL_ENABLED = False

# -- Speed -----------------------------------------------------------------------------------------------------------

# A response holds one article: Scrapy's 100 parallel item slots per response cost a third of the CPU time.
CONCURRENT_ITEMS = 4

# -- The way of the data ---------------------------------------------------------------------------------------------

SCHEDULER = "crawler.scheduler.FrontierScheduler"
DOWNLOADER_MIDDLEWARES = {
    "crawler.middlewares.origins.OriginsMiddleware": 50,
    "crawler.middlewares.robots.RobotsMiddleware": 100,
    "crawler.middlewares.patience.PatienceMiddleware": 560,  # behind Scrapy's retries, which wait here
    "crawler.middlewares.refresh.RefreshMiddleware": 580,  # it reads what DecodingMiddleware made readable
    "crawler.middlewares.decoding.DecodingMiddleware": 590,
    "crawler.middlewares.cookies.ChainCookiesMiddleware": 700,  # before redirects are followed
    "scrapy.downloadermiddlewares.robotstxt.RobotsTxtMiddleware": None,  # allows all if robots.txt is unavailable
    "scrapy.downloadermiddlewares.httpcompression.HttpCompressionMiddleware": None,  # it passes on truncated bodies
    "scrapy.downloadermiddlewares.offsite.OffsiteMiddleware": None,  # OriginsMiddleware knows ports and schemes too
    "scrapy.downloadermiddlewares.redirect.MetaRefreshMiddleware": None,
    "scrapy.downloadermiddlewares.httpauth.HttpAuthMiddleware": None,
    "scrapy.downloadermiddlewares.cookies.CookiesMiddleware": None,
    "scrapy.downloadermiddlewares.httpcache.HttpCacheMiddleware": None,  # it unpickles files; SOURCE=warc: replays too
    "crawler.middlewares.captures.CapturesMiddleware": 950,  # nearest to the downloader: bodies as received
    "crawler.middlewares.replay.ReplayMiddleware": 960,  # instead of the downloader, with SOURCE
    "crawler.middlewares.turns.TurnsMiddleware": 970,  # last before the network: waits for the worker's turn
}
SPIDER_MIDDLEWARES = {
    "scrapy.spidermiddlewares.depth.DepthMiddleware": None,  # depth is the frontier's: distance from the seeds
}
ITEM_PIPELINES = {
    "crawler.pipelines.clean.CleanPipeline": 200,
    "crawler.pipelines.images.ImagesPipeline": 600,
    "crawler.pipelines.archive.ArchivePipeline": 900,
}
EXTENSIONS = {
    "crawler.extensions.sharing.Sharing": -5,  # a Redis that nobody can use is an error before a corpus is made
    "crawler.extensions.archivist.Archivist": 0,
    "crawler.extensions.leases.LocalLeases": 1,
    "crawler.extensions.leases.SharedLeases": 2,  # in its place, with FRONTIER_URL
    "crawler.extensions.ending.Ending": 5,
    "crawler.extensions.readers.Readers": 10,
    "crawler.extensions.recoverer.Recoverer": 15,
    "crawler.extensions.progress.Progress": 20,
    "crawler.extensions.monitors.Monitors": 25,
    "crawler.extensions.runs.RunRecord": 30,
    "scrapy.extensions.logstats.LogStats": None,  # Progress says it better
    "scrapy.extensions.spiderstate.SpiderState": None,  # it unpickles a file of JOBDIR; the state is in the corpus
}
LOG_LEVEL = "INFO"
STATS_DUMP = False  # they are in runs/<run>/stats.json
LOG_FORMATTER = "crawler.logformatter.GleanerLogFormatter"
# Whether Spidermon (scrapy-gleaner[monitors]) runs its monitors that have a threshold: docs/schedules.md.
SPIDERMON_ENABLED = False
SPIDERMON_SPIDER_CLOSE_MONITORS = ["crawler.extensions.monitorsuite.RunSuite"]
SPIDERMON_ADD_FIELD_COVERAGE = True

# -- Our own ---------------------------------------------------------------------------------------------------------

# The folder of the corpus; created if needed. One crawl at a time may write to it.
CORPUS_DIR = "corpus"
# A segment of articles-*.jsonl is closed before it grows beyond this many MiB.
ARCHIVE_SEGMENT_MB = 256
# How closed segments are compressed, when a crawl ends or by `scrapy corpus seal`: None, "gzip" or "zstd".
ARCHIVE_COMPRESSION = None
# Keep every request and response in WARC files, warc/*.warc.gz in the corpus, for replay and for later extraction.
# Pictures are also requested in the form that their page shows, if the archived form differs.
ARCHIVE_WARC = False
# A new WARC file begins when the current one has this many MiB.
ARCHIVE_WARC_MB = 1024
# Processes that read pages and pictures, each started when the others are busy: as many as there are cores, 8 at most;
# 0 means a thread of the crawl's own process, which otherwise reads none.
EXTRACT_PROCESSES = min(os.cpu_count() or 1, 8)
# Seconds that reading one page may take; then its reader is ended, and the page counts as failed.
EXTRACT_TIMEOUT = 60
# Cleaning rules to switch off, such as "pull-quotes,boilerplate"; docs/cleaning.md lists all rules.
CLEAN_RULES_OFF: list[str] = []
# Similarity of two texts (0.3 to 1) from which one of the articles goes to duplicates/: the shorter, undated,
# pictureless or later one. 0: only equal texts and URLs are duplicates.
NEAR_DUPLICATE_THRESHOLD = 0.5
# Which media to fetch: "pictures", "all" (videos too) or "none".
IMAGES_FETCH = "pictures"
# The spider revisit rechecks an article only within so many days of its publication; 0: without limit.
REVISIT_NEWS_DAYS = 365
# The greatest Crawl-delay of a robots.txt that is obeyed, in seconds; longer delays count as this one.
ROBOTSTXT_MAX_CRAWL_DELAY = 60
# Seconds that one run waits for a host that asks for fewer requests (429, or 503 with Retry-After), in all its pauses.
# Its other targets wait for the next run (exit code 18). Workers that share a frontier share these seconds.
PATIENCE = 600
# The source of pages. None: the network; "warc:PATH": only WARC or WACZ files (a file, folder or glob).
SOURCE = None
# Seconds that writing the report of a run (runs/<run>/report.html) may take; 0: no report.
REPORT_SECONDS = 30
# Seconds that a crawl may take to end when its corpus can no longer be written (such as on a full disk); then its
# process is ended, with its exit code. Requests underway could not be archived anyway.
END_SECONDS = 8
# A run ends with exit code 17 if its share of targets answered with an article is less than this part of the median of
# the last ten runs of its spider. 0.5 suits a nightly crawl; 0: runs are not compared.
MONITOR_ANSWERS = 0
# The place of the frontier. None: the corpus's catalogue, for one machine. redis://HOST:PORT/DB: a Redis or Valkey that
# several machines share, each with its own corpus (docs/guides/many-machines.md). Whoever can write there decides which
# articles are requested: set a password, and open no port.
FRONTIER_URL = None
# The name of the crawl in that Redis; None: the name of the site profile.
FRONTIER_KEY = None
# Seconds without a sign after which a worker counts as dead, and its leases go to others. After so many seconds without
# a sign of any worker (at least a minute), the run of all workers ends, with its max_articles and PATIENCE.
FRONTIER_LEASE_SECONDS = 60
