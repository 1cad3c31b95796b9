"""The figures that fault and safety tests are about, told at the end of the run."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
from django.conf import settings

type Report = Callable[[str], None]


@pytest.fixture
def report(record_property: Callable[[str, object], None]) -> Report:
    """`report("720 orders, 720 equal end states")`"""
    return lambda figure: record_property("figure", figure)


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Each figure once, with how many tests came to it; and the machine they came from."""
    figures = Counter(
        (test.nodeid.rpartition("::")[2].partition("[")[0], value)
        for outcome in ("passed", "failed")
        for test in terminalreporter.getreports(outcome)
        for name, value in test.user_properties
        if name == "figure"
    )
    if not figures:
        return
    engine = settings.DATABASES["default"]["ENGINE"].rpartition(".")[2]
    load = f"{os.getloadavg()[0]:.1f} on {os.cpu_count()} cores"
    terminalreporter.section("figures")
    for (test, figure), times in figures.items():
        terminalreporter.write_line(f"{test}: {figure}" + (f" ({times} x)" if times > 1 else ""))
    terminalreporter.write_line(f"on {engine}; load at the end {load}")
