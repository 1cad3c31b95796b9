"""Where a customer is signed in, and what was done in their hub, in words."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from ua_parser import parse

from accounts import sessions
from accounts.http import CustomerRequest
from accounts.models import AuditEntry

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

ACTS: dict[str, StrOrPromise] = {
    "cancel": gettext_lazy("Cancelled"),
    "change_card": gettext_lazy("Card changed"),
    "email_added": gettext_lazy("E-mail address added"),
    "email_changed": gettext_lazy("E-mail address changed"),
    "email_made_main": gettext_lazy("Main e-mail address chosen"),
    "email_removed": gettext_lazy("E-mail address removed"),
    "email_reverted": gettext_lazy("E-mail address changed back"),
    "mail_trouble_ended": gettext_lazy("Mail sent again"),
    "open_stripe_page": gettext_lazy("Stripe’s page opened"),
    "pay": gettext_lazy("Open payment paid"),
    "profile_link_sent": gettext_lazy("Profile link sent"),
    "session_ended": gettext_lazy("A device signed out"),
    "sessions_ended": gettext_lazy("All other devices signed out"),
    "signed_in": gettext_lazy("Signed in"),
    "signed_out": gettext_lazy("Signed out, on all devices"),
    "support_viewed": gettext_lazy("Support looked at your hub"),
    "undo_cancel": gettext_lazy("Cancellation undone"),
    "update_details": gettext_lazy("Details changed"),
    "update_link_sent": gettext_lazy("Card update link sent"),
}
"""What customers do, or have done to them, by the audit log's names."""


@dataclass(frozen=True, kw_only=True)
class Device:
    id: int
    name: str
    client: str
    seen_at: datetime
    is_this: bool


@dataclass(frozen=True, kw_only=True)
class Act:
    what: StrOrPromise
    about: str
    by: str
    client: str
    at: datetime


def devices(request: CustomerRequest) -> list[Device]:
    """The one that asks first, then by last use."""
    found = [
        Device(
            id=row.pk,
            name=device_name(row.user_agent),
            client=row.client,
            seen_at=row.seen_at,
            is_this=row.pk == sessions.current_id(request),
        )
        for row in sessions.running(request.customer)
    ]
    return sorted(found, key=lambda device: not device.is_this)


def device_name(user_agent: str) -> str:
    """`Firefox on Windows`, as far as the browser says."""
    said = parse(user_agent)
    browser = said.user_agent.family if said.user_agent else ""
    system = said.os.family if said.os else ""
    if browser and system:
        return _("%(browser)s on %(system)s") % {"browser": browser, "system": system}
    return browser or system or _("Unknown device")


def acts(entries: Iterable[AuditEntry]) -> list[Act]:
    """Staff are named as the vendor's support: who of them it was is the vendor's business."""
    return [
        Act(
            what=ACTS.get(entry.action, entry.action),
            about=entry.subject,
            by=_("support") if entry.by_user_id else "",
            client="" if entry.by_user_id else entry.client,
            at=entry.at,
        )
        for entry in entries
    ]
