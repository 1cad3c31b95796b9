"""A real browser, in which no page may complain, and the real product behind it."""

import os
import shutil
from itertools import count
from pathlib import Path

import pytest
from playwright.sync_api import expect

from hub.demo import cast
from hub.demo.catalogue import ACME_PRODUCTS, GLOBEX_PRODUCTS
from tests.journeys.judges import Complaints
from tests.journeys.shops import Shop
from tests.journeys.stack import running_stack
from tests.journeys.walks import sign_in
from tests.nameserver import NameServer, serving

# Playwright runs an event loop in the test's thread; Django would take that for async code.
os.environ.setdefault("DJANGO_ALLOW_ASYNC_UNSAFE", "true")

HERE = Path(__file__).parent
CHROMIUMS = ["chromium", "chromium-browser", "google-chrome"]
# Vendors' own domains, which no name server outside knows, lead to this machine.
DOMAINS = ["--host-resolver-rules=MAP *.example 127.0.0.1"]
QUIET = ["--disable-background-networking", "--disable-component-update", "--disable-sync"]


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items):
    """All journeys of a run go through one stack, so one process walks them."""
    for item in items:
        if item.path.is_relative_to(HERE):
            item.add_marker(pytest.mark.journey)
            item.add_marker(pytest.mark.xdist_group("journeys"))


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args):
    chromium = os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, CHROMIUMS)))
    as_root = ["--no-sandbox"] if os.geteuid() == 0 else []
    return {
        **browser_type_launch_args,
        "executable_path": chromium,
        "args": [*browser_type_launch_args.get("args", []), *QUIET, *DOMAINS, *as_root],
    }


@pytest.fixture(scope="session")
def browser_context_args(browser_context_args):
    """Tall, so that nothing scrolls: Chromium brings a click that comes right after a scroll to the
    frame that was there before, faster than any person could press."""
    tall = {"width": 1280, "height": 1600}
    where = {"locale": "en-GB", "timezone_id": "Europe/Berlin"}
    return {**browser_context_args, "viewport": tall, **where}


@pytest.fixture(scope="session", autouse=True)
def patience():
    """The browser shares the machine with the servers it talks to."""
    expect.set_options(timeout=20_000)


# Documentation addresses: to the hub, which trusts one proxy here, each browser is someone else.
CLIENTS = (f"2001:db8:{number:x}::1" for number in count(1))


def from_elsewhere():
    return {"extra_http_headers": {"X-Forwarded-For": next(CLIENTS)}}


@pytest.fixture
def context(new_context):
    return new_context(**from_elsewhere())


@pytest.fixture
def complaints(context):
    """What the browser held against the pages: console errors, exceptions, refused content.

    A test that provokes one says so: `complaints.expect("404")`.
    """
    heard = Complaints()
    heard.listen_to(context)
    yield heard
    assert heard.unexpected() == []


@pytest.fixture
def page(page, complaints):
    return page


@pytest.fixture
def another_browser(new_context, complaints):
    """Opens a page in a browser of somebody else: `another_browser(java_script_enabled=False)`."""

    def open_page(**options):
        context = new_context(**from_elsewhere(), **options)
        complaints.listen_to(context)
        return context.new_page()

    return open_page


# --- The product, its vendors and their customers ---


@pytest.fixture(scope="session")
def name_servers():
    """What they tell the hub, and at which port."""
    server = NameServer()
    with serving(server) as port:
        yield server, str(port)


@pytest.fixture
def name_server(name_servers):
    return name_servers[0]


@pytest.fixture(scope="session")
def stack(name_servers):
    with running_stack(DNS_SERVERS="127.0.0.1", DNS_PORT=name_servers[1]) as stack:
        yield stack


@pytest.fixture
def mailbox(stack):
    return stack.mailbox


@pytest.fixture
def up(stack):
    """Says at once when the product has stopped, instead of waiting for what will not come."""
    stack.processes.check()


@pytest.fixture(scope="session")
def shops(stack):
    return {
        name: Shop(stack, name, setup, products)
        for name, setup, products in (
            ("acme", cast.ACME, ACME_PRODUCTS),
            ("globex", cast.GLOBEX, GLOBEX_PRODUCTS),
        )
    }


@pytest.fixture
def acme(shops, up):
    yield shops["acme"]
    shops["acme"].let_everyone_go()


@pytest.fixture
def globex(shops, up):
    yield shops["globex"]
    shops["globex"].let_everyone_go()


@pytest.fixture
def enter(page, mailbox):
    """Signs a customer in through the door: `enter(acme, alice)`."""

    def through_the_door(shop, buyer, page=page):
        sign_in(page, shop, mailbox, buyer)
        return page

    return through_the_door
