"""A coverage-guided fuzz target for the dump reader; needs atheris. ``make fuzz`` runs it.

From the repository, for an hour, or over one file::

    python -m tests.fuzz.fuzz_seeds -max_total_time=3600 build/fuzz/found tests/fuzz/corpus
    python -m tests.fuzz.fuzz_seeds tests/fuzz/corpus/json.txt

Inputs that reach new code are written into the first folder. It stops at the first input that raises, breaks a promise of
the reader, takes more than ``SLOW_CPU_SECONDS``, or hangs; that input is written to ``crash-...`` or ``timeout-...``.
"""

from __future__ import annotations

import sys
import time
from zoneinfo import ZoneInfo

import atheris

with atheris.instrument_imports(include=["crawler.seeds"]):
    from crawler.seeds import parse_page
    from crawler.text.charset import decode
    from tests.fuzz.promises import check

_ZONE = ZoneInfo("Asia/Tehran")
HANG_SECONDS = 120
"""Time on the clock, which a busy machine stretches: it ends endless loops only."""
SLOW_CPU_SECONDS = 1.0
MAX_INPUT_BYTES = 4096


def fuzz_one(data: bytes) -> None:
    """Read *data* as the text of a page."""
    began = time.thread_time()
    text = decode(data)
    check(parse_page(text, _ZONE), len(text.encode("utf-8", "surrogatepass")))
    taken = time.thread_time() - began
    assert taken <= SLOW_CPU_SECONDS, f"{len(data)} bytes took {taken:.1f} s of the processor"


if __name__ == "__main__":
    defaults = [f"-timeout={HANG_SECONDS}", f"-max_len={MAX_INPUT_BYTES}"]
    atheris.Setup([sys.argv[0], *defaults, *sys.argv[1:]], fuzz_one)
    atheris.Fuzz()
