"""The vendor's list of what went wrong: once each, with what is needed to help."""

from datetime import timedelta
from typing import Any

import pytest
from django.core import mail
from django.utils import timezone

from accounts.errors import AskedTooOften
from accounts.models import AuditEntry, SentMail, User, Vendor
from billing import events
from billing.errors import BillingError, StripeRefused
from billing.models import Action, Failure, StripeAccount, StripeEvent, Subscription
from billing.sandbox.machine import Sandbox
from billing.services import actions, cancellation
from billing.services.failures import record_failure
from billing.services.update_links import send_update_link
from tests.billing.plugin import Buyer
from tests.billing.test_events import handled, make_event

pytestmark = pytest.mark.usefixtures("in_acme")


def cancelled_in_vain(buy: Buyer) -> Failure:
    row = buy.subscription()
    buy.sandbox.faults.add("POST /v1/subscriptions/*", "403", times=9)
    with pytest.raises(StripeRefused):
        cancellation.cancel(row)
    buy.sandbox.faults.clear()
    return Failure.objects.get()


def test_what_stripe_refuses_is_listed_with_what_the_vendor_needs(buy: Buyer) -> None:
    StripeAccount.objects.update(account_id="acct_acme")
    failure = cancelled_in_vain(buy)
    assert failure.action is not None
    assert (failure.customer, failure.what) == (buy.person(), "Cancel")
    assert "does not have the required permissions" in failure.detail
    assert failure.request_id.startswith("req_")
    assert failure.dashboard_url == (
        f"https://dashboard.stripe.com/acct_acme/test/logs/{failure.request_id}"
    )


@pytest.mark.parametrize(
    ("fields", "url"),
    [
        ({"livemode": True, "request_id": "req_1"}, "https://dashboard.stripe.com/logs/req_1"),
        ({"object_id": "sub_1"}, "https://dashboard.stripe.com/test/search?query=sub_1"),
        ({}, "https://dashboard.stripe.com/test/logs"),
    ],
)
def test_the_link_leads_to_the_right_place_in_the_right_mode(
    fields: dict[str, Any], url: str
) -> None:
    assert Failure(**fields).dashboard_url == url


def test_the_same_failure_is_listed_once_and_open_again_when_it_comes_back(buy: Buyer) -> None:
    error = BillingError("No.", code="card_declined", decline_code="do_not_honor")
    person = buy.subscription().customer
    first = record_failure(error, source="evt_1", customer=person)
    Failure.objects.update(settled_at=first.happened_at)
    again = record_failure(error, source="evt_1", customer=person)
    assert (again.pk, again.settled_at) == (first.pk, None)
    assert Failure.objects.count() == 1


def test_an_act_that_was_only_left_alone_is_no_failure(buy: Buyer) -> None:
    row = buy.subscription()
    action = actions.start(Action.Kind.CANCEL, row.customer, subscription=row)
    actions.finish_not_applied(action)
    assert not Failure.objects.exists()


def test_what_comes_right_is_settled(buy: Buyer, in_acme: Vendor, sandbox: Sandbox) -> None:
    row = buy.subscription()
    sandbox.faults.add("GET /v1/subscriptions/*", "403", times=9)
    event = make_event(in_acme, "customer.subscription.updated", row.stripe_subscription_id)
    assert handled(event).handled_at is not None
    failure = Failure.objects.get()
    assert (failure.event, failure.object_id) == (event, row.stripe_subscription_id)
    sandbox.faults.clear()
    events.replay(event)
    failure.refresh_from_db()
    assert failure.settled_at is not None


@pytest.mark.parametrize("fault", ["timeout_before", "timeout_after", "500", "403"])
def test_a_cancellation_that_worked_the_second_time_settles_the_first(
    buy: Buyer, sandbox: Sandbox, fault: str
) -> None:
    row, other = buy.subscription(), buy.subscription("Lab")
    for one in (row, other):
        sandbox.faults.add("POST /v1/subscriptions/*", fault, times=3)
        with pytest.raises(BillingError):
            cancellation.cancel(one)
        sandbox.faults.clear()
    Action.objects.update(started_at=timezone.now() - timedelta(minutes=3))
    cancellation.cancel(row)
    [still_open] = Failure.objects.filter(settled_at=None)
    assert still_open.subscription == other


def test_what_the_vendor_put_right_at_stripe_is_settled(buy: Buyer) -> None:
    failure = cancelled_in_vain(buy)
    row = buy.row_of(buy.stripe.subscriptions.list().data[0].id)
    buy.stripe.subscriptions.update(row.stripe_subscription_id, {"metadata": {"seen": "yes"}})
    buy.deliver()
    failure.refresh_from_db()
    assert failure.settled_at is None
    buy.stripe.subscriptions.update(row.stripe_subscription_id, {"cancel_at": "max_period_end"})
    buy.deliver()
    failure.refresh_from_db()
    assert failure.settled_at is not None


