"""The customer's e-mail addresses: one more, another main one, one less; and the confirmations."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from accounts import sessions
from accounts.access import post_only, public
from accounts.errors import (
    AddressNotUsable,
    AddressTaken,
    AskedTooOften,
    LinkNotValid,
    ProofNotRight,
    TooManyChanges,
)
from accounts.forms import KnownAddressForm
from accounts.freshness import after_fresh_sign_in, fresh_sign_in_url
from accounts.http import CustomerRequest, VendorRequest
from accounts.models import Customer, EmailAddress, MagicLink
from accounts.services import addresses, links
from billing.errors import BillingError
from billing.services import profile as billing_profile
from hub.forms import ASKED_TOO_OFTEN, AddressForm
from hub.presentation.address_links import proposal
from hub.views.profile import details_page


@post_only
def add(request: CustomerRequest) -> HttpResponse:
    """Mail the address a link: it counts once its mailbox confirms."""
    form = AddressForm(request.POST, customer=request.customer)
    if not form.is_valid():
        return details_page(request, address_form=form)
    address = form.cleaned_data["address"]
    if not sessions.is_fresh(request):
        typed = urlencode({"address": address})
        return redirect(fresh_sign_in_url(f"{reverse('hub:profile')}?{typed}#addresses"))
    try:
        addresses.request_adding(request.customer, address=address)
    except AskedTooOften:
        form.add_error("address", ASKED_TOO_OFTEN)
        return details_page(request, address_form=form)
    words = _("Open the mail we just sent to %s to confirm that the address is yours.")
    messages.info(request, words % address)
    return _to_the_list()


@post_only
@after_fresh_sign_in
def make_main(request: CustomerRequest, address_id: int) -> HttpResponse:
    row = get_object_or_404(EmailAddress, pk=address_id, customer=request.customer)
    try:
        customer = addresses.make_main(row, session_id=sessions.current_id(request))
    except (AddressNotUsable, TooManyChanges) as error:
        messages.error(request, _why_not(error))
    else:
        _tell_stripe(request, customer)
        messages.success(request, _("From now on we write to %s.") % customer.email)
    return _to_the_list()


@post_only
@after_fresh_sign_in
def remove(request: CustomerRequest, address_id: int) -> HttpResponse:
    row = get_object_or_404(EmailAddress, pk=address_id, customer=request.customer)
    try:
        addresses.remove(row, session_id=sessions.current_id(request))
    except (AddressNotUsable, TooManyChanges) as error:
        messages.error(request, _why_not(error))
    else:
        messages.success(request, _("The address is removed. It no longer opens your hub."))
    return _to_the_list()


@public
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def confirm(request: VendorRequest, token: str) -> HttpResponse:
    """GET shows what the link would do; POST does it, here and in Stripe."""
    known = request.POST.get("known", "")
    try:
        link = addresses.peek_change(token)
        form = KnownAddressForm(request.POST if "known" in request.POST else None, link=link)
        if request.method == "POST":
            customer = addresses.confirm_change(
                token,
                by=request.customer,
                known=known,
                all_before="all_before" in request.POST,
            )
            return _confirmed(request, link, customer)
    except ProofNotRight:
        if form.is_valid():
            form.add_error("known", _("This is not the address we ask for."))
    except LinkNotValid as error:
        is_undo = error.purpose == MagicLink.Purpose.REVERT_EMAIL
        dead = {"problem": error.reason, "is_undo": is_undo}
        return render(request, "hub/confirm_email.html", dead, status=410)
    except (AddressTaken, AddressNotUsable) as error:
        problem = "taken" if isinstance(error, AddressTaken) else "full"
        return render(request, "hub/confirm_email.html", {"problem": problem}, status=409)
    is_theirs = request.customer == link.customer
    would_do = proposal(
        link, earlier=links.earlier_ways_back(link), vendor=request.vendor, is_theirs=is_theirs
    )
    context = {"proposal": would_do, "form": None if is_theirs else form}
    return render(request, "hub/confirm_email.html", context)


def _confirmed(request: VendorRequest, link: MagicLink, customer: Customer) -> HttpResponse:
    """A new main address ends every session; whoever was signed in here stays so."""
    if link.purpose == MagicLink.Purpose.ADD_EMAIL:
        messages.success(request, _("You can sign in with %s now.") % link.email)
        return _to_the_list() if request.customer == customer else redirect("hub:home")
    if link.customer and customer.email != link.customer.email:
        _tell_stripe(request, customer)
    if request.customer == customer:
        sessions.sign_in(request, customer)
    is_undone = link.purpose == MagicLink.Purpose.REVERT_EMAIL
    words = (
        _("That is undone. We write to %s.") if is_undone else _("Your e-mail address is now %s.")
    )
    messages.success(request, words % customer.email)
    if links.earlier_ways_back(link):
        words = _("What was changed before that still holds. Our earlier mails undo it.")
        messages.warning(request, words)
    return redirect("hub:home")


def _tell_stripe(request: VendorRequest | CustomerRequest, customer: Customer) -> None:
    try:
        billing_profile.push_email(customer)
    except BillingError as error:
        messages.warning(request, str(error))


def _why_not(error: AddressNotUsable | TooManyChanges) -> str:
    if isinstance(error, TooManyChanges):
        return _("Your addresses were changed often today. Try again tomorrow, or write to us.")
    return _("That is not possible with this address as it is now: see the list below.")


def _to_the_list() -> HttpResponse:
    return redirect(f"{reverse('hub:profile')}#addresses")
