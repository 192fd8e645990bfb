"""The table of cases that ``pytest tests/cases`` prints at its end."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

_SECTION = "case"


@pytest.fixture
def seen(request: pytest.FixtureRequest) -> Callable[[str, Any, Any], None]:
    """Give ``seen(what, expected, actual)``: notes a line of the table, and fails the test where the two differ."""
    case = request.module.__name__.rpartition(".test_")[2].replace("_", " ")

    def note(what: str, expected: Any, actual: Any) -> None:
        request.node.user_properties.append((_SECTION, f"{case}: {what}: expected {expected!r}, seen {actual!r}"))
        assert actual == expected, what

    return note


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print the table, in the order of the cases, of all processes that ran tests."""
    reports = [one for outcome in ("passed", "failed") for one in terminalreporter.stats.get(outcome, [])]
    lines = sorted(text for one in reports for name, text in one.user_properties if name == _SECTION)
    if lines:
        terminalreporter.section("cases")
        for line in lines:
            terminalreporter.write_line(line)
