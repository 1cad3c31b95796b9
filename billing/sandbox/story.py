"""Months of a shop's life, told to the sandbox through Stripe's SDK in the order they happened."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, Any, Literal, cast

from billing.sandbox.worlds import World

if TYPE_CHECKING:
    from stripe.params import (
        CustomerCreateParams,
        CustomerCreateParamsAddress,
        CustomerCreateParamsTaxIdDatum,
        PriceCreateParams,
        RefundCreateParams,
        SubscriptionCreateParams,
    )

THANKS = "https://shop.example/thanks"

type Beat = tuple[datetime, Callable[[], object]]


@dataclass(frozen=True)
class Product:
    """`amounts` by currency, in minor units; no `interval`: sold once."""

    key: str
    name: str
    amounts: Mapping[str, int]
    interval: Literal["", "week", "month", "year"] = ""


@dataclass(frozen=True)
class Tax:
    """Included in the price."""

    name: str
    percent: float
    country: str


@dataclass(frozen=True, eq=False)
class Buyer:
    """One Stripe customer; nothing but itself is the same one. `address` has Stripe's names."""

    email: str
    name: str = ""
    phone: str = ""
    address: Mapping[str, str] = field(default_factory=dict)
    locale: str = ""
    card: str = "pm_card_visa"
    currency: str = "eur"
    tax: Tax | None = None
    company: str = ""
    tax_id: tuple[str, str] | None = None


@dataclass(frozen=True)
class Turn:
    """What happens to a purchase later. `refund` is of its latest payment, all or an amount."""

    at: datetime
    act: Literal["cancel", "end_later", "pause", "payment_fails", "refund"]
    amount: int | None = None


@dataclass(frozen=True, eq=False)
class Purchase:
    """A product sold once, by subscription, after a trial, or in a number of payments."""

    buyer: Buyer
    product: str
    at: datetime
    trial_days: int = 0
    payments: int = 0
    order: str = ""
    turns: tuple[Turn, ...] = ()


@dataclass(frozen=True)
class Shop:
    api_key: str
    products: list[Product]
    purchases: list[Purchase] = field(default_factory=list)


def tell(world: World, shops: Iterable[Shop], *, until: datetime) -> Iterator[datetime]:
    """Let it all happen, and say after each step how far the clock has come."""
    clerks = [Clerk(world, shop) for shop in shops]
    for clerk in clerks:
        clerk.open()
    beats = sorted((beat for clerk in clerks for beat in clerk.beats()), key=lambda beat: beat[0])
    for at, happen in beats:
        world.advance(int(at.timestamp()))
        happen()
        yield at
    world.advance(int(until.timestamp()))
    yield until


