"""A new address counts once its mailbox confirms, and the old one can take it back."""

from contextlib import suppress
from datetime import timedelta

import pytest
from django.core import mail
from django.db import IntegrityError, transaction
from django.db.models.functions import Now
from django.utils.timezone import now

from accounts import tasks
from accounts.errors import AddressTaken, AskedTooOften, LinkNotValid, ProofNotRight
from accounts.models import AuditEntry, Customer, EmailAddress, MagicLink
from accounts.services import addresses, sign_in
from accounts.tenancy import vendor_scope
from tests.accounts.mailbox import link_in, newest, token_in
from tests.clients import signed_in
from tests.factories import make_customer


def ask(customer: Customer, address: str = "alice@new.example") -> str:
    """The token of the mail that went to the new address."""
    addresses.request_change(customer, address=address)
    assert newest().to == [address]
    return token_in(newest())


def confirm(token: str, by: Customer | None = None, former: str = "") -> Customer:
    """As from the page: signed in as someone, or not and typing the former address."""
    return addresses.confirm_change(token, by=by, known=former)


def addresses_of(customer: Customer) -> list[str]:
    return list(customer.addresses.values_list("address", flat=True))


def test_an_address_is_found_whatever_its_case(alice, carol, in_acme):
    assert addresses.find_customer("ALICE@example.COM") == alice
    assert addresses.find_customer("nobody@example.com") is None
    assert addresses.find_customer("carol@example.com") is None, "she is Globex's"


def test_until_it_is_confirmed_nothing_changes(alice, in_acme):
    token = ask(alice)
    link = addresses.peek_change(token)

    assert (link.customer, link.email) == (alice, "alice@new.example")
    alice.refresh_from_db()
    assert alice.email == "alice@example.com"
    assert link_in(newest()).startswith("/profile/confirm/")


def test_the_confirmed_address_takes_the_old_ones_place(alice, in_acme):
    customer = confirm(ask(alice), alice)

    assert customer == alice
    alice.refresh_from_db()
    assert alice.email == "alice@new.example"
    assert addresses_of(alice) == ["alice@new.example"]
    assert EmailAddress.objects.get().verified_at is not None
    assert addresses.find_customer("alice@example.com") is None


def test_the_old_address_is_told_of_the_new_one(alice, in_acme):
    confirm(ask(alice), alice)

    assert newest().to == ["alice@example.com"]
    assert newest().subject == "Your e-mail address at Acme was changed"
    assert "we write to alice@new.example instead of alice@example.com" in newest().body


def test_every_session_ends(alice, in_acme):
    client = signed_in(alice)
    confirm(ask(alice), alice)

    assert client.get("/documents/").status_code == 302


def test_links_mailed_to_the_old_address_stop_working(alice, at_acme, in_acme):
    at_acme.post("/sign-in/", {"email": "alice@example.com"})
    old_link = link_in(newest())
    other_change = ask(alice, "alice@third.example")
    confirm(ask(alice), alice)

    assert at_acme.post(old_link).status_code == 410
    with pytest.raises(LinkNotValid):
        confirm(other_change, alice)


def test_a_confirmation_works_once(alice, in_acme):
    token = ask(alice)
    confirm(token, alice)

    for look in (addresses.peek_change, lambda token: confirm(token, alice)):
        with pytest.raises(LinkNotValid) as caught:
            look(token)
        assert caught.value.reason == "used"


def test_who_is_not_signed_in_types_the_former_address(alice, in_acme):
    token = ask(alice)

    for wrong in ("", "alice@new.example", "bob@example.com"):
        with pytest.raises(ProofNotRight):
            confirm(token, former=wrong)
    alice.refresh_from_db()
    assert alice.email == "alice@example.com"

    confirm(token, former=" ALICE@example.com ")
    alice.refresh_from_db()
    assert alice.email == "alice@new.example"


def test_being_signed_in_as_someone_else_does_not_help(alice, bob, in_acme):
    with pytest.raises(ProofNotRight):
        confirm(ask(alice), by=bob)


def test_the_former_address_can_be_guessed_at_five_times(alice, in_acme):
    token = ask(alice)
    for number in range(5):
        with pytest.raises(ProofNotRight):
            confirm(token, former=f"guess{number}@example.com")

    with pytest.raises(LinkNotValid) as caught:
        confirm(token, former="alice@example.com")
    assert caught.value.reason == "locked"


def test_a_scanner_that_presses_the_button_undoes_nothing(alice, in_acme):
    confirm(ask(alice), alice)
    way_back = token_in(newest())

    for _ in range(50):
        with pytest.raises(ProofNotRight):
            confirm(way_back)

    alice.refresh_from_db()
    assert alice.email == "alice@new.example"
    confirm(way_back, former="alice@example.com")


def test_a_confirmation_expires(alice, in_acme):
    token = ask(alice)
    MagicLink.objects.update(expires_at=Now())

    with pytest.raises(LinkNotValid) as caught:
        confirm(token, alice)
    assert caught.value.reason == "expired"
    alice.refresh_from_db()
    assert alice.email == "alice@example.com"


