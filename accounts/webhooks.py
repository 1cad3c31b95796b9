"""What the mail provider tells of the mail it took (anymail knows how each of them speaks)."""

from __future__ import annotations

from typing import Any

from anymail.exceptions import AnymailError
from anymail.signals import AnymailTrackingEvent, EventType
from anymail.urls import urlpatterns as providers
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.http import HttpRequest, HttpResponseBadRequest, HttpResponseBase
from django.utils.timezone import now
from django.views.decorators.csrf import csrf_exempt

from accounts.models import EmailAddress
from accounts.services import delivery

SHORTEST_PASSWORD = 16
Trouble = EmailAddress.Trouble
TROUBLES = {
    EventType.BOUNCED: Trouble.BOUNCED,
    EventType.COMPLAINED: Trouble.COMPLAINED,
    EventType.REJECTED: Trouble.REJECTED,
}
# A full mailbox, a server that is away: the next mail may arrive. Each provider's word for it.
PASSING = frozenset({
    *("SoftBounce", "soft_bounce", "activity.soft_bounced"),
    *("Transient", "Undetermined", "Temporary", "blocked"),
})  # fmt: skip


@csrf_exempt
def mail_events(request: HttpRequest) -> HttpResponseBase:
    """The chosen provider's webhook. anymail asks for the secret before it reads anything; a body
    that it cannot read is answered as a bad request, not as a mistake of ours."""
    try:
        response: HttpResponseBase = _view_of_provider()(request)
    except (AnymailError, ValueError, LookupError, TypeError, AttributeError):
        return HttpResponseBadRequest()
    return response


def check_provider() -> None:
    """At the start rather than at the first event: it exists, has the keys and packages that
    anymail needs for it, and a secret."""
    if not settings.MAIL_WEBHOOK:
        return
    password = settings.ANYMAIL["WEBHOOK_SECRET"].partition(":")[2]
    if len(password) < SHORTEST_PASSWORD:
        raise ImproperlyConfigured(
            "MAIL_WEBHOOK needs ANYMAIL_WEBHOOK_SECRET=user:password, with"
            f" {SHORTEST_PASSWORD} characters or more in the password: without it, anyone could"
            " say that a customer's mail does not arrive."
        )
    _view_of_provider().view_class()


def _view_of_provider() -> Any:
    name = f"{settings.MAIL_WEBHOOK}_tracking_webhook"
    for pattern in providers:
        if pattern.name == name:
            return pattern.callback
    raise ImproperlyConfigured(f"MAIL_WEBHOOK={settings.MAIL_WEBHOOK}: no such mail provider.")


def take_in(event: AnymailTrackingEvent, **_signal: Any) -> None:
    """The receiver of anymail's `tracking`."""
    if not event.recipient:
        return
    at = min(event.timestamp or now(), now())
    if event.event_type == EventType.DELIVERED:
        delivery.note_arrival(event.recipient, at=at)
    elif event.event_type in TROUBLES and not _is_passing(event):
        detail = event.mta_response or event.description or event.reject_reason or ""
        trouble = TROUBLES[event.event_type]
        delivery.note_trouble(event.recipient, trouble, at=at, detail=" ".join(detail.split()))


def _is_passing(event: AnymailTrackingEvent) -> bool:
    if event.event_type != EventType.BOUNCED:
        return False
    said: Any = event.esp_event or {}
    about = said.get("bounce") or (said.get("data") or {}).get("bounce") or {}
    words = {said.get("Type"), said.get("type"), said.get("event")}
    words |= {about.get("bounceType"), about.get("type")} if isinstance(about, dict) else set()
    is_hard = said.get("hard_bounce", True)
    return not is_hard or not words.isdisjoint(PASSING)
