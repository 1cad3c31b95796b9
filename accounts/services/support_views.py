"""Support looking at a customer's hub: asked for in the admin, begun on the vendor's host.

Only where the vendor allows it, only by owners and support, for half an hour, and told to the
customer. The one-time token that leads from host to host is stored as a hash and lives a minute.
"""

from __future__ import annotations

import hashlib
import secrets
from datetime import timedelta

from django.db.models.functions import Now
from django.utils.timezone import now

from accounts.errors import SupportViewNotValid
from accounts.models import Customer, SupportView, TeamMember, User, Vendor
from accounts.services import audit

TOKEN_LIVES = timedelta(minutes=1)
LASTS = timedelta(minutes=30)
VIEWERS = (TeamMember.Role.OWNER, TeamMember.Role.SUPPORT)


def may_view(user: User, vendor: Vendor) -> bool:
    """An operator as well must be in the vendor's team."""
    return (
        vendor.support_may_view
        and user.is_active
        and TeamMember.objects.filter(vendor=vendor, user=user, role__in=VIEWERS).exists()
    )


def ask(customer: Customer, *, by: User, client: str) -> str:
    """The token to begin with: once, within a minute, from the same internet address."""
    if not may_view(by, customer.vendor):
        raise SupportViewNotValid
    token = secrets.token_urlsafe(32)
    SupportView.objects.create(
        vendor=customer.vendor,
        customer=customer,
        user=by,
        token_hash=_hash(token),
        client=client,
        asked_at=now(),
    )
    return token


def begin(token: str, *, client: str) -> SupportView:
    """Spend the token and note down who looks; raises SupportViewNotValid."""
    row = SupportView.objects.filter(token_hash=_hash(token), client=client)
    spent = row.filter(begun_at=None, asked_at__gt=now() - TOKEN_LIVES).update(begun_at=Now())
    view = row.select_related("customer__vendor", "user").first()
    if spent != 1 or view is None or not may_view(view.user, view.customer.vendor):
        raise SupportViewNotValid
    audit.record("support_viewed", customer=view.customer, by_user=view.user)
    return view


def running(view_id: int) -> SupportView | None:
    """Asked at every request: a change of mind, or of the team, ends it at once."""
    begun = SupportView.objects.filter(pk=view_id, ended_at=None, begun_at__gt=now() - LASTS)
    view = begun.select_related("customer__vendor", "user").first()
    return view if view and may_view(view.user, view.customer.vendor) else None


def end(view: SupportView) -> None:
    SupportView.objects.filter(pk=view.pk, ended_at=None).update(ended_at=Now())


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
