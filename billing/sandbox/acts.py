"""What a person at the control pages does to an account, through the SDK as a shop would do it."""

from collections.abc import Mapping
from decimal import Decimal, InvalidOperation

import stripe
from babel.numbers import get_currency_precision
from django.utils.translation import gettext as _

from billing.sandbox.errors import ApiError
from billing.sandbox.machine import Sandbox
from billing.sandbox.transport import InProcessHTTPClient
from billing.sandbox.web import money

TRIAL_DAYS = 14
PAYMENTS = 3
SHOP = "https://shop.example/thanks"


def stock(sandbox: Sandbox, account: str) -> None:
    """What the owner sells: with nothing on offer nobody could buy there."""
    if sandbox.objects(account, "product"):
        return
    client = _client(sandbox, account)
    client.products.create(
        {"name": "Handbook", "default_price_data": {"currency": "eur", "unit_amount": 2400}}
    )
    client.products.create(
        {
            "name": "Membership",
            "default_price_data": {
                "currency": "eur",
                "unit_amount": 900,
                "recurring": {"interval": "month"},
            },
        }
    )


def _client(sandbox: Sandbox, account: str) -> stripe.V1Services:
    key = f"sk_test_{account.removeprefix('acct_')}_pages"
    client = InProcessHTTPClient(sandbox)
    return stripe.StripeClient(key, http_client=client, max_network_retries=0).v1


class NotDone(Exception):
    """Why an act was refused, in a sentence; `customer` is who had been made by then."""

    def __init__(self, sentence: str, customer: str = "") -> None:
        super().__init__(sentence)
        self.customer = customer


