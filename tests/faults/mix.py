"""What a hub is asked all day: customers' pages, and in between what Stripe tells it."""

from __future__ import annotations

from typing import Any

from tests.faults.running import BUYERS, Running, Visitor, event, post_webhook, signed

PAGES = ["/", "/documents/", "/profile/activity/", "/profile/"]


class Mix:
    """Two pages, then an event, and so on; call it with the number of the request."""

    def __init__(self, hub: Running, customers: list[str], name: str) -> None:
        self.port = hub.port
        self.customers = customers
        self.name = name
        self.secret, self.cookies = hub.tell()

    def __call__(self, number: int) -> int:
        if number % 3 == 2:
            payload = event(self.customers[number % BUYERS], f"evt_{self.name}_{number}")
            return post_webhook(self.port, payload, signed(payload, self.secret))
        visitor = Visitor(self.port, self.cookies[number % BUYERS])
        return visitor.ask("GET", PAGES[number % len(PAGES)])[0]

    def lost(self, hub: Running, asked: int, failed: int) -> int:
        """Events that were acknowledged, and are not there."""
        told = len(range(2, asked, 3))
        kept = hub.count(f"billing_stripeevent WHERE event_id LIKE 'evt_{self.name}_%'")
        return max(0, told - failed - kept)


class Shop(Mix):
    """And one in so many requests is a payment, a change, or somebody new, at Stripe."""

    def __init__(self, hub: Running, customers: list[str], name: str, *, every: int) -> None:
        super().__init__(hub, customers, name)
        self.stripe = hub.stripe
        self.every = every

    def __call__(self, number: int) -> int:
        customer, turn = self.customers[number % BUYERS], number % self.every
        if turn == 0:
            payment: Any = {"amount": 4900, "currency": "eur", "customer": customer}
            payment |= {"payment_method": "pm_card_visa", "confirm": True}
            self.stripe.payment_intents.create(payment)
        elif turn == 3:
            self.stripe.customers.update(customer, {"phone": f"+353 1 555 {number:05}"})
        elif turn == 6:
            self.stripe.customers.create({"email": f"{self.name}{number}@example.com"})
        else:
            return super().__call__(number)
        return 200
