"""Charging a card: payment intents, and the charges that come of them."""

from typing import Any

from billing.sandbox import balance, cards, disputes, other_methods
from billing.sandbox.accounts import Account
from billing.sandbox.cards import DECLINES, Decline
from billing.sandbox.errors import logged
from billing.sandbox.ids import new_id, secret
from billing.sandbox.rendering import includes, list_of, render
from billing.sandbox.store import Obj
from billing.sandbox.values import nulls

SELLER_MESSAGES = {"generic_decline": "The bank did not return any further details."}


def new_intent(
    account: Account,
    *,
    amount: int,
    currency: str,
    customer: str | None,
    description: str | None = None,
    metadata: dict[str, str] | None = None,
) -> Obj:
    key = new_id("payment_intent")
    intent: Obj = {
        "id": key,
        "object": "payment_intent",
        "amount": amount,
        "amount_capturable": 0,
        "amount_details": {"tip": {}},
        "amount_received": 0,
        "automatic_payment_methods": None,
        "capture_method": "automatic",
        "client_secret": f"{key}_secret_{secret(25)}",
        "confirmation_method": "automatic",
        "created": account.now(),
        "currency": currency,
        "customer": customer,
        "description": description,
        "livemode": False,
        "metadata": metadata or {},
        "payment_method_options": {"card": nulls("network") | CARD_OPTIONS},
        "payment_method_types": ["card"],
        "status": "requires_payment_method",
        **nulls("application application_fee_amount canceled_at cancellation_reason"),
        **nulls("customer_account excluded_payment_method_types last_payment_error latest_charge"),
        **nulls("managed_payments next_action on_behalf_of payment_method processing"),
        **nulls("payment_method_configuration_details receipt_email review setup_future_usage"),
        **nulls("shipping source statement_descriptor statement_descriptor_suffix"),
        **nulls("transfer_data transfer_group"),
        "_authenticated": None,
        "_off_session": False,
    }
    return account.create(intent, "payment_intent.created")


CARD_OPTIONS = {"installments": None, "request_three_d_secure": "automatic"}


def attempt(account: Account, intent: Obj, method: Obj, *, off_session: bool) -> None:
    """Try to charge a payment method. The intent's status says what came of it."""
    card = cards.behaviour(method)
    intent["payment_method"] = method["id"]
    intent["_off_session"] = off_session
    if _asks(card, method, off_session=off_session) and intent["_authenticated"] != method["id"]:
        _ask(account, intent)
        return
    name = _forced_decline(account, intent["customer"]) or card.charge
    if name:
        _decline(account, intent, method, DECLINES[name])
    else:
        _succeed(account, intent, method)


def _asks(card: cards.Card, method: Obj, *, off_session: bool) -> bool:
    match card.asks:
        case "until_set_up":
            return not method["_set_up"]
        case "on_session":
            return not off_session
        case _:
            return card.asks == "always"


def _ask(account: Account, intent: Obj) -> None:
    intent["status"] = "requires_action"
    intent["next_action"] = next_action(intent)
    account.save(intent)
    account.emit("payment_intent.requires_action", intent)


def next_action(intent: Obj) -> Obj:
    """What Stripe.js is told to do: let the customer prove who they are."""
    details = {
        "type": "three_d_secure_redirect",
        "source": f"src_{secret(24)}",
        "stripe_js": f"https://hooks.stripe.com/3d_secure_2/{intent['id']}",
    }
    return {"type": "use_stripe_sdk", "use_stripe_sdk": details}


def _forced_decline(account: Account, customer: str | None) -> str | None:
    """A decline that somebody ordered for this customer's next payment."""
    owner = account.get("customer", customer) if customer else None
    if owner is None or not (name := owner.pop("_fail_next", None)):
        return None
    account.save(owner)
    return str(name)


def _decline(account: Account, intent: Obj, method: Obj, decline: Decline) -> None:
    charge = _new_charge(account, intent, method, decline)
    refuse(account, intent, method, cards.error(decline, charge=charge["id"]).details)
    intent["latest_charge"] = charge["id"]
    account.save(intent)
    account.emit("charge.failed", charge)
    account.emit("payment_intent.payment_failed", intent)


def refuse(account: Account, intent: Obj, method: Obj, error: dict[str, Any]) -> None:
    """Back to the start: another payment method is needed."""
    intent["status"] = "requires_payment_method"
    intent["next_action"] = None
    intent["payment_method"] = None
    shown = error | {"payment_method": render(account, method)}
    intent["last_payment_error"] = shown | logged(account)


def fail_authentication(account: Account, intent: Obj) -> None:
    method = account.get("payment_method", intent["payment_method"])
    refuse(account, intent, method, AUTHENTICATION_FAILURE)
    account.save(intent)
    account.emit("payment_intent.payment_failed", intent)


