"""Cancelling while a payment is open: Stripe goes on trying it, so no place may say otherwise."""

from datetime import UTC, datetime, timedelta
from html import unescape
from io import BytesIO

import pytest
import time_machine
from django.core import mail
from django.utils import timezone, translation
from pypdf import PdfReader

from accounts.models import Customer
from accounts.tenancy import vendor_scope
from billing import emails
from billing.models import Action
from billing.still_open import StillOpen, still_open
from hub.presentation.words import day, near_day
from tests.clients import signed_in
from tests.factories import make_subscription

pytestmark = pytest.mark.usefixtures("in_acme")

UNTRUE = [
    "You keep full access",
    "Full access, as before",
    "There will be no further charge",
    "not charged again",
    "Sie behalten vollen Zugang",
    "Voller Zugang",
    "s wird nichts mehr abgebucht",
    "4242 wird nichts mehr abgebucht",
    "0341 wird nichts mehr abgebucht",
]


@pytest.fixture
def late(buy):
    row = buy.subscription("Photography Monthly", amount=2900)
    buy.use_card(buy.customer_id(), "pm_card_chargeCustomerFail")
    buy.wait(days=32)
    row.refresh_from_db()
    assert row.status == "past_due"
    assert row.next_attempt_at
    mail.outbox.clear()
    return row


@pytest.fixture(params=["en", "de"])
def language(request, late):
    with vendor_scope(late.vendor):
        Customer.objects.filter(pk=late.customer_id).update(language=request.param)
    late.customer.refresh_from_db()
    return request.param


@pytest.fixture
def as_buyer(late, language):
    return signed_in(late.customer)


def said(row, language):
    """What is open, when it is tried again, and that this is all."""
    with translation.override(language):
        tried_on = day(row.next_attempt_at)
    if language == "de":
        return [
            "29,00 € sind noch offen und bleiben fällig.",
            f"Am {tried_on} versuchen wir es erneut mit Visa •••• 0341.",
            "Darüber hinaus wird nichts abgebucht.",
        ]
    return [
        "€29.00 is still open and stays due.",
        f"We try Visa •••• 0341 again on {tried_on}.",
        "Beyond that, nothing is charged.",
    ]


def assert_true(text, row, language):
    text = " ".join(unescape(text).split())
    assert [sentence for sentence in said(row, language) if sentence not in text] == []
    assert [sentence for sentence in UNTRUE if sentence in text] == []


def test_the_page_says_so_before(as_buyer, late, language):
    page = as_buyer.get(f"/subscriptions/{late.pk}/cancel/").text

    assert_true(page, late, language)
    assert f'href="/card/?subscription={late.pk}"' in page


def test_the_result_says_so_after(as_buyer, late, language):
    page = as_buyer.post(f"/subscriptions/{late.pk}/cancel/", follow=True).text

    assert_true(page, late, language)
    assert f'href="/card/?subscription={late.pk}"' in page


def test_the_subscriptions_page_says_so(as_buyer, late, language):
    as_buyer.post(f"/subscriptions/{late.pk}/cancel/")
    page = as_buyer.get(f"/subscriptions/{late.pk}/").text

    assert_true(page, late, language)


def test_the_mail_says_so(as_buyer, late, language):
    as_buyer.post(f"/subscriptions/{late.pk}/cancel/")

    [message] = mail.outbox
    [html] = [part.content for part in message.alternatives]
    assert_true(message.body, late, language)
    assert_true(html, late, language)
    assert f"/card/?subscription={late.pk}" in message.body
    assert f"/card/?subscription={late.pk}" in html


@pytest.mark.usefixtures("printed")
def test_the_record_says_so_and_goes_on_saying_it_once_it_is_paid(as_buyer, late, buy, language):
    as_buyer.post(f"/subscriptions/{late.pk}/cancel/")
    buy.use_card(buy.customer_id(), "pm_card_visa")
    buy.wait(days=6)

    record = as_buyer.get(f"/subscriptions/{late.pk}/cancelled/record/").content

    text = " ".join(page.extract_text() for page in PdfReader(BytesIO(record)).pages)
    [amount, *_rest] = said(late, language)
    assert amount in " ".join(text.split())


