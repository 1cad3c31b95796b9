import json

import pytest
from django.utils.html import escape

from tests.clients import signed_in
from tests.factories import make_subscription


@pytest.fixture
def italian(buy):
    return buy.subscription("Language Lab: Italian")


@pytest.fixture
def photography(buy, italian):
    return buy.subscription("Photography Monthly", amount=2900)


@pytest.fixture
def as_buyer(italian):
    return signed_in(italian.customer)


def opened(as_buyer, path="/card/") -> str:
    """The id of the SetupIntent that the page was given."""
    return as_buyer.get(path).context["setup"].setup_intent_id


def default_of(stripe, subscription):
    customer = stripe.customers.retrieve(
        subscription.stripe_customer.stripe_customer_id,
        {"expand": ["invoice_settings.default_payment_method"]},
    )
    return customer.invoice_settings.default_payment_method.card.brand


def test_the_page_opens_stripes_own_field_under_its_own_policy(as_buyer, photography, settings):
    answer = as_buyer.get("/card/")

    assert f'src="{settings.STRIPE_JS_URL}"' in answer.text
    assert "Everything: 2 subscriptions" in answer.text
    policy = answer.headers["Content-Security-Policy"]
    assert settings.STRIPE_SANDBOX_URL in policy
    assert "unsafe" not in policy


def test_no_other_page_may_load_anything_of_stripes(as_buyer, settings):
    assert settings.STRIPE_SANDBOX_URL not in as_buyer.get("/").headers["Content-Security-Policy"]


def test_a_new_card_pays_for_everything(as_buyer, italian, photography, buy, stripe):
    intent = opened(as_buyer)
    buy.confirm_card(intent, "pm_card_mastercard")

    answer = as_buyer.post("/card/", {"scope": "all", "setup_intent": intent}, follow=True)

    assert "Mastercard ending in 4444 now pays for everything." in answer.text
    assert default_of(stripe, italian) == "mastercard"
    assert answer.text.count("Mastercard •••• 4444") == 2


def test_a_new_card_pays_for_one_and_the_rest_stays(as_buyer, italian, photography, buy, stripe):
    intent = opened(as_buyer, f"/card/?subscription={photography.pk}")
    buy.confirm_card(intent, "pm_card_mastercard")

    answer = as_buyer.post(
        "/card/", {"scope": str(photography.pk), "setup_intent": intent}, follow=True
    )

    assert "Mastercard ending in 4444 now pays for Photography Monthly." in answer.text
    assert default_of(stripe, italian) == "visa"
    row = buy.row_of(photography.stripe_subscription_id)
    assert (row.card_brand, row.card_last4) == ("mastercard", "4444")


def test_a_card_that_did_not_become_the_default_is_not_said_to_pay_for_everything(buy, sandbox):
    own = buy.stripe.payment_methods.attach("pm_card_visa", {"customer": buy.customer_id()})
    italian = buy.subscription("Language Lab: Italian", default_payment_method=own.id)
    as_buyer = signed_in(italian.customer)
    intent = opened(as_buyer)
    buy.confirm_card(intent, "pm_card_mastercard")
    sandbox.faults.add("POST /v1/customers/*", "500", times=3)

    answer = as_buyer.post("/card/", {"scope": "all", "setup_intent": intent}, follow=True)

    assert "pays for everything" not in answer.text
    assert "Mastercard ending in 4444 now pays for Language Lab: Italian." in answer.text
    assert "has not confirmed all of it" in answer.text


@pytest.mark.parametrize(
    ("has_its_own", "left_out"), [(True, "later purchases"), (False, "Language Lab: Italian")]
)
def test_what_a_card_could_not_be_changed_for_is_named(buy, sandbox, has_its_own, left_out):
    own = buy.use_card(buy.customer_id(), "pm_card_visa")
    photography = buy.subscription("Photography Monthly", default_payment_method=own)
    buy.subscription(**({"default_payment_method": own} if has_its_own else {}))
    as_buyer = signed_in(photography.customer)
    intent = opened(as_buyer)
    buy.confirm_card(intent, "pm_card_mastercard")
    sandbox.faults.add("POST /v1/customers/*", "403", times=1)

    answer = as_buyer.post("/card/", {"scope": "all", "setup_intent": intent}, follow=True)

    assert f"For {left_out} the card could not be changed. This could" in answer.text


def test_who_comes_from_one_purchase_changes_that_one_unless_told_otherwise(as_buyer, photography):
    form = as_buyer.get(f"/card/?subscription={photography.pk}").context["form"]

    assert form["scope"].value() == str(photography.pk)


