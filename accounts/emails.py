"""The mails this app sends, a function each. All of them carry a link that was just made."""

from __future__ import annotations

from typing import Any

from accounts import mail
from accounts.http import hub_url
from accounts.models import Customer, MagicLink


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
