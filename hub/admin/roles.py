"""What a team member may do, by TeamMember.role alone and never by Django's permission rows."""

from __future__ import annotations

from typing import cast

from django.http import HttpRequest

from accounts.models import TeamMember, User, Vendor

Role = TeamMember.Role

OWNERS = frozenset({Role.OWNER})
SETTINGS_EDITORS = frozenset({Role.OWNER, Role.SETTINGS})
SETTINGS_VIEWERS = frozenset(Role)
CUSTOMER_VIEWERS = frozenset({Role.OWNER, Role.SUPPORT, Role.READ_ONLY})
LINK_SENDERS = frozenset({Role.OWNER, Role.SUPPORT})


def staff_of(request: HttpRequest) -> User:
    """The admin lets nobody else in."""
    return cast("User", request.user)


def roles_of(request: HttpRequest) -> dict[int, str]:
    """The role of this person at each of their vendors, read once a request."""
    known: dict[int, str] | None = getattr(request, "staff_roles", None)
    if known is None:
        memberships = TeamMember.objects.filter(user=staff_of(request))
        known = dict(memberships.values_list("vendor_id", "role"))
        request.staff_roles = known  # type: ignore[attr-defined]
    return known


def vendors_where(request: HttpRequest, roles: frozenset[Role]) -> list[int] | None:
    """The ids of the vendors at which this person has one of the roles; None: at every one."""
    if staff_of(request).is_superuser:
        return None
    return [vendor for vendor, role in roles_of(request).items() if role in roles]


def may(request: HttpRequest, roles: frozenset[Role], vendor_id: int | None = None) -> bool:
    """Whether this person has one of the roles at the vendor, or (None) at any vendor at all."""
    if not staff_of(request).is_active:
        return False
    vendors = vendors_where(request, roles)
    return vendors is None or (bool(vendors) if vendor_id is None else vendor_id in vendors)


def vendors_of(request: HttpRequest) -> list[Vendor]:
    """For choices and columns: the vendors whose rows this person may meet."""
    ids = vendors_where(request, frozenset(Role))
    return list(Vendor.objects.all() if ids is None else Vendor.objects.filter(pk__in=ids))


def sees_several_vendors(request: HttpRequest) -> bool:
    return staff_of(request).is_superuser or len(roles_of(request)) > 1
