"""Jobs that tests give to pools: at the top of a module, as workers import them."""

from __future__ import annotations

import os
import signal
from pathlib import Path

from crawler.batch.work import Partly
from crawler.exceptions import CorpusDamaged


def double(number, report):
    report(number)
    return 2 * number


def double_unless(troubles, number, report):
    """Double *number*, unless ``troubles[number]`` says what happens instead."""
    trouble = troubles.get(number)
    if trouble == "kill":
        os.kill(os.getpid(), signal.SIGKILL)
    if trouble == "fault":
        raise KeyError(number)
    if trouble == "unpicklable":
        raise UnpicklableError
    if trouble == "ours":
        raise CorpusDamaged("corpus", "line 5")
    if trouble == "full":
        raise OSError(28, "No space left on device", "part")
    if trouble == "part":
        return Partly(2 * number, "cut")
    if trouble == "hang":
        signal.pause()
    return double(number, report)


class UnpicklableError(Exception):
    def __reduce__(self):
        raise TypeError("cannot be pickled")


def double_after_a_kill(folder, number, report):
    """Kill the process the first time that it gets this *number*."""
    mark = Path(folder, str(number))
    if not mark.exists():
        mark.touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return double(number, report)


def where(_input, _report):
    return str(Path.cwd())


def write_lines(troubles, number, out, report):
    """Write *number* lines; return how many there are."""
    value = double_unless(troubles, number, report)
    for line in range(number):
        out.write(b"%d\n" % line)
    return value if isinstance(value, Partly) else {"lines": number}


def note_and_write(folder, number, out, _report):
    """Note in *folder* that the part of *number* was made once more, then write it."""
    with Path(folder, str(number)).open("a") as file:
        file.write("made\n")
    out.write(b"%d\n" % number)
    return number
