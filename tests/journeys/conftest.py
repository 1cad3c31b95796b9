"""A real browser: Chromium from the system, in which no page may complain."""

import os
import shutil
from pathlib import Path

import pytest

from tests.journeys.judges import Complaints

# Playwright runs an event loop in the test's thread; Django would take that for async code.
os.environ.setdefault("DJANGO_ALLOW_ASYNC_UNSAFE", "true")

HERE = Path(__file__).parent
CHROMIUMS = ["chromium", "chromium-browser", "google-chrome"]
QUIET = ["--disable-background-networking", "--disable-component-update", "--disable-sync"]


def pytest_collection_modifyitems(items):
    for item in items:
        if item.path.is_relative_to(HERE):
            item.add_marker(pytest.mark.journey)


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args):
    chromium = os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, CHROMIUMS)))
    as_root = ["--no-sandbox"] if os.geteuid() == 0 else []
    return {
        **browser_type_launch_args,
        "executable_path": chromium,
        "args": [*browser_type_launch_args.get("args", []), *QUIET, *as_root],
    }


@pytest.fixture(scope="session")
def browser_context_args(browser_context_args):
    return {**browser_context_args, "locale": "en-GB", "timezone_id": "Europe/Berlin"}


@pytest.fixture
def complaints(context):
    """What the browser held against the pages: console errors, exceptions, refused content.

    A test that provokes one says so: `complaints.expect("404")`.
    """
    heard = Complaints()
    context.on("console", heard.console)
    context.on("weberror", heard.exception)
    yield heard
    assert heard.unexpected() == []


@pytest.fixture
def page(page, complaints):
    return page
