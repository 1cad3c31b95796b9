"""Acme's Stripe for any test: the real SDK in process against the sandbox, real signed webhooks.

`buy` buys as a customer of Acme's shop would and lets the webhooks arrive; `deliver` brings what
Stripe has to say since then.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol

import pytest
import stripe as sdk

from accounts.models import Customer, Vendor
from accounts.tenancy import vendor_scope
from billing.models import OneTimePurchase, StripeCustomer, StripeEvent, Subscription
from billing.sandbox.machine import Sandbox
from billing.sandbox.outbox import Delivery
from billing.sandbox.transport import InProcessHTTPClient
from billing.services import keys
from invoices import pdf
from tests.clients import HubClient
from tests.factories import make_stripe_account

SECRET_KEY = "sk_test_acme_1"
PUBLISHABLE_KEY = "pk_test_acme_1"
PRINT = pdf.render


class Deliver(Protocol):
    def __call__(self, *, may_fail: bool = False) -> int: ...


@pytest.fixture
def sandbox(monkeypatch: pytest.MonkeyPatch) -> Iterator[Sandbox]:
    """A new Stripe for each test, which the gateway talks to; neither retries nor turns wait."""
    sandbox = Sandbox(verify=True)
    line = InProcessHTTPClient(sandbox)
    monkeypatch.setattr("billing.gateway.client.http_client", lambda: line)
    monkeypatch.setattr("billing.gateway.pace.sleep", lambda _seconds: None)
    monkeypatch.setattr(sdk.HTTPClient, "INITIAL_DELAY", 0)
    monkeypatch.setattr(sdk.HTTPClient, "MAX_DELAY", 0)
    yield sandbox
    sandbox.close()


def client_of(sandbox: Sandbox, key: str = SECRET_KEY) -> sdk.V1Services:
    return sdk.StripeClient(key, http_client=InProcessHTTPClient(sandbox)).v1


@pytest.fixture
def stripe(sandbox: Sandbox, acme: Vendor) -> sdk.V1Services:
    """Stripe as Acme's shop and staff use it. Acme's keys are set, and its webhooks made."""
    make_stripe_account(
        acme, secret_key=SECRET_KEY, publishable_key=PUBLISHABLE_KEY, webhook_secret=""
    )
    with vendor_scope(acme):
        keys.ensure_webhook_endpoint(acme)
    return client_of(sandbox)


def post(delivery: Delivery) -> int:
    """One webhook, as it reaches the vendor's host."""
    host, _slash, path = delivery.url.removeprefix("https://").partition("/")
    answer = HubClient(host).post(
        f"/{path}",
        delivery.payload,
        content_type="application/json",
        headers={"Stripe-Signature": delivery.headers["Stripe-Signature"]},
    )
    return int(answer.status_code)


@pytest.fixture
def deliver(
    sandbox: Sandbox,
    stripe: sdk.V1Services,
    unprinted: None,
    django_capture_on_commit_callbacks: Any,
) -> Deliver:
    """Bring every webhook that waits, run the tasks, and say how many arrived. All of them are
    handled without a failure, unless the test is about one."""

    def bring(*, may_fail: bool = False) -> int:
        arrived = 0
        with django_capture_on_commit_callbacks(execute=True):
            while newly := sandbox.deliver_pending(post):
                arrived += newly
        with vendor_scope(None):
            failed = StripeEvent.objects.exclude(failure="") | StripeEvent.objects.filter(
                handled_at=None
            )
            failures = [f"{event}: {event.failure}" for event in failed]
        assert may_fail or not failures, failures
        return arrived

    return bring


@pytest.fixture
def unprinted(monkeypatch: pytest.MonkeyPatch) -> None:
    """Documents without their PDFs: of all that is bought here, few tests look at the paper, and
    to make it takes as long as the rest of the test."""
    monkeypatch.setattr(pdf, "render", lambda _template, _context: b"not printed")


