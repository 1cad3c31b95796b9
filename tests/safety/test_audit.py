"""Every act leaves one entry that says who, and no secret."""

from __future__ import annotations

import ast
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings

from accounts.models import AuditEntry, Customer, User, Vendor
from accounts.services import audit, sign_in
from accounts.tenancy import vendor_scope
from billing.models import Action
from hub.admin.logs import STAFF_ACTS
from hub.presentation.activity import ACTS
from tests.clients import HubClient, signed_in, staff
from tests.factories import make_transaction
from tests.figures import Report
from tests.hub.admin.conftest import admin_url
from tests.hub.admin.test_vendor_settings import filled_form

pytestmark = pytest.mark.django_db


RECORDING = {"audit.record", "audit.record_for_platform", "staff_log.record"}


def recorded_names() -> set[str]:
    """What the code records under a name that stands in it."""
    found = set()
    for app in ("accounts", "billing", "hub", "invoices"):
        for path in (Path(settings.BASE_DIR) / app).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text())):
                if isinstance(node, ast.Call) and ast.unparse(node.func) in RECORDING:
                    first = node.args[0]
                    found |= {first.value} if isinstance(first, ast.Constant) else set()
    return found


def test_every_act_has_words_for_customers_and_staff() -> None:
    """A new act without them would be read as `its_name`."""
    acts = recorded_names() | (set(Action.Kind.values) - {Action.Kind.SEND_UPDATE_LINK.value})

    assert acts - (ACTS | STAFF_ACTS).keys() == set()
    assert (ACTS | STAFF_ACTS).keys() - acts <= {
        *("email_added", "email_changed", "email_made_main", "email_removed"),
        *("proof_added", "proof_removed", "staff_added", "staff_changed"),
        *("vendor_added", "vendor_changed"),
    }


type Doing = Callable[[Customer, User], Any]


def profile_link(customer: Customer, user: User) -> None:
    payment = make_transaction(customer)
    url = admin_url("billing_transaction_send_profile_link", payment.pk)
    assert staff(user).post(url).status_code == 302


def settings_changed(customer: Customer, user: User) -> None:
    browser, url = staff(user), admin_url("accounts_vendor_change", customer.vendor_id)
    assert browser.post(url, filled_form(browser, url) | {"support_hours": "1"}).status_code == 302


def by_customer(path: str, **typed: str) -> Doing:
    def act(customer: Customer, _user: User) -> None:
        assert signed_in(customer).post(path, typed).status_code == 302

    return act


def by_customer_of_two_devices(*, is_named: bool) -> Doing:
    def act(customer: Customer, user: User) -> None:
        other = signed_in(customer).session["customer_session"]
        typed = {"session": str(other)} if is_named else {}
        by_customer("/profile/activity/end/", **typed)(customer, user)

    return act


def sign_in_by_code(customer: Customer, _user: User) -> None:
    from tests.accounts.mailbox import link_in, newest

    browser = HubClient(customer.vendor.host)
    browser.post("/sign-in/", {"email": customer.email})
    assert browser.post(link_in(newest())).status_code == 302


EACH: dict[str, tuple[Doing, bool]] = {
    "signed_in": (sign_in_by_code, True),
    "signed_out": (by_customer("/sign-out/"), True),
    "session_ended": (by_customer_of_two_devices(is_named=True), True),
    "sessions_ended": (by_customer_of_two_devices(is_named=False), True),
    "profile_link_sent": (profile_link, False),
    "vendor_changed": (settings_changed, False),
}


@pytest.mark.parametrize("act", EACH)
def test_each_act_leaves_one_entry_that_says_who(
    act: str, alice: Customer, owner: User, django_capture_on_commit_callbacks: Any
) -> None:
    do, is_customers = EACH[act]
    with django_capture_on_commit_callbacks(execute=True):
        do(alice, owner)

    with vendor_scope(alice.vendor):
        entry = AuditEntry.objects.get()
        assert (entry.action, entry.client) == (act, "127.0.0.1")
        assert entry.by_customer is is_customers
        assert entry.by_user == (None if is_customers else owner)
        assert audit.verify(alice.vendor).broken_at is None


def test_what_changes_nothing_leaves_none(alice: Customer, owner: User) -> None:
    browser = signed_in(alice)
    for path in ("/", "/documents/", "/profile/", "/profile/activity/", "/card/"):
        browser.get(path)
    staff(owner).get(admin_url("accounts_vendor_change", alice.vendor_id))
    HubClient(alice.vendor.host).post("/sign-out/")

    with vendor_scope(alice.vendor):
        assert not AuditEntry.objects.exists()


def test_no_secret_gets_into_it(in_acme: Vendor, alice: Customer, report: Report) -> None:
    key, hook = "sk_live_" + "c4n4ry" * 4 + "wxyz", "whsec_" + "c4n4ry" * 4
    audit.record(
        "vendor_changed",
        customer=alice,
        subject=f"was {key}",
        detail={
            "account.secret_key": [key, "rk_test_c4n4ry"],
            "note": f"the key {key} and {hook}",
            "nested": {"password": "c4n4ry-5678", "list": [hook]},
            "name": ["before", "after"],
        },
    )
    entry = AuditEntry.objects.get()

    assert "c4n4ry" not in f"{entry.subject}{entry.detail}".replace("••••n4ry", "")
    assert entry.subject == "was ••••wxyz"
    assert entry.detail["account.secret_key"] == ["••••wxyz", "••••n4ry"]
    assert entry.detail["name"] == ["before", "after"]
    assert audit.verify(in_acme).broken_at is None
    report("secrets in subject, before and after, nested: 0 kept, last four characters shown")


def test_customers_read_their_own_acts_and_staff_read_all(
    alice: Customer, bob: Customer, owner: User
) -> None:
    with vendor_scope(alice.vendor):
        audit.record("signed_out", customer=bob, subject="of-bob")
        sign_in.send_profile_link(alice, by=owner, source="a test")
    hers = signed_in(alice).get("/profile/activity/").text
    all_of_them = staff(owner).get(admin_url("accounts_auditentry_changelist")).text

    assert "Profile link sent" in hers
    assert "of-bob" not in hers
    assert owner.email not in hers
    assert "of-bob" in all_of_them
    assert owner.email in all_of_them
