"""One customer, several mailboxes: each opens the hub, and every change can be undone."""

from datetime import timedelta

import pytest
from django.core import mail
from django.utils.timezone import now

from accounts.errors import AddressNotUsable, AddressTaken, LinkNotValid, TooManyChanges
from accounts.models import AuditEntry, Customer, EmailAddress, MagicLink
from accounts.services import addresses
from accounts.tenancy import vendor_scope
from tests.accounts.mailbox import link_in, newest, token_in
from tests.clients import HubClient, signed_in

WORK = "alice@work.example"


def add(customer: Customer, address: str = WORK) -> EmailAddress:
    """As after the walk to the new mailbox and back; the mails about it are read and gone."""
    addresses.request_adding(customer, address=address)
    addresses.confirm_change(token_in(newest()), by=customer)
    mail.outbox.clear()
    return EmailAddress.matching(address).get()


def make_main(row: EmailAddress) -> Customer:
    return addresses.make_main(row, session_id=0)


def remove(row: EmailAddress) -> None:
    addresses.remove(row, session_id=0)


def addresses_of(customer: Customer) -> set[str]:
    return set(customer.addresses.values_list("address", flat=True))


def told() -> dict[str, str]:
    """Whom a mail went to, and what its link is."""
    return {message.to[0]: token_in(message) for message in mail.outbox}


def test_a_further_address_counts_once_its_mailbox_confirms(alice, in_acme):
    addresses.request_adding(alice, address=WORK)

    assert newest().to == [WORK]
    assert addresses_of(alice) == {"alice@example.com"}
    assert addresses.waiting_to_be_added(alice) == [WORK]

    addresses.confirm_change(token_in(newest()), by=alice)
    alice.refresh_from_db()
    assert addresses_of(alice) == {"alice@example.com", WORK}
    assert alice.email == "alice@example.com", "the main one stays"
    assert addresses.waiting_to_be_added(alice) == []


def test_every_address_opens_the_one_hub(alice, acme, in_acme):
    add(alice)

    for address in ("alice@example.com", "ALICE@work.example"):
        browser = HubClient(acme.host)
        browser.post("/sign-in/", {"email": address})
        browser.post(link_in(newest()))
        assert "Language Lab: Italian" in browser.get("/").text


def test_adding_is_told_to_the_main_mailbox_and_ends_no_session(alice, in_acme):
    client = signed_in(alice)
    addresses.request_adding(alice, address=WORK)
    addresses.confirm_change(token_in(newest()), by=alice)

    assert newest().to == ["alice@example.com"]
    assert newest().subject == "An e-mail address was added at Acme"
    assert f"You can now sign in to Acme with {WORK} too." in newest().body
    assert client.get("/documents/").status_code == 200


def test_another_main_address_is_told_to_the_others_and_ends_the_other_sessions(alice, in_acme):
    row, client = add(alice), signed_in(alice)
    kept = signed_in(alice)
    addresses.make_main(row, session_id=kept.session["customer_session"])

    alice.refresh_from_db()
    assert alice.email == WORK
    assert addresses_of(alice) == {"alice@example.com", WORK}
    assert set(told()) == {"alice@example.com"}
    assert f"From now on we write to {WORK} instead of alice@example.com" in newest().body
    assert [c.get("/documents/").status_code for c in (client, kept)] == [302, 200]


def test_choosing_the_main_address_again_changes_nothing(alice, in_acme):
    row = add(alice)
    make_main(row)
    mail.outbox.clear()
    make_main(row)

    assert mail.outbox == []


def test_only_a_proved_address_becomes_the_main_one(alice, in_acme):
    with pytest.raises(AddressNotUsable):
        make_main(EmailAddress.objects.create(customer=alice, address="typed@shop.example"))


def test_a_removed_address_opens_nothing_and_is_told(alice, acme, in_acme):
    row = add(alice)
    browser = HubClient(acme.host)
    browser.post("/sign-in/", {"email": WORK})
    old_link, client = link_in(newest()), signed_in(alice)
    mail.outbox.clear()
    remove(row)

    assert addresses_of(alice) == {"alice@example.com"}
    assert set(told()) == {"alice@example.com", WORK}
    assert f"{WORK} no longer opens your hub at Acme" in newest().body
    assert browser.post(old_link).status_code == 410
    assert client.get("/documents/").status_code == 302
    mail.outbox.clear()
    browser.post("/sign-in/", {"email": WORK})
    assert mail.outbox == []


