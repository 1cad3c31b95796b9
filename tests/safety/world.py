"""A vendor whose every text says one thing, and every address at which somebody may meet it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from io import BytesIO
from pathlib import Path
from typing import Any

from django.apps import apps
from django.core.files.base import ContentFile
from django.db import models
from django.urls import URLPattern, URLResolver, get_resolver
from PIL import Image

from accounts.brand import brand_of
from accounts.logos import clean_logo, logo_of
from accounts.models import AuditChain, AuditEntry, Customer, EmailAddress, Vendor
from accounts.tenancy import VendorOwned, vendor_scope
from billing.models import Action, ExpiryNotice, Subscription
from tests.factories import (
    make_customer,
    make_document_settings,
    make_stripe_account,
    make_subscription,
    make_vendor,
)
from tests.hub.admin.conftest import Records, make_records

HUB, PLATFORM = "config.urls", "config.platform_urls"

CORPUS = [
    line
    for line in (Path(__file__).parent / "corpus.txt").read_text().splitlines()
    if line and not line.startswith("## ")
]
"""What has ever been written into a field to run a script on somebody's page: 200 strings."""

# What has a meaning to the program is no free text: a word there would be an error, not a leak.
MEANINGFUL = {
    *("currency", "interval", "language", "country", "cursor", "collection_method", "subdomain"),
    *("time_zone", "header_colour", "accent_colour", "logo", "pdf", "pdf_sha256", "without_card"),
    *(
        "canonical_domain",
        "token",
        "kind",
        "next_path",
        "secret_key",
        "webhook_secret",
        "stripe_status",
        "connected_account_id",
    ),
}
OWN = {
    model
    for app in ("accounts", "billing", "invoices")
    for model in apps.get_app_config(app).get_models()
    if issubclass(model, VendorOwned) and model not in {AuditEntry, AuditChain}
}


@dataclass
class World:
    vendor: Vendor
    customer: Customer
    records: Records
    values: dict[str, str] = field(default_factory=dict)

    def paths(self, urlconf: str) -> list[str]:
        """Every address of the host, with this vendor's ids in it."""
        return [f"/{self._filled(route)}" for route in routes(urlconf)]

    def _filled(self, route: str) -> str:
        model = re.match(r"admin/(\w+)/(\w+)/", route)
        rows = self.records.rows | {"accounts_vendor": self.vendor}
        own = rows.get("_".join(model.groups())) if model else None
        values = self.values | {"object_id": str(own.pk) if own else "1"}
        plain = re.sub(r"\^?\(\?P<(\w+)>.*?\)(?=/|\$|$)\$?", r"<\1>", route).replace("$", "")
        return re.sub(r"<(?:\w+:)?(\w+)>", lambda match: values.get(match.group(1), "1"), plain)


def routes(urlconf: str) -> list[str]:
    return list(_routes(get_resolver(urlconf).url_patterns))


def _routes(patterns: list[URLPattern | URLResolver], prefix: str = "") -> Iterator[str]:
    for pattern in patterns:
        route = prefix + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            yield from _routes(pattern.url_patterns, route)
        else:
            yield route


def make_world(name: str, word: str, **fields: Any) -> World:
    """A vendor with a customer who has one of everything; every free text says the word."""
    vendor = make_vendor(name, **fields)
    vendor.logo.save("logo.png", ContentFile(a_logo()))
    make_stripe_account(vendor)
    make_document_settings(vendor)
    customer = make_customer(vendor)
    make_subscription(customer)
    records = make_records(customer, word)
    _add_states(customer)
    say(vendor, word)
    customer.refresh_from_db()
    vendor.refresh_from_db()
    world = World(vendor, customer, records)
    logo, rows = logo_of(vendor), records.rows
    with vendor_scope(vendor):
        address = customer.addresses.earliest("pk")
    world.values = {
        "customer_id": str(customer.pk),
        "address_id": str(address.pk),
        "subscription_id": str(rows["billing_subscription"].pk),
        "purchase_id": str(rows["billing_onetimepurchase"].pk),
        "document_id": str(rows["invoices_document"].pk),
        "transaction_id": str(rows["billing_transaction"].pk),
        "failure_id": str(rows["billing_failure"].pk),
        "vendor_id": str(vendor.pk),
        "year": "2025",
        "version": brand_of(vendor).version if logo else "",
        "token": "a-token-that-was-never-made",
        "uidb64": "MQ",
        "app_label": "accounts",
        "url": "nowhere",
    }
    return world


