"""Setup intents: a card is proven and kept without being charged."""

from billing.sandbox import cards, payment_methods, payments
from billing.sandbox.accounts import Account
from billing.sandbox.browser import Authentication, BrowserConfirm, BrowserRetrieve
from billing.sandbox.errors import invalid, logged
from billing.sandbox.ids import new_id, secret
from billing.sandbox.paging import page
from billing.sandbox.payment_intents import (
    accept_cards,
    chosen_method,
    failure,
    has_passed,
    intent_for,
    unexpected_state,
)
from billing.sandbox.rendering import render
from billing.sandbox.routing import Call, Page, Params, route
from billing.sandbox.store import Obj
from billing.sandbox.values import assign, merged_metadata, nulls

OPEN = ("requires_payment_method", "requires_confirmation", "requires_action")

CARD_OPTIONS = nulls("mandate_options network") | {"request_three_d_secure": "automatic"}

FAILED_AUTHENTICATION = {
    "code": "setup_intent_authentication_failure",
    "doc_url": "https://stripe.com/docs/error-codes/setup-intent-authentication-failure",
    "message": "The latest attempt to set up the payment method has failed because authentication "
    "failed.",
    "type": "invalid_request_error",
}


@route("POST", "/v1/setup_intents", "SetupIntentCreateParams")
def create_setup_intent(call: Call) -> Obj:
    account, params = call.account, call.params
    customer = params.get("customer")
    if customer is not None:
        account.living("customer", customer, "customer")
    intent = new_setup_intent(account, customer, params)
    if params.get("confirm"):
        return _confirm(call, intent)
    method = chosen_method(account, params, customer)
    if method is not None:
        intent |= {"payment_method": method["id"], "status": "requires_confirmation"}
        account.save(intent)
    return intent


def new_setup_intent(account: Account, customer: str | None, params: Params) -> Obj:
    key = new_id("setup_intent")
    intent: Obj = {
        "id": key,
        "object": "setup_intent",
        "automatic_payment_methods": None,
        "client_secret": f"{key}_secret_{secret(25)}",
        "created": account.now(),
        "customer": customer,
        "livemode": False,
        "metadata": merged_metadata({}, params.get("metadata")),
        "payment_method_options": {"card": dict(CARD_OPTIONS)},
        "payment_method_types": ["card"],
        "status": "requires_payment_method",
        "usage": params.get("usage", "off_session"),
        **nulls("application cancellation_reason customer_account description"),
        **nulls("excluded_payment_method_types flow_directions last_setup_error latest_attempt"),
        **nulls("managed_payments mandate next_action on_behalf_of payment_method"),
        **nulls("payment_method_configuration_details single_use_mandate"),
        "_authenticated": None,
    }
    accept_cards(intent, params)
    assign(intent, params, "description")
    return account.create(intent, "setup_intent.created")


@route("GET", "/v1/setup_intents", "SetupIntentListParams")
def list_setup_intents(call: Call) -> Page:
    return page(call, "setup_intent", "/v1/setup_intents", "customer", "payment_method")


@route("GET", "/v1/setup_intents/{key}", "SetupIntentRetrieveParams", browser=BrowserRetrieve)
def retrieve_setup_intent(call: Call, key: str) -> Obj:
    call.params.ignore("client_secret")
    return intent_for(call, "setup_intent", key)


@route("POST", "/v1/setup_intents/{key}", "SetupIntentUpdateParams")
def update_setup_intent(call: Call, key: str) -> Obj:
    account, intent, params = call.account, call.account.get("setup_intent", key), call.params
    if "customer" in params:
        intent["customer"] = account.living("customer", params["customer"], "customer")["id"]
    assign(intent, params, "description")
    intent["metadata"] = merged_metadata(intent["metadata"], params.get("metadata"))
    account.save(intent)
    return intent


@route(
    "POST", "/v1/setup_intents/{key}/confirm", "SetupIntentConfirmParams", browser=BrowserConfirm
)
def confirm_setup_intent(call: Call, key: str) -> Obj:
    return _confirm(call, intent_for(call, "setup_intent", key))


