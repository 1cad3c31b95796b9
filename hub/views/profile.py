"""Your details, and the confirmation of a new e-mail address."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.cache import patch_vary_headers
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from accounts import sessions
from accounts.access import public
from accounts.errors import AddressTaken, LinkNotValid, ProofNotRight
from accounts.forms import FormerAddressForm
from accounts.http import CustomerRequest, VendorRequest
from accounts.models import Customer
from accounts.services import addresses
from billing.errors import BillingError
from billing.services import profile as billing_profile
from billing.services.cards import live_subscriptions
from hub.forms import DetailsForm
from hub.presentation.cards import expiry_mark
from hub.presentation.overview import main_card
from hub.presentation.words import long_card


def profile(request: CustomerRequest) -> HttpResponse:
    form = DetailsForm.of(request.customer, request.POST if request.method == "POST" else None)
    if form.is_valid() and _save(request, form):
        return redirect(_next_of(request, form))
    if address := request.GET.get("email"):
        form.initial["email"] = address  # typed before a fresh sign-in was asked for
    card = main_card(live_subscriptions(request.customer))
    context = {
        "form": form,
        "card": long_card(card) if card else "",
        "card_mark": expiry_mark(card),
    }
    # The overview's dialog asks for the form alone.
    is_part = request.headers.get("X-Part") == "form"
    template = "hub/profile.html#form" if is_part else "hub/profile.html"
    response = render(request, template, context | {"in_dialog": is_part})
    patch_vary_headers(response, ["X-Part"])
    return response


def _save(request: CustomerRequest, form: DetailsForm) -> bool:
    """Details first, here and in Stripe; then the mail that confirms a changed address."""
    try:
        if form.details_changed:
            billing_profile.update_details(request.customer, details=form.details())
    except BillingError as error:
        form.add_error(None, str(error))
        return False
    if form.details_changed:
        messages.success(request, _("Your details are saved."))
    if "email" in form.changed_data and sessions.is_fresh(request):
        address = form.cleaned_data["email"]
        addresses.request_change(request.customer, address=address)
        words = _("Open the mail we just sent to %s to confirm your new address.")
        messages.info(request, words % address)
    return True


def _next_of(request: CustomerRequest, form: DetailsForm) -> str:
    """A new address is taken only from whoever has just signed in."""
    if "email" not in form.changed_data or sessions.is_fresh(request):
        return reverse("hub:home")
    typed = urlencode({"email": form.cleaned_data["email"]})
    back = urlencode({"next": f"{reverse('hub:profile')}?{typed}"})
    return f"{reverse('accounts:again')}?{back}"


@public
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def confirm_email(request: VendorRequest, token: str) -> HttpResponse:
    """GET shows what would change; POST changes it, here and in Stripe."""
    form = FormerAddressForm(request.POST if "former" in request.POST else None)
    former = request.POST.get("former", "")
    try:
        link = addresses.peek_change(token)
        if request.method == "POST":
            customer = addresses.confirm_change(token, by=request.customer, former=former)
            return _confirmed(request, customer)
    except ProofNotRight:
        if form.is_valid():
            form.add_error("former", _("This is not the address you had before."))
    except LinkNotValid as error:
        return render(request, "hub/confirm_email.html", {"problem": error.reason}, status=410)
    except AddressTaken:
        return render(request, "hub/confirm_email.html", {"problem": "taken"}, status=409)
    is_theirs = request.customer == link.customer
    context = {"link": link, "form": None if is_theirs else form}
    return render(request, "hub/confirm_email.html", context)


def _confirmed(request: VendorRequest, customer: Customer) -> HttpResponse:
    """Every session has ended with the change; whoever was signed in here stays so."""
    try:
        billing_profile.push_email(customer)
    except BillingError as error:
        messages.warning(request, str(error))
    if request.customer == customer:
        sessions.sign_in(request, customer)
    messages.success(request, _("Your e-mail address is now %s.") % customer.email)
    return redirect("hub:home")
