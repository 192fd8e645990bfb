"""Commands of the project: crawl, captures, corpus, seeds, sites, replica, completion.

Scrapy loads this package before it runs a command. So this is the first place where a signal can give one line instead
of a traceback; only for our own commands.
"""

import pkgutil
import sys

from crawler.processes import interrupts

_chosen = next((argument for argument in sys.argv[1:] if not argument.startswith("-")), None)
if _chosen in {module.name for module in pkgutil.iter_modules(__path__)}:
    interrupts.leave_at_once()
