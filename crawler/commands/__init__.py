"""Commands of the project: crawl (with exit codes that tell the truth), corpus, seeds, replica, completion.

Scrapy loads this before them, after itself, and runs none of ours before it has loaded all. So this is the first place
where a signal can be met with one line instead of Python's traceback; other commands than ours meet it as they will.
"""

import pkgutil
import sys

from crawler.processes import interrupts

_chosen = next((argument for argument in sys.argv[1:] if not argument.startswith("-")), None)
if _chosen in {module.name for module in pkgutil.iter_modules(__path__)}:
    interrupts.leave_at_once()