def _confirm(call: Call, intent: Obj) -> Obj:
    account, params = call.account, call.params
    params.ignore("return_url", "use_stripe_sdk")
    if intent["status"] not in OPEN:
        raise unexpected_state(account, intent, "confirm")
    method = chosen_method(account, params, intent["customer"])
    if method is None and intent["payment_method"]:
        method = account.get("payment_method", intent["payment_method"])
    if method is None:
        raise invalid(
            "You cannot confirm this SetupIntent because it's missing a payment method. Update "
            "the SetupIntent with a payment method and then confirm it again.",
            code="setup_intent_unexpected_state",
        )
    _attempt(account, intent, method)
    if intent["last_setup_error"] and intent["status"] == "requires_payment_method":
        raise failure(account, intent, "setup_intent", intent["last_setup_error"])
    return intent


def _attempt(account: Account, intent: Obj, method: Obj) -> None:
    """Ask the bank about the card. The intent's status says what came of it."""
    card = cards.behaviour(method)
    intent["payment_method"] = method["id"]
    if card.asks != "never" and intent["_authenticated"] != method["id"]:
        intent |= {"status": "requires_action", "next_action": payments.next_action(intent)}
        intent["latest_attempt"] = _note(account, intent, "requires_action", None)
        account.save(intent)
        account.emit("setup_intent.requires_action", intent)
    elif card.setup:
        _fail(account, intent, method, cards.error(cards.DECLINES[card.setup]).details)
    else:
        _succeed(account, intent, method)


def _succeed(account: Account, intent: Obj, method: Obj) -> None:
    method["_set_up"] = True
    account.save(method)
    if intent["customer"]:
        payment_methods.attach(account, method, intent["customer"])
    intent |= {"status": "succeeded", "next_action": None, "last_setup_error": None}
    intent["latest_attempt"] = _note(account, intent, "succeeded", None)
    account.save(intent)
    account.emit("setup_intent.succeeded", intent)


def _fail(account: Account, intent: Obj, method: Obj, error: Obj) -> None:
    shown = error | {"payment_method": render(account, method)} | logged(account)
    intent["latest_attempt"] = _note(account, intent, "failed", error)
    intent |= {"status": "requires_payment_method", "next_action": None}
    intent |= {"payment_method": None, "last_setup_error": shown}
    account.save(intent)
    account.emit("setup_intent.setup_failed", intent)


def _note(account: Account, intent: Obj, status: str, error: Obj | None) -> str:
    method = account.get("payment_method", intent["payment_method"])
    card = {name: value for name, value in method["card"].items() if name in ATTEMPT_FIELDS}
    card |= {"network": card["brand"], "three_d_secure": None, "wallet": None}
    attempt = {
        "id": new_id("setup_attempt"),
        "object": "setup_attempt",
        "application": None,
        "created": account.now(),
        "customer": intent["customer"],
        "customer_account": None,
        "flow_directions": None,
        "livemode": False,
        "on_behalf_of": None,
        "payment_method": method["id"],
        "payment_method_details": {"card": card, "type": "card"},
        "setup_error": error,
        "setup_intent": intent["id"],
        "status": status,
        "usage": intent["usage"],
    }
    return str(account.create(attempt)["id"])


ATTEMPT_FIELDS = frozenset(
    {"brand", "checks", "country", "exp_month", "exp_year", "fingerprint", "funding", "last4"}
)


@route(
    "POST",
    "/v1/setup_intents/{key}/sandbox_authenticate",
    Authentication,
    browser=Authentication,
)
def authenticate_setup(call: Call, key: str) -> Obj:
    """The sandbox's own: what the bank's 3-D Secure page reports."""
    intent = intent_for(call, "setup_intent", key)
    finish_setup(call.account, intent, passed=has_passed(call))
    return intent


def finish_setup(account: Account, intent: Obj, *, passed: bool) -> None:
    if intent["status"] != "requires_action":
        raise unexpected_state(account, intent, "authenticate")
    method = account.get("payment_method", intent["payment_method"])
    if passed:
        intent["_authenticated"] = method["id"]
        _attempt(account, intent, method)
    else:
        _fail(account, intent, method, FAILED_AUTHENTICATION)


@route("POST", "/v1/setup_intents/{key}/cancel", "SetupIntentCancelParams")
def cancel_setup_intent(call: Call, key: str) -> Obj:
    account, intent = call.account, call.account.get("setup_intent", key)
    if intent["status"] not in OPEN:
        raise unexpected_state(account, intent, "cancel")
    reason = call.params.get("cancellation_reason")
    intent |= {"status": "canceled", "cancellation_reason": reason, "next_action": None}
    account.save(intent)
    account.emit("setup_intent.canceled", intent)
    return intent
