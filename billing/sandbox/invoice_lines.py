"""The lines of an invoice, and what they come to."""

from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from typing import NamedTuple

from billing.sandbox.accounts import Account
from billing.sandbox.ids import new_id
from billing.sandbox.store import Obj
from billing.sandbox.tariffs import cost, first_amount

SYMBOLS = {"usd": "$", "eur": "€", "gbp": "£", "jpy": "¥"}
WHOLE = frozenset({"clp", "jpy", "krw", "pyg", "vnd", "xaf", "xof", "xpf"})

THOUSANDTHS = frozenset({"bhd", "jod", "kwd", "omr", "tnd"})


class Period(NamedTuple):
    start: int
    end: int


def money(amount: int, currency: str) -> str:
    """An amount in Stripe's own descriptions, such as €20.00."""
    decimals = 0 if currency in WHOLE else 3 if currency in THOUSANDTHS else 2
    number = f"{Decimal(amount).scaleb(-decimals):,.{decimals}f}"
    return SYMBOLS.get(currency, f"{currency.upper()} ") + number


def new_line(
    *,
    amount: int,
    currency: str,
    description: str | None,
    parent: Obj,
    period: Period,
    price: Obj | None = None,
    quantity: int = 1,
    rates: list[str] | None = None,
    metadata: dict[str, str] | None = None,
    discountable: bool = True,
    discounts: list[str] | None = None,
) -> Obj:
    """A line; its taxes are worked out when it is put on an invoice."""
    return {
        "id": new_id("line_item"),
        "object": "line_item",
        "amount": amount,
        "currency": currency,
        "description": description,
        "discount_amounts": [],
        "discountable": discountable,
        "discounts": discounts or [],
        "invoice": None,
        "livemode": False,
        "metadata": metadata or {},
        "parent": parent,
        "period": {"end": period.end, "start": period.start},
        "pretax_credit_amounts": [],
        "pricing": pricing(price) if price else None,
        "quantity": quantity,
        "quantity_decimal": str(quantity),
        "subscription": None,
        "subtotal": amount,
        "taxes": [],
        "_rates": rates or [],
    }


def pricing(price: Obj) -> Obj:
    return {
        "price_details": {"price": price["id"], "product": price["product"]},
        "type": "price_details",
        "unit_amount_decimal": price["unit_amount_decimal"],
    }


def rounded(amount: Fraction) -> int:
    """Half a cent goes away from zero."""
    exact = Decimal(amount.numerator) / amount.denominator
    return int(exact.quantize(Decimal(1), ROUND_HALF_UP))


def item_line(
    account: Account, subscription: Obj, item: Obj, period: Period, part: Fraction = Fraction(1)
) -> Obj:
    """A subscription item for a period, or for `part` of one."""
    price = account.get("price", item["price"])
    return new_line(
        amount=rounded(cost(price, item["quantity"]) * part),
        currency=price["currency"],
        description=f"{item['quantity']} × {in_words(account, price)}",
        parent=item_parent(subscription, item),
        period=period,
        price=price,
        quantity=item["quantity"],
        rates=rates_of(subscription, item),
        metadata=dict(subscription["metadata"]),
        discounts=list(item["discounts"]),
    )


def trial_line(account: Account, subscription: Obj, item: Obj, period: Period) -> Obj:
    price = account.get("price", item["price"])
    name = account.get("product", price["product"])["name"]
    line = item_line(account, subscription, item, period, Fraction(0))
    return line | {"description": f"Trial period for {name}"}


def in_words(account: Account, price: Obj) -> str:
    """Such as: Premium (at €20.00 / month)."""
    name = account.get("product", price["product"])["name"]
    recurring, amount = price["recurring"], money(first_amount(price), price["currency"])
    if recurring is None:
        return f"{name} (at {amount})"
    every = recurring["interval"]
    if recurring["interval_count"] > 1:
        every = f"every {recurring['interval_count']} {every}s"
    return f"{name} (at {amount} / {every})"


def rates_of(subscription: Obj, item: Obj) -> list[str]:
    return list(item["tax_rates"] or subscription["default_tax_rates"])


def item_parent(subscription: Obj, item: Obj) -> Obj:
    return {
        "invoice_item_details": None,
        "subscription_item_details": {
            "invoice_item": None,
            "proration": False,
            "proration_details": {"credited_items": None},
            "subscription": subscription["id"],
            "subscription_item": item["id"],
        },
        "type": "subscription_item_details",
    }