def test_once_it_is_paid_no_further_charge_is_promised(late, buy):
    browser = signed_in(late.customer)
    browser.post(f"/subscriptions/{late.pk}/cancel/")
    buy.use_card(buy.customer_id(), "pm_card_visa")
    buy.wait(days=6)

    late.refresh_from_db()
    page = browser.get(f"/subscriptions/{late.pk}/cancelled/").text

    assert late.past_due_minor == 0
    assert "There will be no further charge." in page
    assert "still open" not in page


def test_list_and_headline_say_past_due_and_when_it_ends(late):
    browser = signed_in(late.customer)
    browser.post(f"/subscriptions/{late.pk}/cancel/")
    late.refresh_from_db()
    ends = f"Cancels on {day(late.cancels_at)}"

    overview = browser.get("/").text
    page = browser.get(f"/subscriptions/{late.pk}/").text

    assert "Past due since" in overview
    assert "Past due since" in page
    assert ends in overview
    assert ends in page
    assert f"/subscriptions/{late.pk}/cancel/" not in overview
    assert f"/subscriptions/{late.pk}/#stop" in overview


@pytest.mark.usefixtures("printed")
def test_no_try_is_promised_that_would_come_after_its_end(buy):
    weekly = {"items": [{"price": buy.price_id("Weekly", 500, interval="week")}]}
    row = buy.subscription(**weekly)
    buy.use_card(buy.customer_id(), "pm_card_chargeCustomerFail")
    buy.wait(days=11)
    row.refresh_from_db()
    assert row.next_attempt_at > row.access_ends_at
    mail.outbox.clear()
    browser = signed_in(row.customer)
    assert "We try Visa •••• 0341 again on" in browser.get("/").text

    before = browser.get(f"/subscriptions/{row.pk}/cancel/").text
    result = browser.post(f"/subscriptions/{row.pk}/cancel/", follow=True).text

    page = browser.get(f"/subscriptions/{row.pk}/").text
    record = browser.get(f"/subscriptions/{row.pk}/cancelled/record/").content
    printed = " ".join(page.extract_text() for page in PdfReader(BytesIO(record)).pages)
    for text in (before, result, page, mail.outbox[0].body, printed):
        assert "€5.00 is still open and stays due. Beyond that" in " ".join(text.split())
    for text in (before, result, page, mail.outbox[0].body, printed, browser.get("/").text):
        assert "again on" not in text
    row.refresh_from_db()
    assert row.next_attempt_at is None

    browser.post(f"/subscriptions/{row.pk}/keep/")
    assert "We try Visa •••• 0341 again on" in browser.get("/").text


def test_without_a_next_attempt_the_amount_stays_due(as_alice, alice):
    row = make_subscription(
        alice,
        status="unpaid",
        past_due_minor=1900,
        past_due_since=timezone.now() - timedelta(days=30),
    )

    page = as_alice.get(f"/subscriptions/{row.pk}/cancel/").text

    assert "€19.00 is still open and stays due. Beyond that, nothing is charged." in page
    assert "We try" not in page
    assert "You keep full access" not in page


def test_an_older_open_invoice_is_named_where_the_latest_is_paid(as_alice, alice):
    ends_at = timezone.now() + timedelta(days=10)
    row = make_subscription(alice, past_due_minor=1900, cancels_at=ends_at, next_charge_at=None)

    overview = as_alice.get("/").text
    page = as_alice.get(f"/subscriptions/{row.pk}/").text

    assert "€19.00 is still open" in overview
    assert "no further charge" not in overview
    assert "€19.00 is still open and stays due." in page
    assert "not charged again" not in page


