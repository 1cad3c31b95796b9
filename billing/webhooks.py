"""The two addresses Stripe calls: verify, keep one row, nudge the worker, answer.

A vendor's host hears of its own account's events, the platform's of those of connected accounts.
"""

from __future__ import annotations

import logging

from django.conf import settings
from django.db import connection
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBadRequest
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from accounts.access import public
from accounts.http import VendorRequest
from accounts.models import Vendor
from accounts.tenancy import vendor_scope
from billing import tasks
from billing.errors import EventNotValid
from billing.gateway.signatures import EventHint, read_event
from billing.models import Onboarding, StripeAccount, StripeEvent

logger = logging.getLogger(__name__)

LARGEST_BODY = 512 * 1024
INSERT = "INSERT INTO {table} ({columns}) VALUES ({values}) ON CONFLICT DO NOTHING RETURNING id"


@csrf_exempt
@public
@require_POST
def stripe_webhook(request: VendorRequest) -> HttpResponse:
    """A vendor's own keys."""
    account = StripeAccount.objects.filter(vendor=request.vendor).first()
    if account is None or account.is_connected or not account.webhook_secret:
        raise Http404
    try:
        hint = _read(request, account.webhook_secret)
        if hint.livemode != account.livemode:
            raise EventNotValid("The event is of the other mode than the key.")
        if hint.account:
            raise EventNotValid("The event is a connected account's.")
    except EventNotValid as error:
        return _refuse(error)
    _keep(hint, account.vendor_id)
    return HttpResponse()


@csrf_exempt
@require_POST
def platform_webhook(request: HttpRequest) -> HttpResponse:
    """Every connected account's, in test mode too. What is nobody's here is answered with 200, or
    else Stripe would send it for days and in the end close the endpoint."""
    if not settings.STRIPE_PLATFORM_WEBHOOK_SECRET:
        raise Http404
    try:
        hint = _read(request, settings.STRIPE_PLATFORM_WEBHOOK_SECRET)
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


def _read(request: HttpRequest, secret: str) -> EventHint:
    payload = request.read(LARGEST_BODY + 1)
    if len(payload) > LARGEST_BODY:
        raise EventNotValid("The body is too large.")
    return read_event(payload, header=request.headers.get("Stripe-Signature", ""), secret=secret)


def _keep(hint: EventHint, vendor_id: int) -> None:
    """One row and one nudge, however often and on however many servers it arrives.

    In SQL of its own, because the ORM does not tell whether a row was new, and opens a transaction
    for the one statement.
    """
    event = StripeEvent(
        vendor_id=vendor_id,
        event_id=hint.event_id,
        type=hint.type,
        object_id=hint.object_id,
        livemode=hint.livemode,
        created_at=hint.created_at,
    )
    fields = [field for field in StripeEvent._meta.concrete_fields if not field.primary_key]
    values = [field.get_db_prep_save(field.pre_save(event, True), connection) for field in fields]
    insert = INSERT.format(
        table=StripeEvent._meta.db_table,
        columns=", ".join(field.attname for field in fields),
        values=", ".join(["%s"] * len(fields)),
    )
    with connection.cursor() as cursor:
        cursor.execute(insert, values)
        row = cursor.fetchone()
    if row is not None:
        tasks.handle_event.enqueue(vendor_id, row[0])