class Clerk:
    """Does in one shop's Stripe account what its website and its staff would do."""

    def __init__(self, world: World, shop: Shop) -> None:
        self._world = world
        self._shop = shop
        self._api = world.client(shop.api_key).v1
        self._prices: dict[tuple[str, str], str] = {}
        self._rates: dict[Tax, str] = {}
        self._customers: dict[Buyer, str] = {}
        self._sold: dict[Purchase, str] = {}

    def open(self) -> None:
        for product in self._shop.products:
            made = self._api.products.create({"name": product.name})
            for currency, amount in product.amounts.items():
                params: PriceCreateParams = {
                    "product": made.id,
                    "currency": currency,
                    "unit_amount": amount,
                }
                if product.interval:
                    params["recurring"] = {"interval": product.interval}
                price = self._api.prices.create(params)
                self._prices[product.key, currency] = price.id

    def beats(self) -> Iterator[Beat]:
        for purchase in self._shop.purchases:
            yield purchase.at, partial(self.sell, purchase)
            for turn in purchase.turns:
                yield turn.at, partial(self.turn, purchase, turn)

    # Selling

    def sell(self, purchase: Purchase) -> None:
        customer = self._customer(purchase.buyer)
        product = next(one for one in self._shop.products if one.key == purchase.product)
        item: Any = {
            "price": self._prices[product.key, purchase.buyer.currency],
            "quantity": 1,
        }
        if purchase.buyer.tax:
            item["tax_rates"] = [self._rate(purchase.buyer.tax)]
        notes = {"order": purchase.order} if purchase.order else {}
        if not product.interval:
            self._sold[purchase] = self._check_out(customer, item, notes, purchase.buyer.card)
        elif purchase.payments:
            self._sold[purchase] = self._begin_plan(customer, item, notes, product, purchase)
        else:
            params: SubscriptionCreateParams = {
                "customer": customer,
                "items": [item],
                "metadata": notes,
            }
            if purchase.trial_days:
                params["trial_period_days"] = purchase.trial_days
            self._sold[purchase] = self._api.subscriptions.create(params).id

    def _customer(self, buyer: Buyer) -> str:
        """Made with the first purchase; its card pays for everything."""
        if buyer not in self._customers:
            made = self._api.customers.create(_details(buyer))
            method = self._api.payment_methods.attach(buyer.card, {"customer": made.id})
            self._api.customers.update(
                made.id, {"invoice_settings": {"default_payment_method": method.id}}
            )
            self._customers[buyer] = made.id
        return self._customers[buyer]

    def _rate(self, tax: Tax) -> str:
        if tax not in self._rates:
            made = self._api.tax_rates.create(
                {
                    "display_name": tax.name,
                    "percentage": tax.percent,
                    "country": tax.country,
                    "inclusive": True,
                }
            )
            self._rates[tax] = made.id
        return self._rates[tax]

    def _check_out(self, customer: str, item: Any, notes: dict[str, str], card: str) -> str:
        session = self._api.checkout.sessions.create(
            {
                "mode": "payment",
                "customer": customer,
                "line_items": [item],
                "invoice_creation": {"enabled": True, "invoice_data": {"metadata": notes}},
                "payment_intent_data": {"metadata": notes},
                "success_url": THANKS,
            }
        )
        self._world.pay(session.id, card)
        return session.id

    def _begin_plan(
        self, customer: str, item: Any, notes: dict[str, str], product: Product, plan: Purchase
    ) -> str:
        """A schedule that cancels its subscription after the last payment."""
        made = self._api.subscription_schedules.create(
            {
                "customer": customer,
                "start_date": "now",
                "end_behavior": "cancel",
                "metadata": notes,
                "phases": [
                    {
                        "items": [item],
                        "metadata": notes,
                        "duration": {
                            "interval": product.interval or "month",
                            "interval_count": plan.payments,
                        },
                    }
                ],
            }
        )
        return str(made.subscription)

    # What happens later

    def turn(self, purchase: Purchase, turn: Turn) -> None:
        sold = self._sold[purchase]
        match turn.act:
            case "cancel":
                self._api.subscriptions.cancel(sold, {"prorate": False, "invoice_now": False})
            case "end_later":
                self._api.subscriptions.update(sold, {"cancel_at": "min_period_end"})
            case "pause":
                self._api.subscriptions.update(sold, {"pause_collection": {"behavior": "void"}})
            case "payment_fails":
                self._world.fail_next_payment(self._customers[purchase.buyer])
            case "refund":
                self._refund(self._latest_invoice(sold), turn.amount)

    def _latest_invoice(self, sold: str) -> str:
        if sold.startswith("cs_"):
            return str(self._api.checkout.sessions.retrieve(sold).invoice)
        return self._api.invoices.list({"subscription": sold, "limit": 1}).data[0].id

    def _refund(self, invoice: str, amount: int | None) -> None:
        paid = self._api.invoice_payments.list({"invoice": invoice, "status": "paid"}).data[0]
        params: RefundCreateParams = {"payment_intent": str(paid.payment.payment_intent)}
        if amount:
            params["amount"] = amount
        self._api.refunds.create(params)


def _details(buyer: Buyer) -> CustomerCreateParams:
    """Only what the buyer said; Stripe keeps nothing for the rest."""
    params: CustomerCreateParams = {"email": buyer.email}
    if buyer.name:
        params["name"] = buyer.name
    if buyer.phone:
        params["phone"] = buyer.phone
    if buyer.address:
        params["address"] = cast("CustomerCreateParamsAddress", dict(buyer.address))
    if buyer.locale:
        params["preferred_locales"] = [buyer.locale]
    if buyer.company:
        params["business_name"] = buyer.company
    if buyer.tax_id:
        kind, value = buyer.tax_id
        params["tax_id_data"] = [
            cast("CustomerCreateParamsTaxIdDatum", {"type": kind, "value": value})
        ]
    return params