class Acts:
    """Each act returns the sentence that says what happened, or raises NotDone."""

    def __init__(self, sandbox: Sandbox, account: str) -> None:
        self._sandbox = sandbox
        self._api = _client(sandbox, account)

    def __call__(self, name: str, key: str, form: Mapping[str, str]) -> str:
        acts = {
            "fail": self.fail_next_payment,
            "pay": self.pay,
            "refund": self.refund,
            "dispute": self.dispute,
            "win": self.win_dispute,
            "lose": self.lose_dispute,
            "cancel": self.cancel,
            "pause": self.pause,
            "resume": self.resume,
        }
        try:
            return acts[name](key, form)
        except (stripe.StripeError, ApiError) as error:
            raise _not_done(error) from error

    def buy(self, form: Mapping[str, str]) -> tuple[str, str]:
        """A purchase by a new or a known customer: what happened, and the customer's id."""
        kind, _colon, price_id = form.get("offer", "").partition(":")
        customer_id = ""
        try:
            customer = self._customer(form)
            customer_id = customer.id
            price = self._api.prices.retrieve(price_id, {"expand": ["product"]})
            card = form.get("card", "pm_card_visa")
            if kind == "plan":
                self._begin_plan(customer, price, card)
            else:
                self._check_out(customer, price, card, kind)
        except (stripe.StripeError, ApiError) as error:
            raise _not_done(error, customer_id) from error
        product = price.product
        bought = product.name if isinstance(product, stripe.Product) else price_id
        name = customer.name or customer.email or customer.id
        sentence = _("%(customer)s bought %(product)s.") % {"customer": name, "product": bought}
        return sentence, customer.id

    def _customer(self, form: Mapping[str, str]) -> stripe.Customer:
        if known := form.get("customer"):
            return self._api.customers.retrieve(known)
        name, email = form.get("name", "").strip(), form.get("email", "").strip()
        if not name or not email:
            raise NotDone(_("A new customer needs a name and an e-mail address."))
        country = form.get("country", "")
        return self._api.customers.create(
            {"name": name, "email": email, "address": {"country": country}}
        )

    def _check_out(
        self, customer: stripe.Customer, price: stripe.Price, card: str, kind: str
    ) -> None:
        """By Stripe Checkout: a subscription, one that begins with a trial, or one payment."""
        if kind == "once":
            session = self._api.checkout.sessions.create(
                {
                    "mode": "payment",
                    "customer": customer.id,
                    "line_items": [{"price": price.id, "quantity": 1}],
                    "invoice_creation": {"enabled": True},
                    "success_url": SHOP,
                }
            )
        else:
            session = self._api.checkout.sessions.create(
                {
                    "mode": "subscription",
                    "customer": customer.id,
                    "line_items": [{"price": price.id, "quantity": 1}],
                    "subscription_data": {"trial_period_days": TRIAL_DAYS}
                    if kind == "trial"
                    else {},
                    "success_url": SHOP,
                }
            )
        self._sandbox.checkout_complete(session.id, payment_method=card)

    def _begin_plan(self, customer: stripe.Customer, price: stripe.Price, card: str) -> None:
        """A fixed number of payments: a schedule that cancels its subscription after the last."""
        method = self._api.payment_methods.attach(card, {"customer": customer.id})
        recurring = price.recurring
        interval = recurring.interval if recurring else "month"
        count = recurring.interval_count if recurring else 1
        self._api.subscription_schedules.create(
            {
                "customer": customer.id,
                "start_date": "now",
                "end_behavior": "cancel",
                "default_settings": {"default_payment_method": method.id},
                "phases": [
                    {
                        "items": [{"price": price.id, "quantity": 1}],
                        "duration": {"interval": interval, "interval_count": count * PAYMENTS},
                    }
                ],
            }
        )

    def fail_next_payment(self, customer: str, form: Mapping[str, str]) -> str:
        self._sandbox.fail_next_payment(customer)
        return _("The next payment of this customer will fail.")

    def pay(self, invoice: str, form: Mapping[str, str]) -> str:
        paid = self._api.invoices.pay(invoice)
        amount = money(paid.amount_paid, paid.currency)
        return _("%(amount)s was paid for invoice %(number)s.") % {
            "amount": amount,
            "number": paid.number or paid.id,
        }

    def refund(self, charge: str, form: Mapping[str, str]) -> str:
        """All that is left of a charge, or the given part of it."""
        found = self._api.charges.retrieve(charge)
        part = _minor(form.get("amount", ""), found.currency)
        made = (
            self._api.refunds.create({"charge": charge})
            if part is None
            else self._api.refunds.create({"charge": charge, "amount": part})
        )
        return _("%(amount)s was refunded.") % {"amount": money(made.amount, made.currency)}

    def dispute(self, charge: str, form: Mapping[str, str]) -> str:
        self._sandbox.dispute(charge)
        return _("The customer disputes the payment.")

    def win_dispute(self, charge: str, form: Mapping[str, str]) -> str:
        self._decide(charge, won=True)
        return _("The bank decided for the vendor.")

    def lose_dispute(self, charge: str, form: Mapping[str, str]) -> str:
        self._decide(charge, won=False)
        return _("The bank decided for the customer.")

    def _decide(self, charge: str, *, won: bool) -> None:
        for dispute in self._api.disputes.list({"charge": charge}).data:
            self._sandbox.decide_dispute(dispute.id, won=won)

    def cancel(self, subscription: str, form: Mapping[str, str]) -> str:
        """At once, with nothing paid back and nothing more charged."""
        found = self._api.subscriptions.retrieve(subscription)
        if found.schedule:
            schedule = found.schedule if isinstance(found.schedule, str) else found.schedule.id
            self._api.subscription_schedules.cancel(
                schedule, {"prorate": False, "invoice_now": False}
            )
        else:
            self._api.subscriptions.cancel(subscription, {"prorate": False, "invoice_now": False})
        return _("The subscription was cancelled at once.")

    def pause(self, subscription: str, form: Mapping[str, str]) -> str:
        self._api.subscriptions.update(subscription, {"pause_collection": {"behavior": "void"}})
        return _("Payments of the subscription are paused.")

    def resume(self, subscription: str, form: Mapping[str, str]) -> str:
        self._api.subscriptions.update(subscription, {"pause_collection": ""})
        return _("Payments of the subscription go on.")


def _minor(text: str, currency: str) -> int | None:
    """ "12.50" as 1250; None for nothing."""
    if not text.strip():
        return None
    try:
        amount = Decimal(text.strip().replace(",", "."))
    except InvalidOperation:
        raise NotDone(_("Write the amount as a number, such as 12.50.")) from None
    minor = amount.scaleb(get_currency_precision(currency.upper()))
    if minor <= 0 or minor != minor.to_integral_value():
        raise NotDone(_("Write an amount above zero, such as 12.50."))
    return int(minor)


def _not_done(error: stripe.StripeError | ApiError, customer: str = "") -> NotDone:
    message = error.user_message if isinstance(error, stripe.StripeError) else None
    return NotDone(_("Stripe refused: %(reason)s") % {"reason": message or error}, customer)
