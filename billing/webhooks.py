"""The two addresses Stripe calls: verify, keep one row, nudge the worker, answer.

A vendor's host hears of its own account's events, the platform's of those of connected accounts.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass

from django.conf import settings
from django.db import OperationalError, connection
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBadRequest
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from accounts.access import public
from accounts.http import VendorRequest
from accounts.lately import forget, lately
from accounts.models import Vendor
from accounts.tenancy import vendor_scope
from billing import tasks
from billing.errors import EventNotValid
from billing.gateway.signatures import EventHint, read_event
from billing.models import Onboarding, StripeAccount

logger = logging.getLogger(__name__)

LARGEST_BODY = 512 * 1024
# Not by the ORM, which does not tell whether the row was new, and opens a transaction for it.
INSERT = (
    "INSERT INTO billing_stripeevent (vendor_id, event_id, type, object_id, livemode, created_at,"
    " received_at, attempts, failure) VALUES (%s, %s, %s, %s, %s, %s, %s, 0, '')"
    " ON CONFLICT DO NOTHING"
)


@dataclass(frozen=True)
class Endpoint:
    """What a vendor's own account signs with."""

    secret: str
    livemode: bool


@csrf_exempt
@public
@require_POST
def stripe_webhook(request: VendorRequest) -> HttpResponse:
    """A vendor's own keys."""
    try:
        hint = _read_for(request.vendor, request)
    except EventNotValid as error:
        return _refuse(error)
    _keep(hint, request.vendor.pk)
    return HttpResponse()


def _read_for(vendor: Vendor, request: HttpRequest) -> EventHint:
    """By the secret of some seconds ago; what that refuses may be signed with one of now."""
    key = ("stripe endpoint", vendor.pk)
    endpoint = lately(key, lambda: _endpoint_of(vendor))
    if endpoint is None:
        raise Http404
    payload = _payload(request)
    try:
        return _read_at(endpoint, payload, request)
    except EventNotValid:
        forget(key)
        newer = _endpoint_of(vendor)
        if newer is None or newer == endpoint:
            raise
    return _read_at(newer, payload, request)


def _endpoint_of(vendor: Vendor) -> Endpoint | None:
    account = StripeAccount.objects.filter(vendor=vendor).first()
    if account is None or account.is_connected or not account.webhook_secret:
        return None
    return Endpoint(account.webhook_secret, account.livemode)


def _read_at(endpoint: Endpoint, payload: bytes, request: HttpRequest) -> EventHint:
    hint = _read(payload, request, endpoint.secret)
    if hint.livemode != endpoint.livemode:
        raise EventNotValid("The event is of the other mode than the key.")
    if hint.account:
        raise EventNotValid("The event is a connected account's.")
    return hint


@csrf_exempt
@require_POST
def platform_webhook(request: HttpRequest) -> HttpResponse:
    """Every connected account's, in test mode too. What is nobody's here is answered with 200, or
    else Stripe would send it for days and in the end close the endpoint."""
    if not settings.STRIPE_PLATFORM_WEBHOOK_SECRET:
        raise Http404
    try:
        hint = _read(_payload(request), request, settings.STRIPE_PLATFORM_WEBHOOK_SECRET)
    except EventNotValid as error:
        return _refuse(error)
    vendor = _vendor_of(hint.account) if hint.account else None
    if vendor is None or hint.livemode != ("_live_" in settings.STRIPE_PLATFORM_SECRET_KEY):
        logger.warning("Event %s of account %r is not for us.", hint.event_id, hint.account)
        return HttpResponse()
    with vendor_scope(vendor):
        _keep(hint, vendor.pk)
    return HttpResponse()


def _vendor_of(account_id: str) -> Vendor | None:
    """Whose account it is, or is about to be."""
    with vendor_scope(None):
        accounts = StripeAccount.objects.filter(connected_account_id=account_id)
        begun = Onboarding.objects.filter(account_id=account_id)
        row = accounts.select_related("vendor").first() or begun.select_related("vendor").first()
    return row.vendor if row else None


def _refuse(error: EventNotValid) -> HttpResponse:
    logger.warning("A webhook was refused: %s", error)
    return HttpResponseBadRequest(str(error), content_type="text/plain")


def _payload(request: HttpRequest) -> bytes:
    payload = request.read(LARGEST_BODY + 1)
    if len(payload) > LARGEST_BODY:
        raise EventNotValid("The body is too large.")
    return payload


def _read(payload: bytes, request: HttpRequest, secret: str) -> EventHint:
    header = request.META.get("HTTP_STRIPE_SIGNATURE", "")
    return read_event(payload, header=header, secret=secret)


def _keep(hint: EventHint, vendor_id: int) -> None:
    """One row and one nudge, however often and on however many servers it arrives."""
    moment = connection.ops.adapt_datetimefield_value
    values = (
        vendor_id,
        hint.event_id,
        hint.type,
        hint.object_id,
        hint.livemode,
        moment(hint.created_at),
        moment(timezone.now()),
    )
    connection.health_check_done = True  # type: ignore[attr-defined]  # the insert itself is one
    try:
        is_new = _insert(values)
    except OperationalError:
        if connection.in_atomic_block or connection.connection is None or connection.is_usable():
            raise
        connection.close()  # it had been cut; nothing is kept twice
        is_new = _insert(values)
    if is_new:
        tasks.nudge(vendor_id)


def _insert(values: tuple[int | str | None, ...]) -> bool:
    """Whether it is new."""
    with connection.cursor() as cursor:
        cursor.execute(INSERT, values)
        return bool(cursor.rowcount == 1)
