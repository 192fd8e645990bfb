"""Misspelt, dead and impossible settings, as a user gives them on the command line of a crawl."""

from __future__ import annotations

import pytest

from tests.crawling import scrapy, setting_arguments

REFUSED = {
    "IMAGES_FECTH=none": "there is no setting IMAGES_FECTH: did you mean IMAGES_FETCH?",
    "USER_AGENT=": "USER_AGENT is '': give a name and a way to reach you, in one line",
    "DOWNLOAD_DELAY=abc": "DOWNLOAD_DELAY is 'abc': give a number of at least 0",
    "LOG_LEVEL=LOUD": "LOG_LEVEL is 'LOUD': give one of DEBUG, INFO, WARNING, ERROR, CRITICAL",
    "DOWNLOAD_MAXSIZE=1G": "DOWNLOAD_MAXSIZE is '1G': give a whole number of at least 0",
    "ROBOTSTXT_OBEY=nope": "ROBOTSTXT_OBEY is 'nope': give True or False",
    "CONCURRENT_REQUESTS=-1": "CONCURRENT_REQUESTS is '-1': give a whole number above 0",
    "RETRY_HTTP_CODES=many": "RETRY_HTTP_CODES is 'many': give whole numbers, not 'many'",
    "CLOSESPIDER_TIMEOUT=1h": "CLOSESPIDER_TIMEOUT is '1h': give a number of at least 0",
    "LOG_FILE=nowhere/a.log": "LOG_FILE is 'nowhere/a.log': give a file in a folder that exists (nowhere does not)",
    "TWISTED_REACTOR=asyncio": "TWISTED_REACTOR is 'asyncio': give the path of a class with its module",
    "RETRY_EXCEPTIONS=abc": "RETRY_EXCEPTIONS is 'abc': give the path of a class with its module",
    'DOWNLOAD_SLOTS={"a": 1}': """DOWNLOAD_SLOTS is '{"a": 1}': give a dict of dicts: 'a' has none""",
    'ITEM_PIPELINES={"crawler.pipelines.clean.CleanPipeline": 1}': "ITEM_PIPELINES leaves out"
    " crawler.pipelines.images.ImagesPipeline and 1 more: give the components of crawler/settings.py, too"
    " (in a module of settings: ITEM_PIPELINES = {**ITEM_PIPELINES, ...}); None switches one off",
    "TWISTED_REACTOR=twisted.internet.selectreactor.SelectReactor": "TWISTED_REACTOR is"
    " 'twisted.internet.selectreactor.SelectReactor': Gleaner runs on"
    " twisted.internet.asyncioreactor.AsyncioSelectorReactor alone",
    "EXTENSIONS=all": "EXTENSIONS is 'all': give a dict (on the command line: a JSON object)",
}
WARNED = {
    "CONCURENT_REQUESTS=3": "there is no setting CONCURENT_REQUESTS: did you mean CONCURRENT_REQUESTS?",
    "COOKIES_ENABLED=True": "COOKIES_ENABLED has no effect: cookies are kept only along the redirects of one request",
    "METAREFRESH_IGNORE_TAGS=b": "METAREFRESH_IGNORE_TAGS has no effect: Gleaner reads refreshes itself, as browsers do",
    "JOBDIR=job": "JOBDIR has no effect: the corpus holds the frontier, and every crawl resumes from it",
}


def crawl(setting, tmp_path):
    corpus = f"CORPUS_DIR={tmp_path / 'corpus'}"
    return scrapy("crawl", "neighbours", "-a", f"seeds={tmp_path / 'none'}", *setting_arguments(corpus, setting))


@pytest.mark.parametrize("setting", REFUSED)
def test_setting_is_refused_in_one_line(setting, tmp_path, seen):
    done = crawl(setting, tmp_path)
    seen(f"-s {setting}", (4, f"gleaner: {REFUSED[setting]}\n"), (done.returncode, done.stderr))
    assert not (tmp_path / "corpus").exists()


@pytest.mark.parametrize("setting", WARNED)
def test_setting_causes_a_warning_and_the_run_continues(setting, tmp_path, seen):
    first, *others = crawl(setting, tmp_path).stderr.splitlines()
    seen(f"-s {setting}", f"gleaner: warning: {WARNED[setting]}", first)
    assert others == [f"gleaner: {tmp_path / 'none'}: no such file or directory"]