AUTHENTICATION_FAILURE = {
    "code": "payment_intent_authentication_failure",
    "doc_url": "https://stripe.com/docs/error-codes/payment-intent-authentication-failure",
    "message": "The provided PaymentMethod has failed authentication. You can provide "
    "payment_method_data or a new PaymentMethod to attempt to fulfill this PaymentIntent again.",
    "type": "invalid_request_error",
}


def _succeed(account: Account, intent: Obj, method: Obj) -> None:
    charge = _new_charge(account, intent, method, None)
    if intent["_authenticated"] == method["id"] or intent["setup_future_usage"]:
        method["_set_up"] = True
        account.save(method)
    intent |= {
        "status": "succeeded",
        "amount_received": intent["amount"],
        "latest_charge": charge["id"],
        "next_action": None,
        "last_payment_error": None,
    }
    account.save(intent)
    account.emit("charge.succeeded", charge)
    account.emit("payment_intent.succeeded", intent)
    card = cards.behaviour(method)
    if card.dispute:
        disputes.open_dispute(account, charge, card.dispute, inquiry=card.inquiry)


def _new_charge(account: Account, intent: Obj, method: Obj, decline: Decline | None) -> Obj:
    paid = decline is None
    amount = intent["amount"]
    charge: Obj = {
        "id": new_id("charge"),
        "object": "charge",
        "amount": amount,
        "amount_captured": amount if paid else 0,
        "amount_refunded": 0,
        "balance_transaction": None,
        "billing_details": method["billing_details"],
        "calculated_statement_descriptor": "SANDBOX",
        "captured": paid,
        "created": account.now(),
        "currency": intent["currency"],
        "customer": intent["customer"],
        "description": intent["description"],
        "disputed": False,
        "failure_code": decline.code if decline else None,
        "failure_message": decline.message if decline else None,
        "fraud_details": {},
        "livemode": False,
        "metadata": dict(intent["metadata"]),
        "outcome": _outcome(decline, cards.behaviour(method).risk),
        "paid": paid,
        "payment_intent": intent["id"],
        "payment_method": method["id"],
        "payment_method_details": _details(method, amount, paid),
        "receipt_email": intent["receipt_email"],
        "refunded": False,
        "status": "succeeded" if paid else "failed",
        **nulls("application application_fee application_fee_amount failure_balance_transaction"),
        **nulls("on_behalf_of receipt_number receipt_url review shipping source source_transfer"),
        **nulls("statement_descriptor statement_descriptor_suffix transfer_data transfer_group"),
    }
    if paid:
        charge["receipt_url"] = f"https://pay.stripe.com/receipts/payment/{charge['id']}"
        charge["balance_transaction"] = balance.book(account, charge, amount)
    return account.create(charge)


def _outcome(decline: Decline | None, risk: cards.Risk) -> Obj:
    outcome: Obj = nulls("advice_code network_advice_code network_decline_code reason")
    outcome["risk_level"] = risk
    if risk == "highest":
        return outcome | {
            "network_status": "not_sent_to_network",
            "reason": "highest_risk_level",
            "seller_message": "Stripe blocked this payment as too risky.",
            "type": "blocked",
        }
    if decline is None:
        return outcome | {
            "network_status": "approved_by_network",
            "seller_message": "Payment complete.",
            "type": "authorized",
        }
    reason = decline.decline_code
    message = SELLER_MESSAGES.get(reason, f"The bank returned the decline code `{reason}`.")
    return outcome | {
        "network_status": "declined_by_network",
        "reason": reason,
        "seller_message": message,
        "type": "issuer_declined",
    }


def _details(method: Obj, amount: int, paid: bool) -> Obj:
    kind = method["type"]
    is_card = kind == "card"
    known = _card_details(method, amount, paid) if is_card else other_methods.charged(method)
    return {kind: known, "type": kind}


def _card_details(method: Obj, amount: int, paid: bool) -> Obj:
    card = method["card"]
    shared = ("brand", "checks", "country", "exp_month", "exp_year", "fingerprint", "funding")
    return {
        **{name: card[name] for name in shared},
        "amount_authorized": amount if paid else None,
        "authorization_code": "123456" if paid else None,
        "extended_authorization": {"status": "disabled"},
        "incremental_authorization": {"status": "unavailable"},
        "last4": card["last4"],
        "multicapture": {"status": "unavailable"},
        "network": card["networks"]["available"][0],
        "network_token": {"used": False},
        "overcapture": {"maximum_amount_capturable": amount, "status": "unavailable"},
        "regulated_status": card["regulated_status"],
        **nulls("installments mandate network_transaction_id three_d_secure"),
        **nulls("transaction_link_id wallet"),
    }


@includes("charge", "refunds")
def refunds_of_charge(account: Account, charge: Obj) -> Obj:
    url = f"/v1/charges/{charge['id']}/refunds"
    return list_of(account, account.all("refund", charge=charge["id"]), url)
