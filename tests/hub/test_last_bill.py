"""What Stripe still bills at the end of what was cancelled: no place may say that nothing is."""

from html import unescape
from io import BytesIO
from typing import Any

import pytest
from django.core import mail
from pypdf import PdfReader

from billing.models import Subscription
from hub.presentation.words import day
from tests.billing.plugin import Buyer
from tests.clients import signed_in

pytestmark = pytest.mark.usefixtures("in_acme", "printed")

UNTRUE = [
    "There will be no further charge",
    "not charged again",
    "is not charged for another period",
    "no further charge",
    "nothing is charged",
]


@pytest.fixture
def metered(buy: Buyer) -> Subscription:
    product = buy.stripe.products.create({"name": "Translation API"}).id
    by_use: Any = {
        "interval": "month",
        "usage_type": "metered",
        "meter": "mtr_1",
    }
    price = buy.stripe.prices.create(
        {"product": product, "currency": "eur", "unit_amount": 20, "recurring": by_use}
    )
    return buy.subscription(items=[{"price": price.id}])


def told_of(row: Subscription) -> list[str]:
    """Cancels it. The answer, its page, its line among all, the mail's two parts, the record."""
    browser, path = signed_in(row.customer), f"/subscriptions/{row.pk}/"
    mail.outbox.clear()
    answer = browser.post(f"{path}cancel/", follow=True).text
    [message] = mail.outbox
    [html] = [part.content for part in message.alternatives]
    record = browser.get(f"{path}cancelled/record/").content
    paper = " ".join(page.extract_text() for page in PdfReader(BytesIO(record)).pages)
    told = [answer, browser.get(path).text, browser.get("/").text, message.body, html, paper]
    return [" ".join(unescape(text).split()) for text in told]


def test_it_says_so_before(metered):
    page = signed_in(metered.customer).get(f"/subscriptions/{metered.pk}/cancel/").text

    assert "What you use until then is still billed." in page
    assert "is not charged for another period" not in page


def test_what_is_used_until_the_end_is_still_billed(metered):
    answer, page, line, *mailed = told_of(metered)

    for text in (answer, page, *mailed):
        assert "What you use until then is still billed." in text
        assert [sentence for sentence in UNTRUE if sentence in text] == []
    assert "Yours until then. What you use until then is still billed" in line


def test_of_a_trial_no_use_is_billed(buy, metered):
    Subscription.objects.filter(pk=metered.pk).update(status="trialing")
    page = signed_in(metered.customer).get(f"/subscriptions/{metered.pk}/cancel/").text

    assert "still billed" not in page


def test_what_is_pending_is_told_with_its_day_and_amount(buy):
    row = buy.subscription("Photography Monthly", amount=2900)
    buy.stripe.invoice_items.create(
        {
            "customer": row.stripe_customer.stripe_customer_id,
            "subscription": row.stripe_subscription_id,
            "amount": 1500,
            "currency": "eur",
            "description": "A printed album",
        }
    )
    buy.deliver()
    row.refresh_from_db()
    asked = signed_in(row.customer).get(f"/subscriptions/{row.pk}/cancel/").text
    said = f"A last charge of €15.00 follows on {day(row.access_ends_at)}."

    answer, page, line, *mailed = told_of(row)

    row.refresh_from_db()
    assert said in asked
    assert "is not charged for another period" not in asked
    for text in (answer, page, *mailed):
        assert f"A last charge of €15.00 follows on {day(row.cancels_at)}." in text
        assert [sentence for sentence in UNTRUE if sentence in text] == []
    assert f"Yours until then. Last charge {day(row.cancels_at)}, €15.00" in line
