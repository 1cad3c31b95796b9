"""The control pages for everyone: axe-core, valid HTML, a phone, the dark."""

import pytest

from tests.journeys.judges import COLOURS, WCAG, accessibility_violations, html_errors

pytestmark = pytest.mark.journey


@pytest.fixture
def pages(served):
    """An account in which much has happened, and the addresses of its pages."""
    api = served.client()
    price = served.price("Photography Monthly", 2900, "month")
    customer = api.customers.create({"name": "Alice", "email": "alice@example.com"})
    card = api.payment_methods.attach("pm_card_visa", {"customer": customer.id})
    for paused in (False, True):
        subscription = api.subscriptions.create(
            {
                "customer": customer.id,
                "items": [{"price": price}],
                "default_payment_method": card.id,
            }
        )
        if paused:
            api.subscriptions.update(subscription.id, {"pause_collection": {"behavior": "void"}})
    served.ask("POST", f"/sandbox/customers/{customer.id}/fail_next_payment")
    served.ask("POST", "/sandbox/clock", {"by": 32 * 86400})
    account = f"{served.url}/accounts/acct_acme/"
    return [
        account,
        f"{account}customers/{customer.id}/",
        f"{account}events/",
        f"{account}requests/",
        f"{account}nothing/",
    ]


@pytest.mark.parametrize(
    ("scheme", "rules"), [("light", WCAG), ("dark", COLOURS)], ids=["light", "dark"]
)
@pytest.mark.parametrize("width", [320, 1280])
def test_every_page_is_accessible_and_fits(page, pages, complaints, scheme, rules, width):
    complaints.expect("404")
    page.emulate_media(color_scheme=scheme)
    page.set_viewport_size({"width": width, "height": 800})
    for address in pages:
        page.goto(address)
        assert accessibility_violations(page, rules) == [], address
        assert page.evaluate("document.documentElement.scrollWidth") <= width, address


def test_every_page_is_valid_html(served, pages):
    sources = {
        address: served.ask("GET", address.removeprefix(served.url)).text for address in pages
    }
    assert html_errors(sources) == []


def test_the_empty_page_is_accessible_and_valid(page, served):
    page.goto(served.url)

    assert accessibility_violations(page) == []
    assert html_errors({"empty": served.ask("GET", "/").text}) == []


def test_the_bank_page_and_the_card_frame_are_valid_html(served):
    source = served.ask("GET", "/elements/payment?account=acct_acme").text
    assert html_errors({"card": source}) == []
