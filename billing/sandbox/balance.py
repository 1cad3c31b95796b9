"""The account's balance: an entry for each movement of money."""

from collections.abc import Callable

from billing.sandbox.accounts import Account
from billing.sandbox.ids import new_id
from billing.sandbox.paging import page
from billing.sandbox.routing import Call, Page, route
from billing.sandbox.store import Obj

FEES: dict[str, Callable[[int], int]] = {
    "charge": lambda amount: amount * 29 // 1000 + 30,
    "refund": lambda _amount: 0,
    "refund_failure": lambda _amount: 0,
    "adjustment": lambda amount: 1500 if amount < 0 else 0,
}


def book(account: Account, source: Obj, amount: int, kind: str = "") -> str:
    """The entry in the account's balance for a charge, a refund or a dispute."""
    kind = kind or source["object"]
    fee = FEES[kind](amount)
    details = {"amount": fee, "application": None, "currency": source["currency"]}
    details |= {"description": "Stripe processing fees", "type": "stripe_fee"}
    entry = {
        "id": new_id("balance_transaction"),
        "object": "balance_transaction",
        "amount": amount,
        "available_on": account.now(),
        "balance_type": "payments",
        "created": account.now(),
        "currency": source["currency"],
        "description": source.get("description"),
        "exchange_rate": None,
        "fee": fee,
        "fee_details": [details] if fee else [],
        "net": amount - fee,
        "reporting_category": _category(kind, amount),
        "source": source["id"],
        "status": "available",
        "type": kind,
    }
    return str(account.create(entry)["id"])


def _category(kind: str, amount: int) -> str:
    if kind != "adjustment":
        return kind
    return "dispute" if amount < 0 else "dispute_reversal"


@route("GET", "/v1/balance_transactions", "BalanceTransactionListParams")
def list_balance_transactions(call: Call) -> Page:
    url = "/v1/balance_transactions"
    return page(call, "balance_transaction", url, "currency", "source", "type")


@route("GET", "/v1/balance_transactions/{key}", "BalanceTransactionRetrieveParams")
def retrieve_balance_transaction(call: Call, key: str) -> Obj:
    return call.account.get("balance_transaction", key)
