"""What Stripe told us, and telling ourselves again."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from accounts.services import audit
from accounts.tenancy import vendor_scope
from billing import events
from billing.models import StripeEvent
from hub.admin import roles
from hub.admin.base import RecordAdmin
from hub.admin.filters import Choices, Filter, WhenFilter


class HandledFilter(Filter):
    title = _("handling")
    parameter_name = "handled"

    def lookups(self, _request: HttpRequest, _admin: Any) -> Choices:
        return [("no", gettext("Waiting")), ("failed", gettext("Failed at least once"))]

    def narrow(self, queryset: QuerySet[Any], value: str) -> QuerySet[Any]:
        return queryset.filter(handled_at=None) if value == "no" else queryset.exclude(failure="")


@admin.register(StripeEvent)
class StripeEventAdmin(RecordAdmin):
    actions = ["replay"]
    list_display = ["type", "object_id", "created_at", "handled_at", "attempts", "failure"]
    list_filter = [HandledFilter, ("created_at", WhenFilter)]
    search_fields = ["event_id", "object_id", "type"]
    search_help_text = _("Event (evt_…), object or type")
    fields = [
        "event_id",
        "type",
        "object_id",
        "livemode",
        "created_at",
        "received_at",
        "handled_at",
        "attempts",
        "next_try_at",
        "failure",
    ]

    def has_replay_permission(self, request: HttpRequest) -> bool:
        return roles.may(request, roles.LINK_SENDERS)

    @admin.action(description=_("Replay the chosen events"), permissions=["replay"])
    def replay(self, request: HttpRequest, chosen: QuerySet[StripeEvent]) -> None:
        """Only where this person may: a member of several teams has a role in each."""
        vendors = roles.vendors_where(request, roles.LINK_SENDERS)
        allowed = chosen if vendors is None else chosen.filter(vendor_id__in=vendors)
        count = 0
        for event in allowed.select_related("vendor"):
            replay_as_staff(request, event)
            count += 1
        messages.success(
            request,
            ngettext(
                "%(count)d event is being replayed.", "%(count)d events are being replayed.", count
            )
            % {"count": count},
        )


def replay_as_staff(request: HttpRequest, event: StripeEvent) -> None:
    with vendor_scope(event.vendor):
        audit.record(
            "stripe_events_replayed", by_user=roles.staff_of(request), subject=event.event_id
        )
        events.replay(event)
