"""What we keep in a session, read and written only here."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from django.middleware.csrf import rotate_token
from django.utils.timezone import now

from accounts.models import Customer

if TYPE_CHECKING:
    from accounts.http import HubRequest, VendorRequest

_VENDOR = "vendor"
_CUSTOMER = "customer"
_SINCE = "signed_in_at"


def sign_in(request: VendorRequest, customer: Customer) -> None:
    """Begin a new session; whatever the old one held is gone."""
    request.session.flush()
    request.session[_VENDOR] = customer.vendor_id
    request.session[_CUSTOMER] = customer.pk
    request.session[_SINCE] = now().isoformat()
    request.customer = customer
    rotate_token(request)


def sign_out(request: VendorRequest) -> None:
    """End this session, and this customer's sessions on every other device."""
    if request.customer:
        Customer.objects.filter(pk=request.customer.pk).update(signed_out_at=now())
    request.session.flush()
    request.customer = None


def signed_in_customer(request: HubRequest) -> Customer | None:
    """Looked up in the vendor's scope, so that a session of another vendor is nobody's."""
    session = request.session
    if request.vendor is None or session.get(_VENDOR) != request.vendor.pk:
        return None
    customer = Customer.objects.filter(pk=session[_CUSTOMER]).first()
    if customer is None:
        return None
    ended = customer.signed_out_at
    return None if ended and ended > datetime.fromisoformat(session[_SINCE]) else customer