def test_neither_the_main_nor_the_last_address_can_be_removed(alice, in_acme):
    main = alice.addresses.get()
    with pytest.raises(AddressNotUsable):
        remove(main)

    further = add(alice)
    make_main(further)
    with pytest.raises(AddressNotUsable):
        remove(further)
    remove(main)
    assert addresses_of(alice) == {WORK}


@pytest.mark.parametrize("act", ["add", "make_main", "remove"])
def test_every_change_can_be_undone_for_seven_days(alice, in_acme, act):
    if act != "add":
        row = add(alice)
        before = addresses_of(alice)
        {"make_main": make_main, "remove": remove}[act](row)
    else:
        before = addresses_of(alice)
        addresses.request_adding(alice, address=WORK)
        addresses.confirm_change(token_in(newest()), by=alice)
    ways_back = MagicLink.objects.filter(purpose="revert_email", used_at=None).order_by("-pk")
    assert timedelta(days=6, hours=23) < ways_back[0].expires_at - now() <= timedelta(days=7)

    client = signed_in(alice)
    addresses.confirm_change(told()["alice@example.com"], by=None, known="alice@example.com")

    alice.refresh_from_db()
    assert alice.email == "alice@example.com"
    assert addresses_of(alice) == before
    assert client.get("/documents/").status_code == 302
    assert AuditEntry.objects.latest("pk").action == "email_reverted"


def test_one_link_undoes_all_that_a_thief_did_after_it(alice, in_acme):
    """Added their own, made it the main one, removed the owner's, added one more."""
    addresses.request_adding(alice, address="eve@first.example")
    addresses.confirm_change(token_in(newest()), by=alice)
    way_back = told()["alice@example.com"]
    owners, thiefs = alice.addresses.order_by("pk")
    make_main(thiefs)
    remove(owners)
    add(alice, "eve@second.example")
    addresses.request_adding(alice, address="eve@third.example")
    thiefs_links = [token_in(newest())]

    addresses.confirm_change(way_back, by=None, known="alice@example.com")

    alice.refresh_from_db()
    assert (alice.email, addresses_of(alice)) == ("alice@example.com", {"alice@example.com"})
    for token in thiefs_links:
        with pytest.raises(LinkNotValid):
            addresses.confirm_change(token, by=alice)
    open_links = MagicLink.objects.filter(used_at=None, expires_at__gt=now())
    assert not open_links.exists()


def take_over(alice: Customer) -> list[dict[str, str]]:
    """A thief adds their own address, makes it main, removes the owner's: who was told of each."""
    addresses.request_adding(alice, address="eve@thief.example")
    addresses.confirm_change(token_in(newest()), by=alice)
    added = told()
    owners, thiefs = alice.addresses.order_by("pk")
    mail.outbox.clear()
    make_main(thiefs)
    made_main = told()
    mail.outbox.clear()
    remove(owners)
    return [added, made_main, told()]


OWNERS, THIEFS = "alice@example.com", "eve@thief.example"


@pytest.mark.parametrize("pressed", [0, 1, 2])
def test_whichever_link_the_owner_presses_throws_the_thief_out(alice, in_acme, pressed):
    steps = take_over(alice)

    addresses.confirm_change(steps[pressed][OWNERS], by=None, known=OWNERS, all_before=True)

    alice.refresh_from_db()
    assert (alice.email, addresses_of(alice)) == (OWNERS, {OWNERS})
    for token in (token for step in steps for token in step.values()):
        with pytest.raises(LinkNotValid):
            addresses.peek_change(token)


def test_undoing_the_last_change_only_leaves_the_way_back_before_the_others(alice, in_acme):
    added, made_main, removed = take_over(alice)

    addresses.confirm_change(removed[OWNERS], by=None, known=OWNERS)

    assert addresses_of(alice) == {OWNERS, THIEFS}
    with pytest.raises(LinkNotValid):
        addresses.peek_change(removed[THIEFS])
    addresses.confirm_change(made_main[OWNERS], by=None, known=OWNERS)
    addresses.confirm_change(added[OWNERS], by=None, known=OWNERS)
    alice.refresh_from_db()
    assert (alice.email, addresses_of(alice)) == (OWNERS, {OWNERS})