def _add_states(customer: Customer) -> None:
    """What else a page may have to say."""
    later = datetime.now(UTC) + timedelta(days=20)
    for changes in (
        {"status": Subscription.Status.TRIALING, "trial_ends_at": later},
        {"payments_total": 6, "payments_made": 2},
        {"status": Subscription.Status.PAST_DUE, "past_due_minor": 1900, "past_due_since": later},
        {"cancels_at": later, "cancel_requested_at": later},
        {"status": Subscription.Status.CANCELED, "ended_at": datetime.now(UTC)},
    ):
        make_subscription(customer, **changes)
    common = {"vendor": customer.vendor, "customer": customer}
    with vendor_scope(customer.vendor):
        EmailAddress.objects.create(**common, address="another@example.com")
        Action.objects.create(**common, kind=Action.Kind.UPDATE_DETAILS, parameters={"name": "x"})
        ExpiryNotice.objects.create(
            **common, card_exp_month=8, card_exp_year=2027, days_before=30, mail_wanted=False
        )


def a_logo() -> bytes:
    out = BytesIO()
    Image.new("RGB", (120, 40), "#0f6b7a").save(out, "PNG")
    return clean_logo(out)


# --- One word in every text ---


def say(vendor: Vendor, text: str) -> None:
    """Have every free text of the vendor, and of every row of the vendor's, say this."""
    with vendor_scope(vendor):
        for model in OWN:
            for row in model.objects.filter(vendor=vendor):
                # Past the managers, who keep issued documents as they are.
                models.QuerySet(model).filter(pk=row.pk).update(**_texts(row, text))
    Vendor.objects.filter(pk=vendor.pk).update(
        **_texts(vendor, text) | {"message": f"<p>{text} {{first_name}}</p>", "legal_address": text}
    )


def _texts(row: models.Model, text: str) -> dict[str, Any]:
    unique = {
        name
        for constraint in row._meta.constraints
        if isinstance(constraint, models.UniqueConstraint)
        for name in constraint.fields
    }
    return {
        each.name: _text(each, row, text, is_unique=each.name in unique)
        for each in row._meta.concrete_fields
        if _is_free(each)
    }


def _is_free(each: Any) -> bool:
    is_text = isinstance(each, models.CharField | models.TextField | models.JSONField)
    is_meaningful = each.name in MEANINGFUL or each.name.endswith(("_hash", "_brand"))
    is_short = isinstance(each, models.CharField) and (each.max_length or 0) < 12
    return is_text and not (each.choices or is_meaningful or is_short)


def _text(each: Any, row: models.Model, text: str, *, is_unique: bool) -> Any:
    if isinstance(each, models.JSONField):
        return _in_json(getattr(row, each.name), text)
    if isinstance(each, models.URLField):
        return f"https://example.com/{text}"[: each.max_length]
    if isinstance(each, models.EmailField):
        return f"{text}.{row.pk}@example.com" if text.isalnum() else f"{row.pk}{text}"[:254]
    room = each.max_length - 9 if each.max_length else len(text)
    return f"{text[:room]}-{str(row.pk)[:8]}" if is_unique else text[: each.max_length or None]


def _in_json(value: Any, text: str) -> Any:
    """Every text inside says it; the names of things stay."""
    if isinstance(value, dict):
        return {key: _in_json(each, text) for key, each in value.items()}
    if isinstance(value, list):
        return [_in_json(each, text) for each in value] or value
    return text if isinstance(value, str) else value
