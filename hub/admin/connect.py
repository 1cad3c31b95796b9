"""Connecting a vendor's account at Stripe: an owner is sent to Stripe's pages and comes back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.conf import settings
from django.contrib import messages
from django.contrib.admin import AdminSite
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from accounts.models import User, Vendor
from accounts.tenancy import vendor_scope
from billing import tasks
from billing.errors import BegunByAnother, BillingError
from billing.models import Onboarding, StripeAccount, StripeCustomer
from billing.services import connect
from hub.admin import roles

if TYPE_CHECKING:
    from django_stubs_ext import StrPromise

WANTED: dict[str, StrPromise] = {
    "business_profile": gettext_lazy("what the business does"),
    "business_type": gettext_lazy("the kind of business"),
    "company": gettext_lazy("details of the company"),
    "directors": gettext_lazy("details of the directors"),
    "documents": gettext_lazy("documents of the company"),
    "executives": gettext_lazy("details of the executives"),
    "external_account": gettext_lazy("a bank account"),
    "individual": gettext_lazy("details of the person behind it"),
    "owners": gettext_lazy("details of the owners"),
    "relationship": gettext_lazy("who owns and runs the company"),
    "representative": gettext_lazy("details of who represents the company"),
    "settings": gettext_lazy("settings for payments"),
    "tos_acceptance": gettext_lazy("acceptance of Stripe's terms"),
}
"""What Stripe asks for, by the first part of its name for it."""


@dataclass(frozen=True, kw_only=True)
class Connection:
    """How far it is, in words, and what can be done about it."""

    sentence: str
    wanted: list[str]
    button: str
    takes_over: bool
    can_disconnect: bool


def connection_of(account: StripeAccount | None, by: User) -> Connection | None:
    """None: the operator has no platform at Stripe."""
    if not connect.is_offered():
        return None
    row = Onboarding.objects.select_related("begun_by").first()
    is_used = account is not None and account.is_connected
    is_begun = row is not None and row.begun_by_id is not None
    others = is_begun and not is_used and row is not None and row.begun_by_id != by.pk
    return Connection(
        sentence=_sentence(row, is_used=is_used, is_begun=is_begun, instead=_instead(account)),
        wanted=_wanted(row) if row and (is_used or is_begun) else [],
        button=_button(row, is_used=is_used, is_begun=is_begun, others=others),
        takes_over=others,
        can_disconnect=is_used or is_begun,
    )


def _instead(account: StripeAccount | None) -> str:
    """An account made now knows none of the customers that came by keys."""
    if account is None or not account.secret_key or not StripeCustomer.objects.exists():
        return _("It takes the place of keys.")
    return _(
        "It takes the place of your keys: what was bought with those then stays as it is shown,"
        " and nothing of it can be changed here any more."
    )


def _sentence(row: Onboarding | None, *, is_used: bool, is_begun: bool, instead: str) -> str:
    if row is None or not (is_used or is_begun):
        sentence = _("Stripe asks you what it must know, and this hub then acts for your account.")
        return f"{sentence} {instead}"
    words = {"account": row.account_id, "person": row.begun_by or ""}
    if is_used and not row.charges_enabled and row.disabled_reason:
        return _("Stripe lets account %(account)s take no payments at present.") % words
    if is_used:
        return _("Account %(account)s is connected.") % words
    if row.details_submitted and row.requirements:
        return _("Account %(account)s cannot take payments yet.") % words
    if row.details_submitted:
        return _("Stripe is checking account %(account)s, and will say when it is done.") % words
    return _("An account is being connected by %(person)s. Stripe's pages are unfinished.") % words


def _wanted(row: Onboarding) -> list[str]:
    """In words, each once."""
    words = [_in_words(name) for name in row.requirements]
    return list(dict.fromkeys(words))


def _in_words(name: str) -> str:
    if ".verification." in name:
        return _("a document that proves who someone is")
    first = name.partition(".")[0]
    if first.startswith("person_"):
        return str(WANTED["individual"])
    return str(WANTED.get(first, name))


def _button(row: Onboarding | None, *, is_used: bool, is_begun: bool, others: bool) -> str:
    if others:
        return _("Take over, and continue at Stripe")
    if is_used or (is_begun and row is not None and row.account_id):
        is_done = is_used and row is not None and not row.requirements
        return "" if is_done else _("Continue at Stripe")
    return _("Connect with Stripe")


def begin(site: AdminSite, request: HttpRequest, vendor: Vendor) -> HttpResponse:
    """A page that leads on to Stripe: the strict policy lets no form end on another site."""
    if request.method != "POST":
        return HttpResponseNotAllowed(["POST"])
    if not connect.is_offered():
        raise Http404
    back = reverse("admin:accounts_vendor_connected", args=[vendor.pk])
    with vendor_scope(vendor):
        try:
            url = connect.begin(
                vendor,
                by=roles.staff_of(request),
                return_url=f"{settings.PLATFORM_ORIGIN}{back}",
                refresh_url=f"{settings.PLATFORM_ORIGIN}{back}?again=1",
                takes_over="take_over" in request.POST,
            )
        except BillingError as error:
            messages.error(request, _in_the_way(error))
            return _to_the_keys(vendor)
        if not url:
            _say(request, vendor)
            return _to_the_keys(vendor)
    context = {
        **site.each_context(request),
        "title": _("On to Stripe"),
        "vendor": vendor,
        "url": url,
    }
    answer = TemplateResponse(request, "admin/onward.html", context)
    answer["Refresh"] = f"0; url={url}"
    return answer


def connected(site: AdminSite, request: HttpRequest, vendor: Vendor) -> HttpResponse:
    """Back from Stripe, which says nothing about how it went: the account is asked."""
    with vendor_scope(vendor):
        row = connect.onboarding_of(vendor)
        if row is None or row.begun_by_id != roles.staff_of(request).pk:
            messages.error(request, _("You have not begun to connect an account here."))
        elif "again" in request.GET:
            messages.warning(
                request, _("Stripe's page was open already, or too long. Press the button again.")
            )
        else:
            try:
                connect.read_again(vendor)
            except BillingError as error:
                messages.error(request, _in_the_way(error))
            else:
                _say(request, vendor)
    return _to_the_keys(vendor)


def disconnect(site: AdminSite, request: HttpRequest, vendor: Vendor) -> HttpResponse:
    if request.method != "POST":
        return HttpResponseNotAllowed(["POST"])
    with vendor_scope(vendor):
        connect.disconnect(vendor, by=roles.staff_of(request))
    messages.success(
        request,
        _(
            "The hub acts for this account no more. To take the platform's access away at Stripe"
            " too, remove it from the installed apps in Stripe's dashboard."
        ),
    )
    return _to_the_keys(vendor)


def _say(request: HttpRequest, vendor: Vendor) -> None:
    """How it stands after Stripe was asked, once everything that is there is on its way."""
    account = StripeAccount.objects.filter(vendor=vendor).first()
    row = connect.onboarding_of(vendor)
    if row is None:
        messages.error(request, _("This account is not connected to the platform's."))
    elif account is not None and account.is_connected:
        tasks.compare_everything.enqueue(vendor.pk)
        messages.success(request, _("Your account is connected."))
    elif not row.details_submitted:
        messages.warning(request, _("Stripe's pages are unfinished. You can continue any time."))
    elif row.requirements:
        sentence = ngettext(
            "Stripe asks for one more thing before it can take payments.",
            "Stripe asks for %(count)d more things before it can take payments.",
            len(row.requirements),
        )
        messages.warning(request, sentence % {"count": len(row.requirements)})
    else:
        messages.success(
            request, _("Stripe is checking what you gave, and this hub connects when it is done.")
        )


def _in_the_way(error: BillingError) -> str:
    if isinstance(error, BegunByAnother):
        return str(error)
    return _("Stripe did not open its page: %s") % (error.detail or error)


def _to_the_keys(vendor: Vendor) -> HttpResponse:
    return redirect("admin:accounts_vendor_stripe", vendor.pk)