def test_where_there_is_no_card_yet_one_is_added(as_buyer, italian, buy):
    pages = ["/", f"/subscriptions/{italian.pk}/", "/card/"]
    assert all("Change card" in as_buyer.get(page).text for page in pages)
    buy.stripe.payment_methods.detach(italian.stripe_customer.stripe_payment_method_id)
    buy.deliver()

    for page in pages:
        text = as_buyer.get(page).text
        assert ("Add card" in text, "Change card" in text) == (True, False), page


def test_what_was_past_due_is_said_to_be_paid(as_buyer, italian, buy, sandbox):
    sandbox.fail_next_payment(italian.stripe_customer.stripe_customer_id)
    buy.wait(days=31)
    buy.wait(hours=2)
    intent = opened(as_buyer, f"/card/?subscription={italian.pk}")
    buy.confirm_card(intent, "pm_card_mastercard")

    answer = as_buyer.post("/card/", {"scope": "all", "setup_intent": intent}, follow=True)

    assert "Paid just now: €19.00 for Language Lab: Italian." in answer.text
    assert "did not go through" not in answer.text


def test_a_card_that_was_not_confirmed_changes_nothing(as_buyer, italian, stripe):
    intent = opened(as_buyer)

    page = as_buyer.post("/card/", {"scope": "all", "setup_intent": intent}).text

    assert "Your bank did not confirm the card." in page
    assert default_of(stripe, italian) == "visa"


def test_another_customers_form_is_refused(as_buyer, italian, buy, stripe):
    other = buy.subscription(customer_id=buy.customer_id("mallory@example.com"))
    intent = opened(signed_in(other.customer))
    buy.confirm_card(intent, "pm_card_mastercard")

    page = as_buyer.post("/card/", {"scope": "all", "setup_intent": intent}).text

    assert "Your bank did not confirm the card." in page
    assert default_of(stripe, italian) == "visa"


@pytest.mark.parametrize(
    "typed",
    [{}, {"setup_intent": "seti_1"}, {"scope": "everything", "setup_intent": "seti_1"}],
    ids=["nothing", "no scope", "a scope nobody offered"],
)
def test_a_form_that_is_not_ours_comes_back_with_an_error(as_buyer, typed):
    answer = as_buyer.post("/card/", typed)

    assert answer.status_code == 200
    assert "to correct" in answer.text


def test_the_browser_gets_our_sentence_for_each_refusal(as_buyer):
    page = as_buyer.get("/card/")

    sentences = page.context["sentences"]
    assert sentences["insufficient_funds"].startswith("There is not enough money on this card.")
    assert escape(json.dumps(sentences["expired_card"])[1:-1]) in page.text


def test_who_has_nothing_live_reads_why_there_is_no_card(as_bob, sandbox):
    page = as_bob.get("/card/").text

    assert "There is no card to change" in page
    assert "stripe.js" not in page
    assert not sandbox.ledger


def test_who_pays_no_subscription_by_card_reads_for_each_why(as_bob, bob):
    make_subscription(bob, product_name="Sent", collection_method="send_invoice")
    make_subscription(bob, product_name="Gift", amount_minor=0)
    make_subscription(bob, product_name="Basic", status="incomplete")

    page = as_bob.get("/card/").text

    for name, reason in (
        ("Sent", "You get an invoice for each payment and pay it yourself"),
        ("Gift", "This is free, so it needs no card."),
        ("Basic", "The first payment is still open. Pay it first"),
    ):
        assert page.index(f">{name}<") < page.index(reason)
    assert "is not charged again" not in page


def test_a_link_to_what_is_nobodys_claims_nothing_of_what_one_has(as_alice):
    page = as_alice.get("/card/?subscription=1").text

    assert "There is no card to change" in page
    assert "You have none" not in page


def test_who_has_an_open_invoice_only_reads_where_it_is_paid(buy):
    buy.invoice(collection_method="send_invoice", days_until_due=30)

    page = signed_in(buy.person()).get("/card/").text

    assert "You pay an open invoice on Stripe's page. The overview leads you there." in page


def test_without_stripe_the_page_says_that_changes_must_wait(as_buyer, sandbox):
    sandbox.faults.add("*", "refused", times=50)

    page = as_buyer.get("/card/").text

    assert "We cannot reach our payment provider just now" in page
    assert "stripe.js" not in page


def test_after_a_banks_own_page_one_press_is_left(as_buyer, buy):
    intent = opened(as_buyer)
    buy.confirm_card(intent, "pm_card_mastercard")

    page = as_buyer.get(f"/card/?setup_intent={intent}&redirect_status=succeeded").text

    assert "Your bank has answered." in page
    assert f'value="{intent}"' in page
    assert "stripe.js" not in page