def test_details_that_were_changed_the_second_time_settle_the_first(buy: Buyer) -> None:
    person = buy.subscription().customer
    tries = [actions.start(Action.Kind.UPDATE_DETAILS, person) for _ in range(2)]
    actions.finish(tries[0], Action.State.REFUSED, error=StripeRefused("No."))
    actions.finish(tries[1], Action.State.DONE)
    assert Failure.objects.get().settled_at is not None


def test_an_event_of_the_other_mode_is_listed_and_nothing_is_asked(
    buy: Buyer, in_acme: Vendor, sandbox: Sandbox
) -> None:
    asked = len(sandbox.ledger)
    event = handled(make_event(in_acme, "customer.updated", "cus_1", livemode=True))
    assert event.handled_at is not None
    assert "other mode" in Failure.objects.get().detail
    assert len(sandbox.ledger) == asked


def test_the_hash_covers_what_was_asked_for_and_for_whom(buy: Buyer) -> None:
    """A cancellation has no parameters of its own."""
    one, other = buy.subscription(), buy.subscription("Lab")
    asked = [(one, "price"), (one, "time"), (other, "price"), (one, "price")]
    hashes = []
    for row, reason in asked:
        action = actions.start(Action.Kind.CANCEL, row.customer, subscription=row, reason=reason)
        hashes.append(action.parameters_hash)
        actions.forget(action)
    assert len(set(hashes)) == 3
    assert hashes[0] == hashes[3]


def test_the_parameters_hash_stays_when_the_parameters_are_forgotten(buy: Buyer) -> None:
    action = actions.start(
        Action.Kind.UPDATE_DETAILS,
        buy.subscription().customer,
        parameters={"details": {"name": "Alice"}},
    )
    before = action.parameters_hash
    actions.finish(action, Action.State.DONE)
    assert (action.parameters, action.parameters_hash) == ({}, before)
    assert len(before) == 64


# --- Stripe's own page for a card ---


def test_the_customer_alone_gets_the_link_to_stripes_page(
    buy: Buyer, owner: User, sandbox: Sandbox
) -> None:
    failure = cancelled_in_vain(buy)
    mail.outbox.clear()
    send_update_link(buy.person(), by=owner, subscription=failure.subscription, source="failure 1")
    [message] = mail.outbox
    html = str(message.alternatives[0][0])  # type: ignore[attr-defined]
    link = "https://billing.stripe.com/p/session/test_"
    assert message.to == ["alice@example.com"]
    assert link in str(message.body)
    assert link in html
    [asked] = sandbox.ledger.of("POST", "/v1/billing_portal/sessions")
    assert asked.idempotency_key == Action.objects.get(kind=Action.Kind.SEND_UPDATE_LINK).key(
        "portal"
    )
    entry = AuditEntry.objects.get(action__contains="update_link")
    assert (entry.by_user, entry.subject) == (owner, "alice@example.com")
    kept = [*SentMail.objects.values(), *Action.objects.values(), *AuditEntry.objects.values()]
    assert "billing.stripe.com" not in str(kept)


def test_a_mailbox_gets_three_such_links_a_day(buy: Buyer, owner: User) -> None:
    row = buy.subscription()
    mail.outbox.clear()
    for _ in range(3):
        send_update_link(row.customer, by=owner, subscription=row)
    with pytest.raises(AskedTooOften):
        send_update_link(row.customer, by=owner, subscription=row)
    assert len(mail.outbox) == 3
    Action.objects.update(started_at=timezone.now() - timedelta(hours=25))
    send_update_link(row.customer, by=owner, subscription=row)
    assert len(mail.outbox) == 4


def test_a_key_that_may_not_make_links_leaves_a_failure(
    buy: Buyer, owner: User, sandbox: Sandbox
) -> None:
    row = buy.subscription()
    mail.outbox.clear()
    sandbox.faults.add("POST /v1/billing_portal/sessions", "403", times=3)
    with pytest.raises(StripeRefused, match="could not be changed"):
        send_update_link(row.customer, by=owner, subscription=row)
    assert mail.outbox == []
    assert Failure.objects.get().what == "Send card update link"
    assert not AuditEntry.objects.filter(action="update_link_sent").exists()


def test_an_event_that_is_pruned_takes_its_failure_along(buy: Buyer, in_acme: Vendor) -> None:
    event = handled(make_event(in_acme, "customer.subscription.updated", "sub_gone"))
    assert Failure.objects.get().event == event
    StripeEvent.objects.all().delete()
    assert not Failure.objects.exists()
    assert not Subscription.objects.exists()
