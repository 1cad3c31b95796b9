"""What a subscription's next invoice will be: time is let pass, and what it did is taken back."""

from collections.abc import Callable

from billing.sandbox.accounts import Account
from billing.sandbox.agenda import FUTURES
from billing.sandbox.errors import invalid, missing
from billing.sandbox.ids import secret
from billing.sandbox.invoicing import DRAFT_TIME
from billing.sandbox.routing import Call, route
from billing.sandbox.store import Obj


@route("POST", "/v1/invoices/create_preview", "InvoiceCreatePreviewParams")
def create_preview(call: Call) -> Obj:
    """Of a subscription as it stands; changes cannot be tried out."""
    if "subscription" not in call.params:
        raise missing("subscription")
    key = call.params["subscription"]
    subscription = call.account.get("subscription", key, "subscription")
    with call.account.rehearsal() as stand:
        invoice = _next_invoice(call.account, subscription, stand)
        if invoice is None:
            customer = subscription["customer"]
            raise invalid(
                f"No upcoming invoices for customer: {customer}",
                code="invoice_upcoming_none",
                status=404,
            )
        return _as_preview(call.account, invoice)


def _next_invoice(account: Account, subscription: Obj, stand: Callable[[int], None]) -> Obj | None:
    """What else falls due for the customer until then is not considered."""
    latest = subscription["latest_invoice"]
    while subscription["latest_invoice"] == latest:
        coming = [
            (at, FUTURES[obj["object"]].rank, obj)
            for obj in _with_schedule(account, subscription)
            if (at := FUTURES[obj["object"]].when(obj)) is not None
        ]
        if not coming:
            return None
        at, _rank, obj = min(coming, key=lambda one: one[:2])
        stand(at)
        FUTURES[obj["object"]].happens(account, obj)
    return account.get("invoice", subscription["latest_invoice"])


def _with_schedule(account: Account, subscription: Obj) -> list[Obj]:
    key = subscription["schedule"]
    schedule = [account.get("subscription_schedule", key)] if key else []
    return [subscription, *schedule]


def _as_preview(account: Account, invoice: Obj) -> Obj:
    customer = account.get("customer", invoice["customer"])
    is_charged = invoice["collection_method"] == "charge_automatically"
    key = f"upcoming_in_{secret(24)}"
    lines = [line | {"invoice": key} for line in invoice["lines"]["data"]]
    return invoice | {
        "id": key,
        "billing_reason": "upcoming",
        "lines": invoice["lines"] | {"data": lines, "url": f"/v1/invoices/{key}/lines"},
        "next_payment_attempt": invoice["created"] + DRAFT_TIME if is_charged else None,
        "starting_balance": customer["balance"],
    }
