r"""The dump reader: from the text of an old news page to its parts and its leaked list of related articles.

It does not use Scrapy and needs no network; use it as a library.

>>> from zoneinfo import ZoneInfo
>>> from crawler.seeds import parse_page
>>> page = parse_page(
...     "Fri Jan 3, 2014 18:13:55\n"
...     "Something happened.\n"
...     "212-11\n"
...     'string(94) "[{"id":"1793356","sort":"3503265","contenttypeid":"21","pic":"a.jpg","title":"He said "no""} ]"',
...     ZoneInfo("Asia/Tehran"),
... )
>>> page.published.isoformat(), page.paragraphs, page.desk_code
('2014-01-03T18:13:55+03:30', ('Something happened.',), '212-11')
>>> dump = page.dumps[0]
>>> dump.declared_length, dump.length_verdict, dump.related[0].id, dump.related[0].title
(94, 'exact', '1793356', 'He said "no"')
"""

from crawler.seeds.model import Diagnosis, Dump, Page, SeedPage
from crawler.seeds.page import parse_dumps, parse_page
from crawler.seeds.sources import read_seeds

__all__ = ["Diagnosis", "Dump", "Page", "SeedPage", "parse_dumps", "parse_page", "read_seeds"]
