"""Who did what: written once, never changed."""

from __future__ import annotations

from typing import Any

from accounts.models import AuditEntry, Customer, User
from accounts.tenancy import current_vendor


def record(
    action: str,
    *,
    customer: Customer | None = None,
    by_user: User | None = None,
    subject: str = "",
    detail: dict[str, Any] | None = None,
) -> None:
    """What a customer is named for and no user did, the customer did."""
    AuditEntry.objects.create(
        vendor=customer.vendor if customer else current_vendor(),
        action=action,
        subject=subject,
        customer=customer,
        by_customer=customer is not None and by_user is None,
        by_user=by_user,
        detail=detail or {},
    )
