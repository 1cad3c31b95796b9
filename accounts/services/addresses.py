"""The addresses customers are known by: added, made the main one, removed, and taken back."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Literal

from django.db import IntegrityError, transaction
from django.db.models import F, Q, QuerySet
from django.db.models.functions import Now
from django.utils.dateparse import parse_datetime
from django.utils.timezone import now

from accounts import sessions, tasks, throttle
from accounts.errors import (
    AddressNotUsable,
    AddressTaken,
    AskedTooOften,
    ProofNotRight,
    TooManyChanges,
)
from accounts.models import Customer, EmailAddress, MagicLink
from accounts.services import audit, links

type Act = Literal["email_changed", "email_added", "email_made_main", "email_removed"]

MOST_ADDRESSES = 10
CHANGES_A_DAY = 10

_CONFIRM, _ADD = MagicLink.Purpose.CONFIRM_EMAIL, MagicLink.Purpose.ADD_EMAIL
_REVERT = MagicLink.Purpose.REVERT_EMAIL


def find_customer(address: str) -> Customer | None:
    known = EmailAddress.matching(address).select_related("customer").first()
    return known.customer if known else None


def request_change(customer: Customer, *, address: str) -> None:
    """Mail the address a link that makes it the main one. Raises AskedTooOften."""
    _ask_mailbox(customer, address, _CONFIRM)


def request_adding(customer: Customer, *, address: str) -> None:
    """Mail the address a link that makes it the customer's, or proves it. Raises AskedTooOften."""
    _ask_mailbox(customer, address, _ADD)


def waiting_change(customer: Customer) -> str:
    """The new main address that a mail on its way asks to confirm; empty if there is none."""
    return next(iter(_waiting(customer, _CONFIRM)), "")


def waiting_to_be_added(customer: Customer) -> list[str]:
    """Further addresses that a mail on its way asks to confirm, each once."""
    return list(dict.fromkeys(_waiting(customer, _ADD)))


def has_room(customer: Customer) -> bool:
    return customer.addresses.count() < MOST_ADDRESSES


def peek_change(token: str) -> MagicLink:
    """What a link of this module would do to `link.customer`; looking changes nothing.

    Raises LinkNotValid.
    """
    return links.find(token, _CONFIRM, _ADD, _REVERT)


def confirm_change(
    token: str, *, by: Customer | None, known: str = "", all_before: bool = False
) -> Customer:
    """Do what the link was mailed for, and tell the customer's other mailboxes, from where it can
    be taken back; with `all_before` the mailbox takes back everything that it still can.

    Who is not signed in as this customer must also type an address: the main one or, to take
    something back, the one that the mail came to. So neither a mistyped mailbox's owner nor a
    scanner that presses buttons takes an account over.
    Raises LinkNotValid, ProofNotRight, AddressTaken, or AddressNotUsable where there is no room
    for one more; then nothing has changed.
    """
    link = peek_change(token)
    if by != link.customer:
        _expect_known_address(link, known.strip())
    try:
        with transaction.atomic():
            # First the customer, then the link: two changes at once wait instead of deadlocking.
            customer = Customer.objects.select_for_update(of=("self",)).get(magic_links=link)
            links.spend(link)
            if link.purpose == _REVERT:
                _take_back(customer, links.first_way_back(link) if all_before else link)
            elif link.purpose == _ADD:
                _add(customer, link.email)
            else:
                _replace(customer, link.email)
    except IntegrityError as error:
        raise AddressTaken from error
    return customer


def make_main(address: EmailAddress, *, session_id: int) -> Customer:
    """Write to this address of its customer from now on. Only the session that asks goes on.

    Raises AddressNotUsable unless its mailbox is proved, or TooManyChanges.
    """
    with transaction.atomic():
        customer = Customer.objects.select_for_update().get(pk=address.customer_id)
        row = customer.addresses.exclude(verified_at=None).filter(pk=address.pk).first()
        if row is None:
            raise AddressNotUsable
        if row.address == customer.email:
            return customer
        _expect_patience(customer)
        before = _noted(customer)
        customer.email = row.address
        customer.save(update_fields=["email"])
        sessions.end_all(customer, but=session_id)
        _tell(customer, "email_made_main", row.address, before)
    return customer


