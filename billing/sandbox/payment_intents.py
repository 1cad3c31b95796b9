"""Requests about payment intents and charges, from servers and from browsers."""

from typing import Any

from billing.sandbox import cards, collecting, payment_methods, payments
from billing.sandbox.accounts import Account
from billing.sandbox.browser import Authentication, BrowserConfirm, BrowserRetrieve
from billing.sandbox.errors import ApiError, invalid, no_such
from billing.sandbox.paging import page
from billing.sandbox.rendering import render
from billing.sandbox.routing import Call, Page, Params, route
from billing.sandbox.store import Obj
from billing.sandbox.values import assign, merged_metadata


def intent_for(call: Call, kind: str, key: str) -> Obj:
    """An intent; a publishable key has to know its secret."""
    intent = call.account.get(kind, key)
    if call.publishable:
        secret = call.params["client_secret"]
        if secret != intent["client_secret"]:
            raise no_such(kind, key)
    return intent


def chosen_method(account: Account, params: Params, customer: str | None) -> Obj | None:
    """The payment method a confirmation brings: new card data, a test token, or one by id."""
    if "payment_method_data" in params:
        return payment_methods.from_data(account, params["payment_method_data"])
    key = params.get("payment_method")
    if key is None:
        return None
    if cards.number_of_token(key):
        return payment_methods.from_token(account, key)
    method = account.get("payment_method", key, "payment_method")
    if method["_spent"]:
        raise invalid(payment_methods.SPENT, "payment_method")
    if method["customer"] not in (None, customer):
        raise invalid(
            "The provided PaymentMethod cannot be attached. To reuse a PaymentMethod, you must "
            "attach it to a Customer first.",
            "payment_method",
        )
    return method


@route("POST", "/v1/payment_intents", "PaymentIntentCreateParams")
def create_payment_intent(call: Call) -> Obj:
    account, params = call.account, call.params
    customer = params.get("customer")
    if customer is not None:
        account.living("customer", customer, "customer")
    intent = payments.new_intent(
        account,
        amount=params["amount"],
        currency=params["currency"].lower(),
        customer=customer,
        description=params.get("description"),
        metadata=merged_metadata({}, params.get("metadata")),
    )
    accept_cards(intent, params)
    assign(intent, params, "receipt_email", "setup_future_usage")
    account.save(intent)
    if params.get("confirm"):
        return _confirm(call, intent)
    method = chosen_method(account, params, customer)
    if method is not None:
        intent |= {"payment_method": method["id"], "status": "requires_confirmation"}
        account.save(intent)
    return intent


def accept_cards(intent: Obj, params: Params) -> None:
    """Serve the parameters that choose kinds of payment methods; the sandbox only has cards."""
    automatic = params.get("automatic_payment_methods")
    allowed = params.get("allowed_payment_method_types")
    if automatic and allowed:
        raise invalid(
            "You may only specify one of these parameters: automatic_payment_methods, "
            "allowed_payment_method_types.",
            "allowed_payment_method_types",
        )
    if allowed is not None:
        if "card" not in allowed:
            raise invalid("The sandbox serves cards only.", "allowed_payment_method_types")
        intent["allowed_payment_method_types"] = allowed
    else:
        intent["automatic_payment_methods"] = {"enabled": True, **(automatic or {})}


@route("GET", "/v1/payment_intents", "PaymentIntentListParams")
def list_payment_intents(call: Call) -> Page:
    return page(call, "payment_intent", "/v1/payment_intents", "customer")


@route("GET", "/v1/payment_intents/{key}", "PaymentIntentRetrieveParams", browser=BrowserRetrieve)
def retrieve_payment_intent(call: Call, key: str) -> Obj:
    call.params.ignore("client_secret")
    return intent_for(call, "payment_intent", key)


@route("POST", "/v1/payment_intents/{key}", "PaymentIntentUpdateParams")
def update_payment_intent(call: Call, key: str) -> Obj:
    intent, params = call.account.get("payment_intent", key), call.params
    assign(intent, params, "description", "receipt_email", "setup_future_usage")
    intent["metadata"] = merged_metadata(intent["metadata"], params.get("metadata"))
    call.account.save(intent)
    return intent


@route(
    "POST",
    "/v1/payment_intents/{key}/confirm",
    "PaymentIntentConfirmParams",
    browser=BrowserConfirm,
)
def confirm_payment_intent(call: Call, key: str) -> Obj:
    intent = intent_for(call, "payment_intent", key)
    return _confirm(call, intent)


