"""Files that a user named: paths, and URLs of HTTP servers and object stores, opened by one function.

Only what a user typed is opened here; nothing that a page, a dump or a list says.
"""

from crawler.inputs.names import is_remote, shown
from crawler.inputs.opening import check_input, expand_input, open_input, read_input, state_of
from crawler.inputs.retries import InputError

__all__ = ["InputError", "check_input", "expand_input", "is_remote", "open_input", "read_input", "shown", "state_of"]
