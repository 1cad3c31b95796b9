"""Payment methods that are no card, as shops that sell with them leave them behind: kept, shown and
charged. Each payment with one succeeds at once, which a bank's debit in truth does only in days."""

import zlib
from collections.abc import Mapping
from typing import Any

from billing.sandbox.errors import invalid, missing
from billing.sandbox.store import Obj
from billing.sandbox.values import nulls

KINDS = ("link", "paypal", "sepa_debit")


def details_of(kind: str, data: Mapping[str, Any]) -> Obj:
    """What a payment method of this kind says of itself."""
    email = (data.get("billing_details") or {}).get("email")
    if kind == "link":
        return {"email": email, "persistent_token": None}
    if kind == "paypal":
        return nulls("country payer_id") | {"payer_email": email}
    iban = (data.get("sepa_debit") or {}).get("iban")
    if not iban:
        raise missing("sepa_debit[iban]")
    return _account(iban.replace(" ", "").upper())


def _account(iban: str) -> Obj:
    if len(iban) < 15 or not iban[:2].isalpha():
        raise invalid(
            "The IBAN you provided is invalid.", "sepa_debit[iban]", "invalid_bank_account"
        )
    return {
        "bank_code": iban[4:12],
        "branch_code": "",
        "country": iban[:2],
        "fingerprint": f"{zlib.crc32(iban.encode()):016X}",
        "generated_from": {"charge": None, "setup_attempt": None},
        "last4": iban[-4:],
    }


def charged(method: Obj) -> Obj:
    """What a charge says of the payment method that it was made with."""
    kind, known = method["type"], method[method["type"]]
    if kind == "link":
        return {"country": None}
    if kind == "paypal":
        paid = nulls("payer_name seller_protection transaction_id")
        return paid | {name: known[name] for name in ("country", "payer_email", "payer_id")}
    account = ("bank_code", "branch_code", "country", "fingerprint", "last4")
    return nulls("expected_debit_date mandate") | {name: known[name] for name in account}
