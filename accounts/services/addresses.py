"""The addresses customers are known by, and how one takes the place of another."""

from __future__ import annotations

from django.db import IntegrityError, transaction
from django.db.models import F, Q
from django.db.models.functions import Now
from django.utils.timezone import now

from accounts import sessions, tasks, throttle
from accounts.errors import AddressTaken, ProofNotRight
from accounts.models import Customer, EmailAddress, MagicLink
from accounts.services import audit, links

_CONFIRM, _REVERT = MagicLink.Purpose.CONFIRM_EMAIL, MagicLink.Purpose.REVERT_EMAIL


def find_customer(address: str) -> Customer | None:
    known = EmailAddress.matching(address).select_related("customer").first()
    return known.customer if known else None


def request_change(customer: Customer, *, address: str) -> None:
    """Mail the new address a link that confirms it; until then nothing changes.

    Whether the address is free is told only to whoever reads its mail. Beyond the limits nothing
    is sent.
    """
    mailbox = throttle.mailbox_hash(address)
    asked_by = throttle.client_hash(f"customer {customer.pk}")
    with transaction.atomic():
        Customer.objects.select_for_update(no_key=True).get(pk=customer.pk)
        if throttle.allows(mailbox=mailbox, client=asked_by):
            _mail_link(_CONFIRM, customer, address, mailbox_hash=mailbox, client_hash=asked_by)


def waiting_change(customer: Customer) -> str:
    """The new address that a mail on its way asks to confirm; empty if there is none."""
    asked = customer.magic_links.filter(purpose=_CONFIRM, used_at=None)
    waiting = asked.filter(Q(expires_at=None) | Q(expires_at__gt=Now()))
    return waiting.order_by("-pk").values_list("email", flat=True).first() or ""


def peek_change(token: str) -> MagicLink:
    """`link.customer` would get `link.email` as its address; looking changes nothing.

    Raises LinkNotValid.
    """
    return links.find(token, _CONFIRM, _REVERT)


def confirm_change(token: str, *, by: Customer | None, former: str = "") -> Customer:
    """Let the link's address replace the customer's, end every session, and tell the old address,
    from where it can be undone.

    Who is not signed in as this customer must also know the former address, so that neither a
    mistyped mailbox's owner nor a scanner that presses buttons takes an account over.
    Raises LinkNotValid, ProofNotRight or AddressTaken; then nothing has changed.
    """
    link = peek_change(token)
    if by != link.customer:
        _expect_former_address(link, former.strip())
    try:
        with transaction.atomic():
            # First the customer, then the link: two changes at once wait instead of deadlocking.
            customer = Customer.objects.select_for_update(of=("self",)).get(magic_links=link)
            links.spend(link)
            old = customer.email
            _replace(customer, link.email)
            _close_ways_in(customer, but=[] if link.purpose == _REVERT else [_REVERT])
            action = "email_reverted" if link.purpose == _REVERT else "email_changed"
            detail = {"from": old, "to": link.email}
            audit.record(action, customer=customer, subject=link.email, detail=detail)
            if link.purpose == _CONFIRM:
                _mail_link(_REVERT, customer, old, mailbox_hash=throttle.mailbox_hash(old))
    except IntegrityError as error:
        raise AddressTaken from error
    return customer


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
    _expire_links(former, address.address)
    if former.email.casefold() == address.address.casefold():
        left = former.addresses.order_by(F("verified_at").desc(nulls_last=True), "pk").first()
        former.email = left.address if left else ""
        former.save(update_fields=["email"])


def forget(customer: Customer, address: str) -> None:
    """An address that the vendor took back, and that the customer never proved, opens nothing any
    more; nor does a link that was mailed to it."""
    unproved = EmailAddress.matching(address).filter(customer=customer, verified_at=None)
    if unproved.exclude(address__iexact=customer.email).delete()[0]:
        _expire_links(customer, address)


def _expire_links(customer: Customer, address: str) -> None:
    links_to = MagicLink.objects.filter(customer=customer, email__iexact=address)
    links_to.filter(expires_at__gt=Now()).update(expires_at=Now())


def _expect_former_address(link: MagicLink, typed: str) -> None:
    """A button pressed with nothing typed is not counted: scanners do that."""
    current = link.customer.email if link.customer else ""
    former = link.email if link.purpose == _REVERT else current
    if not typed:
        raise ProofNotRight
    links.count_guess(link)
    if typed.casefold() != former.casefold():
        raise ProofNotRight


def _replace(customer: Customer, address: str) -> None:
    row = EmailAddress.matching(address).first() or EmailAddress(customer=customer)
    if row.customer_id != customer.pk:
        raise AddressTaken
    row.address, row.verified_at = address, now()
    row.save()
    EmailAddress.matching(customer.email).exclude(pk=row.pk).delete()
    customer.email = address
    customer.save(update_fields=["email"])
    sessions.end_all(customer)


def _close_ways_in(customer: Customer, *, but: list[MagicLink.Purpose]) -> None:
    """No link mailed before the change works after it, but those that undo a change."""
    links_of_customer = MagicLink.objects.filter(customer=customer, expires_at__gt=Now())
    links_of_customer.exclude(purpose__in=but).update(expires_at=Now())


def _mail_link(purpose: MagicLink.Purpose, customer: Customer, address: str, **hashes: str) -> None:
    link = MagicLink.objects.create(
        vendor_id=customer.vendor_id,
        purpose=purpose,
        email=address,
        customer=customer,
        language=customer.language,
        **hashes,
    )
    tasks.send_link.enqueue(link.pk)
