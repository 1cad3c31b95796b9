"""What the control pages show of an account: its objects as rows of text."""

from collections.abc import Iterable
from dataclasses import asdict
from typing import Any

from django.utils.translation import gettext as _

from billing.sandbox.disputes import CLOSED
from billing.sandbox.ledger import Entry
from billing.sandbox.machine import Sandbox
from billing.sandbox.store import Obj
from billing.sandbox.web import money
from billing.sandbox.wording import (
    State,
    country_name,
    day,
    delivery_words,
    moment,
    open_words,
    price_words,
    state_of,
)

NEWEST = 100
OVER = frozenset({"canceled", "incomplete_expired"})


class Shown:
    """One account as it stands now."""

    def __init__(self, sandbox: Sandbox, account: str) -> None:
        self._sandbox = sandbox
        self._account = account
        self._products = {found["id"]: found["name"] for found in self._all("product")}

    def _all(self, kind: str, **fields: str) -> list[Obj]:
        return [
            found
            for found in self._sandbox.objects(self._account, kind)
            if all(found.get(name) == value for name, value in fields.items())
        ]

    def prices(self) -> list[tuple[str, str, bool]]:
        """What may be bought: the price's id, its words, and whether it recurs."""
        active = {found["id"] for found in self._all("product") if found["active"]}
        return [
            (
                price["id"],
                f"{self._products[price['product']]}, {price_words(price)}",
                bool(price["recurring"]),
            )
            for price in self._all("price")
            if price["active"] and price["product"] in active
        ]

    def customers(self) -> list[Obj]:
        """Newest first, each with its subscriptions and what is open."""
        subscriptions = _by_customer(self._all("subscription"))
        invoices = _by_customer(self._all("invoice", status="open"))
        return [
            self._customer(
                customer, subscriptions.get(customer["id"], []), invoices.get(customer["id"], [])
            )
            for customer in reversed(self._all("customer"))
            if not customer.get("deleted")
        ]

    def _customer(self, customer: Obj, subscriptions: list[Obj], invoices: list[Obj]) -> Obj:
        return {
            "id": customer["id"],
            "name": customer["name"] or customer["email"] or customer["id"],
            "email": customer["email"],
            "country": country_name((customer["address"] or {}).get("country")),
            "subscriptions": [self._subscription(found) for found in subscriptions],
            "open": open_words(invoices),
        }

    def customer(self, key: str) -> Obj | None:
        """One customer with everything that can be done to it."""
        found = [one for one in self._all("customer", id=key) if not one.get("deleted")]
        if not found:
            return None
        subscriptions = self._all("subscription", customer=key)
        invoices = self._all("invoice", customer=key)
        return self._customer(
            found[0], subscriptions[::-1], [one for one in invoices if one["status"] == "open"]
        ) | {
            "card": self._card(found[0]["invoice_settings"]["default_payment_method"]),
            "invoices": [_invoice(invoice) for invoice in reversed(invoices)],
            "payments": [
                _payment(charge, self._all("dispute", charge=charge["id"]))
                for charge in reversed(self._all("charge", customer=key))
            ],
        }

    def _card(self, method_id: str | None) -> str | None:
        method = next(iter(self._all("payment_method", id=method_id)), None) if method_id else None
        if method is None:
            return None
        card = method["card"]
        expires = f"{card['exp_month']:02}/{card['exp_year']}"
        return f"{card['brand'].title()} •••• {card['last4']}, {expires}"

    def _subscription(self, subscription: Obj) -> Obj:
        price = subscription["items"]["data"][0]["price"]
        ended = subscription["status"] in OVER
        paused = bool(subscription["pause_collection"])
        return {
            "id": subscription["id"],
            "product": self._products.get(price["product"], price["product"]),
            "price": price_words(price),
            "state": state_of(subscription),
            "card": self._card(subscription["default_payment_method"]),
            "plan": bool(subscription["schedule"]),
            "can_cancel": not ended,
            "can_pause": not ended and not paused,
            "can_resume": not ended and paused,
        }

    def events(self) -> list[Obj]:
        newest = list(reversed(self._all("event")))[:NEWEST]
        listening, tries = bool(self._all("webhook_endpoint")), self._sandbox.tries()
        return [
            {
                "id": event["id"],
                "type": event["type"],
                "about": event["data"]["object"].get("id", ""),
                "at": moment(event["created"]),
                "state": delivery_words(tries.get(event["id"]), listening=listening),
            }
            for event in newest
        ]

    def requests(self) -> list[Obj]:
        entries = [entry for entry in list(self._sandbox.ledger) if entry.account == self._account]
        return [_request(entry) for entry in list(reversed(entries))[:NEWEST]]


def _by_customer(objects: Iterable[Obj]) -> dict[str, list[Obj]]:
    found: dict[str, list[Obj]] = {}
    for obj in objects:
        found.setdefault(obj["customer"], []).append(obj)
    return found


def _invoice(invoice: Obj) -> Obj:
    words = {
        "draft": State(tone="over", text=_("Draft, charged in an hour")),
        "open": State(tone="late", text=_("Open")),
        "paid": State(tone="good", text=_("Paid")),
        "uncollectible": State(tone="late", text=_("Written off")),
        "void": State(tone="over", text=_("Void")),
    }
    return {
        "id": invoice["id"],
        "number": invoice["number"] or invoice["id"],
        "on": day(invoice["created"]),
        "amount": money(invoice["total"], invoice["currency"]),
        "state": words[invoice["status"]],
        "can_pay": invoice["status"] == "open",
    }


def _payment(charge: Obj, disputes: list[Obj]) -> Obj:
    is_disputed = any(dispute["status"] not in CLOSED for dispute in disputes)
    left = charge["amount"] - charge["amount_refunded"]
    if charge["status"] != "succeeded":
        state = State(tone="late", text=charge["failure_message"] or _("Failed"))
    elif is_disputed:
        state = State(tone="late", text=_("Disputed"))
    elif left == 0:
        state = State(tone="over", text=_("Refunded"))
    elif charge["amount_refunded"]:
        back = money(charge["amount_refunded"], charge["currency"])
        state = State(tone="soon", text=_("%s refunded") % back)
    else:
        state = State(tone="good", text=_("Paid"))
    return {
        "id": charge["id"],
        "on": day(charge["created"]),
        "amount": money(charge["amount"], charge["currency"]),
        "state": state,
        "can_refund": charge["status"] == "succeeded" and left > 0 and not disputes,
        "can_dispute": charge["status"] == "succeeded" and not disputes,
        "is_disputed": is_disputed,
    }


def _request(entry: Entry) -> dict[str, Any]:
    tone = "good" if 200 <= entry.status < 300 else "late"
    return asdict(entry) | {"at": moment(entry.time), "tone": tone}
