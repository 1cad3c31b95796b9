"""A one-time purchase: what it was, what was paid, its documents."""

from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe

from accounts.http import CustomerRequest
from billing.models import OneTimePurchase
from hub.presentation.purchases import one_time_mark
from hub.presentation.transactions import transaction_rows
from invoices.money import format_money


@require_safe
def purchase(request: CustomerRequest, purchase_id: UUID) -> HttpResponse:
    purchase = get_object_or_404(OneTimePurchase, pk=purchase_id, customer=request.customer)
    payments = purchase.transactions.select_related("document__corrects", "charge__document")
    context = {
        "purchase": purchase,
        "mark": one_time_mark(purchase),
        "price": format_money(purchase.amount_minor, purchase.currency),
        "payments": transaction_rows(payments),
    }
    return render(request, "hub/purchase.html", context)
