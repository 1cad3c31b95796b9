import pytest

from accounts.tenancy import vendor_scope
from billing.models import Action
from billing.services import approvals
from tests.clients import signed_in

ASKS_ALWAYS = "pm_card_authenticationRequired"


@pytest.fixture
def overdue(buy):
    """A payment for Language Lab: Italian has just failed; the card on file would work."""
    row = buy.subscription()
    buy.sandbox.fail_next_payment(buy.customer_id())
    buy.wait(days=31, hours=2)
    row.refresh_from_db()
    return row


@pytest.fixture
def as_buyer(overdue, buy):
    return signed_in(buy.person())


def save_card(as_buyer, buy, card="pm_card_mastercard"):
    """What the page does with a card: choice, bank, form."""
    intent = as_buyer.get("/card/").context["setup"].setup_intent_id
    form = {"scope": "all", "setup_intent": intent}
    assert as_buyer.post("/card/choice/", form).status_code == 200
    if buy.confirm_card(intent, card).status == "requires_action":
        buy.sandbox.authenticate(intent, passed=True)
    return as_buyer.post("/card/", form, follow=True)


def test_the_page_lists_what_is_open_and_offers_the_card_on_file(as_buyer):
    page = as_buyer.get("/card/").text

    assert "<h1>Pay now</h1>" in page
    assert "€19.00" in page
    assert "Pay with Visa •••• 4242" in page


def test_a_renewal_that_the_bank_asks_about_is_not_called_declined(buy):
    row = buy.subscription()
    buy.use_card(buy.customer_id(), ASKS_ALWAYS)
    buy.wait(days=31, hours=2)
    as_buyer = signed_in(buy.person())

    overview = as_buyer.get("/").text
    page = as_buyer.get(f"/subscriptions/{row.pk}/").text
    cancelling = as_buyer.get(f"/subscriptions/{row.pk}/cancel/").text

    for text in (overview, page):
        assert "Your bank wants you to approve this payment" in text
    for text in (overview, page, cancelling):
        assert "declined" not in text
        assert "again on" not in text
    paying = as_buyer.post("/card/pay/", {"subscription": str(row.pk)}, follow=True)
    assert paying.redirect_chain[-1][0] == "/card/approve/"


def test_a_renewal_that_the_bank_refused_is_called_declined(as_buyer):
    page = as_buyer.get("/").text

    assert "Your bank declined Visa •••• 4242" in page
    assert "approve" not in page


def test_the_card_that_was_declined_is_named_and_not_the_one_on_file_today(as_buyer, buy):
    buy.use_card(buy.customer_id(), "pm_card_mastercard")
    buy.deliver()

    page = as_buyer.get("/").text

    assert "Your bank declined Visa •••• 4242 on" in page
    assert "declined Mastercard" not in page


def test_a_card_that_was_never_tried_was_not_declined(buy):
    dora = buy.stripe.customers.create({"email": "dora@example.com"}).id
    row = buy.trial(customer_id=dora)
    buy.wait(days=14, hours=2)
    buy.use_card(dora, "pm_card_mastercard")
    buy.deliver()

    page = signed_in(row.customer).get("/").text

    assert "€19.00 for Photography Monthly could not be charged." in page
    assert "<p>Pay now to keep your access.</p>" in page
    assert "declined" not in page


def test_the_card_on_file_pays(as_buyer, overdue):
    page = as_buyer.post("/card/pay/", {"subscription": str(overdue.pk)}, follow=True).text

    assert "Paid just now: €19.00 for Language Lab: Italian." in page
    assert "Pay now" not in page


def test_a_refusal_names_what_is_still_open_and_leads_to_another_card(as_buyer, buy):
    buy.use_card(buy.customer_id(), "pm_card_chargeCustomerFail")
    buy.deliver()

    answer = as_buyer.post("/card/pay/", follow=True)

    assert answer.redirect_chain[-1][0] == "/card/"
    assert "The open payment did not go through." in answer.text
    assert "Still open: €19.00 for Language Lab: Italian." in answer.text


def test_with_nothing_open_it_says_so(as_buyer):
    as_buyer.post("/card/pay/")

    assert "Nothing is open" in as_buyer.post("/card/pay/", follow=True).text


def test_where_the_bank_asks_the_page_gets_what_its_script_needs(as_buyer, buy, overdue):
    answer = save_card(as_buyer, buy, ASKS_ALWAYS)

    with vendor_scope(overdue.vendor):
        [approval] = approvals.approvals_of(overdue.customer)
    assert answer.redirect_chain[-1][0] == "/card/approve/"
    assert f'data-secret="{approval.client_secret}"' in answer.text
    assert "now pays for everything." in answer.text
    assert "unsafe" not in answer.headers["Content-Security-Policy"]


def test_what_the_browser_says_of_it_is_not_believed(as_buyer, buy, overdue):
    save_card(as_buyer, buy, ASKS_ALWAYS)

    answer = as_buyer.post("/card/approve/", follow=True)

    assert answer.redirect_chain[-1][0] == "/card/approve/"
    assert "Paid just now" not in answer.text
    with vendor_scope(overdue.vendor):
        assert Action.objects.get(kind=Action.Kind.PAY).state == Action.State.STARTED


def test_without_a_question_the_page_leads_home(as_buyer):
    assert as_buyer.get("/card/approve/").headers["Location"] == "/"


def test_after_many_tries_the_card_is_not_brought_to_its_bank(as_buyer, buy):
    intent = as_buyer.get("/card/").context["setup"].setup_intent_id
    for _attempt in range(5):
        with pytest.raises(Exception, match="declined"):
            buy.confirm_card(intent, "pm_card_visa_chargeDeclined")
    buy.deliver()

    answer = as_buyer.post("/card/choice/", {"scope": "all", "setup_intent": intent})

    assert (answer.status_code, "wait an hour" in answer.json()["problem"]) == (409, True)
    assert "wait an hour" in as_buyer.get("/card/").text


def test_who_has_two_stripe_customers_is_asked_once_for_each(buy):
    one = buy.subscription("Photography Monthly")
    two = buy.subscription("Piano", customer_id=buy.another_customer_id())
    as_alice = signed_in(one.customer)
    assert "in another account of yours" in as_alice.get("/card/").text

    answer = save_card(as_alice, buy)

    assert "Mastercard ending in 4444 now pays for" in answer.text
    assert "Once more for the rest" in answer.text
    intent = answer.context["setup"].setup_intent_id
    buy.confirm_card(intent)
    where = answer.redirect_chain[-1][0]
    done = as_alice.post(where, {"scope": "all", "setup_intent": intent}, follow=True)
    assert done.redirect_chain[-1][0] == "/"
    assert "Mastercard ending in 4444 now pays for everything." in done.text
    ones = [buy.row_of(row.stripe_subscription_id) for row in (one, two)]
    assert [row.stripe_customer.card_last4 for row in ones] == ["4444", "4444"]


def test_a_sent_invoice_is_paid_on_stripes_page(buy):
    row = buy.subscription(collection_method="send_invoice", days_until_due=14)
    buy.wait(hours=2)

    answer = signed_in(row.customer).get(f"/card/?subscription={row.pk}")

    assert answer.headers["Location"].startswith("https://invoice.stripe.com/")
