"""Invoice items: amounts that wait for the next invoice, or are put on one."""

from fractions import Fraction
from typing import Any

from billing.sandbox import discounts, tax_rates
from billing.sandbox.accounts import Account
from billing.sandbox.catalogue import priced
from billing.sandbox.drafts import refresh
from billing.sandbox.errors import invalid, missing
from billing.sandbox.ids import new_id
from billing.sandbox.invoice_lines import Period, in_words, new_line, pricing, rounded
from billing.sandbox.paging import page
from billing.sandbox.rendering import nested, presents
from billing.sandbox.routing import Call, Page, Params, route
from billing.sandbox.store import Obj
from billing.sandbox.tariffs import cost
from billing.sandbox.values import merged_metadata, nulls


@route("POST", "/v1/invoiceitems", "InvoiceItemCreateParams")
def create_invoice_item(call: Call) -> Obj:
    account, params = call.account, call.params
    if "customer" not in params:
        raise missing("customer")
    customer = account.living("customer", params["customer"], "customer")
    price, amount = _priced(account, params)
    invoice = None
    if "invoice" in params:
        invoice = account.get("invoice", params["invoice"], "invoice")
        if invoice["status"] != "draft":
            raise invalid(
                "The specified invoice is already finalized and cannot be edited.",
                "invoice",
                "invoice_not_editable",
            )
    item = new_invoice_item(
        account,
        customer["id"],
        amount=amount,
        currency=(price or params)["currency"],
        description=params.get("description") or (in_words(account, price) if price else None),
        price=price,
        quantity=params.get("quantity", 1),
        subscription=params.get("subscription"),
        rates=tax_rates.checked(account, params.get("tax_rates"), "tax_rates"),
        metadata=merged_metadata({}, params.get("metadata")),
        discounts=discounts.granted(
            account, params.get("discounts"), "discounts", customer=customer["id"]
        ),
        period=_period(account, params.get("period")),
    )
    if invoice is not None:
        invoice["lines"]["data"].append(to_line(account, item, invoice["id"]))
        refresh(account, invoice, customer)
        account.save(invoice, "invoice.updated")
    return item


def _priced(account: Account, params: Params) -> tuple[Obj | None, int]:
    """The price if there is one, and the amount of the item."""
    given: Obj = {"price": (params.get("pricing") or {}).get("price")}
    if "price_data" in params:
        given = {"price_data": params["price_data"]}
    if given.get("price") or "price_data" in given:
        price = priced(account, given, "pricing")
        return price, rounded(cost(price, params.get("quantity", 1)))
    if "currency" not in params:
        raise missing("currency")
    if "amount" in params:
        return None, int(params["amount"])
    if "unit_amount_decimal" not in params:
        raise missing("amount")
    exact = Fraction(params["unit_amount_decimal"]) * params.get("quantity", 1)
    return None, rounded(exact)


def _period(account: Account, given: Any) -> Period:
    return Period(given["start"], given["end"]) if given else Period(account.now(), account.now())


def new_invoice_item(
    account: Account,
    customer: str,
    *,
    amount: int,
    currency: str,
    description: str | None,
    period: Period,
    price: Obj | None = None,
    quantity: int = 1,
    subscription: str | None = None,
    rates: list[str] | None = None,
    metadata: dict[str, str] | None = None,
    proration: bool = False,
    discounts: list[str] | None = None,
) -> Obj:
    item: Obj = {
        "id": new_id("invoiceitem"),
        "object": "invoiceitem",
        "amount": amount,
        "currency": currency.lower(),
        "customer": customer,
        "date": account.now(),
        "created": account.now(),
        "description": description,
        "discountable": not proration,
        "discounts": discounts or [],
        "livemode": False,
        "metadata": metadata or {},
        "net_amount": amount,
        "parent": _parent(subscription),
        "period": {"end": period.end, "start": period.start},
        "pricing": pricing(price) if price else None,
        "proration": proration,
        "quantity": quantity,
        "quantity_decimal": str(quantity),
        "tax_rates": rates or [],
        **nulls("customer_account invoice test_clock"),
    }
    return account.create(item, "invoiceitem.created")


def _parent(subscription: str | None) -> Obj | None:
    if subscription is None:
        return None
    details = {"subscription": subscription, "subscription_item": None}
    return {"subscription_details": details, "type": "subscription_details"}


def to_line(account: Account, item: Obj, invoice: str) -> Obj:
    """The line that an item becomes on its invoice."""
    price = None
    if item["pricing"]:
        price = account.get("price", item["pricing"]["price_details"]["price"])
    parent = item["parent"]
    subscription = parent["subscription_details"]["subscription"] if parent else None
    details = {
        "invoice_item": item["id"],
        "proration": item["proration"],
        "proration_details": {"credited_items": None},
        "subscription": subscription,
    }
    item["invoice"] = invoice
    account.save(item)
    line = new_line(
        amount=item["amount"],
        currency=item["currency"],
        description=item["description"],
        parent={
            "invoice_item_details": details,
            "subscription_item_details": None,
            "type": "invoice_item_details",
        },
        period=Period(item["period"]["start"], item["period"]["end"]),
        price=price,
        quantity=item["quantity"],
        rates=list(item["tax_rates"]),
        metadata=dict(item["metadata"]),
        discountable=item["discountable"],
        discounts=list(item["discounts"]),
    )
    return line | {"subscription": subscription, "invoice": invoice}


def pending(account: Account, customer: str, subscription: str | None) -> list[Obj]:
    """The items that wait for this subscription's next invoice, or for the customer's own."""
    found = []
    for item in account.all("invoiceitem", customer=customer, invoice=None):
        parent = item["parent"]
        named = parent["subscription_details"]["subscription"] if parent else None
        if named == subscription or (named is None and subscription is not None):
            found.append(item)
    return found


@route("GET", "/v1/invoiceitems", "InvoiceItemListParams")
def list_invoice_items(call: Call) -> Page:
    wanted = call.params.get("pending")

    def fits(item: Obj) -> bool:
        return wanted is None or (item["invoice"] is None) == wanted

    return page(call, "invoiceitem", "/v1/invoiceitems", "customer", "invoice", extra=fits)


@route("GET", "/v1/invoiceitems/{key}", "InvoiceItemRetrieveParams")
def retrieve_invoice_item(call: Call, key: str) -> Obj:
    return call.account.get("invoiceitem", key)


@route("DELETE", "/v1/invoiceitems/{key}", "InvoiceItemDeleteParams")
def delete_invoice_item(call: Call, key: str) -> Obj:
    item = call.account.get("invoiceitem", key)
    if item["invoice"] is not None:
        raise invalid("You cannot delete an item that is on an invoice.", "id")
    call.account.emit("invoiceitem.deleted", item)
    call.account.remove(item)
    return {"id": key, "object": "invoiceitem", "deleted": True}


@presents("invoiceitem")
def present(account: Account, item: Obj) -> None:
    del item["created"]
    item["tax_rates"] = [nested(account, rate) for rate in item["tax_rates"]]
