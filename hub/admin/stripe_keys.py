"""A vendor's Stripe keys: written here, never shown again but for their last four characters.

A page of its own, so that no browser fills a remembered password into a vendor's settings, and
so that Stripe is asked about a key outside any database transaction.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from django import forms
from django.conf import settings
from django.contrib import messages
from django.contrib.admin import AdminSite
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import Vendor
from accounts.services import audit
from accounts.tenancy import vendor_scope
from billing import tasks
from billing.errors import BillingError
from billing.models import StripeAccount
from billing.services import connect
from billing.services import keys as key_service
from billing.services.keys import KeyCheck, check_connected_account, check_keys
from hub.admin import roles
from hub.admin.connect import connection_of

WEBHOOK_SECRET = re.compile(r"whsec_[\w+/=-]+", re.ASCII)
SECRET = forms.PasswordInput(attrs={"autocomplete": "off", "class": "vTextField"})


def summary(account: StripeAccount | None) -> str:
    """What may be known of the keys."""
    if account is None or not account.key:
        return _("None yet.")
    mode = _("live") if account.livemode else _("test")
    if account.is_connected:
        return _("Connected account %(account)s (%(mode)s).") % {
            "account": account.connected_account_id,
            "mode": mode,
        }
    return _("Secret key ending in %(last4)s (%(mode)s).") % {
        "last4": account.secret_key[-4:],
        "mode": mode,
    }


OF_ANOTHER_ACCOUNT = gettext_lazy(
    "This is another Stripe account than the one this hub's customers are in, or the other mode of"
    " it. What they bought would stay as it is shown now, and nothing of it could be changed here"
    " any more. If you mean it, enter the keys again and tick this."
)


class KeysForm(forms.Form):
    """What is left empty stays as it is; nothing saved is ever sent back to the browser."""

    secret_key = forms.CharField(
        label=gettext_lazy("Secret or restricted key"),
        required=False,
        widget=SECRET,
        help_text=gettext_lazy("sk_… or, better, a restricted key rk_…"),
    )
    publishable_key = forms.CharField(
        label=gettext_lazy("Publishable key"),
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "off", "class": "vTextField"}),
        help_text=gettext_lazy("pk_…"),
    )
    webhook_secret = forms.CharField(
        label=gettext_lazy("Webhook signing secret"),
        required=False,
        widget=SECRET,
        help_text=gettext_lazy(
            "whsec_… Only if you have made the webhook endpoint at Stripe yourself."
        ),
    )
    make_endpoint = forms.BooleanField(
        label=gettext_lazy("Make the webhook endpoint at Stripe for me"),
        required=False,
        initial=True,
    )
    connected_account_id = forms.CharField(
        label=gettext_lazy("Connected account"),
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "off", "class": "vTextField"}),
        help_text=gettext_lazy(
            "acct_… Instead of keys: the hub then acts with the platform's own key."
        ),
    )
    other_account = forms.BooleanField(
        label=gettext_lazy("Use them all the same: begin anew with the other account"),
        required=False,
    )
    clear = forms.BooleanField(
        label=gettext_lazy("Forget all keys: the hub then shows what it knows and changes nothing"),
        required=False,
    )

    def __init__(
        self, *args: Any, account: StripeAccount, may_connect: bool, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.account = account
        self.check: KeyCheck | None = None
        if not may_connect:
            del self.fields["connected_account_id"]
        saved = {
            "secret_key": account.secret_key,
            "publishable_key": account.publishable_key,
            "webhook_secret": account.webhook_secret,
            "connected_account_id": account.connected_account_id,
        }
        for name, value in saved.items():
            if value and name in self.fields:
                self.fields[name].widget.attrs["placeholder"] = f"•••• {value[-4:]}"

    def shown(self) -> list[forms.BoundField]:
        """The question of another account is asked only where it is one."""
        asks = bool(self["other_account"].errors or self["other_account"].value())
        return [field for field in self if asks or field.name != "other_account"]

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        if cleaned.get("clear"):
            return cleaned
        typed = (value for name, value in cleaned.items() if name != "make_endpoint")
        if not (any(typed) or self.errors or self.account.key):
            raise ValidationError(
                _("Nothing was typed, and there are no keys yet."), code="nothing"
            )
        self._check_webhook_secret()
        if connected := cleaned.get("connected_account_id"):
            self._ask("connected_account_id", lambda: check_connected_account(connected))
        elif cleaned.get("secret_key") or cleaned.get("publishable_key"):
            self._check_keys(
                cleaned.get("secret_key") or self.account.secret_key,
                cleaned.get("publishable_key") or self.account.publishable_key,
            )
        return cleaned

    def _check_webhook_secret(self) -> None:
        secret = self.cleaned_data.get("webhook_secret")
        if secret and not WEBHOOK_SECRET.fullmatch(secret):
            self.add_error("webhook_secret", _("A webhook signing secret looks like whsec_…"))
        elif secret and self.cleaned_data.get("make_endpoint"):
            self.add_error(
                "webhook_secret",
                _(
                    "An endpoint that the hub makes has a secret of its own. Leave this empty, or"
                    " untick the box below to use the endpoint you have made."
                ),
            )

    def _check_keys(self, secret: str, publishable: str) -> None:
        """In words first, then by asking Stripe."""
        if not secret.startswith(("sk_", "rk_")):
            self.add_error("secret_key", _("A secret key begins with sk_ or rk_."))
        elif not publishable.startswith("pk_"):
            self.add_error("publishable_key", _("A publishable key begins with pk_."))
        elif ("_live_" in secret) != ("_live_" in publishable):
            self.add_error(
                "publishable_key", _("One of the keys is for test mode, the other for live mode.")
            )
        else:
            self._ask(
                "secret_key", lambda: check_keys(secret_key=secret, publishable_key=publishable)
            )

    def _ask(self, field: str, check: Callable[[], KeyCheck]) -> None:
        try:
            self.check = check()
        except BillingError as error:
            self.add_error(field, ValidationError(str(error), code="refused"))
            return
        if not self.check.keys_match:
            self.add_error(
                "publishable_key",
                _("This publishable key does not belong to the Stripe account of the secret key."),
            )
        if not self.check.knows_customers and not self.cleaned_data.get("other_account"):
            self.add_error("other_account", OF_ANOTHER_ACCOUNT)

    def save(self) -> None:
        given = self.cleaned_data
        if given["clear"]:
            self.account.forget()
            self.account.save()
        elif given.get("connected_account_id"):
            connect.use_connected_account(self.account, given["connected_account_id"])
        else:
            names = ("secret_key", "publishable_key", "webhook_secret")
            kept = {name: given[name] for name in names}
            key_service.use_keys(self.account, **kept, check=self.check)


def keys(site: AdminSite, request: HttpRequest, vendor: Vendor) -> HttpResponse:
    with vendor_scope(vendor):
        known = StripeAccount.objects.filter(vendor=vendor).first()
        account = known or StripeAccount(vendor=vendor)
        may_connect = roles.staff_of(request).is_superuser and bool(
            settings.STRIPE_PLATFORM_SECRET_KEY
        )
        form = KeysForm(
            request.POST or None, account=account, may_connect=may_connect, label_suffix=""
        )
        if form.is_valid():
            form.save()
            audit.record(
                "stripe_keys_changed", by_user=roles.staff_of(request), subject=summary(account)
            )
            messages.success(request, _("The keys were saved."))
            _see_to_it(request, form, vendor)
            return redirect("admin:accounts_vendor_change", vendor.pk)
        is_owner = roles.may(request, roles.OWNERS, vendor.pk)
        connection = connection_of(known, roles.staff_of(request)) if is_owner else None
    context = {
        **site.each_context(request),
        "title": _("Stripe keys"),
        "subtitle": vendor.name,
        "vendor": vendor,
        "form": form,
        "summary": summary(known),
        "connection": connection,
    }
    return TemplateResponse(request, "admin/stripe_keys.html", context)


def _see_to_it(request: HttpRequest, form: KeysForm, vendor: Vendor) -> None:
    """The keys are saved either way: they are right, whatever else is still to be done."""
    for problem in form.check.problems if form.check else []:
        messages.warning(request, problem)
    if not form.account.key:
        return
    if not form.account.is_connected:
        _see_to_the_endpoint(request, form, vendor)
    if form.check is not None:
        tasks.compare_everything.enqueue(vendor.pk)


def _see_to_the_endpoint(request: HttpRequest, form: KeysForm, vendor: Vendor) -> None:
    try:
        if form.cleaned_data["make_endpoint"]:
            key_service.ensure_webhook_endpoint(vendor)
        faults = key_service.check_webhook_endpoint(vendor)
    except BillingError as error:
        messages.error(
            request, _("The webhook endpoint was not made: %s") % (error.detail or error)
        )
        return
    for fault in faults:
        messages.warning(request, fault)
    if not faults:
        messages.success(request, _("Stripe now tells this hub what happens."))