@pytest.mark.usefixtures("unprinted")
@pytest.mark.parametrize(
    ("fields", "link"),
    [
        (
            {
                "collection_method": "send_invoice",
                "open_minor": 1900,
                "open_invoice_url": "https://stripe.example/i/1",
            },
            "https://stripe.example/i/1",
        ),
        ({"is_managed": True, "past_due_minor": 1900, "status": "past_due"}, None),
    ],
)
def test_the_mail_leads_only_where_a_payment_is_taken(alice, fields, link):
    ends_at = timezone.now() + timedelta(days=10)
    row = make_subscription(alice, cancels_at=ends_at, next_charge_at=None, **fields)
    due = still_open(row).to_remember()
    action = Action.objects.create(
        vendor=alice.vendor,
        customer=alice,
        kind=Action.Kind.CANCEL,
        subscription=row,
        parameters={"ends_at": ends_at.isoformat(), "still_open": due},
    )

    emails.cancellation(action, row)

    [message] = mail.outbox
    [html] = [part.content for part in message.alternatives]
    for text in (message.body, html):
        assert "still open and stays due." in text
        assert "/card/?subscription=" not in text
        assert ("Pay now" in text) == (link is not None)
        assert link is None or link in text


def test_a_sent_invoice_that_is_not_overdue_is_open_too(as_alice, alice):
    row = make_subscription(
        alice,
        collection_method="send_invoice",
        open_minor=1900,
        open_invoice_url="https://invoice.stripe.com/i/open",
    )

    page = as_alice.get(f"/subscriptions/{row.pk}/cancel/").text

    assert "€19.00 is still open and stays due." in page
    assert 'href="https://invoice.stripe.com/i/open">Pay invoice</a>' in page
    assert "You keep full access" not in page


@pytest.fixture
def twice_invoiced(buy):
    """Two open invoices were sent: one is overdue, the other is not yet."""
    row = buy.subscription(amount=2900, collection_method="send_invoice", days_until_due=30)
    with time_machine.travel(timedelta(days=33)):
        buy.wait(hours=2)
        row.refresh_from_db()
        assert (row.past_due_minor, row.open_minor) == (2900, 5800)
        mail.outbox.clear()
        yield row


def test_what_was_sent_is_past_due_since_the_day_it_was_due(twice_invoiced):
    first_due_at = twice_invoiced.started_at + timedelta(days=30)

    page = signed_in(twice_invoiced.customer).get("/").text

    assert f"Past due since {near_day(first_due_at)}" in page


def test_of_several_invoices_none_is_made_up_and_the_oldest_is_paid_first(twice_invoiced):
    browser = signed_in(twice_invoiced.customer)

    for path in ("/", f"/subscriptions/{twice_invoiced.pk}/cancel/"):
        page = browser.get(path).text
        assert f'href="{twice_invoiced.open_invoice_url}">Pay oldest invoice</a>' in page
        assert "Pay invoice" not in page
    assert "€29.00 for Language Lab: Italian is overdue." in browser.get("/").text


@pytest.mark.usefixtures("printed")
def test_of_sent_invoices_all_that_is_open_is_named_overdue_or_not(twice_invoiced):
    row, browser = twice_invoiced, signed_in(twice_invoiced.customer)
    said = "€58.00 is still open and stays due. Beyond that, nothing is charged."

    before = browser.get(f"/subscriptions/{row.pk}/cancel/").text
    result = browser.post(f"/subscriptions/{row.pk}/cancel/", follow=True).text

    page = browser.get(f"/subscriptions/{row.pk}/").text
    record = browser.get(f"/subscriptions/{row.pk}/cancelled/record/").content
    printed = " ".join(page.extract_text() for page in PdfReader(BytesIO(record)).pages)
    for text in (before, result, page, mail.outbox[0].body, printed):
        assert said in " ".join(text.split())


# --- In the hour in which a renewal's invoice is a draft ---


@pytest.fixture(params=["charge_automatically", "send_invoice"])
def renewing(request, buy):
    """Renewed ten minutes ago; Stripe finalises the draft in fifty."""
    sent = {"collection_method": "send_invoice", "days_until_due": 7}
    row = buy.subscription(amount=2900, **sent if request.param == "send_invoice" else {})
    buy.wait(hours=2)
    for invoice in buy.stripe.invoices.list({"status": "open"}).data:
        buy.stripe.invoices.pay(invoice.id)
    row.refresh_from_db()
    span = row.period_ends_at - datetime.fromtimestamp(buy.sandbox.clock.now(), UTC)
    buy.wait(seconds=int(span.total_seconds()) + 600)
    row.refresh_from_db()
    mail.outbox.clear()
    return row