def remove(address: EmailAddress, *, session_id: int) -> None:
    """It opens nothing any more, nor does a link mailed to it. Only the session that asks goes on.

    Raises AddressNotUsable for the main address, so that one is always left, or TooManyChanges.
    """
    with transaction.atomic():
        customer = Customer.objects.select_for_update().get(pk=address.customer_id)
        row = customer.addresses.filter(pk=address.pk).first()
        if row is None or row.address.casefold() == customer.email.casefold():
            raise AddressNotUsable
        _expect_patience(customer)
        before = _noted(customer)
        row.delete()
        links.expire(_links_to(customer, row.address).exclude(purpose=_REVERT))
        sessions.end_all(customer, but=session_id)
        _tell(customer, "email_removed", row.address, before)


def stands_for(address: EmailAddress) -> bool:
    """Whether its owner, and nobody else, gets at all that its customer has: they proved it, or
    there is no other way in. Else whoever has another of the customer's addresses would get at
    what this one's owner buys, and nobody ever proved that both are one person's.
    """
    others = EmailAddress.objects.filter(customer=address.customer_id).exclude(pk=address.pk)
    return address.verified_at is not None or not others.exists()


def hand_over(address: EmailAddress, customer: Customer) -> None:
    """An address nobody has proved goes to whom it stands for; its former customer keeps the
    others, and gets mail at one of them."""
    former = address.customer
    address.customer = customer
    address.save(update_fields=["customer"])
    links.expire(_links_to(former, address.address))
    if former.email.casefold() == address.address.casefold():
        left = former.addresses.order_by(F("verified_at").desc(nulls_last=True), "pk").first()
        former.email = left.address if left else ""
        former.save(update_fields=["email"])


def forget(customer: Customer, address: str) -> None:
    """An address that the vendor took back, and that the customer never proved, opens nothing any
    more; nor does a link that was mailed to it."""
    unproved = EmailAddress.matching(address).filter(customer=customer, verified_at=None)
    if unproved.exclude(address__iexact=customer.email).delete()[0]:
        links.expire(_links_to(customer, address))


def _ask_mailbox(customer: Customer, address: str, purpose: MagicLink.Purpose) -> None:
    """Until its link is used nothing changes. Whether the address is free is told only to whoever
    reads its mail."""
    mailbox = throttle.mailbox_hash(address)
    asked_by = throttle.client_hash(f"customer {customer.pk}")
    with transaction.atomic():
        Customer.objects.select_for_update(no_key=True).get(pk=customer.pk)
        if not throttle.allows(mailbox=mailbox, client=asked_by):
            raise AskedTooOften
        _mail_link(purpose, customer, address, client_hash=asked_by)


def _waiting(customer: Customer, purpose: MagicLink.Purpose) -> QuerySet[MagicLink, str]:
    asked = customer.magic_links.filter(purpose=purpose, used_at=None)
    waiting = asked.filter(Q(expires_at=None) | Q(expires_at__gt=Now()))
    return waiting.order_by("-pk").values_list("email", flat=True)


def _expect_known_address(link: MagicLink, typed: str) -> None:
    """A button pressed with nothing typed is not counted: scanners do that."""
    main = link.customer.email if link.customer else ""
    known = link.email if link.purpose == _REVERT else main
    if not typed:
        raise ProofNotRight
    links.count_guess(link)
    if typed.casefold() != known.casefold():
        raise ProofNotRight


def _expect_patience(customer: Customer) -> None:
    """Every change is told to every mailbox, and nobody shall be flooded so."""
    acts = ["email_made_main", "email_removed"]
    today = customer.audit.filter(action__in=acts, at__gt=now() - timedelta(days=1))
    if today.count() >= CHANGES_A_DAY:
        raise TooManyChanges


