"""Mail scanners open every link, and some press its buttons: the link waits for its owner.

What they get to see and a small number of them is in tests/accounts/test_sign_in.py.
"""

import os
import shutil
from collections.abc import Iterator
from itertools import cycle

import pytest
from playwright.sync_api import Browser as Chromium
from playwright.sync_api import sync_playwright

from tests.safety.doors import Door, open_door

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("running")]

LINKS, LOOKS = 200, 50
PRESSABLE = "main button:visible, main input:visible, main a:visible"
AGENTS = [
    "Mozilla/5.0 (compatible; Microsoft SafeLinks)",
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 BingPreview/1.0b",
    "Barracuda Sentinel (EE)",
    "Mimecast URL Protect",
    "Proofpoint URL Defense",
    "GoogleImageProxy",
    "Slackbot-LinkExpanding 1.0 (+https://api.slack.com/robots)",
    "WhatsApp/2.24",
    "python-requests/2.32",
    "",
]


@pytest.fixture(scope="module")
def door() -> Iterator[Door]:
    with open_door() as door:
        yield door


@pytest.fixture(scope="module")
def chromium() -> Iterator[Chromium]:
    path = os.environ.get("CHROMIUM") or shutil.which("chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield browser
        browser.close()


def test_two_hundred_links_survive_their_scanners(door, chromium, report):
    works = 0
    for address in door.make_customers("scanned", LINKS):
        owner, path = door.request_link(address)
        before = door.sessions()
        look_at(door, path)
        press_everything(door, chromium, path)

        assert door.sessions() == before, "a scanner got in"
        owner.submit(path, {}, page=path)
        works += owner.is_signed_in
    report(
        f"{LINKS} links, each after {LOOKS} GET and HEAD and a browser that presses all:"
        f" {works} still work, 0 sessions for scanners"
    )
    assert works == LINKS


def look_at(door: Door, path: str) -> None:
    agents, methods = cycle(AGENTS), cycle(["GET", "HEAD", "GET"])
    for _ in range(LOOKS):
        status, _page = door.browser(next(agents)).ask(next(methods), path)
        assert status == 200


def press_everything(door: Door, chromium: Chromium, path: str) -> None:
    """Runs scripts, keeps cookies, and presses each button and link that is there, in turn."""
    place = door.browser().headers["X-Forwarded-For"]
    context = chromium.new_context(extra_http_headers={"X-Forwarded-For": place})
    page = context.new_page()
    page.goto(f"http://acme.localhost:{door.hub.port}{path}")
    for number in range(page.locator(PRESSABLE).count()):
        page.goto(f"http://acme.localhost:{door.hub.port}{path}")
        page.locator(PRESSABLE).nth(number).click()
        page.wait_for_load_state()
    context.close()
