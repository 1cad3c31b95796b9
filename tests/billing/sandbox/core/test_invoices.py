"""Invoices, what pays them, and how they are corrected."""

import pytest
import stripe

from tests.billing.sandbox.core.conftest import DAY, START


class TestTaxes:
    def test_inclusive_tax_is_within_the_price(self, subscribe, vat):
        rate = vat(19, inclusive=True)

        invoice = subscribe(default_tax_rates=[rate], expand=["latest_invoice"]).latest_invoice

        assert (invoice.total, invoice.subtotal) == (2000, 2000)
        assert invoice.total_excluding_tax == invoice.subtotal_excluding_tax == 1681
        tax = invoice.lines.data[0].taxes[0]
        assert (tax.amount, tax.taxable_amount, tax.tax_behavior) == (319, 1681, "inclusive")
        assert tax.tax_rate_details.tax_rate == rate
        assert invoice.total_taxes[0].amount == 319

    def test_exclusive_tax_comes_on_top(self, subscribe, vat):
        rate = vat(7.7, inclusive=False)

        invoice = subscribe(default_tax_rates=[rate], expand=["latest_invoice"]).latest_invoice

        assert (invoice.subtotal, invoice.total) == (2000, 2154)
        assert (invoice.total_excluding_tax, invoice.amount_paid) == (2000, 2154)

    def test_an_items_own_rates_replace_the_subscriptions(self, subscribe, premium, vat):
        reduced, full = vat(7, inclusive=True), vat(19, inclusive=True)

        invoice = subscribe(
            items=[{"price": premium.id, "tax_rates": [reduced]}],
            default_tax_rates=[full],
            expand=["latest_invoice"],
        ).latest_invoice

        assert [tax.tax_rate_details.tax_rate for tax in invoice.total_taxes] == [reduced]

    def test_who_owes_the_tax_themselves_pays_none(self, api, alice, subscribe, vat):
        api.customers.update(alice.id, {"tax_exempt": "reverse"})

        invoice = subscribe(
            default_tax_rates=[vat(19, inclusive=False)], expand=["latest_invoice"]
        ).latest_invoice

        assert invoice.total == 2000
        assert invoice.total_taxes[0].taxability_reason == "reverse_charge"

    def test_taxes_of_several_lines_are_summed_by_rate(self, bill, vat):
        rate = vat(19, inclusive=False)
        item = {"amount": 333, "currency": "eur", "tax_rates": [rate]}

        invoice = bill(item, item)

        assert [tax.amount for tax in invoice.total_taxes] == [126]


