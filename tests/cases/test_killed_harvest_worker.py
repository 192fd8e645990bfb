"""A killed worker of a harvest once lost the output of all inputs, with three tracebacks and a false message."""

from __future__ import annotations

import json
import os
import signal
from contextlib import suppress
from pathlib import Path

from tests.conftest import NEIGHBOURS
from tests.crawling import scrapy_command, write_seed
from tests.terminal import Terminal


def test_harvest_continues_without_the_input_whose_process_was_killed(seen, tmp_path):
    inputs = [write_seed(tmp_path / f"{number}.txt", *NEIGHBOURS, text=f"Text {number}.") for number in range(9)]
    inputs[3].unlink()
    os.mkfifo(inputs[3])
    out = tmp_path / "out.jsonl"
    command = scrapy_command("seeds", "harvest", *inputs, "-o", out, "--jobs", 2)
    with Terminal(command, env={"COLUMNS": "1000"}) as terminal:  # no line is folded
        writer = os.open(inputs[3], os.O_WRONLY)  # waits for the process that reads this input
        (worker,) = (one for one in terminal.children() if has_open(one, inputs[3]))
        os.kill(worker, signal.SIGKILL)
        code = terminal.wait()
        os.close(writer)
    named = f"{inputs[3]}: the process that read it was killed" in terminal.output
    found = [Path(json.loads(line)["file"]).name for line in out.read_bytes().splitlines()]
    others = [path.name for path in inputs if path != inputs[3]]
    seen("exit code", 9, code)
    seen("inputs in the output, in order", others, found)
    seen("the input that was left out is named", True, named)
    untrue = [text for text in ("Traceback", "cannot be written") if text in terminal.output]
    seen("tracebacks, false messages", [], untrue)


def has_open(process_id: int, path: Path) -> bool:
    for descriptor in Path(f"/proc/{process_id}/fd").iterdir():
        with suppress(OSError):
            if descriptor.readlink() == path:
                return True
    return False
