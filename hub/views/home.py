"""The overview: who you are, what you bought, your latest documents."""

from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import get_language
from django.views.decorators.http import require_safe

from accounts.http import CustomerRequest
from accounts.message import render_message
from accounts.models import Customer
from billing.models import Transaction
from billing.services import cancellation_rules, open_invoices
from hub.presentation.addresses import undelivered
from hub.presentation.cards import expiry_mark
from hub.presentation.overview import (
    groups_of,
    main_card,
    one_off_notices,
    past_due_notices,
    picks_of,
)
from hub.presentation.purchases import one_time_row, subscription_row
from hub.presentation.words import long_card
from invoices.parties import address_lines

LATEST_DOCUMENTS = 3


@require_safe
def home(request: CustomerRequest) -> HttpResponse:
    customer = request.customer
    kind, query = request.GET.get("kind", ""), request.GET.get("q", "").strip()
    subscriptions = list(customer.subscriptions.select_related("stripe_customer"))
    owners = open_invoices.owners_of_one_offs(customer)
    beside = one_off_notices(owners)
    rules = cancellation_rules.rules_of(request.vendor)
    rows = [subscription_row(s, rules) for s in subscriptions]
    rows += [one_time_row(p) for p in customer.one_time_purchases.all()]
    latest = list(customer.documents.all()[: LATEST_DOCUMENTS + 1])
    card = main_card(subscriptions, owners)
    has_current = any(not s.has_ended for s in subscriptions)
    context = {
        "message": render_message(request.vendor, customer),
        "notices": past_due_notices(subscriptions) + beside,
        "undelivered": undelivered(customer),
        "address": address_lines(customer, language=get_language() or "en"),
        "card": long_card(card) if card else "",
        "card_mark": expiry_mark(card),
        "picks": picks_of(rows),
        "kind": kind,
        "query": query,
        "groups": groups_of(rows, kind=kind, query=query, numbered=_numbered(customer, query)),
        "has_current": has_current,
        "nothing_is_charged": not has_current and not beside,
        "documents": latest[:LATEST_DOCUMENTS],
        "has_more_documents": len(latest) > LATEST_DOCUMENTS,
    }
    return render(request, "hub/home.html", context)


def _numbered(customer: Customer, query: str) -> set[UUID]:
    """The purchases that have a document with this in its number."""
    if not query:
        return set()
    found = Transaction.objects.filter(customer=customer, document__number__icontains=query)
    pairs = found.values_list("subscription_id", "one_time_purchase_id")
    return {pk for pair in pairs for pk in pair} - {None}