@pytest.mark.parametrize("all_before", [True, False])
def test_a_thief_who_undoes_does_not_burn_the_owners_earlier_links(alice, in_acme, all_before):
    added, _made_main, removed = take_over(alice)

    addresses.confirm_change(removed[THIEFS], by=None, known=THIEFS, all_before=all_before)

    alice.refresh_from_db()
    assert alice.email == THIEFS, "all that was told to the thief is the removal"
    addresses.confirm_change(added[OWNERS], by=None, known=OWNERS)
    assert addresses_of(alice) == {OWNERS}


def test_what_is_too_old_to_be_undone_is_not_undone_with_the_rest(alice, in_acme):
    added, _made_main, removed = take_over(alice)
    link = addresses.peek_change(added[OWNERS])
    MagicLink.objects.filter(pk=link.pk).update(expires_at=now())

    addresses.confirm_change(removed[OWNERS], by=None, known=OWNERS, all_before=True)

    alice.refresh_from_db()
    assert (alice.email, addresses_of(alice)) == (OWNERS, {OWNERS, THIEFS})


def test_what_the_thief_has_under_way_is_never_mailed(settings, alice, in_acme):
    addresses.request_adding(alice, address="eve@first.example")
    addresses.confirm_change(token_in(newest()), by=alice)
    way_back = told()["alice@example.com"]
    settings.TASKS = {"default": {"BACKEND": "django.tasks.backends.dummy.DummyBackend"}}
    addresses.request_adding(alice, address="eve@second.example")

    addresses.confirm_change(way_back, by=None, known="alice@example.com")

    assert not MagicLink.objects.filter(handled_at=None).exists()


def test_what_the_vendor_put_in_meanwhile_stays(alice, in_acme):
    addresses.request_adding(alice, address=WORK)
    addresses.confirm_change(token_in(newest()), by=alice)
    EmailAddress.objects.create(customer=alice, address="typed@shop.example")

    addresses.confirm_change(told()["alice@example.com"], by=alice)

    assert addresses_of(alice) == {"alice@example.com", "typed@shop.example"}


def test_an_address_that_another_customer_has_since_is_left_to_them(alice, bob, in_acme):
    row = add(alice)
    remove(row)
    way_back = told()["alice@example.com"]
    EmailAddress.objects.create(customer=bob, address=WORK)

    addresses.confirm_change(way_back, by=alice)

    assert addresses_of(alice) == {"alice@example.com"}
    assert WORK in addresses_of(bob)


def test_anothers_address_is_refused_once_its_mailbox_is_proved(alice, bob, in_acme):
    addresses.request_adding(alice, address="BOB@example.com")

    with pytest.raises(AddressTaken):
        addresses.confirm_change(token_in(newest()), by=alice)
    assert addresses_of(alice) == {"alice@example.com"}


def test_the_same_address_may_be_added_at_two_vendors(alice, carol, acme, globex):
    for vendor, customer in ((acme, alice), (globex, carol)):
        with vendor_scope(vendor):
            assert add(customer).customer == customer


def test_an_address_the_shop_wrote_is_proved_the_same_way(alice, in_acme):
    row = EmailAddress.objects.create(customer=alice, address="typed@shop.example")
    add(alice, "typed@shop.example")

    row.refresh_from_db()
    assert row.verified_at is not None
    assert alice.audit.filter(action="email_added").count() == 0, "it was there already"


def test_a_customer_has_room_for_ten(alice, in_acme):
    for number in range(9):
        assert addresses.has_room(alice)
        EmailAddress.objects.create(customer=alice, address=f"alice{number}@example.org")
    assert not addresses.has_room(alice)

    addresses.request_adding(alice, address=WORK)
    with pytest.raises(AddressNotUsable):
        addresses.confirm_change(token_in(newest()), by=alice)
    assert alice.addresses.count() == 10


def test_ten_changes_a_day_so_that_nobody_is_flooded(alice, in_acme):
    first, second = alice.addresses.get(), add(alice)
    first.verified_at = now()
    first.save()
    for row in [second, first] * 5:
        make_main(row)

    for act in (make_main, remove):
        with pytest.raises(TooManyChanges):
            act(second)