@pytest.fixture
def printed(unprinted: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """With their PDFs after all."""
    monkeypatch.setattr(pdf, "render", PRINT)


class Buyer:
    """What customers of Acme's shop do, and what its staff do for them."""

    def __init__(
        self, vendor: Vendor, sandbox: Sandbox, stripe: sdk.V1Services, deliver: Deliver
    ) -> None:
        self.vendor = vendor
        self.sandbox = sandbox
        self.stripe = stripe
        self.deliver = deliver
        self._customers: dict[str, str] = {}

    def customer_id(self, email: str = "alice@example.com", **fields: Any) -> str:
        """The Stripe customer with this address, made once, paying with Visa 4242."""
        if email not in self._customers:
            given = {"email": email, "name": email.partition("@")[0].capitalize()}
            made = self.stripe.customers.create(given | fields)  # type: ignore[arg-type]
            self._customers[email] = made.id
            self.use_card(made.id, "pm_card_visa")
        return self._customers[email]

    def another_customer_id(self, email: str = "alice@example.com", **fields: Any) -> str:
        """A further Stripe customer that is the same person."""
        self._customers.pop(email, None)
        return self.customer_id(email, **fields)

    def use_card(self, customer_id: str, card: str) -> str:
        """Make it the customer's default, by the shop rather than by the hub."""
        method = self.stripe.payment_methods.attach(card, {"customer": customer_id})
        self.stripe.customers.update(
            customer_id, {"invoice_settings": {"default_payment_method": method.id}}
        )
        return method.id

    def price_id(
        self,
        name: str,
        amount: int,
        *,
        interval: str | None = "month",
        metadata: dict[str, str] | None = None,
    ) -> str:
        product = self.stripe.products.create({"name": name})
        params: Any = {"product": product.id, "currency": "eur", "unit_amount": amount}
        if interval:
            params["recurring"] = {"interval": interval}
        return self.stripe.prices.create(params | {"metadata": metadata or {}}).id

    def subscription(
        self,
        name: str = "Language Lab: Italian",
        *,
        amount: int = 1900,
        customer_id: str = "",
        **params: Any,
    ) -> Subscription:
        """Ongoing and paid for the first month."""
        given: Any = {
            "customer": customer_id or self.customer_id(),
            "items": [{"price": self.price_id(name, amount)}],
        }
        made = self.stripe.subscriptions.create(given | params)
        self.deliver()
        return self.row_of(made.id)

    def trial(self, name: str = "Photography Monthly", **params: Any) -> Subscription:
        return self.subscription(name, trial_period_days=14, **params)

    def split_pay(
        self, name: str = "Piano in 30 Days", *, payments: int = 3, customer_id: str = ""
    ) -> Subscription:
        """A schedule that ends it after so many monthly payments; the first is made."""
        schedule = self.stripe.subscription_schedules.create(
            {
                "customer": customer_id or self.customer_id(),
                "start_date": "now",
                "end_behavior": "cancel",
                "phases": [
                    {
                        "items": [{"price": self.price_id(name, 4900)}],
                        "duration": {"interval": "month", "interval_count": payments},
                    }
                ],
            }
        )
        self.deliver()
        return self.row_of(str(schedule.subscription))

    def one_time(
        self, name: str = "Travel Phrases", *, amount: int = 4900, customer_id: str = ""
    ) -> OneTimePurchase:
        """Through Stripe Checkout, with an invoice."""
        price = self.price_id(name, amount, interval=None)
        session = self.stripe.checkout.sessions.create(
            {
                "mode": "payment",
                "customer": customer_id or self.customer_id(),
                "line_items": [{"price": price, "quantity": 1}],
                "invoice_creation": {"enabled": True},
                "success_url": "https://shop.example/thanks",
            }
        )
        self.sandbox.checkout_complete(session.id, payment_method="pm_card_visa")
        self.deliver()
        with vendor_scope(self.vendor):
            return OneTimePurchase.objects.get(product_name=name)

    def invoice(self, *, amount: int = 9900, customer_id: str = "", **params: Any) -> str:
        """Written by the shop beside all subscriptions, and open; its id at Stripe."""
        customer = customer_id or self.customer_id()
        given: Any = {"customer": customer, "currency": "eur", "auto_advance": True}
        key = self.stripe.invoices.create(given | params).id
        item: Any = {"customer": customer, "invoice": key, "currency": "eur", "amount": amount}
        self.stripe.invoice_items.create(item)
        self.stripe.invoices.finalize_invoice(key)
        self.deliver()
        return key

    def row_of(self, subscription_id: str) -> Subscription:
        with vendor_scope(self.vendor):
            return Subscription.objects.select_related("customer", "stripe_customer").get(
                stripe_subscription_id=subscription_id
            )

    def person(self, email: str = "alice@example.com") -> Customer:
        with vendor_scope(self.vendor):
            row = StripeCustomer.objects.select_related("customer").get(
                stripe_customer_id=self.customer_id(email)
            )
            return row.customer

    def confirm_card(self, setup_intent_id: str, card: str = "pm_card_mastercard") -> Any:
        """What Stripe.js does in the browser, a refusal and all."""
        return self.stripe.setup_intents.confirm(setup_intent_id, {"payment_method": card})

    def wait(self, **span: int) -> None:
        """Let time pass at Stripe, and hear what came of it."""
        moment = datetime.fromtimestamp(self.sandbox.clock.now(), UTC) + timedelta(**span)
        self.sandbox.advance(int(moment.timestamp()))
        self.deliver()


@pytest.fixture
def buy(acme: Vendor, sandbox: Sandbox, stripe: sdk.V1Services, deliver: Deliver) -> Buyer:
    return Buyer(acme, sandbox, stripe, deliver)


@pytest.fixture
def alpha_and_beta(buy: Buyer) -> list[str]:
    """Two companies of one mailbox; Beta is the newer, whose details are the person's here."""
    alpha = buy.customer_id(
        name="Al A",
        business_name="Alpha SARL",
        phone="+33 1 11 11 11 11",
        address={"line1": "1 rue Alpha", "city": "Lyon", "country": "FR"},
        tax_id_data=[{"type": "eu_vat", "value": "FR12345678901"}],
    )
    buy.wait(days=1)
    beta = buy.another_customer_id(
        name="Bea B",
        business_name="Beta GmbH",
        phone="+49 30 222222",
        address={"line1": "Betaweg 2", "city": "Berlin", "country": "DE"},
        tax_id_data=[{"type": "eu_vat", "value": "DE123456789"}],
    )
    buy.deliver()
    return [alpha, beta]
