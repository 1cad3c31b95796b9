"""Credit notes."""

import pytest
import stripe


def test_of_a_paid_invoice_it_gives_money_back(api, bill, course, vat, types):
    item = {
        "pricing": {"price": course.id},
        "quantity": 2,
        "tax_rates": [vat(19, inclusive=True)],
    }
    invoice = api.invoices.pay(bill(item).id)
    line = {
        "type": "invoice_line_item",
        "invoice_line_item": invoice.lines.data[0].id,
        "quantity": 1,
    }

    note = api.credit_notes.create(
        {"invoice": invoice.id, "lines": [line], "refund_amount": 4900, "memo": "Sorry"}
    )

    assert (note.type, note.total, note.memo) == ("post_payment", 4900, "Sorry")
    assert note.number == f"{invoice.number}-CN-01"
    assert note.total_taxes[0].amount == 782
    refund = api.refunds.retrieve(note.refunds[0].refund)
    assert (refund.amount, refund.status) == (4900, "succeeded")
    found = api.invoices.retrieve(invoice.id)
    assert found.post_payment_credit_notes_amount == 4900
    assert "credit_note.created" in types()
    assert [found.id for found in api.credit_notes.list({"invoice": invoice.id}).data] == [note.id]


def test_all_of_it_must_go_somewhere(api, bill):
    invoice = api.invoices.pay(bill().id)

    with pytest.raises(stripe.InvalidRequestError, match="must equal the credit note amount"):
        api.credit_notes.create({"invoice": invoice.id, "amount": 900, "refund_amount": 800})


def test_more_than_the_invoice_is_refused(api, bill):
    invoice = api.invoices.pay(bill().id)

    with pytest.raises(stripe.InvalidRequestError):
        api.credit_notes.create({"invoice": invoice.id, "amount": 5000, "refund_amount": 5000})


def test_more_of_a_line_than_was_sold_is_refused(api, bill, course):
    small = {"amount": 500, "currency": "eur"}
    invoice = api.invoices.pay(bill(small, {"pricing": {"price": course.id}}).id)
    line = {
        "type": "invoice_line_item",
        "invoice_line_item": invoice.lines.data[0].id,
        "quantity": 2,
    }

    with pytest.raises(stripe.InvalidRequestError, match="more than the invoice line"):
        api.credit_notes.create({"invoice": invoice.id, "lines": [line], "refund_amount": 1000})


def test_of_an_open_invoice_it_lessens_what_is_due(api, bill):
    invoice = api.invoices.finalize_invoice(bill().id)

    note = api.credit_notes.create({"invoice": invoice.id, "amount": 900})

    assert note.type == "pre_payment"
    assert api.invoices.retrieve(invoice.id).amount_remaining == 4000
    assert api.invoices.pay(invoice.id).amount_paid == 4000


def test_it_can_be_voided_while_the_invoice_is_open(api, bill):
    invoice = api.invoices.finalize_invoice(bill().id)
    note = api.credit_notes.create({"invoice": invoice.id, "amount": 900})

    assert api.credit_notes.void_credit_note(note.id).status == "void"
    assert api.invoices.retrieve(invoice.id).amount_due == 4900


def test_credit_waits_for_the_next_invoice(api, alice, bill):
    invoice = api.invoices.pay(bill().id)

    api.credit_notes.create({"invoice": invoice.id, "amount": 900, "credit_amount": 900})

    assert api.customers.retrieve(alice.id).balance == -900
