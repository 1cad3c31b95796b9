"""Disputes: a customer's bank wants the money back."""

from datetime import timedelta

from billing.sandbox import balance
from billing.sandbox.accounts import Account
from billing.sandbox.checks import resource_hints, resource_type
from billing.sandbox.errors import invalid
from billing.sandbox.ids import new_id
from billing.sandbox.paging import page
from billing.sandbox.routing import Call, Page, route
from billing.sandbox.store import Obj
from billing.sandbox.values import merged_metadata, nulls

TIME_TO_ANSWER = int(timedelta(days=9).total_seconds())
NETWORK_REASONS = {"fraudulent": "10.4", "product_not_received": "13.1"}
CLOSED = frozenset({"won", "lost", "warning_closed"})

# What in a test answers a dispute to its end.
WINNING, LOSING = "winning_evidence", "losing_evidence"


def open_dispute(account: Account, charge: Obj, reason: str, *, inquiry: bool) -> Obj:
    """Begins at once, as with Stripe's test cards. An inquiry withdraws nothing yet."""
    if charge["status"] != "succeeded" or charge["disputed"]:
        raise invalid(f"Charge {charge['id']} cannot be disputed.", "charge")
    dispute = account.create(_new_dispute(account, charge, reason, inquiry=inquiry))
    charge["disputed"] = True
    account.save(charge, "charge.updated")
    account.emit("charge.dispute.created", dispute)
    if not inquiry:
        _move(account, dispute, -dispute["amount"], "charge.dispute.funds_withdrawn")
    return dispute


def _new_dispute(account: Account, charge: Obj, reason: str, *, inquiry: bool) -> Obj:
    card = charge["payment_method_details"]["card"]
    details = {
        "brand": card["brand"],
        "case_type": "inquiry" if inquiry else "chargeback",
        "network": card["network"],
        "network_reason_code": NETWORK_REASONS.get(reason),
    }
    return {
        "id": new_id("dispute"),
        "object": "dispute",
        "amount": charge["amount"],
        "balance_transactions": [],
        "charge": charge["id"],
        "created": account.now(),
        "currency": charge["currency"],
        "enhanced_eligibility_types": [],
        "evidence": _no_evidence(),
        "evidence_details": {
            "due_by": account.now() + TIME_TO_ANSWER,
            "enhanced_eligibility": {},
            "has_evidence": False,
            "past_due": False,
            "submission_count": 0,
            "submission_method": "not_submitted",
        },
        "intended_submission_method": None,
        "is_charge_refundable": inquiry,
        "livemode": False,
        "metadata": {},
        "network_reason_code": details["network_reason_code"],
        "payment_intent": charge["payment_intent"],
        "payment_method_details": {"card": details, "type": "card"},
        "reason": reason,
        "status": "warning_needs_response" if inquiry else "needs_response",
    }


def _no_evidence() -> Obj:
    dispute = resource_type("dispute")
    evidence = getattr(dispute, "Evidence", None)
    names = resource_hints(evidence) if evidence else {}
    return nulls(" ".join(names)) | {"enhanced_evidence": {}}


def _move(account: Account, dispute: Obj, amount: int, event: str) -> None:
    key = balance.book(account, dispute, amount, "adjustment")
    moved = dict(account.get("balance_transaction", key))
    dispute["balance_transactions"] = [*dispute["balance_transactions"], moved]
    account.save(dispute)
    account.emit(event, dispute)


@route("GET", "/v1/disputes", "DisputeListParams")
def list_disputes(call: Call) -> Page:
    return page(call, "dispute", "/v1/disputes", "charge", "payment_intent")


@route("GET", "/v1/disputes/{key}", "DisputeRetrieveParams")
def retrieve_dispute(call: Call, key: str) -> Obj:
    return call.account.get("dispute", key)


@route("POST", "/v1/disputes/{key}", "DisputeUpdateParams")
def update_dispute(call: Call, key: str) -> Obj:
    """Evidence. In test mode `winning_evidence` and `losing_evidence` decide it at once."""
    account, dispute, params = call.account, _still_open(call, key), call.params
    dispute["evidence"] |= params.get("evidence") or {}
    dispute["evidence_details"]["has_evidence"] |= "evidence" in params
    dispute["metadata"] = merged_metadata(dispute["metadata"], params.get("metadata"))
    if not params.get("submit", True):
        account.save(dispute, "charge.dispute.updated")
        return dispute
    details = dispute["evidence_details"]
    details |= {"submission_count": details["submission_count"] + 1, "submission_method": "manual"}
    is_inquiry = dispute["status"].startswith("warning")
    dispute["status"] = "warning_under_review" if is_inquiry else "under_review"
    account.save(dispute, "charge.dispute.updated")
    verdict = dispute["evidence"]["uncategorized_text"]
    if verdict in {WINNING, LOSING}:
        close(account, dispute, won=verdict == WINNING)
    return dispute


@route("POST", "/v1/disputes/{key}/close", "DisputeCloseParams")
def close_dispute(call: Call, key: str) -> Obj:
    """The shop gives in."""
    dispute = _still_open(call, key)
    close(call.account, dispute, won=False)
    return dispute


def _still_open(call: Call, key: str) -> Obj:
    dispute = call.account.get("dispute", key)
    if dispute["status"] in CLOSED:
        raise invalid("This dispute is already closed.")
    return dispute


def close(account: Account, dispute: Obj, *, won: bool) -> None:
    """The bank's last word."""
    is_inquiry = dispute["status"].startswith("warning")
    dispute["status"] = "warning_closed" if is_inquiry else "won" if won else "lost"
    account.save(dispute, "charge.dispute.closed")
    if won and not is_inquiry:
        _move(account, dispute, dispute["amount"], "charge.dispute.funds_reinstated")