class TestOneTime:
    def test_a_draft_is_finalised_numbered_and_paid(self, api, bill):
        draft = bill()
        opened = api.invoices.finalize_invoice(draft.id)
        paid = api.invoices.pay(draft.id)

        assert (draft.status, draft.number, draft.hosted_invoice_url) == ("draft", None, None)
        assert (opened.status, opened.amount_due) == ("open", 4900)
        assert opened.number.endswith("-0001")
        assert opened.hosted_invoice_url
        assert opened.invoice_pdf
        assert (paid.status, paid.amount_paid, paid.amount_remaining) == ("paid", 4900, 0)
        assert paid.parent is None

    def test_a_line_says_what_was_sold(self, bill, course):
        line = bill({"pricing": {"price": course.id}, "quantity": 3}).lines.data[0]

        assert (line.amount, line.quantity) == (14700, 3)
        assert line.description == "Course (at €49.00)"
        assert line.pricing.price_details.price == course.id
        assert line.parent.type == "invoice_item_details"

    def test_an_item_put_on_a_draft_counts_at_once(self, api, bill, types):
        draft = bill({"amount": 500, "currency": "eur"}, {"amount": 250, "currency": "eur"})

        assert (draft.total, draft.amount_due) == (750, 750)
        assert types()[-1] == "invoice.updated"

    def test_what_waits_for_the_customer_is_taken_up_when_wanted(self, api, alice):
        api.invoice_items.create({"customer": alice.id, "amount": 700, "currency": "eur"})

        empty = api.invoices.create({"customer": alice.id})
        full = api.invoices.create(
            {"customer": alice.id, "pending_invoice_items_behavior": "include"}
        )

        assert (empty.total, full.total) == (0, 700)

    def test_a_draft_with_auto_advance_is_paid_within_the_hour(self, api, bill, pass_days):
        draft = bill(auto_advance=True)

        pass_days(0.1)

        assert api.invoices.retrieve(draft.id).status == "paid"

    def test_a_paid_invoice_cannot_be_paid_again(self, api, bill):
        invoice = api.invoices.pay(bill().id)

        with pytest.raises(stripe.InvalidRequestError, match="already paid"):
            api.invoices.pay(invoice.id)

    def test_a_finalised_invoice_keeps_its_words(self, api, bill):
        invoice = api.invoices.finalize_invoice(bill().id)

        with pytest.raises(stripe.InvalidRequestError) as caught:
            api.invoices.update(invoice.id, {"footer": "Thanks"})

        assert caught.value.code == "invoice_not_editable"
        assert api.invoices.update(invoice.id, {"metadata": {"a": "b"}}).metadata["a"] == "b"

    def test_a_finalised_invoice_keeps_the_customer_as_they_were(self, api, alice, bill):
        invoice = api.invoices.finalize_invoice(bill().id)

        api.customers.update(alice.id, {"name": "Alicia"})

        assert api.invoices.retrieve(invoice.id).customer_name == "Alice"

    def test_a_voided_invoice_needs_no_payment(self, api, bill, types):
        invoice = api.invoices.finalize_invoice(bill().id)

        voided = api.invoices.void_invoice(invoice.id, {"expand": ["payments"]})

        assert voided.status == "void"
        assert voided.payments.data[0].status == "canceled"
        assert types()[-1] == "invoice.voided"

    def test_an_open_invoice_can_be_written_off(self, api, bill):
        invoice = api.invoices.finalize_invoice(bill().id)

        assert api.invoices.mark_uncollectible(invoice.id).status == "uncollectible"

    def test_only_a_draft_can_be_deleted(self, api, bill):
        draft, opened = bill(), api.invoices.finalize_invoice(bill().id)

        assert api.invoices.delete(draft.id).deleted
        with pytest.raises(stripe.InvalidRequestError):
            api.invoices.delete(opened.id)

    def test_credit_is_used_before_the_card(self, api, alice, bill):
        api.customers.update(alice.id, {"balance": -1000})

        paid = api.invoices.pay(bill().id)

        assert (paid.total, paid.amount_paid) == (4900, 3900)
        assert (paid.starting_balance, paid.ending_balance) == (-1000, 0)
        assert api.customers.retrieve(alice.id).balance == 0

    def test_more_than_ten_lines_are_paged(self, api, bill):
        invoice = bill(*({"amount": number, "currency": "eur"} for number in range(1, 13)))

        assert len(invoice.lines.data) == 10
        assert invoice.lines.has_more
        assert len(api.invoices.line_items.list(invoice.id, {"limit": 100}).data) == 12

    def test_an_invoice_paid_outside_stripe_has_no_charge(self, api, bill):
        invoice = api.invoices.finalize_invoice(bill().id)

        paid = api.invoices.pay(invoice.id, {"paid_out_of_band": True})

        assert paid.status == "paid"
        assert api.charges.list().data == []


