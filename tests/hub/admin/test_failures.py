"""Staff see what went wrong and can help: a link mailed, an event replayed; nothing leaks."""

from typing import Any

import pytest
from bs4 import BeautifulSoup
from django.core import mail

from accounts.models import AuditEntry, TeamMember
from accounts.tenancy import vendor_scope
from billing.models import Failure, StripeEvent
from billing.sandbox.machine import Sandbox
from tests.billing.plugin import Buyer
from tests.clients import HubClient
from tests.hub.admin.conftest import Records, admin_url

pytestmark = pytest.mark.django_db
HELPERS = {"owner", "support"}


@pytest.fixture
def failure(buy: Buyer) -> Failure:
    row = buy.subscription()
    with vendor_scope(buy.vendor):
        made: dict[str, Any] = {
            "customer": row.customer,
            "subscription": row,
            "event": StripeEvent.objects.first(),
            "source": "evt_1",
            "code": "card_declined",
            "decline_code": "do_not_honor",
            "request_id": "req_123",
            "happened_at": row.started_at,
        }
        mail.outbox.clear()
        return Failure.objects.create(vendor=buy.vendor, **made)


def test_a_failure_shows_its_codes_and_leads_to_stripe(
    as_support: HubClient, failure: Failure
) -> None:
    listed = as_support.get(admin_url("billing_failure_changelist")).content.decode()
    page = as_support.get(admin_url("billing_failure_change", failure.pk)).content.decode()
    assert "card_declined / do_not_honor" in listed
    for shown in (listed, page):
        assert "https://dashboard.stripe.com/test/logs/req_123" in shown


def test_the_list_names_the_subscription_and_the_way_to_stripe(
    as_support: HubClient, failure: Failure
) -> None:
    with vendor_scope(failure.vendor):
        Failure.objects.update(request_id="", object_id="")
    listed = as_support.get(admin_url("billing_failure_changelist"))
    [row] = BeautifulSoup(listed.content, "html.parser").select("#result_list tbody tr")
    cells = {cell["class"][0]: cell.get_text(strip=True) for cell in row.select("td, th")}
    assert cells["field-subscription"] == "Language Lab: Italian"
    assert (cells["field-at_stripe"], cells["field-state"]) == ("In Stripe", "Open")


def test_support_has_the_customer_mailed_a_link_that_no_page_shows(
    as_support: HubClient, failure: Failure
) -> None:
    url = admin_url("billing_failure_send_update_link", failure.pk)
    asked = as_support.get(url).content.decode()
    assert "You never see the link" in asked
    assert mail.outbox == []
    answer = as_support.post(url, follow=True).content.decode()
    assert "Card update link sent to alice@example.com" in answer
    [message] = mail.outbox
    assert "https://billing.stripe.com/p/session/" in str(message.body)
    assert "billing.stripe.com" not in asked + answer


def test_what_stripe_says_against_a_link_is_told_to_staff(
    as_support: HubClient, failure: Failure, sandbox: Sandbox
) -> None:
    sandbox.faults.add("POST /v1/billing_portal/sessions", "403", times=3)
    url = admin_url("billing_failure_send_update_link", failure.pk)
    answer = as_support.post(url, follow=True).content.decode()
    assert "The link was not sent" in answer
    assert mail.outbox == []


def test_the_fourth_link_of_a_day_is_refused_in_words(
    as_support: HubClient, failure: Failure
) -> None:
    url = admin_url("billing_failure_send_update_link", failure.pk)
    for _ in range(3):
        as_support.post(url)
    answer = as_support.post(url, follow=True).content.decode()
    assert "three went to alice@example.com in the last 24 hours" in answer
    assert len(mail.outbox) == 3


@pytest.mark.parametrize("role", TeamMember.Role.values)
def test_only_owners_and_support_send_links_and_replay(
    role: str, team: dict[str, HubClient], acmes: Records
) -> None:
    key = acmes.rows["billing_failure"].pk
    page = team[role].get(acmes.url("billing_failure"), follow=True).content.decode()
    assert ("Send card update link" in page) == (role in HELPERS)
    answers = {
        name: team[role].post(admin_url(f"billing_failure_{name}", key)).status_code
        for name in ("send_update_link", "replay")
    }
    refused = {"read_only": 403, "settings": 404}
    if role in HELPERS:
        assert answers == {"send_update_link": 302, "replay": 404}, "it has no event"
    else:
        assert set(answers.values()) == {refused[role]}


def test_another_vendors_failure_is_nowhere(as_owner: HubClient, globexes: Records) -> None:
    key = globexes.rows["billing_failure"].pk
    for name in ("send_update_link", "replay"):
        assert as_owner.post(admin_url(f"billing_failure_{name}", key)).status_code == 404


@pytest.mark.parametrize("way", ["failure", "list"])
def test_an_event_is_replayed_and_the_log_says_by_whom(
    as_support: HubClient, failure: Failure, buy: Buyer, way: str
) -> None:
    event = failure.event
    assert event is not None
    with vendor_scope(buy.vendor):
        StripeEvent.objects.filter(pk=event.pk).update(failure="it broke", attempts=12)
    if way == "failure":
        as_support.post(admin_url("billing_failure_replay", failure.pk))
    else:
        chosen = {"action": "replay", "_selected_action": [event.pk]}
        as_support.post(admin_url("billing_stripeevent_changelist"), chosen)
    with vendor_scope(buy.vendor):
        event.refresh_from_db()
        entry = AuditEntry.objects.get(action="stripe_events_replayed")
        assert Failure.objects.get(pk=failure.pk).settled_at is not None
    assert (event.failure, event.attempts) == ("", 1)
    assert (entry.by_user and entry.by_user.email) == "support@acme.example"


@pytest.mark.parametrize("role", ["read_only"])
def test_who_only_reads_is_offered_no_replay(
    role: str, team: dict[str, HubClient], acmes: Records
) -> None:
    event = acmes.rows["billing_stripeevent"]
    url = admin_url("billing_stripeevent_changelist")
    assert 'value="replay"' not in team[role].get(url).content.decode()
    team[role].post(url, {"action": "replay", "_selected_action": [event.pk]})
    with vendor_scope(event.vendor):
        event.refresh_from_db()
    assert event.attempts == 0
