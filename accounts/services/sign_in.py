"""Signing in without a password: ask for a link, open it, prove that the mailbox is yours."""

from __future__ import annotations

from django.db import transaction
from django.db.models.functions import Now
from django.utils.crypto import constant_time_compare

from accounts import tasks, throttle
from accounts.errors import AskedTooOften, LinkNotValid, ProofNotRight
from accounts.models import Customer, EmailAddress, MagicLink, User, Vendor
from accounts.services import audit, links

_PURPOSES = (MagicLink.Purpose.SIGN_IN, MagicLink.Purpose.PROFILE)


def request_link(
    *,
    vendor: Vendor,
    email: str,
    browser_key: str,
    client: str,
    language: str,
    next_path: str = "",
) -> None:
    """Note that this address wants in; the same work and the same silence for every address."""
    mailbox, client_hash = throttle.mailbox_hash(email), throttle.client_hash(client)
    with transaction.atomic():
        # One request of a vendor at a time counts and adds: no burst slips past the limits.
        Vendor.objects.select_for_update(no_key=True).get(pk=vendor.pk)
        if not throttle.allows(mailbox=mailbox, client=client_hash):
            return
        link = MagicLink.objects.create(
            vendor=vendor,
            email=email,
            mailbox_hash=mailbox,
            client_hash=client_hash,
            browser_hash=throttle.browser_hash(browser_key),
            language=language,
            next_path=next_path,
        )
        tasks.send_link.enqueue(link.pk)


def send_profile_link(customer: Customer, *, by: User, source: str) -> None:
    """Mail the customer a way in on behalf of staff, who never see it; `source` is where from.

    Raises AskedTooOften: a mailbox is spared whoever asks.
    """
    mailbox = throttle.mailbox_hash(customer.email)
    with transaction.atomic():
        Vendor.objects.select_for_update(no_key=True).get(pk=customer.vendor_id)
        if not throttle.allows(mailbox=mailbox):
            raise AskedTooOften
        link = MagicLink.objects.create(
            vendor_id=customer.vendor_id,
            purpose=MagicLink.Purpose.PROFILE,
            email=customer.email,
            mailbox_hash=mailbox,
            customer=customer,
            language=customer.language,
            requested_by=by,
            requested_from=source,
        )
        audit.record(
            "profile_link_sent",
            customer=customer,
            by_user=by,
            subject=customer.email,
            detail={"from": source},
        )
        tasks.send_link.enqueue(link.pk)


def peek(token: str) -> MagicLink:
    """The link as long as it works; looking changes nothing. Raises LinkNotValid."""
    return links.find(token, *_PURPOSES)


def is_of_browser(link: MagicLink, browser_key: str) -> bool:
    """Whether this is the browser in which the link was asked for."""
    return bool(link.browser_hash) and constant_time_compare(
        link.browser_hash, throttle.browser_hash(browser_key)
    )


def redeem(token: str, *, browser_key: str, proof: str) -> Customer:
    """Let the customer in. A browser other than the one that asked must also know the mail's code
    (or its address), so that a mail scanner that presses buttons gets nowhere.

    Raises LinkNotValid or ProofNotRight.
    """
    link = peek(token)
    if not is_of_browser(link, browser_key):
        _expect_proof(link, proof.strip())
    return _let_in(link)


def redeem_code(code: str, *, browser_key: str) -> tuple[Customer, str]:
    """Let in whoever types the code in the browser that asked; and the page they were headed for.

    Raises LinkNotValid: the same for a wrong code, an old one, and an unknown address.
    """
    live = MagicLink.objects.filter(
        purpose=MagicLink.Purpose.SIGN_IN,
        browser_hash=throttle.browser_hash(browser_key),
        used_at=None,
        expires_at__gt=Now(),
        code_attempts__lt=links.MOST_ATTEMPTS,
    )
    for link in live.exclude(browser_hash="").select_related("customer"):
        links.count_guess(link)
        if links.is_code(link, code):
            return _let_in(link), link.next_path
    raise LinkNotValid("unknown")


def _expect_proof(link: MagicLink, proof: str) -> None:
    """A button pressed with nothing typed is not counted: scanners do that."""
    if not proof:
        raise ProofNotRight
    links.count_guess(link)
    if not links.is_code(link, proof) and proof.casefold() != link.email.casefold():
        raise ProofNotRight


def _let_in(link: MagicLink) -> Customer:
    with transaction.atomic():
        customer = links.spend(link)
        mailbox = EmailAddress.matching(link.email).filter(customer=customer)
        mailbox.update(verified_at=Now(), trouble="", trouble_at=None, trouble_detail="")
        audit.record("signed_in", customer=customer, subject=link.email)
    return customer
