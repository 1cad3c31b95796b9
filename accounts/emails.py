"""The mails this app sends, a function each. All of them carry a link that was just made."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.urls import reverse

from accounts import mail
from accounts.http import hub_url
from accounts.models import Customer, MagicLink, VendorDomain


def magic_link(link: MagicLink, customer: Customer, *, token: str, code: str) -> None:
    _send("magic_link", link, customer, view="accounts:confirm", token=token, code=code)


def profile_link(link: MagicLink, customer: Customer, *, token: str, code: str) -> None:
    _send("profile_link", link, customer, view="accounts:confirm", token=token, code=code)


def confirm_email(link: MagicLink, customer: Customer, *, token: str, code: str) -> None:
    _send("confirm_email", link, customer, view="hub:confirm_email", token=token)


def add_email(link: MagicLink, customer: Customer, *, token: str, code: str) -> None:
    _send("add_email", link, customer, view="hub:confirm_email", token=token)


def email_changed(link: MagicLink, customer: Customer, *, token: str, code: str) -> None:
    """To a mailbox that was the customer's before: what is so now, and the link that undoes it."""
    _send("email_changed", link, customer, view="hub:confirm_email", token=token)


def domain_missing(domain: VendorDomain, *, to: str) -> None:
    """To an owner: the record is gone, until when the domain is served, or that it no longer is."""
    path = reverse(
        "admin:accounts_vendor_domains", args=[domain.vendor_id], urlconf="config.platform_urls"
    )
    url = f"{settings.PLATFORM_ORIGIN}{path}"
    context = {"domain": domain, "until": domain.served_until, "url": url}
    mail.send("domain_missing", vendor=domain.vendor, to=to, context=context)


def _send(
    message: str, link: MagicLink, customer: Customer, *, view: str, token: str, **context: Any
) -> None:
    mail.send(
        message,
        vendor=link.vendor,
        to=link.email,
        customer=customer,
        language=link.language,
        context={"link": link, "url": hub_url(link.vendor, view, token), **context},
    )
