"""Settings of the Gleaner project: Scrapy's first, then our own, each with its reason and a safe default."""

BOT_NAME = "gleaner"
SPIDER_MODULES = ["crawler.spiders"]
NEWSPIDER_MODULE = "crawler.spiders"
COMMANDS_MODULE = "crawler.commands"

# -- Politeness: on by default ---------------------------------------------------------------------------------------

# Say who you are: put a way to reach you here, as the sites you crawl may want to.
USER_AGENT = "gleaner/0.1 (news corpus recovery for research; contact: set USER_AGENT)"
ROBOTSTXT_OBEY = True
ROBOTSTXT_USER_AGENT = "gleaner"
DOWNLOAD_DELAY = 1.0
CONCURRENT_REQUESTS_PER_DOMAIN = 2
AUTOTHROTTLE_ENABLED = True
AUTOTHROTTLE_START_DELAY = 1.0
AUTOTHROTTLE_MAX_DELAY = 60.0
# Politeness is for other people's machines: a site served on this one (scrapy replica) is asked at full speed.
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
# Only the web is ever read: not files, not FTP, not buckets, whatever a page or a redirect says; and of the web only
# what the site profile names, at public addresses. Another handler would connect anywhere.
DOWNLOAD_HANDLERS = {
    "http": "crawler.handlers.http.GuardedDownloadHandler",
    "https": "crawler.handlers.http.GuardedDownloadHandler",
    "file": None,
    "data": None,
    "ftp": None,
    "s3": None,
}
# Proxies of the environment (http_proxy) are not used unless this is on: a proxy looks names up by itself, so the
# addresses that it connects to are beyond our check. The URLs that it is asked for are checked all the same.
HTTPPROXY_ENABLED = False
# The source site's certificates lapsed years ago. What is archived is checked by what it says, not by who said it.
DOWNLOAD_VERIFY_CERTIFICATES = False

# -- Doors that Scrapy opens by default ------------------------------------------------------------------------------

TELNETCONSOLE_ENABLED = False
REMOTE_CONTROL_ENABLED = False

# -- Speed -----------------------------------------------------------------------------------------------------------

# One article a response: Scrapy's 100 parallel item slots per response cost a third of the CPU.
CONCURRENT_ITEMS = 4

# -- The road of the data --------------------------------------------------------------------------------------------