class TestShape:
    def test_payments_and_the_secret_are_shown_only_when_expanded(self, api, bill):
        invoice = api.invoices.finalize_invoice(bill().id)
        wanted = {"expand": ["payments", "confirmation_secret"]}

        expanded = api.invoices.retrieve(invoice.id, wanted)

        assert "payments" not in invoice
        assert "confirmation_secret" not in invoice
        assert expanded.payments.data[0].amount_requested == 4900
        assert expanded.confirmation_secret.client_secret.startswith("pi_")

    def test_an_invoice_names_its_subscription_as_its_parent(self, subscribe):
        made = subscribe(metadata={"plan": "gold"}, expand=["latest_invoice"])

        parent = made.latest_invoice.parent
        assert parent.type == "subscription_details"
        assert parent.subscription_details.subscription == made.id
        assert parent.subscription_details.metadata["plan"] == "gold"
        for gone in ("payment_intent", "charge", "subscription", "paid"):
            assert gone not in made.latest_invoice

    def test_from_a_payment_to_its_invoice(self, api, bill):
        invoice = api.invoices.pay(bill().id)
        intent = api.charges.list().data[0].payment_intent

        found = api.invoice_payments.list(
            {"payment": {"type": "payment_intent", "payment_intent": intent}}
        ).data

        assert [payment.invoice for payment in found] == [invoice.id]
        assert (found[0].status, found[0].amount_paid) == ("paid", 4900)
        assert api.invoice_payments.retrieve(found[0].id).is_default

    def test_invoices_are_found_by_subscription_and_status(self, api, subscribe, bill):
        made = subscribe()
        bill()

        by_subscription = api.invoices.list({"subscription": made.id}).data
        assert [invoice.id for invoice in by_subscription] == [made.latest_invoice]
        assert len(api.invoices.list({"status": "draft"}).data) == 1


def test_who_pays_by_hand_must_be_given_a_day(api, alice):
    with pytest.raises(stripe.InvalidRequestError):
        api.invoices.create({"customer": alice.id, "collection_method": "send_invoice"})

    made = api.invoices.create(
        {"customer": alice.id, "collection_method": "send_invoice", "days_until_due": 14}
    )
    api.invoice_items.create(
        {"customer": alice.id, "invoice": made.id, "amount": 500, "currency": "usd"}
    )
    assert api.invoices.finalize_invoice(made.id).due_date == START + 14 * DAY


class TestShipping:
    COST = {
        "shipping_rate_data": {
            "display_name": "Post",
            "type": "fixed_amount",
            "fixed_amount": {"amount": 490, "currency": "eur"},
        }
    }
    WHERE = {"name": "Alice", "address": {"line1": "1 Main Street", "city": "Dublin"}}

    def test_it_is_added_to_the_total_and_not_to_the_lines(self, api, alice):
        given = {"shipping_cost": self.COST, "shipping_details": self.WHERE}
        invoice = api.invoices.create({"customer": alice.id, "currency": "eur"} | given)
        api.invoice_items.create(
            {"customer": alice.id, "invoice": invoice.id, "amount": 1000, "currency": "eur"}
        )
        invoice = api.invoices.pay(invoice.id)

        assert (invoice.subtotal, invoice.amount_shipping, invoice.total) == (1000, 490, 1490)
        assert (invoice.shipping_cost.amount_total, invoice.shipping_cost.amount_tax) == (490, 0)
        assert invoice.shipping_cost.shipping_rate.startswith("shr_")
        assert invoice.shipping_details.address.city == "Dublin"
        assert (invoice.total_excluding_tax, invoice.amount_paid) == (1490, 1490)

    def test_it_is_changed_while_the_invoice_is_a_draft(self, api, alice):
        invoice = api.invoices.create({"customer": alice.id, "currency": "eur"})
        assert api.invoices.update(invoice.id, {"shipping_cost": self.COST}).total == 490
        assert api.invoices.update(invoice.id, {"shipping_cost": ""}).total == 0
        api.invoices.finalize_invoice(invoice.id)
        with pytest.raises(stripe.InvalidRequestError, match="Finalized invoices"):
            api.invoices.update(invoice.id, {"shipping_cost": self.COST})

    def test_a_rate_in_another_currency_is_refused(self, api, alice):
        with pytest.raises(stripe.InvalidRequestError, match="in usd"):
            api.invoices.create(
                {"customer": alice.id, "currency": "usd", "shipping_cost": self.COST}
            )
