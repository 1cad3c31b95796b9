"""A vendor with very many customers, for a database of the size of a grown one.

Their rows are written as they are: Stripe knows nothing of them, and the vendor has no keys.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from itertools import batched
from typing import Any

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import models

from accounts.models import Customer
from accounts.tenancy import vendor_scope
from billing.models import StripeCustomer
from invoices.models import Document
from tests.factories import (
    make_customer,
    make_document,
    make_subscription,
    make_transaction,
    make_vendor,
)

A_BATCH = 2000
FILES = 500
A_FILE = 20_000


def make_many(number: int) -> None:
    """Each with an address, a subscription, two payments and a receipt."""
    vendor = make_vendor("Crowd")
    first = make_customer(vendor, "Buyer")
    subscription = make_subscription(first)
    payment, document = make_transaction(first), make_document(first, **_file(0))
    with vendor_scope(vendor):
        stripe_customer, line = first.stripe_customers.get(), document.lines.get()
        address = first.addresses.get()
        for some in batched(range(1, number), A_BATCH):
            people = _copies(some, first, lambda n: {"email": f"buyer{n}@example.com"})
            at_stripe = _copies(some, stripe_customer, _id("stripe_customer_id", "cus"), people)
            _copies(some, address, lambda n: {"address": f"buyer{n}@example.com"}, people)
            _copies(some, subscription, _id("stripe_subscription_id", "sub"), people, at_stripe)
            for prefix in ("ch", "py"):
                _copies(some, payment, _id("stripe_id", prefix), people)
            papers = _copies(some, document, _paper, people)
            _copies(some, line, lambda _n: {}, papers)


def _id(field: str, prefix: str) -> Callable[[int], dict[str, Any]]:
    return lambda n: {field: f"{prefix}_crowd{n}"}


def _paper(n: int) -> dict[str, Any]:
    return {"number": f"CROWD-{n:07}", "source": f"invoice in_crowd{n}"} | _file(n)


def _file(n: int) -> dict[str, Any]:
    """Bytes of the size of a receipt's, shared by some."""
    path = f"crowd/{n % FILES}.pdf"
    if not default_storage.exists(path):
        default_storage.save(path, ContentFile(os.urandom(A_FILE)))
    return {"pdf": path, "pdf_sha256": "0" * 64}


def _copies[T: models.Model](
    numbers: tuple[int, ...],
    row: T,
    fields: Callable[[int], dict[str, Any]],
    *owners: list[Any],
) -> list[T]:
    """One for each number, belonging to the owner at the same place."""
    model = type(row)
    same = {
        field.attname: getattr(row, field.attname)
        for field in model._meta.concrete_fields
        if not field.primary_key
    }
    copies = [
        model(**same | fields(number) | _belonging(model, owners, place))
        for place, number in enumerate(numbers)
    ]
    return models.QuerySet(model).bulk_create(copies)


def _belonging(
    model: type[models.Model], owners: tuple[list[Any], ...], place: int
) -> dict[str, Any]:
    names = {Customer: "customer", StripeCustomer: "stripe_customer", Document: "document"}
    return {f"{names[type(some[place])]}_id": some[place].pk for some in owners}
