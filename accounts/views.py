"""The door: ask for a link, open it, leave; and in which language."""

from __future__ import annotations

from email.utils import parseaddr
from typing import TYPE_CHECKING

from django.conf import settings
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.csrf import csrf_failure
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts import cookies, sessions
from accounts.access import post_only, public
from accounts.errors import LinkNotValid, ProofNotRight, SupportViewNotValid
from accounts.forms import CodeForm, LanguageForm, ProofForm, SignInForm
from accounts.http import CustomerRequest, own_path
from accounts.services import audit, support_views
from accounts.services import sign_in as door_keeper

if TYPE_CHECKING:
    from accounts.http import HubRequest, VendorRequest
    from accounts.models import Customer


@public
@never_cache
@require_safe
def door(request: VendorRequest) -> HttpResponse:
    """At "/" for whoever is not signed in, at "/updateinfo/" for all."""
    if request.customer:
        return redirect("hub:home")
    wishes = {"email": request.GET.get("email", ""), "next": own_path(request.GET.get("next", ""))}
    return render(request, "accounts/door.html", {"form": SignInForm(initial=wishes)})


@public
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def sign_in(request: VendorRequest) -> HttpResponse:
    """Ask for a link. Every address that is well formed gets the same answer."""
    if request.method != "POST":
        return redirect("hub:home")
    form = SignInForm(request.POST)
    if not form.is_valid():
        return render(request, "accounts/door.html", {"form": form})
    address, next_path = form.cleaned_data["email"], form.cleaned_data["next"]
    key = cookies.browser_key(request) or cookies.new_browser_key()
    door_keeper.request_link(
        vendor=request.vendor,
        email=address,
        browser_key=key,
        client=request.client,
        language=get_language() or settings.LANGUAGE_CODE,
        next_path=next_path,
    )
    if address == cookies.asked_address(request):
        messages.info(request, _("Asked again. A mail can take a minute or two."))
    query = f"?{urlencode({'next': next_path})}" if next_path else ""
    response = redirect(reverse("accounts:sent") + query)
    cookies.remember_request(response, key=key, address=address)
    return response


@require_safe
def again(request: CustomerRequest) -> HttpResponse:
    """Before what must not be done with a session that somebody else may have picked up."""
    context = {
        "next": own_path(request.GET.get("next", "")),
        "addresses": request.customer.addresses.order_by("pk").values_list("address", flat=True),
    }
    return render(request, "accounts/again.html", context)


@public
@never_cache
@require_safe
def sent(request: VendorRequest) -> HttpResponse:
    return _check_your_mail(request, CodeForm())


@public
@never_cache
@require_POST
def code(request: VendorRequest) -> HttpResponse:
    """Sign in with the typed code, in the browser that asked for it."""
    form = CodeForm(request.POST)
    if form.is_valid():
        try:
            customer, next_path = door_keeper.redeem_code(
                form.cleaned_data["code"], browser_key=cookies.browser_key(request)
            )
        except LinkNotValid:
            form.refuse()
        else:
            return _let_in(request, customer, next_path)
    return _check_your_mail(request, form)


def _check_your_mail(request: VendorRequest, form: CodeForm) -> HttpResponse:
    address = cookies.asked_address(request)
    if not address:
        return redirect("hub:home")
    context = {
        "form": form,
        "address": address,
        "next": own_path(request.GET.get("next", "")),
        "sender": parseaddr(settings.DEFAULT_FROM_EMAIL)[1],
    }
    return render(request, "accounts/sent.html", context)


@public
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def confirm(request: VendorRequest, token: str) -> HttpResponse:
    """Opening the link changes nothing, for mail scanners open it too; the button spends it."""
    key, typed = cookies.browser_key(request), request.POST.get("proof", "")
    form = ProofForm(request.POST if "proof" in request.POST else None)
    try:
        link = door_keeper.peek(token)
        if request.method == "POST":
            customer = door_keeper.redeem(token, browser_key=key, proof=typed)
            return _let_in(request, customer, link.next_path)
    except ProofNotRight:
        if form.is_valid():
            form.add_error("proof", _("This is neither the code nor the address of the mail."))
    except LinkNotValid as error:
        return link_not_valid(request, error)
    same_browser = door_keeper.is_of_browser(link, key)
    context = {"link": link, "token": token, "form": None if same_browser else form}
    return render(request, "accounts/confirm.html", context)


def form_expired(request: HubRequest, reason: str = "") -> HttpResponse:
    """Whoever opened a link in two tabs and signed in with one of them is let in by the other."""
    match = request.resolver_match
    if request.customer and match and match.view_name == "accounts:confirm":
        return redirect("hub:home")
    return csrf_failure(request, reason)


def link_not_valid(request: VendorRequest, error: LinkNotValid) -> HttpResponse:
    """Why the link does not work, and a way on."""
    # Whoever holds an old link is told no address but the one this browser asked with.
    form = SignInForm(initial={"email": cookies.asked_address(request)})
    context = {"reason": error.reason, "form": form}
    status = 404 if error.reason == "unknown" else 410
    return render(request, "accounts/link_not_valid.html", context, status=status)


def _let_in(request: VendorRequest, customer: Customer, next_path: str) -> HttpResponse:
    sessions.sign_in(request, customer)
    return redirect(own_path(next_path) or "hub:home")


@post_only
def sign_out(request: VendorRequest) -> HttpResponse:
    """Here and on every other device."""
    if request.customer:
        audit.record("signed_out", customer=request.customer)
    sessions.sign_out(request)
    messages.success(request, _("You are signed out, on all your devices."))
    return redirect("hub:home")


@public
@csrf_exempt  # it comes from the admin's host; the token it brings works once, for one browser
@never_cache
@require_POST
def begin_support_view(request: VendorRequest) -> HttpResponse:
    try:
        view = support_views.begin(request.POST.get("token", ""), client=request.client)
    except SupportViewNotValid:
        return render(request, "accounts/support_view.html", status=410)
    sessions.begin_support_view(request, view)
    return redirect("hub:home")


@post_only
def end_support_view(request: VendorRequest) -> HttpResponse:
    if request.support_view:
        support_views.end(request.support_view)
        sessions.leave(request)
        messages.success(request, _("You no longer view this hub as a customer."))
    return redirect("hub:home")


@public
@require_POST
def language(request: VendorRequest) -> HttpResponse:
    """Change the language and stay on the page."""
    form = LanguageForm(request.POST)
    chosen = form.data["language"] if form.is_valid() else ""
    response = redirect(own_path(request.POST.get("next", "")) or "hub:home")
    if chosen:
        cookies.remember_language(response, chosen)
        if request.customer:
            request.customer.language = chosen
            request.customer.save(update_fields=["language"])
    return response
