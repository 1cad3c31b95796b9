"""Paying what is past due: with the card on file, and past the bank's question."""

from django.conf import settings
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import get_language
from django.views.decorators.csp import csp_override
from django.views.decorators.http import require_http_methods

from accounts.access import post_only
from accounts.http import CustomerRequest
from billing.errors import BillingError
from billing.services import approvals, cards, open_invoices
from billing.services.open_invoices import Outcome, Payment
from hub.presentation.payments import tell_of_payment


@post_only
def pay(request: CustomerRequest) -> HttpResponse:
    """With the card on file: everything that is open, or what is open of the one."""
    rows = list(request.customer.subscriptions.all())
    one = next((s for s in rows if str(s.pk) == request.POST.get("subscription")), None)
    try:
        payment = open_invoices.pay_with_card_on_file(request.customer, subscription=one)
    except BillingError as error:
        messages.error(request, str(error))
        return redirect("hub:home")
    return _onward(request, payment)


@csp_override(settings.CARD_PAGE_CSP)
@require_http_methods(["GET", "HEAD", "POST"])
def approve(request: CustomerRequest) -> HttpResponse:
    """The page asks the bank through Stripe's script; what came of it is read from Stripe."""
    if request.method == "POST":
        try:
            payment = approvals.finish_approvals(request.customer)
        except BillingError as error:
            messages.error(request, str(error))
            return redirect("hub:approve")
        return _onward(request, payment)
    try:
        waiting = approvals.approvals_of(request.customer)
    except BillingError as error:
        messages.error(request, str(error))
        return redirect("hub:home")
    if not waiting:
        return redirect("hub:home")
    context = {
        "approvals": waiting,
        "stripe_account": cards.account_for_browsers(request.customer),
        "stripe_js_url": settings.STRIPE_JS_URL,
        "locale": get_language(),
    }
    return render(request, "hub/approve.html", context)


def _onward(request: CustomerRequest, payment: Payment) -> HttpResponse:
    """To the bank's question, or to another card, or home."""
    tell_of_payment(request, payment)
    if payment.with_outcome(Outcome.WAITS_FOR_OWNER):
        return redirect("hub:approve")
    if payment.with_outcome(Outcome.REFUSED):
        return redirect("hub:card")
    return redirect("hub:home")