def test_a_confirmation_is_no_way_in_and_a_way_in_no_confirmation(alice, at_acme, in_acme):
    confirmation = ask(alice)
    at_acme.post("/sign-in/", {"email": "alice@example.com"})
    way_in = token_in(newest())

    with pytest.raises(LinkNotValid):
        sign_in.redeem(confirmation, browser_key="", proof="alice@new.example")
    with pytest.raises(LinkNotValid):
        confirm(way_in, alice)


def test_a_confirmation_is_worth_nothing_at_another_vendor(alice, globex, in_acme):
    token = ask(alice)

    with vendor_scope(globex), pytest.raises(LinkNotValid) as caught:
        confirm(token, alice)
    assert caught.value.reason == "unknown"


@pytest.mark.parametrize("address", ["bob@example.com", "BOB@example.com"])
def test_another_customers_address_is_refused_once_the_mailbox_is_proved(
    alice, bob, in_acme, address
):
    token = ask(alice, address)

    with pytest.raises(AddressTaken):
        confirm(token, alice)

    alice.refresh_from_db()
    assert alice.email == "alice@example.com"
    assert addresses_of(alice) == ["alice@example.com"]
    assert addresses_of(bob) == ["bob@example.com"]
    assert addresses.peek_change(token), "nothing has changed, so the link is not spent"


def test_the_same_address_at_another_vendor_is_no_hindrance(alice, carol, in_acme):
    confirm(ask(alice, "carol@example.com"), alice)

    alice.refresh_from_db()
    assert alice.email == "carol@example.com"


def test_only_the_case_may_change(alice, in_acme):
    confirm(ask(alice, "Alice@Example.com"), alice)

    assert addresses_of(alice) == ["Alice@Example.com"]


def test_a_further_address_of_ones_own_may_become_the_first(alice, in_acme):
    EmailAddress.objects.create(customer=alice, address="alice@work.example")
    confirm(ask(alice, "alice@work.example"), alice)

    assert addresses_of(alice) == ["alice@work.example"]


def test_the_old_address_can_take_it_back_for_a_week(alice, in_acme):
    confirm(ask(alice), alice)
    told = MagicLink.objects.get(purpose="revert_email")
    assert timedelta(days=6, hours=23) < told.expires_at - now() <= timedelta(days=7)

    confirm(token_in(newest()), former="alice@example.com")

    alice.refresh_from_db()
    assert alice.email == "alice@example.com"
    assert addresses_of(alice) == ["alice@example.com"]


def test_whoever_took_an_account_over_cannot_keep_it(alice, in_acme):
    """Taken to one address, then to a second, to shake the owner off."""
    confirm(ask(alice, "eve@first.example"), alice)
    owners_way_back = token_in(newest())
    alice.refresh_from_db()
    confirm(ask(alice, "eve@second.example"), alice)
    thiefs_way_back = token_in(newest())
    alice.refresh_from_db()
    thiefs_next = ask(alice, "eve@third.example")
    mails = len(mail.outbox)

    confirm(owners_way_back, former="alice@example.com")

    alice.refresh_from_db()
    assert alice.email == "alice@example.com"
    assert addresses_of(alice) == ["alice@example.com"]
    for token in (thiefs_way_back, thiefs_next):
        with pytest.raises(LinkNotValid):
            confirm(token, alice)
    assert len(mail.outbox) == mails, "the thief gets no link to undo the undoing"


def test_it_is_on_record(alice, in_acme):
    confirm(ask(alice), alice)
    confirm(token_in(newest()), former="alice@example.com")

    back, changed = AuditEntry.objects.order_by("-pk")
    assert (changed.action, changed.customer, changed.by_customer) == ("email_changed", alice, True)
    assert changed.detail == {"from": "alice@example.com", "to": "alice@new.example"}
    assert (back.action, back.subject) == ("email_reverted", "alice@example.com")


def test_a_mailbox_is_not_flooded_by_confirmations(alice, in_acme):
    for _ in range(10):
        with suppress(AskedTooOften):
            addresses.request_change(alice, address="victim@example.com")
    assert len(mail.outbox) == 3

    for number in range(30):
        with suppress(AskedTooOften):
            addresses.request_change(alice, address=f"victim{number}@example.com")
    assert len(mail.outbox) == 20


def test_the_mail_to_the_old_address_is_not_lost_when_the_server_is_away(settings, alice, in_acme):
    token, working = ask(alice), settings.MAILERS
    settings.MAILERS = {"default": {"BACKEND": "tests.accounts.mailbox.BrokenBackend"}}
    confirm(token, alice)
    assert newest().to == ["alice@new.example"]

    settings.MAILERS = working
    MagicLink.objects.filter(purpose="revert_email").update(
        requested_at=now() - timedelta(minutes=30)
    )
    tasks.sweep_links.call()

    assert newest().to == ["alice@example.com"]


def test_one_customer_per_address_holds_in_the_database(alice, in_acme):
    with pytest.raises(IntegrityError), transaction.atomic():
        EmailAddress.objects.create(customer=alice, address="ALICE@EXAMPLE.COM")
    assert make_customer(in_acme, "Dora").addresses.count() == 1
