"""The mails about money, one function each, and the record that goes with a cancellation."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.utils import timezone, translation
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from accounts import mail
from accounts.http import hub_url
from accounts.languages import first_supported
from accounts.models import Customer
from billing import sentences, states
from billing.brands import card_words, words_for
from billing.errors import CardDeclined
from billing.last_bill import LastBill
from billing.models import Action, CardOnFile, ExpiryNotice, Subscription, Transaction
from billing.still_open import StillOpen
from invoices.money import format_money
from invoices.services import record_pdf


def cancellation(action: Action, subscription: Subscription) -> None:
    """What ends when, with a record of the declaration as a PDF."""
    _send(
        "cancellation",
        action,
        {
            **_about(subscription),
            "asked_at": action.started_at,
            "ends_at": _end(action),
            "can_undo": subscription.is_ending,
            "still_open": _still_open(action),
            "last_bill": _last_bill(action),
            "pay_url": _pay_url(subscription),
            "is_trial": subscription.status == Subscription.Status.TRIALING,
        },
        attachments=[cancellation_record(action, subscription)],
    )


def cancellation_undone(action: Action, subscription: Subscription) -> None:
    _send(
        "cancellation_undone",
        action,
        {**_about(subscription), "asked_at": action.started_at},
    )


def card_changed(action: Action, covered: list[Subscription]) -> None:
    """`covered`: what the new card pays for."""
    card = action.parameters["card"]
    _send(
        "card_changed",
        action,
        {
            "card": card_words(card["brand"], card["last4"]),
            "products": [subscription.product_name for subscription in covered],
            "asked_at": action.finished_at,
            "url": hub_url(action.vendor, "hub:home"),
        },
    )


def card_expiring(notice: ExpiryNotice, card: CardOnFile, charged: list[Subscription]) -> None:
    """`charged`: what the card will be charged for, and cannot be once it has expired."""
    mail.send(
        "card_expiring",
        vendor=notice.vendor,
        to=notice.customer.email,
        customer=notice.customer,
        automatic=True,
        context={
            "card": words_for(card),
            "last_day": card.expires_on,
            "products": [subscription.product_name for subscription in charged],
            "url": f"{hub_url(notice.vendor, 'hub:card')}?account={charged[0].stripe_customer_id}",
        },
    )


def payment_failed(failed: Transaction, subscription: Subscription) -> None:
    """Why, what happens next, and the way to the card page."""
    mail.send(
        "payment_failed",
        vendor=failed.vendor,
        to=failed.customer.email,
        customer=failed.customer,
        automatic=True,
        context={
            **_about(subscription),
            "amount_minor": failed.amount_minor,
            "currency": failed.currency,
            "card": card_words(failed.card_brand, failed.card_last4),
            "failed_at": failed.happened_at,
            "reason": sentences.sentence_for(CardDeclined, "", failed.failure_code),
            "url": f"{hub_url(failed.vendor, 'hub:card')}?subscription={subscription.pk}",
        },
    )


def update_link(customer: Customer, link: str) -> None:
    """The way to Stripe's own page for a card that could not be changed here."""
    mail.send(
        "update_link",
        vendor=customer.vendor,
        to=customer.email,
        customer=customer,
        context={"url": link},
    )


def _send(message: str, action: Action, context: dict[str, Any], **more: Any) -> None:
    mail.send(
        message,
        vendor=action.vendor,
        to=action.customer.email,
        customer=action.customer,
        context=context,
        **more,
    )


def _about(subscription: Subscription) -> dict[str, Any]:
    card = subscription.paying_card
    return {
        "subscription": subscription,
        "paying_card": words_for(card) if card else "",
        "url": hub_url(subscription.vendor, "hub:subscription", subscription.pk),
    }


def cancellation_record(action: Action, subscription: Subscription) -> mail.Attachment:
    """What was declared, by whom, about what, and when: a PDF to be kept."""
    vendor, customer = action.vendor, action.customer
    language = first_supported(customer.language, vendor.language)
    with translation.override(language), timezone.override(vendor.time_zone):
        context = {
            "vendor": vendor,
            "language": language,
            "title": _("Record of a cancellation"),
            "statement": _("%(product)s was cancelled by its customer.")
            % {"product": subscription.product_name},
            "facts": _facts(action, subscription),
            "timestamp": action.started_at,
        }
        content = record_pdf("invoices/record.html", context)
        return _("Cancellation.pdf"), content, "application/pdf"


def _facts(action: Action, subscription: Subscription) -> list[tuple[str, str]]:
    customer = action.customer
    price = format_money(subscription.amount_minor, subscription.currency)
    if subscription.status == Subscription.Status.TRIALING:
        price = _("Trial, nothing is charged")
    to_pay = [_still_open(action), _last_bill(action)]
    facts = [
        (_("Seller"), action.vendor.legal_name or action.vendor.name),
        (_("Customer"), customer.name),
        (_("E-mail"), customer.email),
        (_("Contract"), subscription.product_name),
        (_("Plan"), subscription.plan_name),
        (_("Price"), price),
        (_("Order"), subscription.reference),
        (_("Started on"), _day(subscription.started_at)),
        (_("Cancelled on"), _moment(action.started_at)),
        (_("Ends on"), _moment(_end(action))),
        (_("To be paid"), " ".join(due.words for due in to_pay if due)),
        (_("Reference"), str(action.pk)),
    ]
    return [(label, value) for label, value in facts if value]


def _end(action: Action) -> datetime:
    """As it was when it was cancelled."""
    return datetime.fromisoformat(action.parameters["ends_at"])


def _still_open(action: Action) -> StillOpen | None:
    """As it was when it was cancelled."""
    return StillOpen.remembered(action.parameters.get("still_open"))


def _last_bill(action: Action) -> LastBill | None:
    """As it was when it was cancelled."""
    return LastBill.remembered(action.parameters.get("last_bill"))


def _pay_url(subscription: Subscription) -> str:
    """Here, or Stripe's page of the open invoice; nothing where neither takes a payment."""
    way = states.way(subscription, states.Act.PAY)
    if way == states.Way.INVOICE:
        return subscription.open_invoice_url
    card = f"{hub_url(subscription.vendor, 'hub:card')}?subscription={subscription.pk}"
    return card if way else ""


def _day(moment: datetime) -> str:
    return date_format(timezone.localtime(moment), "DATE_FORMAT")


def _moment(moment: datetime) -> str:
    return date_format(timezone.localtime(moment), "DATETIME_FORMAT")