SCHEDULER = "crawler.scheduler.FrontierScheduler"
DOWNLOADER_MIDDLEWARES = {
    "crawler.middlewares.origins.OriginsMiddleware": 50,
    "crawler.middlewares.robots.RobotsMiddleware": 100,
    "crawler.middlewares.patience.PatienceMiddleware": 560,  # behind Scrapy's retries, which wait here
    "crawler.middlewares.refresh.RefreshMiddleware": 580,  # it reads what DecodingMiddleware made readable
    "crawler.middlewares.decoding.DecodingMiddleware": 590,
    "crawler.middlewares.cookies.ChainCookiesMiddleware": 700,  # before redirects are followed
    "scrapy.downloadermiddlewares.robotstxt.RobotsTxtMiddleware": None,  # it allows all when robots.txt cannot be had
    "scrapy.downloadermiddlewares.httpcompression.HttpCompressionMiddleware": None,  # it passes on what is cut short
    "scrapy.downloadermiddlewares.offsite.OffsiteMiddleware": None,  # OriginsMiddleware knows ports and schemes too
    "scrapy.downloadermiddlewares.redirect.MetaRefreshMiddleware": None,
    "scrapy.downloadermiddlewares.httpauth.HttpAuthMiddleware": None,
    "scrapy.downloadermiddlewares.cookies.CookiesMiddleware": None,
    "scrapy.downloadermiddlewares.httpcache.HttpCacheMiddleware": None,  # it unpickles files; SOURCE=warc: replays too
    "crawler.middlewares.captures.CapturesMiddleware": 950,  # nearest to the downloader: bodies as they came
    "crawler.middlewares.replay.ReplayMiddleware": 960,  # in its place, with SOURCE
    "crawler.middlewares.turns.TurnsMiddleware": 970,  # last before the network: when it is our turn, we ask
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
    "crawler.extensions.archivist.Archivist": 0,
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
# Whether Spidermon (scrapy-gleaner[monitors]) runs those of its monitors that are given a threshold: docs/schedules.md.
SPIDERMON_ENABLED = False
SPIDERMON_SPIDER_CLOSE_MONITORS = ["crawler.extensions.monitorsuite.RunSuite"]
SPIDERMON_ADD_FIELD_COVERAGE = True

# -- Our own ---------------------------------------------------------------------------------------------------------

# Where the corpus is; made if it is not there. One crawl at a time may write to it.
CORPUS_DIR = "corpus"
# A segment of articles-*.jsonl is closed when it would grow beyond this many MiB.
ARCHIVE_SEGMENT_MB = 256
# What closed segments are compressed with, when a crawl ends or by `scrapy corpus seal`: None, "gzip" or "zstd".
ARCHIVE_COMPRESSION = None
# Keep every request and response in WARC files, warc/*.warc.gz in the corpus, for replay and for better extractors.
# Pictures are asked for in the form that their page shows, too, if that is not the one that is archived.
ARCHIVE_WARC = False
# A WARC file is followed by a new one once it has this many MiB.
ARCHIVE_WARC_MB = 1024
# Processes that read pages (extraction is CPU work and never done in the crawl's own); 0 means a thread.
EXTRACT_PROCESSES = 1
# Seconds that one page may take to be read before its reader is ended and the page counts as failed.
EXTRACT_TIMEOUT = 60
# Rules of cleaning not to apply, of those in docs/cleaning.md: "pull-quotes,boilerplate", say.
CLEAN_RULES_OFF: list[str] = []
# How alike two texts must be (0.3 to 1) for one of two articles to be kept in duplicates/, not in articles/: the
# shorter, undated, pictureless or later one. 0: only equal texts and URLs are duplicates.
NEAR_DUPLICATE_THRESHOLD = 0.5
# Which media to fetch: "pictures", "all" (videos too) or "none".
IMAGES_FETCH = "pictures"
# Spider revisit asks for an article again only within so many days of its publication; 0: without end.
REVISIT_NEWS_DAYS = 365
# Seconds between requests that a robots.txt may ask for at most (Crawl-delay).
ROBOTSTXT_MAX_CRAWL_DELAY = 60
# Seconds that a host which asks for patience (429, or 503 with Retry-After) is waited for in one run, all its pauses
# together; what it would still be asked is left for the next run (exit code 18). One for all workers (FRONTIER_URL).
PATIENCE = 600
# Where pages come from. None: the network; "warc:PATH": WARC or WACZ files (a file, folder or glob), and nothing else.
SOURCE = None
# Seconds that the report of a run (runs/<run>/report.html) may take to be made; 0: none is made.
REPORT_SECONDS = 30
# Seconds that a crawl whose corpus cannot be written any more (disk full, say) may take to end; after that its process
# is ended, with its exit code. What is underway then could not be archived.
END_SECONDS = 8
# A run that is answered with articles for less than this share of what the last ten runs of its spider were, by their
# median, ends with exit code 17. 0.5 suits a nightly crawl; 0: runs are not compared.
MONITOR_ANSWERS = 0
# Where the frontier is. None: in the corpus's catalogue, for one machine. redis://HOST:PORT/DB: in a Redis or Valkey
# that machines share, each with a corpus of its own (docs/guides/many-machines.md). Whoever can write there decides
# which articles are asked for: give it a password, and no open port.
FRONTIER_URL = None
# The name of the crawl in that Redis; None: that of the site profile.
FRONTIER_KEY = None
# Seconds after which a worker that is not heard of counts as dead, and what was leased to it is given to others. When
# none is heard of for so long (a minute at the least), the run of all ends, with its max_articles and PATIENCE.
FRONTIER_LEASE_SECONDS = 60
