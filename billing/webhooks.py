"""The one address Stripe calls: verify, keep one row, nudge the worker, answer."""

from __future__ import annotations

from django.http import Http404, HttpResponse, HttpResponseBadRequest
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from accounts.access import public
from accounts.http import VendorRequest
from billing import tasks
from billing.errors import EventNotValid
from billing.gateway.signatures import EventHint, read_event
from billing.models import StripeAccount, StripeEvent

LARGEST_BODY = 512 * 1024


@csrf_exempt
@public
@require_POST
def stripe_webhook(request: VendorRequest) -> HttpResponse:
    account = StripeAccount.objects.filter(vendor=request.vendor).first()
    if account is None or not account.webhook_secret:
        raise Http404
    try:
        hint = _read(request, account)
    except EventNotValid as error:
        return HttpResponseBadRequest(str(error), content_type="text/plain")
    event = _keep(hint, account)
    if event.handled_at is None:
        tasks.handle_event.enqueue(account.vendor_id, event.pk)
    return HttpResponse()


def _read(request: VendorRequest, account: StripeAccount) -> EventHint:
    payload = request.read(LARGEST_BODY + 1)
    if len(payload) > LARGEST_BODY:
        raise EventNotValid("The body is too large.")
    header = request.headers.get("Stripe-Signature", "")
    hint = read_event(payload, header=header, secret=account.webhook_secret)
    if hint.livemode != account.livemode:
        raise EventNotValid("The event is of the other mode than the key.")
    if hint.account:
        raise EventNotValid("The event is a connected account's.")
    return hint


def _keep(hint: EventHint, account: StripeAccount) -> StripeEvent:
    """The one row of this event, however often and on however many servers it arrives."""
    event = StripeEvent(
        vendor_id=account.vendor_id,
        event_id=hint.event_id,
        type=hint.type,
        object_id=hint.object_id,
        livemode=hint.livemode,
        created_at=hint.created_at,
    )
    StripeEvent.objects.bulk_create([event], ignore_conflicts=True)
    return StripeEvent.objects.only("handled_at").get(
        event_id=hint.event_id, livemode=hint.livemode
    )