def _add(customer: Customer, address: str) -> None:
    before = _noted(customer)
    is_new = not EmailAddress.matching(address).filter(customer=customer).exists()
    if is_new and not has_room(customer):
        raise AddressNotUsable
    _prove(customer, address, at=now())
    if is_new:
        _tell(customer, "email_added", address, before)


def _replace(customer: Customer, address: str) -> None:
    """Every session ends, and no link mailed before works any more but those that take back."""
    before, former = _noted(customer), customer.email
    row = _prove(customer, address, at=now())
    EmailAddress.matching(former).exclude(pk=row.pk).delete()
    customer.email = address
    customer.save(update_fields=["email"])
    sessions.end_all(customer)
    links.expire(customer.magic_links.exclude(purpose=_REVERT))
    _tell(customer, "email_changed", address, before)


def _take_back(customer: Customer, link: MagicLink) -> None:
    """The addresses become what they were. Every session ends and every link but those that undo
    earlier changes: a thief can shake off nobody who was there before, and nothing they hold works.
    What the vendor has put in meanwhile stays: nobody can have proved it."""
    was = link.change["addresses"]
    kept = {address.casefold() for address in was}
    for row in customer.addresses.exclude(verified_at=None):
        if row.address.casefold() not in kept:
            row.delete()
    for address, verified_at in was.items():
        is_mine = not EmailAddress.matching(address).exclude(customer=customer).exists()
        if is_mine or address == link.change["main"]:
            _prove(customer, address, at=parse_datetime(verified_at) if verified_at else None)
    customer.email = link.change["main"]
    customer.save(update_fields=["email"])
    sessions.end_all(customer)
    of_earlier_changes = Q(purpose=_REVERT, pk__lt=link.pk) & ~Q(change__at=link.change["at"])
    links.expire(customer.magic_links.exclude(of_earlier_changes))
    detail = {"act": link.change["act"], "address": link.change["about"]}
    audit.record("email_reverted", customer=customer, subject=customer.email, detail=detail)


def _prove(customer: Customer, address: str, *, at: datetime | None = None) -> EmailAddress:
    """The customer's row of this address, made now if there is none. Raises AddressTaken."""
    row = EmailAddress.matching(address).first() or EmailAddress(customer=customer)
    if row.customer_id != customer.pk:
        raise AddressTaken
    row.address = address
    row.verified_at = max(filter(None, (row.verified_at, at)), default=None)
    if at and row.trouble_at and row.trouble_at < at:
        row.trouble, row.trouble_at, row.trouble_detail = "", None, ""
    row.save()
    return row


def _noted(customer: Customer) -> dict[str, Any]:
    """The addresses as they are, for whoever takes a change back."""
    rows = customer.addresses.order_by("pk").values_list("address", "verified_at")
    addresses = {address: at and at.isoformat() for address, at in rows}
    return {"main": customer.email, "addresses": addresses, "at": now().isoformat()}


def _tell(customer: Customer, act: Act, address: str, before: dict[str, Any]) -> None:
    """Record it, and mail every other mailbox a link that takes it back."""
    moves_main = act in ("email_changed", "email_made_main")
    detail = {"from": before["main"], "to": address} if moves_main else {}
    audit.record(act, customer=customer, subject=address, detail=detail)
    for mailbox in before["addresses"]:
        if act == "email_removed" or mailbox.casefold() != address.casefold():
            change = {"act": act, "about": address, **before}
            _mail_link(_REVERT, customer, mailbox, change=change)


def _links_to(customer: Customer, address: str) -> QuerySet[MagicLink]:
    return MagicLink.objects.filter(customer=customer, email__iexact=address)


def _mail_link(purpose: MagicLink.Purpose, customer: Customer, address: str, **fields: Any) -> None:
    link = MagicLink.objects.create(
        vendor_id=customer.vendor_id,
        purpose=purpose,
        email=address,
        mailbox_hash=throttle.mailbox_hash(address),
        customer=customer,
        language=customer.language,
        **fields,
    )
    tasks.send_link.enqueue(link.pk)
