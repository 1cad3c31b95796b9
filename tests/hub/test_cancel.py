from datetime import timedelta

import pytest
from django.core import mail

from billing.models import CancellationRules
from tests.clients import signed_in
from tests.factories import make_subscription


@pytest.fixture
def italian(buy):
    return buy.subscription("Language Lab: Italian")


@pytest.fixture
def as_buyer(italian):
    return signed_in(italian.customer)


def in_stripe(stripe, subscription):
    return stripe.subscriptions.retrieve(subscription.stripe_subscription_id)


def test_it_asks_before_it_acts(as_buyer, italian, stripe):
    page = as_buyer.get(f"/subscriptions/{italian.pk}/cancel/").text

    assert "Cancel Language Lab: Italian?" in page
    assert "Visa •••• 4242" in page
    assert in_stripe(stripe, italian).cancel_at is None


def test_of_a_free_plan_it_does_not_say_that_a_card_is_charged_no_more(buy):
    free = buy.subscription("Newsletter", amount=0)

    page = signed_in(free.customer).get(f"/subscriptions/{free.pk}/cancel/").text

    assert "Your access ends." in page
    assert "is not charged for another period" not in page
    assert "4242" not in page


def test_it_lets_the_paid_month_run_out(as_buyer, italian, stripe, buy):
    answer = as_buyer.post(f"/subscriptions/{italian.pk}/cancel/", {"reason": "price"}, follow=True)

    ends = in_stripe(stripe, italian)
    assert ends.cancel_at == ends["items"].data[0].current_period_end
    assert ends.cancellation_details.feedback == "too_expensive"
    assert "Language Lab: Italian ends on" in answer.text
    assert "There will be no further charge." in answer.text


@pytest.mark.usefixtures("printed")
def test_a_mail_confirms_it_with_a_record(as_buyer, italian):
    mail.outbox.clear()

    as_buyer.post(f"/subscriptions/{italian.pk}/cancel/")

    [message] = mail.outbox
    assert message.to == ["alice@example.com"]
    assert "Language Lab: Italian" in message.body
    assert [content[:4] for _name, content, kind in message.attachments if "pdf" in kind] == [
        b"%PDF"
    ]


def test_asking_twice_tells_stripe_once(as_buyer, italian, sandbox):
    for _ in range(2):
        as_buyer.post(f"/subscriptions/{italian.pk}/cancel/")

    changes = [
        entry
        for entry in sandbox.ledger
        if entry.method == "POST" and italian.stripe_subscription_id in entry.path
    ]
    assert len(changes) == 1


def test_it_can_be_undone_until_the_end(as_buyer, italian, stripe):
    as_buyer.post(f"/subscriptions/{italian.pk}/cancel/")

    answer = as_buyer.post(f"/subscriptions/{italian.pk}/keep/", follow=True)

    assert in_stripe(stripe, italian).cancel_at is None
    assert "Language Lab: Italian goes on as before." in answer.text
    assert "Cancel subscription" in answer.text


def test_a_trial_is_cancelled_to_the_day_it_ends(buy, stripe):
    trial = buy.trial("Piano in 30 Days")

    page = signed_in(trial.customer).post(f"/subscriptions/{trial.pk}/cancel/", follow=True).text

    assert in_stripe(stripe, trial).cancel_at == int(trial.trial_ends_at.timestamp())
    assert "Piano in 30 Days ends on" in page


def test_a_split_pay_plan_is_refused_with_the_reason(buy, stripe):
    plan = buy.split_pay("Certificate")

    answer = signed_in(plan.customer).post(f"/subscriptions/{plan.pk}/cancel/", follow=True)

    assert "A split-pay plan cannot be cancelled here." in answer.text
    assert in_stripe(stripe, plan).status == "active"


def test_what_the_vendor_switched_off_is_refused(buy, acme, in_acme, stripe):
    CancellationRules.objects.create(vendor=acme, ongoing=False)
    italian = buy.subscription()

    answer = signed_in(italian.customer).post(f"/subscriptions/{italian.pk}/cancel/", follow=True)

    assert "Please write to help@acme.example." in answer.text
    assert in_stripe(stripe, italian).cancel_at is None


def test_what_has_ended_cannot_be_cancelled_again(as_bob, bob, sandbox, in_acme):
    ended = bob.subscriptions.get()

    answer = as_bob.post(f"/subscriptions/{ended.pk}/cancel/", follow=True)

    assert "This has ended already." in answer.text
    assert not sandbox.ledger


def test_without_stripe_it_says_that_changes_must_wait(as_buyer, italian, sandbox):
    sandbox.faults.add("*", "refused", times=50)

    answer = as_buyer.post(f"/subscriptions/{italian.pk}/cancel/", follow=True)

    assert "We cannot reach our payment provider just now" in answer.text
    assert "ends on" not in answer.text


@pytest.mark.parametrize("fault", ["timeout_after", "truncated", "500"])
def test_without_an_answer_it_does_not_say_that_nothing_happened(as_buyer, italian, sandbox, fault):
    sandbox.faults.add("POST /v1/subscriptions/*", fault, times=3)

    answer = as_buyer.post(f"/subscriptions/{italian.pk}/cancel/", follow=True)

    assert "so we do not know whether it worked" in answer.text
    assert "changes must wait" not in answer.text


