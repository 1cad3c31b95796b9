"""A subscription, trial or split-pay plan: its page, cancelling it, changing one's mind."""

from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.http import content_disposition_header
from django.utils.text import get_text_list
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from accounts.access import post_only
from accounts.http import CustomerRequest
from accounts.models import Customer
from billing import states
from billing.errors import BillingError
from billing.last_bill import last_bill
from billing.models import Subscription
from billing.services import cancellation, cancellation_rules, cards, managed
from billing.states import Act
from billing.still_open import still_open
from hub.forms import CancelForm
from hub.paging import page_of
from hub.presentation.cards import card_act, card_label, expiry_mark
from hub.presentation.notes import note_of
from hub.presentation.offers import pay_offer
from hub.presentation.prices import (
    discounts_of,
    items_of,
    next_charge_of,
    next_charge_parts,
    price_of,
)
from hub.presentation.purchases import end_mark_of, mark_of, progress_of
from hub.presentation.transactions import paid_so_far, transaction_rows
from hub.presentation.words import long_card

PAYMENTS_A_PAGE = 12


@require_safe
def subscriptions(_request: CustomerRequest) -> HttpResponse:
    """The address that mails and other sites may know; the list itself is on the overview."""
    return redirect(f"{reverse('hub:home')}#purchases")


def _own(customer: Customer, subscription_id: UUID) -> Subscription:
    return get_object_or_404(
        Subscription.objects.select_related("stripe_customer"),
        pk=subscription_id,
        customer=customer,
    )


@require_safe
def subscription(request: CustomerRequest, subscription_id: UUID) -> HttpResponse:
    subscription = _own(request.customer, subscription_id)
    payments = subscription.transactions.select_related("document__corrects", "charge__document")
    before = request.GET.get("before", "")
    page = page_of(payments, moment="happened_at", before=before, size=PAYMENTS_A_PAGE)
    card = subscription.paying_card if subscription.is_live else None
    context = {
        "subscription": subscription,
        "mark": mark_of(subscription),
        "end_mark": end_mark_of(subscription),
        "progress": progress_of(subscription),
        "note": note_of(subscription),
        "price": price_of(subscription),
        "discounts": discounts_of(subscription) if subscription.is_live else [],
        "items": items_of(subscription),
        "next_charge_parts": [] if subscription.drafted_at else next_charge_parts(subscription),
        "pay": pay_offer(subscription),
        "still_open": still_open(subscription),
        "last_bill": last_bill(subscription),
        "card_act": card_act([subscription]),
        "no_card": states.refusal(subscription, Act.CARD),
        "can_undo": states.way(subscription, Act.UNDO),
        "manage_at_stripe": subscription.is_managed and subscription.is_live,
        "charge_until_then": next_charge_of(subscription),
        "ends_at_once": cancellation.ends_at_once(subscription),
        "paid_so_far": paid_so_far(subscription),
        "card": long_card(card) if card else "",
        "card_mark": expiry_mark(card),
        "shared_with": _also_paid_by_the_card(subscription),
        "refusal": cancellation_rules.refusal(subscription),
        "payments": transaction_rows(page.rows),
        "older": page.older,
        "is_first_page": not before,
    }
    return render(request, "hub/subscription.html", context)


def _also_paid_by_the_card(subscription: Subscription) -> str:
    """`Photography Monthly and Piano in 30 Days`: what else this card pays for."""
    card = subscription.paying_card
    if card is None or not subscription.is_live:
        return ""
    names = [
        other.product_name
        for other in cards.live_subscriptions(subscription.customer)
        if other != subscription
        and (its := other.paying_card)
        and its.stripe_payment_method_id == card.stripe_payment_method_id
    ]
    return get_text_list(names, _("and"))


