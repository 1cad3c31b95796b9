"""Your details."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.cache import patch_vary_headers
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from accounts import sessions
from accounts.errors import AskedTooOften
from accounts.freshness import fresh_sign_in_url
from accounts.http import CustomerRequest
from accounts.services import addresses
from billing.errors import BillingError
from billing.services import profile as billing_profile
from billing.services.cards import live_subscriptions
from hub.forms import ASKED_TOO_OFTEN, AddressForm, DetailsForm
from hub.presentation.addresses import mailboxes, undelivered
from hub.presentation.cards import expiry_mark
from hub.presentation.overview import main_card
from hub.presentation.words import long_card


@require_http_methods(["GET", "HEAD", "POST"])
def profile(request: CustomerRequest) -> HttpResponse:
    form = DetailsForm.of(request.customer, request.POST if request.method == "POST" else None)
    if form.is_valid() and _save(request, form):
        return redirect(_next_of(request, form))
    if address := request.GET.get("email"):
        form.propose_email(address)  # typed before a fresh sign-in was asked for
    return details_page(request, form=form)


def details_page(
    request: CustomerRequest,
    *,
    form: DetailsForm | None = None,
    address_form: AddressForm | None = None,
) -> HttpResponse:
    """With the form that was just sent, if it has errors."""
    customer = request.customer
    card = main_card(live_subscriptions(customer))
    typed = {"address": request.GET.get("address", "")}
    context = {
        "form": form or DetailsForm.of(customer),
        "goes_to_several": billing_profile.goes_to_several(customer),
        "card": long_card(card) if card else "",
        "card_mark": expiry_mark(card),
    }
    # The overview's dialog asks for the form alone.
    is_part = request.headers.get("X-Part") == "form"
    if not is_part:
        context |= {
            "mailboxes": mailboxes(customer),
            "undelivered": undelivered(customer),
            "address_form": address_form or AddressForm(initial=typed, customer=customer),
        }
    template = "hub/profile.html#form" if is_part else "hub/profile.html"
    response = render(request, template, context | {"in_dialog": is_part})
    patch_vary_headers(response, ["X-Part"])
    return response


def _save(request: CustomerRequest, form: DetailsForm) -> bool:
    """Details first, here and in Stripe; then the mail that confirms a changed address."""
    try:
        if form.details_changed:
            is_all = billing_profile.update_details(request.customer, details=form.details())
    except BillingError as error:
        form.add_error(None, str(error))
        return False
    if form.details_changed and is_all:
        messages.success(request, _("Your details are saved."))
    elif form.details_changed:
        messages.warning(
            request,
            _(
                "Your details are saved, but an older purchase still has the former ones. We"
                " have noted that, and will put it right."
            ),
        )
    if "email" in form.changed_data and sessions.is_fresh(request):
        return _ask_mailbox(request, form)
    return True


def _ask_mailbox(request: CustomerRequest, form: DetailsForm) -> bool:
    address = form.cleaned_data["email"]
    try:
        addresses.request_change(request.customer, address=address)
    except AskedTooOften:
        form.add_error("email", ASKED_TOO_OFTEN)
        return False
    words = _("Open the mail we just sent to %s to confirm your new address.")
    messages.info(request, words % address)
    return True


def _next_of(request: CustomerRequest, form: DetailsForm) -> str:
    """A new address is taken only from whoever has just signed in."""
    if "email" not in form.changed_data or sessions.is_fresh(request):
        return reverse("hub:home")
    typed = urlencode({"email": form.cleaned_data["email"]})
    return fresh_sign_in_url(f"{reverse('hub:profile')}?{typed}")
