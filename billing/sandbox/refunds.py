"""Refunds: money back to the card."""

from datetime import timedelta

from billing.sandbox import balance, cards
from billing.sandbox.accounts import Account
from billing.sandbox.agenda import falls_due
from billing.sandbox.errors import invalid, missing
from billing.sandbox.ids import new_id
from billing.sandbox.invoice_lines import money
from billing.sandbox.paging import page
from billing.sandbox.routing import Call, Page, Params, route
from billing.sandbox.store import Obj
from billing.sandbox.values import merged_metadata, nulls

BANKS_TAKE = int(timedelta(days=1).total_seconds())


@route("POST", "/v1/refunds", "RefundCreateParams")
def create_refund(call: Call) -> Obj:
    account, params = call.account, call.params
    charge = _charge(account, params)
    return refund(
        account,
        charge,
        params.get("amount", charge["amount"] - charge["amount_refunded"]),
        reason=params.get("reason"),
        metadata=merged_metadata({}, params.get("metadata")),
    )


def _charge(account: Account, params: Params) -> Obj:
    if "payment_intent" in params:
        intent = account.get("payment_intent", params["payment_intent"], "payment_intent")
        if intent["status"] != "succeeded":
            raise invalid(
                f"This PaymentIntent ({intent['id']}) does not have a successful charge to refund.",
                "payment_intent",
            )
        return account.get("charge", intent["latest_charge"])
    if "charge" not in params:
        raise missing("charge")
    return account.get("charge", params["charge"], "charge")


def refund(
    account: Account, charge: Obj, amount: int, *, reason: str | None, metadata: dict[str, str]
) -> Obj:
    _refuse_too_much(charge, amount)
    bank = cards.behaviour(account.get("payment_method", charge["payment_method"])).refund
    reference = nulls("reference reference_status") | {"reference_type": None, "type": "refund"}
    made: Obj = {
        "id": new_id("refund"),
        "object": "refund",
        "amount": amount,
        "balance_transaction": None,
        "charge": charge["id"],
        "created": account.now(),
        "currency": charge["currency"],
        "customer": charge["customer"],
        "customer_account": None,
        "destination_details": {"card": reference, "type": "card"},
        "metadata": metadata,
        "payment_intent": charge["payment_intent"],
        "payment_method": charge["payment_method"],
        "reason": reason,
        "status": "pending" if bank == "pending" else "succeeded",
        **nulls("receipt_number source_transfer_reversal transfer_reversal"),
        "_settles_at": account.now() + BANKS_TAKE if bank else None,
        "_bank": bank,
    }
    made["balance_transaction"] = balance.book(account, made, -amount)
    account.create(made, "refund.created")
    charge["amount_refunded"] += amount
    charge["refunded"] = charge["amount_refunded"] == charge["amount"]
    account.save(charge, "charge.refunded")
    return made


@falls_due("refund", 5, lambda refund: refund.get("_settles_at"))
def settle(account: Account, refund: Obj) -> None:
    """The bank of one of Stripe's slow test cards has made up its mind."""
    refund["_settles_at"] = None
    if refund["_bank"] == "pending":
        refund["status"] = "succeeded"
        account.save(refund, "refund.updated")
    else:
        _fail(account, refund)


def _fail(account: Account, refund: Obj) -> None:
    """The money comes back to the account, and the charge is as if nothing had been refunded."""
    charge = account.get("charge", refund["charge"])
    refund |= {"status": "failed", "failure_reason": "unknown"}
    refund["failure_balance_transaction"] = balance.book(
        account, refund, refund["amount"], "refund_failure"
    )
    account.save(refund)
    charge["amount_refunded"] -= refund["amount"]
    charge["refunded"] = False
    account.save(charge, "charge.updated")
    account.emit("refund.failed", refund)


def _refuse_too_much(charge: Obj, amount: int) -> None:
    if charge["status"] != "succeeded":
        raise invalid(f"Charge {charge['id']} has not been captured.", "charge")
    left = charge["amount"] - charge["amount_refunded"]
    if left == 0:
        raise invalid(
            f"Charge {charge['id']} has already been refunded.", None, "charge_already_refunded"
        )
    if not 0 < amount <= left:
        currency = charge["currency"]
        raise invalid(
            f"Refund amount ({money(amount, currency)}) is greater than unrefunded amount on "
            f"charge ({money(left, currency)})",
            "amount",
        )


@route("GET", "/v1/refunds", "RefundListParams")
def list_refunds(call: Call) -> Page:
    return page(call, "refund", "/v1/refunds", "charge", "payment_intent")


@route("GET", "/v1/refunds/{key}", "RefundRetrieveParams")
def retrieve_refund(call: Call, key: str) -> Obj:
    return call.account.get("refund", key)


@route("POST", "/v1/refunds/{key}", "RefundUpdateParams")
def update_refund(call: Call, key: str) -> Obj:
    made = call.account.get("refund", key)
    made["metadata"] = merged_metadata(made["metadata"], call.params.get("metadata"))
    call.account.save(made, "refund.updated")
    return made