@require_http_methods(["GET", "HEAD", "POST"])
def cancel(request: CustomerRequest, subscription_id: UUID) -> HttpResponse:
    subscription = _own(request.customer, subscription_id)
    if refusal := cancellation_rules.refusal(subscription):
        messages.error(request, refusal)
        return redirect("hub:subscription", subscription.pk)
    if request.method != "POST" and subscription.is_ending:
        return redirect("hub:cancelled", subscription.pk)
    form = CancelForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        try:
            cancellation.cancel(subscription, reason=form.cleaned_data["reason"])
        except BillingError as error:
            messages.error(request, str(error))
        else:
            return _cancelled_now(request, subscription)
    context = {
        "subscription": subscription,
        "form": form,
        "price": price_of(subscription),
        "card": card_label(subscription) if states.way(subscription, Act.CARD) else "",
        "charge_until_then": next_charge_of(subscription) if _is_charged_on(subscription) else "",
        "still_open": still_open(subscription),
        "last_bill": last_bill(subscription),
        "pay": pay_offer(subscription),
        "ends_at_once": cancellation.ends_at_once(subscription),
    }
    return render(request, "hub/cancel.html", context)


def _cancelled_now(request: CustomerRequest, subscription: Subscription) -> HttpResponse:
    subscription.refresh_from_db()
    if subscription.is_live:
        return redirect("hub:cancelled", subscription.pk)
    messages.success(request, _("%(product)s has ended.") % {"product": subscription.product_name})
    return redirect("hub:subscription", subscription.pk)


def _is_charged_on(subscription: Subscription) -> bool:
    """Whether a part of it is charged again before the longest paid period ends."""
    charged_at, ends_at = subscription.next_charge_at, subscription.access_ends_at
    return charged_at is not None and ends_at is not None and charged_at < ends_at


@require_safe
def cancelled(request: CustomerRequest, subscription_id: UUID) -> HttpResponse:
    """What was recorded, until when access lasts, and the way back."""
    subscription = _own(request.customer, subscription_id)
    if not subscription.is_ending:
        return redirect("hub:subscription", subscription.pk)
    context = {
        "subscription": subscription,
        "charge_until_then": next_charge_of(subscription) if subscription.next_charge_at else "",
        "still_open": still_open(subscription),
        "last_bill": last_bill(subscription),
        "pay": pay_offer(subscription),
        "has_record": cancellation.made_here(subscription) is not None,
    }
    return render(request, "hub/cancelled.html", context)


@require_safe
def record(request: CustomerRequest, subscription_id: UUID) -> HttpResponse:
    """The record of the cancellation, as it went out by mail."""
    subscription = _own(request.customer, subscription_id)
    found = cancellation.record_of(subscription)
    if found is None:
        raise Http404
    name, content, content_type = found
    disposition = content_disposition_header(as_attachment=True, filename=name)
    headers = {"Content-Disposition": disposition or "attachment"}
    return HttpResponse(content, content_type=content_type, headers=headers)


@post_only
def keep(request: CustomerRequest, subscription_id: UUID) -> HttpResponse:
    subscription = _own(request.customer, subscription_id)
    try:
        cancellation.undo(subscription)
    except BillingError as error:
        messages.error(request, str(error))
    else:
        words = {"product": subscription.product_name}
        messages.success(request, _("%(product)s goes on as before.") % words)
    return redirect("hub:subscription", subscription.pk)


@post_only
def stripe_page(request: CustomerRequest, subscription_id: UUID) -> HttpResponse:
    """What Stripe itself sells is managed on its page, and nowhere else. A page leads there: by the
    strict policy, browsers let no form end on another site."""
    subscription = _own(request.customer, subscription_id)
    try:
        url = managed.open_stripes_page(subscription)
    except BillingError as error:
        messages.error(request, str(error))
        return redirect("hub:subscription", subscription.pk)
    context = {"subscription": subscription, "url": url}
    answer = render(request, "hub/onward.html", context)
    answer["Refresh"] = f"0; url={url}"
    return answer
