"""How the report and the browser's pages look: pictures of them are kept in build/screenshots, for people to judge.

``make pictures`` makes those of the docs out of them.
"""

from __future__ import annotations

import json
import signal
import subprocess
from urllib.parse import quote

import pytest
from PIL import Image as Pillow

from tests import warm
from tests.crawling import REPOSITORY, crawl, scrapy_command
from tests.waiting import HANG_SECONDS

SCREENSHOTS = REPOSITORY / "build/screenshots"
WIDE, PHONE = 900, 360
# The colours of every text and of what is behind it, as (ratio by WCAG 2.1, text); where pictures are behind it: none.
CONTRASTS = """
(() => {
  const linear = c => (c /= 255) <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
  const parts = css => (css.match(/[\\d.]+/g) || []).map(Number);
  const luminance = ([r, g, b]) => 0.2126 * linear(r) + 0.7152 * linear(g) + 0.0722 * linear(b);
  const behind = e => { for (; e; e = e.parentElement) {
    const c = parts(getComputedStyle(e).backgroundColor); if (c.length === 3 || c[3] === 1) return c; } return [255, 255, 255]; };
  const found = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const e = walker.currentNode.parentElement, text = walker.currentNode.textContent.trim();
    if (!text || e.closest('svg, style, .skip') || !e.checkVisibility({checkVisibilityCSS: true})) continue;
    const [a, b] = [luminance(parts(getComputedStyle(e).color)), luminance(behind(e))];
    found.push([(Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05), text.slice(0, 40)]);
  }
  return found;
})()
"""


@pytest.fixture(scope="module")
def corpus(replica, chromium, tmp_path_factory):  # noqa: ARG001 - no crawl where there is no browser
    """Give the corpus of a crawl of the examples, with the report of its run."""
    corpus = tmp_path_factory.mktemp("shown") / "corpus"
    done = crawl(
        REPOSITORY / "examples/seeds", corpus, replica.profile, "depth=2", "max_articles=60",
        settings=["REPORT_SECONDS=60"],
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    return corpus


def keep(page, name, width, height=None):
    """Keep a picture of *page*; it fits the screen, says nothing on its console, and all its text can be read."""
    page.screenshot(SCREENSHOTS / f"{name}.png", height=height)
    assert page.evaluate("document.documentElement.scrollWidth") == width
    assert page.complaints() == []
    assert [told for told in page.evaluate(CONTRASTS) if told[0] < 4.5] == []


@pytest.mark.parametrize(
    ("name", "options"),
    [("report", {}), ("report-dark", {"dark": True}), ("report-phone", {}), ("report-phone-dark", {"dark": True})],
)
def test_the_report_of_a_run(corpus, chromium, name, options):
    (report,) = (corpus / "runs").glob("*/report.html")
    width = PHONE if "phone" in name else WIDE
    page = chromium.open(report.as_uri(), width=width, **options)
    keep(page, name, width)
    with Pillow.open(SCREENSHOTS / f"{name}.png") as picture:
        assert picture.width == width
        assert (sum(picture.convert("RGB").getpixel((2, 2))) < 3 * 128) == ("dark" in name)


@pytest.fixture(scope="module")
def url(corpus):
    command = scrapy_command("corpus", "browse", "--port", "0", "--json", "-s", f"CORPUS_DIR={corpus}")
    with warm.Popen(command, cwd=REPOSITORY, stdout=subprocess.PIPE, text=True) as server:
        yield json.loads(server.stdout.readline())["url"].rstrip("/")
        server.send_signal(signal.SIGINT)
        assert server.wait(HANG_SECONDS) == 0


@pytest.mark.parametrize("width", [WIDE, PHONE])
def test_pages_of_browse_look_as_in_the_docs(url, chromium, width):
    phone = "-phone" if width == PHONE else ""
    page = chromium.open(f"{url}/corpus/articles?_search=harbour", width=width)
    keep(page, f"browse{phone}", width, 900)
    keep_article = page.evaluate("document.querySelector('.rows-and-columns td.col-key').innerText.trim()")
    page.go(f"{url}/-/record?key={quote(keep_article, safe='')}")
    keep(page, f"article{phone}", width)
