"""A vendor's shop, where customers buy through Stripe: the hub hears of it by webhook only."""

import secrets
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import stripe

from billing.sandbox import periods, story
from billing.sandbox.story import Buyer, Clerk, Product, Purchase, Turn
from hub.demo.cast import VendorSetup
from tests.journeys.polling import until
from tests.journeys.stack import Stack

OPEN_TO_CHANGES = 2 * periods.HOUR
"""A renewal is charged an hour after its period began."""

UNTRIED = "SELECT 1 FROM billing_stripeevent WHERE handled_at IS NULL AND attempts = 0"

ALICE = Buyer("", name="Alice Martin", address={"city": "Dublin", "country": "IE"})


class Shop:
    def __init__(
        self, stack: Stack, subdomain: str, setup: VendorSetup, products: list[Product]
    ) -> None:
        self.name: str = setup.fields["name"]
        self.origin = stack.origin(subdomain)
        self.setup = setup
        self._stack = stack
        self._sandbox = stack.sandbox
        self.stripe = self._sandbox.client(setup.secret_key).v1
        self._clerk = Clerk(self._sandbox, story.Shop(setup.secret_key, products))
        self._clerk.open()
        self._customers: dict[Buyer, str] = {}

    def buyer(self, like: Buyer = ALICE, **details: Any) -> Buyer:
        """Somebody new, with an address that nobody had before."""
        first = (like.name or "somebody").split()[0].lower()
        address = f"{first}-{secrets.token_hex(4)}@example.com"
        return replace(like, email=address, **details)

    def sell(self, buyer: Buyer, product: str, **how: Any) -> Purchase:
        purchase = Purchase(buyer, product, datetime.now(UTC), **how)
        self._clerk.sell(purchase)
        if buyer not in self._customers:
            self._customers[buyer] = self.stripe.customers.list({"email": buyer.email}).data[0].id
        self._wait_for_webhooks()
        return purchase

    def refund(self, purchase: Purchase, amount: int | None = None) -> None:
        self._turn(purchase, Turn(datetime.now(UTC), "refund", amount))

    def let_next_payment_fail(self, purchase: Purchase) -> None:
        self._turn(purchase, Turn(datetime.now(UTC), "payment_fails"))

    def let_next_payment_of_fail(self, buyer: Buyer) -> None:
        """Whatever card it is made with."""
        self._sandbox.fail_next_payment(self._customers[buyer])

    def let_a_month_pass(self) -> None:
        """To the next renewal and no further: in February, 31 days would bring the second try of a
        payment that failed."""
        now = int(self._sandbox.ask("GET", "clock")["now"])
        self._sandbox.advance(periods.add(now, "month", 1) + OPEN_TO_CHANGES)
        self._wait_for_webhooks()

    def asked_of_stripe(self, buyer: Buyer) -> stripe.Customer:
        """What Stripe knows of the buyer, under whatever address; with the cards."""
        return self.stripe.customers.retrieve(
            self._customers[buyer],
            {"expand": ["invoice_settings.default_payment_method", "subscriptions", "tax_ids"]},
        )

    def let_everyone_go(self) -> None:
        """Nobody is billed in the next journey's months."""
        for customer in self._customers.values():
            self.stripe.customers.delete(customer)
        self._customers.clear()

    def _turn(self, purchase: Purchase, turn: Turn) -> None:
        self._clerk.turn(purchase, turn)
        self._wait_for_webhooks()

    def _wait_for_webhooks(self) -> None:
        """Stripe has told the hub, and the hub's worker has looked at all of it: at what followed
        closely upon something else, a second or two later."""
        until(lambda: self._sandbox.waiting() == 0, "Not every webhook has arrived.")
        until(lambda: not self._stack.rows(UNTRIED), "Not every event has been looked at.")
