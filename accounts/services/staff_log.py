"""What is done to staff stands in the platform's log, and in that of each of their vendors."""

from __future__ import annotations

from typing import Any

from django.db import transaction

from accounts.models import User, Vendor
from accounts.services import audit
from accounts.tenancy import vendor_scope

type Roles = dict[Vendor, str]


def roles_of(person: User) -> Roles:
    return {row.vendor: row.role for row in person.memberships.select_related("vendor")}


def record(
    action: str,
    person: User,
    *,
    by_user: User | None,
    detail: dict[str, Any] | None = None,
    roles_before: Roles | None = None,
) -> None:
    """A vendor reads of its own team alone, and of nobody who came to another's only.

    `roles_before`: what they were, where the roles may have changed as well.
    """
    after = roles_of(person)
    before = after if roles_before is None else roles_before
    moves = {vendor: _move(before, after, vendor) for vendor in before | after}
    told = (detail or {}) | {
        f"team[{vendor.subdomain}].role": each for vendor, each in moves.items() if each
    }
    with transaction.atomic():
        audit.record_for_platform(action, by_user=by_user, subject=person.email, detail=told)
        for vendor in sorted(moves, key=lambda each: each.pk):
            own = {f"teammember[{person.email}].role": moves[vendor]} if moves[vendor] else {}
            if roles_before is not None and not (detail or own):
                continue  # what changed is another vendor's matter
            with vendor_scope(vendor):
                audit.record(
                    action, by_user=by_user, subject=person.email, detail=(detail or {}) | own
                )


def _move(before: Roles, after: Roles, vendor: Vendor) -> list[str]:
    """`["support", "owner"]`; empty where nothing changed."""
    was, is_now = before.get(vendor, ""), after.get(vendor, "")
    return [] if was == is_now else [was, is_now]