def test_where_nothing_was_sent_yet_it_says_that_changes_must_wait(as_buyer, italian, sandbox):
    sandbox.faults.add("GET /v1/subscriptions/*", "timeout_before", times=9)

    answer = as_buyer.post(f"/subscriptions/{italian.pk}/cancel/", follow=True)

    assert "We cannot reach our payment provider just now" in answer.text


def test_anothers_subscription_is_not_cancelled(italian, buy, bob, stripe):
    answer = signed_in(bob).post(f"/subscriptions/{italian.pk}/cancel/")

    assert answer.status_code == 404
    assert in_stripe(stripe, italian).cancel_at is None


def test_the_page_of_what_is_not_cancelled_leads_back(as_alice, alice):
    running = make_subscription(alice)

    answer = as_alice.get(f"/subscriptions/{running.pk}/cancelled/")

    assert answer.url == f"/subscriptions/{running.pk}/"


def test_a_trials_page_says_that_nothing_is_charged(buy):
    trial = buy.trial("Piano in 30 Days")

    page = signed_in(trial.customer).get(f"/subscriptions/{trial.pk}/cancel/").text

    assert "Nothing is charged." in page
    assert "€19.00" not in page


@pytest.mark.usefixtures("printed")
def test_the_record_can_be_taken_away_again(as_buyer, italian):
    as_buyer.post(f"/subscriptions/{italian.pk}/cancel/")
    page = as_buyer.get(f"/subscriptions/{italian.pk}/cancelled/").text
    record = as_buyer.get(f"/subscriptions/{italian.pk}/cancelled/record/")

    assert f"/subscriptions/{italian.pk}/cancelled/record/" in page
    assert record.content[:4] == b"%PDF"


def test_without_a_cancellation_there_is_no_record(as_buyer, italian):
    assert as_buyer.get(f"/subscriptions/{italian.pk}/cancelled/record/").status_code == 404


def test_what_goes_on_being_charged_is_said_before_and_after(buy):
    yearly, monthly = buy.price_id("Licence", 24000, interval="year"), buy.price_id("Help", 1000)
    row = buy.subscription(items=[{"price": yearly}, {"price": monthly}])
    browser = signed_in(row.customer)

    before = browser.get(f"/subscriptions/{row.pk}/cancel/").text
    after = browser.post(f"/subscriptions/{row.pk}/cancel/", follow=True).text

    assert "is still charged: €10.00" in before
    assert "is still charged: €10.00" in after
    assert "There will be no further charge." not in after


def test_what_staff_end_later_is_charged_until_then_as_a_whole(buy):
    row = buy.subscription(amount=1900)
    buy.wait(days=2)
    ends_at = int((row.period_ends_at + timedelta(days=40)).timestamp())
    buy.stripe.subscriptions.update(row.stripe_subscription_id, {"cancel_at": ends_at})
    buy.deliver()
    page = signed_in(row.customer).get(f"/subscriptions/{row.pk}/").text

    assert "What falls due before then is still charged: €19.00" in page
    assert "A part of it" not in page


PAUSES = {
    "as a whole": lambda stripe, key: stripe.subscriptions.pause(key, {"type": "subscription"}),
    "collecting": lambda stripe, key: stripe.subscriptions.update(
        key, {"pause_collection": {"behavior": "void"}}
    ),
}


@pytest.mark.parametrize("pause", PAUSES.values(), ids=PAUSES)
def test_of_what_is_paused_no_access_is_promised(as_buyer, italian, buy, stripe, pause):
    pause(stripe, italian.stripe_subscription_id)
    buy.deliver()

    before = as_buyer.get(f"/subscriptions/{italian.pk}/cancel/").text
    after = as_buyer.post(f"/subscriptions/{italian.pk}/cancel/", follow=True).text
    page = as_buyer.get(f"/subscriptions/{italian.pk}/").text
    overview = as_buyer.get("/").text

    for text in (before, after, page, overview):
        assert "ull access" not in text
        assert "You keep access" not in text
        assert "Yours until then" not in text
    assert "You can undo this." in before
    assert "You can undo this." in after
    assert "There will be no further charge." in page
    assert "No charge while paused" in overview


@pytest.mark.parametrize(("days", "is_told"), [(5, True), (60, False)])
def test_it_does_not_go_on_after_its_end(as_buyer, italian, buy, stripe, days, is_told):
    resumes_at = buy.sandbox.clock.now() + days * 24 * 60 * 60
    pause = {"pause_collection": {"behavior": "void", "resumes_at": resumes_at}}
    stripe.subscriptions.update(italian.stripe_subscription_id, pause)
    buy.deliver()
    assert "Goes on" in as_buyer.get(f"/subscriptions/{italian.pk}/").text

    as_buyer.post(f"/subscriptions/{italian.pk}/cancel/")

    assert ("Goes on" in as_buyer.get(f"/subscriptions/{italian.pk}/").text) is is_told
    assert ("Goes on" in as_buyer.get("/").text) is is_told


def test_of_what_is_cancelled_already_it_shows_the_end_that_is_set(as_buyer, italian, buy, stripe):
    ends_at = int((italian.period_ends_at - timedelta(days=9)).timestamp())
    stripe.subscriptions.update(italian.stripe_subscription_id, {"cancel_at": ends_at})
    buy.deliver()

    answer = as_buyer.get(f"/subscriptions/{italian.pk}/cancel/")

    assert answer.url == f"/subscriptions/{italian.pk}/cancelled/"