def to_come(row):
    """That the renewal is still charged, when and how much, and that this is all."""
    today = day(row.drafted_at)
    sentence = f"€29.00 for the time that has begun is charged to Visa •••• 4242 on {today}."
    if not row.is_charged_by_itself:
        sentence = f"An invoice of €29.00 for the time that has begun follows on {today}."
    return f"{sentence} Beyond that, nothing is charged."


def short_of_it(row):
    """What is sent falls due later: Stripe gives time to pay it."""
    if row.is_charged_by_itself:
        return f"€29.00 falls due on {day(row.drafted_at)}"
    return f"An invoice of €29.00 follows on {day(row.drafted_at)}"


def assert_to_come(text, row):
    text = " ".join(unescape(text).split())
    assert to_come(row) in text
    assert [sentence for sentence in UNTRUE if sentence in text] == []


def test_a_drafted_renewal_is_the_next_charge(renewing):
    browser = signed_in(renewing.customer)
    next_one = "Next charge" if renewing.is_charged_by_itself else "Next invoice"

    overview = browser.get("/").text
    page = browser.get(f"/subscriptions/{renewing.pk}/").text

    assert f"{next_one} {near_day(renewing.drafted_at)}, €29.00" in overview
    assert f"<dt>{next_one}</dt><dd>{day(renewing.drafted_at)}</dd>" in page
    assert to_come(renewing).removesuffix(" Beyond that, nothing is charged.") in unescape(page)
    assert "What is open stays due" not in page


def test_a_drafted_renewal_is_told_before_it_is_cancelled(renewing):
    page = signed_in(renewing.customer).get(f"/subscriptions/{renewing.pk}/cancel/").text

    assert_to_come(page, renewing)


@pytest.mark.usefixtures("printed")
def test_a_drafted_renewal_is_told_once_it_is_cancelled_and_is_charged(renewing, buy):
    browser = signed_in(renewing.customer)

    result = browser.post(f"/subscriptions/{renewing.pk}/cancel/", follow=True).text

    page = browser.get(f"/subscriptions/{renewing.pk}/").text
    record = browser.get(f"/subscriptions/{renewing.pk}/cancelled/record/").content
    [message] = mail.outbox
    [html] = [part.content for part in message.alternatives]
    printed = " ".join(page.extract_text() for page in PdfReader(BytesIO(record)).pages)
    for text in (result, page, message.body, html, printed):
        assert_to_come(text, renewing)
    overview = browser.get("/").text
    assert short_of_it(renewing) in overview
    assert "no further charge" not in overview

    buy.wait(hours=1)
    renewing.refresh_from_db()
    of_it = {"subscription": renewing.stripe_subscription_id}
    latest = buy.stripe.invoices.list(of_it).data[0]
    assert latest.amount_paid == (2900 if renewing.is_charged_by_itself else 0)
    assert latest.status == ("paid" if renewing.is_charged_by_itself else "open")
    assert (renewing.drafted_at, renewing.drafted_minor) == (None, 0)


def test_who_goes_on_after_all_reads_of_the_drafted_charge(renewing):
    browser = signed_in(renewing.customer)
    browser.post(f"/subscriptions/{renewing.pk}/cancel/")
    mail.outbox.clear()

    browser.post(f"/subscriptions/{renewing.pk}/keep/")

    [message] = mail.outbox
    told = f"The next charge of €29.00 is on {day(renewing.drafted_at)}."
    assert told in " ".join(message.body.split())


def test_what_was_remembered_before_drafts_were_known_is_still_read():
    kept = {"amount_minor": 2900, "currency": "eur", "card": [], "tried_at": "", "is_last": True}

    assert StillOpen.remembered(kept).words == (
        "€29.00 is still open and stays due. Beyond that, nothing is charged."
    )
