"""No base dependency is under the AGPL, and the keys of URLs are those of the package that was."""

from __future__ import annotations

import subprocess
import sys

from tests.crawling import REPOSITORY
from tests.docs.test_licences import INSTALLED, STRONG, family, stated
from tests.warc.test_surt import TABLE, judge

__all__ = ["judge"]


def test_no_base_dependency_is_under_the_gpl(seen):
    found = [name for name in INSTALLED if family(stated(name)[0]) in STRONG]
    seen("base dependencies under GPL or AGPL alone", [], found)


def test_keys_of_urls_need_no_package(seen):
    code = "import sys; sys.modules['surt'] = None; from crawler.warc.index import url_key; print(url_key('http://www.Example.org:80/A/?b&a'))"
    done = subprocess.run([sys.executable, "-c", code], cwd=REPOSITORY, capture_output=True, text=True, check=False)
    seen("the key of http://www.Example.org:80/A/?b&a without surt", "org,example)/a?a&b", done.stdout.strip())


def test_keys_are_those_of_the_package(judge, seen):
    differing = [url for url, key in TABLE.items() if judge(url) != key]
    seen(f"of {len(TABLE)} URLs those with another key than surt gives", [], differing)