def _confirm(call: Call, intent: Obj) -> Obj:
    account, params = call.account, call.params
    params.ignore("confirm", "return_url", "use_stripe_sdk", "error_on_requires_action")
    if intent["status"] not in PAYABLE:
        raise unexpected_state(account, intent, "confirm")
    method = chosen_method(account, params, intent["customer"])
    if method is None and intent["payment_method"]:
        method = account.get("payment_method", intent["payment_method"])
    if method is None:
        raise invalid(
            "You cannot confirm this PaymentIntent because it's missing a payment method. You can "
            "either update the PaymentIntent with a payment method and then confirm it again, or "
            "confirm it again directly with a payment method or ConfirmationToken.",
            code="payment_intent_unexpected_state",
        )
    off_session = bool(params.get("off_session", False))
    payments.attempt(account, intent, method, off_session=off_session)
    _refuse_asking(account, intent, method, off_session)
    _settle(account, intent)
    if intent["last_payment_error"] and intent["status"] == "requires_payment_method":
        raise failure(account, intent, "payment_intent", intent["last_payment_error"])
    return intent


PAYABLE = ("requires_payment_method", "requires_confirmation", "requires_action")


def _refuse_asking(account: Account, intent: Obj, method: Obj, off_session: bool) -> None:
    """Nobody is there to authenticate: the bank's question is a decline."""
    if intent["status"] == "requires_action" and off_session:
        decline = cards.DECLINES["authentication_required"]
        payments.refuse(account, intent, method, cards.error(decline).details)
        account.save(intent)
        account.emit("payment_intent.payment_failed", intent)


def keep_card(account: Account, intent: Obj) -> None:
    """Save the card to the customer, if the payment was made to that end."""
    if intent["status"] == "succeeded" and intent["setup_future_usage"] and intent["customer"]:
        method = account.get("payment_method", intent["payment_method"])
        payment_methods.attach(account, method, intent["customer"])


def _settle(account: Account, intent: Obj) -> None:
    """What else follows: the card is kept if it should be, the invoice knows it is paid."""
    keep_card(account, intent)
    for payment in account.all("invoice_payment", _intent=intent["id"], status="open"):
        if intent["status"] != "requires_action":
            invoice = account.get("invoice", payment["invoice"])
            collecting.follow(account, invoice, intent)


def unexpected_state(account: Account, intent: Obj, verb: str) -> ApiError:
    words = intent["object"].replace("_", " ").title().replace(" ", "")
    return invalid(
        f"You cannot {verb} this {words} because it has a status of {intent['status']}.",
        code=f"{intent['object']}_unexpected_state",
    ).with_details(**{intent["object"]: render(account, intent)})


def failure(account: Account, intent: Obj, kind: str, error: dict[str, Any]) -> ApiError:
    """The 402 for an intent whose attempt failed."""
    details = dict(error) | {kind: render(account, intent)}
    status = 402 if details["type"] == "card_error" else 400
    return ApiError(status, details.pop("type"), details.pop("message"), keeps=True, **details)


@route(
    "POST",
    "/v1/payment_intents/{key}/sandbox_authenticate",
    Authentication,
    browser=Authentication,
)
def authenticate_payment(call: Call, key: str) -> Obj:
    """The sandbox's own: what the bank's 3-D Secure page reports."""
    intent = intent_for(call, "payment_intent", key)
    finish_payment(call.account, intent, passed=has_passed(call))
    return intent


def has_passed(call: Call) -> bool:
    call.params.ignore("client_secret")
    return bool(call.params["outcome"] == "passed")


def finish_payment(account: Account, intent: Obj, *, passed: bool) -> None:
    if intent["status"] != "requires_action":
        raise unexpected_state(account, intent, "authenticate")
    if not passed:
        payments.fail_authentication(account, intent)
    else:
        method = account.get("payment_method", intent["payment_method"])
        intent["_authenticated"] = method["id"]
        payments.attempt(account, intent, method, off_session=False)
    _settle(account, intent)


@route("POST", "/v1/payment_intents/{key}/cancel", "PaymentIntentCancelParams")
def cancel_payment_intent(call: Call, key: str) -> Obj:
    account, intent = call.account, call.account.get("payment_intent", key)
    if intent["status"] not in PAYABLE:
        raise unexpected_state(account, intent, "cancel")
    intent |= {"status": "canceled", "canceled_at": account.now(), "next_action": None}
    intent["cancellation_reason"] = call.params.get("cancellation_reason")
    account.save(intent)
    account.emit("payment_intent.canceled", intent)
    return intent
