"""What happens when the customer presses the button on a checkout page."""

from billing.sandbox import (
    cards,
    collecting,
    customers,
    discounts,
    invoice_items,
    invoicing,
    payment_intents,
    payment_methods,
    payments,
)
from billing.sandbox.accounts import Account
from billing.sandbox.errors import invalid
from billing.sandbox.invoice_lines import Period
from billing.sandbox.routing import Params
from billing.sandbox.store import Obj
from billing.sandbox.subscribing import subscribe


def complete(account: Account, session: Obj, method: str) -> None:
    """Buy, or raise what the bank said. Where it asks for 3-D Secure, the customer passes."""
    if session["status"] != "open":
        raise invalid(f"This Checkout Session is {session['status']}.")
    if session["mode"] == "subscription":
        _subscribe(account, session, method)
    elif session["invoice_creation"]["enabled"]:
        _buy_with_invoice(account, session, method)
    else:
        _buy(account, session, method)
    _close(account, session)


def _customer(account: Account, session: Obj) -> Obj:
    if session["customer"] is None:
        params = {name: value for name, value in _typed(session).items() if value}
        session["customer"] = customers.new_customer(account, Params(params))["id"]
    return account.get("customer", session["customer"])


def _typed(session: Obj) -> Obj:
    """What the customer typed into the page, as far as the sandbox knows."""
    return {"email": session["customer_email"] or "customer@example.com"}


def _subscribe(account: Account, session: Obj, method: str) -> None:
    customer = _customer(account, session)
    kept = payment_methods.attached(account, method, customer["id"], "customer")
    kept["_set_up"] = True
    account.save(kept)
    data = session["_subscription"]
    items = [
        {name: item[name] for name in ("price", "quantity", "tax_rates", "metadata")}
        for item in session["_items"]
    ]
    params = Params(
        {
            **data,
            "customer": customer["id"],
            "items": items,
            "discounts": _coupons(session),
            "default_payment_method": kept["id"],
            "payment_behavior": "default_incomplete",
        }
    )
    subscription = subscribe(account, params)
    subscription["managed_payments"] = session["managed_payments"]
    params.refuse_unread()
    session |= {"subscription": subscription["id"], "invoice": subscription["latest_invoice"]}
    invoice = account.get("invoice", subscription["latest_invoice"])
    if invoice["status"] == "open":
        intent = account.get("payment_intent", invoice["_intent"])
        _charge(account, intent, kept)
        collecting.follow(account, invoice, intent)
    session["payment_status"] = "paid" if invoice["amount_due"] else "no_payment_required"


def _buy_with_invoice(account: Account, session: Obj, method: str) -> None:
    customer = _customer(account, session)
    data = session["invoice_creation"]["invoice_data"]
    invoice = invoicing.draft(
        account,
        customer,
        [],
        pending=[_invoice_item(account, session, item) for item in session["_items"]],
        reason="manual",
        currency=session["currency"],
        period=Period(account.now(), account.now()),
        auto_advance=False,
        metadata=data["metadata"],
        discounts=discounts.granted(
            account, _coupons(session), "discounts", customer=customer["id"]
        ),
        **{name: data[name] for name in ("custom_fields", "description", "footer")},
    )
    session["invoice"] = invoice["id"]
    invoicing.finalise(account, invoice)
    if invoice["status"] == "open":
        intent = account.get("payment_intent", invoice["_intent"])
        _pay(account, session, intent, method)
        collecting.follow(account, invoice, intent)
    session["payment_status"] = "paid"


def _coupons(session: Obj) -> list[Obj]:
    return [{"coupon": one["coupon"]} for one in session["discounts"]]


def _invoice_item(account: Account, session: Obj, item: Obj) -> Obj:
    return invoice_items.new_invoice_item(
        account,
        session["customer"],
        amount=item["amount_subtotal"],
        currency=item["currency"],
        description=item["description"],
        period=Period(account.now(), account.now()),
        price=account.get("price", item["price"]),
        quantity=item["quantity"],
        rates=item["tax_rates"],
        metadata=item["metadata"],
    )


def _buy(account: Account, session: Obj, method: str) -> None:
    """Without an invoice; a guest stays a guest unless a customer is wanted."""
    if session["customer_creation"] == "always":
        _customer(account, session)
    intent = payments.new_intent(
        account,
        amount=session["amount_total"],
        currency=session["currency"],
        customer=session["customer"],
    )
    _pay(account, session, intent, method)
    session["payment_status"] = "paid"


def _pay(account: Account, session: Obj, intent: Obj, key: str) -> None:
    data = session["_payment"]
    for name in ("description", "metadata", "receipt_email", "setup_future_usage"):
        intent[name] = data.get(name) or intent[name]
    session["payment_intent"] = intent["id"]
    is_token = cards.number_of_token(key) is not None
    method = payment_methods.from_token(account, key) if is_token else None
    method = method or account.get("payment_method", key)
    if method["billing_details"]["email"] is None:
        method["billing_details"] |= _typed(session)
    _charge(account, intent, method)


def _charge(account: Account, intent: Obj, method: Obj) -> None:
    intent["_authenticated"] = method["id"]
    payments.attempt(account, intent, method, off_session=False)
    if error := intent["last_payment_error"]:
        raise payment_intents.failure(account, intent, "payment_intent", error)
    payment_intents.keep_card(account, intent)


def _close(account: Account, session: Obj) -> None:
    customer = account.get("customer", session["customer"]) if session["customer"] else {}
    tax_ids = account.all("tax_id", customer=session["customer"]) if customer else ()
    session |= {
        "status": "complete",
        "url": None,
        "customer_details": {
            "address": customer.get("address"),
            "business_name": customer.get("business_name"),
            "email": customer.get("email") or _typed(session)["email"],
            "individual_name": customer.get("individual_name"),
            "name": customer.get("name"),
            "phone": customer.get("phone"),
            "tax_exempt": customer.get("tax_exempt", "none"),
            "tax_ids": [{"type": tax["type"], "value": tax["value"]} for tax in tax_ids],
        },
    }
    account.save(session)
    account.emit("checkout.session.completed", session)
