"""What a receipt says of a sale: every line, discount and tax, to the last minor unit."""

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
import stripe as sdk

from billing.gateway import charges, sales
from billing.gateway.records import LineRecord, SaleRecord, ShippingRecord
from billing.models import OneTimePurchase, Transaction
from hub.presentation.transactions import transaction_rows
from invoices.models import Document
from invoices.presentation import document_context
from tests.billing.plugin import Buyer

pytestmark = pytest.mark.usefixtures("in_acme")

type Row = tuple[str, int, int, int, int | None]

VAT: dict[str, Any] = {"display_name": "VAT", "percentage": 20, "inclusive": False}
BOOKS = VAT | {"percentage": 5.5}
ZERO = VAT | {"percentage": 0}
INSIDE = VAT | {"inclusive": True}


def bill(buy: Buyer, items: list[dict[str, Any]], **params: Any) -> str:
    """A draft; an item's `tax` is the rate on it, its `off` the coupon, as are the invoice's."""
    customer = buy.customer_id()
    invoice = buy.stripe.invoices.create(
        {"customer": customer, "currency": "eur"} | with_coupon(buy, params)  # type: ignore[arg-type]
    )
    for item in items:
        given = {"customer": customer, "invoice": invoice.id, "currency": "eur"} | item
        if rate := given.pop("tax", None):
            given["tax_rates"] = [buy.stripe.tax_rates.create(rate).id]
        buy.stripe.invoice_items.create(with_coupon(buy, given))  # type: ignore[arg-type]
    return invoice.id


def with_coupon(buy: Buyer, params: dict[str, Any]) -> dict[str, Any]:
    given = dict(params)
    if off := given.pop("off", None):
        given["discounts"] = [{"coupon": buy.stripe.coupons.create(off).id}]
    return given


def rows_of(document: Document) -> list[Row]:
    lines = document.lines.all()
    return [(li.description, li.quantity, li.net_minor, li.tax_minor, li.tax_rate) for li in lines]


COURSE = {"description": "Course", "amount": 5000}
BOOK = {"description": "Book", "amount": 1999}


@pytest.mark.parametrize(
    ("items", "params", "rows"),
    [
        pytest.param(
            [{"description": "Seat", "unit_amount_decimal": "833.333", "quantity": 3, "tax": VAT}],
            {},
            [("Seat", 3, 2500, 500, 2000)],
            id="quantities",
        ),
        pytest.param(
            [COURSE | {"tax": VAT}, BOOK | {"tax": BOOKS}, {"description": "Tip", "amount": 100}],
            {},
            [
                ("Course", 1, 5000, 1000, 2000),
                ("Book", 1, 1999, 110, 550),
                ("Tip", 1, 100, 0, None),
            ],
            id="several rates",
        ),
        pytest.param(
            [COURSE | {"tax": INSIDE}, BOOK | {"tax": BOOKS}],
            {},
            [("Course", 1, 4167, 833, 2000), ("Book", 1, 1999, 110, 550)],
            id="inclusive beside exclusive",
        ),
        pytest.param(
            [COURSE | {"tax": VAT}, BOOK | {"tax": BOOKS}],
            {"off": {"percent_off": 25.5}},
            [("Course", 1, 3725, 745, 2000), ("Book", 1, 1489, 82, 550)],
            id="a percentage off all",
        ),
        pytest.param(
            [COURSE | {"tax": INSIDE}, BOOK | {"tax": INSIDE}],
            {"off": {"amount_off": 1000, "currency": "eur"}},
            [("Course", 1, 3572, 714, 2000), ("Book", 1, 1427, 286, 2000)],
            id="an amount off all, tax inside",
        ),
        pytest.param(
            [COURSE | {"off": {"amount_off": 500, "currency": "eur"}}, BOOK],
            {"off": {"percent_off": 10}},
            [("Course", 1, 4050, 0, None), ("Book", 1, 1799, 0, None)],
            id="off one line, then off all",
        ),
        pytest.param(
            [COURSE | {"tax": VAT}, {"description": "Unused time on Course", "amount": -1700}],
            {},
            [("Course", 1, 5000, 1000, 2000), ("Unused time on Course", 1, -1700, 0, None)],
            id="a proration below zero",
        ),
        pytest.param(
            [{"description": "1,234 × API calls (at €0.005 / call)", "amount": 617, "tax": ZERO}],
            {},
            [("API calls", 1, 617, 0, 0)],
            id="metered usage, zero rate",
        ),
    ],
)
def test_each_line_stands_with_its_discount_and_tax(
    buy: Buyer, items: list[dict[str, Any]], params: dict[str, Any], rows: list[Row]
) -> None:
    paid = buy.stripe.invoices.pay(bill(buy, items, **params))
    buy.deliver()
    document = Document.objects.get()
    assert rows_of(document) == rows
    assert document.total_minor == paid.amount_paid == Transaction.objects.get().amount_minor
    assert document.tax_minor == sum(tax.amount for tax in paid.total_taxes or [])
    gross = document_context(document)["paper"]["sum"][-1]
    assert gross == f"€{Decimal(paid.amount_paid) / 100:,.2f}"


def test_a_part_of_a_period_has_no_price_for_each(buy: Buyer) -> None:
    made = buy.subscription(items=[{"price": buy.price_id("Seat", 3000), "quantity": 2}])
    [item] = buy.stripe.subscriptions.retrieve(made.stripe_subscription_id).items.data
    buy.wait(days=7)
    buy.stripe.subscriptions.update(
        made.stripe_subscription_id,
        {
            "items": [{"id": item.id, "quantity": 5}],
            "proration_behavior": "always_invoice",
        },
    )
    buy.deliver()
    whole, part = Document.objects.order_by("issued_at")
    assert [line["cells"][0][1] for line in document_context(whole)["paper"]["lines"]] == ["2"]
    left, added = document_context(part)["paper"]["lines"]
    for line, quantity in ((left, 2), (added, 5)):
        (_number, one), (_each, price), (_amount, amount) = line["cells"]
        assert (one, price) == ("1", amount)
        assert f"Quantity {quantity}" in line["detail"]


def test_a_discount_is_named_beside_its_line(buy: Buyer) -> None:
    buy.stripe.invoices.pay(bill(buy, [COURSE], off={"percent_off": 20}))
    buy.deliver()
    assert Document.objects.get().lines.get().detail == "€10.00 discount taken off"


@pytest.mark.parametrize("change", ["another price", "another name"])
def test_a_receipt_goes_by_what_was_sold_then(buy: Buyer, change: str) -> None:
    made = buy.stripe.subscriptions.create(
        {"customer": buy.customer_id(), "items": [{"price": buy.price_id("Basic", 1900)}]}
    )
    [item] = made["items"].data
    if change == "another price":
        wanted: Any = {"items": [{"id": item.id, "price": buy.price_id("Pro", 2900)}]}
        buy.stripe.subscriptions.update(made.id, wanted)
    else:
        buy.stripe.products.update(str(item.price.product), {"name": "Pro"})
    buy.deliver()
    assert buy.row_of(made.id).product_name == "Pro"
    assert (Transaction.objects.get().description, Document.objects.get().title) == ("Basic",) * 2


def test_reverse_charge_is_said_and_no_rate_applies(buy: Buyer) -> None:
    buy.customer_id(tax_exempt="reverse")
    buy.stripe.invoices.pay(bill(buy, [COURSE | {"tax": VAT}]))
    buy.deliver()
    line = Document.objects.get().lines.get()
    assert (line.net_minor, line.tax_minor, line.tax_rate) == (5000, 0, 0)
    assert line.detail == "Reverse charge: the buyer owes the tax"


@pytest.mark.parametrize("way", ["coupon", "balance"])
def test_what_costs_nothing_moved_no_money_and_has_no_receipt(buy: Buyer, way: str) -> None:
    """Nothing was charged: there is nothing to refund, to dispute or to prove."""
    if way == "coupon":
        invoice = bill(buy, [COURSE], off={"percent_off": 100})
    else:
        buy.customer_id(balance=-9000)
        invoice = bill(buy, [COURSE])
    assert buy.stripe.invoices.pay(invoice).status == "paid"
    buy.deliver()
    assert not Transaction.objects.exists()
    assert not Document.objects.exists()


def test_paid_outside_of_stripe_is_a_payment_with_a_receipt(buy: Buyer) -> None:
    invoice = bill(buy, [COURSE | {"tax": VAT}])
    buy.stripe.invoices.pay(invoice, {"paid_out_of_band": True})
    buy.deliver()
    payment = Transaction.objects.get()
    assert (payment.stripe_id, payment.amount_minor) == (invoice, 6000)
    document = Document.objects.get()
    assert (document.tax_minor, document.paid_with) == (1000, "")
    assert transaction_rows([payment])[0].what == "Paid"
    assert OneTimePurchase.objects.get().product_name == "Course"


def pay_by_itself(buy: Buyer, customer_id: str, amount: int) -> None:
    buy.stripe.payment_intents.create(
        {
            "amount": amount,
            "currency": "eur",
            "customer": customer_id,
            "payment_method": buy.use_card(customer_id, "pm_card_visa"),
            "allowed_payment_method_types": ["card"],
            "confirm": True,
        }
    )
    buy.deliver()


ALPHA = {
    "name": "Alpha SARL",
    "lines": ["Al A", "1 rue Alpha", "Lyon", "France"],
    "tax_id": "FR12345678901",
    "email": "alice@example.com",
}


def test_a_receipt_is_made_out_to_the_company_that_was_billed(
    buy: Buyer, alpha_and_beta: list[str]
) -> None:
    """The person is known here as Beta by now."""
    alpha, _beta = alpha_and_beta
    row = buy.subscription(customer_id=alpha)
    buy.wait(days=32)
    renewal = row.transactions.order_by("happened_at").last()
    assert renewal is not None
    buy.stripe.refunds.create({"charge": renewal.stripe_id})
    buy.deliver()
    assert [document.buyer for document in Document.objects.all()] == [ALPHA] * 3


def test_what_was_paid_without_an_invoice_is_made_out_to_who_paid(
    buy: Buyer, alpha_and_beta: list[str]
) -> None:
    alpha, _beta = alpha_and_beta
    pay_by_itself(buy, alpha, 1234)
    assert Document.objects.get().buyer == ALPHA


def test_of_whom_stripe_says_nothing_the_persons_details_stand_there(buy: Buyer) -> None:
    unnamed = buy.stripe.customers.create({"email": "alice@example.com"})
    buy.wait(days=1)
    buy.customer_id()
    pay_by_itself(buy, unnamed.id, 1234)
    assert Document.objects.get().buyer["name"] == "Alice"


def test_what_changed_after_the_invoice_is_not_on_its_receipt(buy: Buyer) -> None:
    buy.customer_id(address={"city": "Lyon", "country": "FR"})
    invoice = bill(buy, [COURSE])
    buy.stripe.invoices.finalize_invoice(invoice, {"auto_advance": False})
    new: Any = {"name": "Alice Z", "address": {"city": "Cork", "country": "IE"}}
    buy.stripe.customers.update(buy.customer_id(), new)
    buy.stripe.invoices.pay(invoice)
    buy.deliver()
    buyer = Document.objects.get().buyer
    assert (buyer["name"], buyer["lines"]) == ("Alice", ["Lyon", "France"])


def test_a_credit_note_of_an_open_invoice_is_a_line_below_zero_with_its_tax(buy: Buyer) -> None:
    invoice = bill(buy, [COURSE | {"tax": VAT}])
    lines = buy.stripe.invoices.finalize_invoice(invoice, {"auto_advance": False}).lines.data
    credited: Any = {"type": "invoice_line_item", "invoice_line_item": lines[0].id, "amount": 1000}
    note = buy.stripe.credit_notes.create({"invoice": invoice, "lines": [credited]})
    buy.stripe.invoices.pay(invoice)
    buy.deliver()
    assert rows_of(Document.objects.get()) == [
        ("Course", 1, 5000, 1000, 2000),
        (f"Credit note {note.number}", 1, -1000, -200, 2000),
    ]


@pytest.mark.parametrize(
    ("currency", "amount", "text"),
    [
        ("jpy", 500, "¥500"),
        ("krw", 500, "₩500"),
        ("kwd", 12340, "KWD 12.340"),
        ("isk", 50000, "ISK 500"),
        ("ugx", 50000, "UGX 500"),
        ("huf", 50050, "HUF 500.50"),
        ("twd", 50050, "NT$500.50"),
    ],
)
def test_each_currency_counts_as_stripe_counts_it(
    buy: Buyer, currency: str, amount: int, text: str
) -> None:
    item = {"description": "Course", "amount": amount, "currency": currency}
    buy.stripe.invoices.pay(bill(buy, [item], currency=currency))
    buy.deliver()
    paper = document_context(Document.objects.get())["paper"]
    assert paper["sum"][-1].replace("\xa0", " ") == text
    assert transaction_rows(Transaction.objects.all())[0].amount.replace("\xa0", " ") == text


# --- Stripe Checkout without an invoice ---


def test_a_checkout_is_told_line_by_line(buy: Buyer) -> None:
    rate = buy.stripe.tax_rates.create(INSIDE).id
    coupon = buy.stripe.coupons.create({"percent_off": 10}).id
    prices = [
        buy.price_id(name, amount, interval=None) for name, amount in (("Map", 995), ("Pen", 250))
    ]
    session = buy.stripe.checkout.sessions.create(
        {
            "mode": "payment",
            "customer": buy.customer_id(),
            "line_items": [
                {"price": prices[0], "quantity": 1, "tax_rates": [rate]},
                {"price": prices[1], "quantity": 4},
            ],
            "discounts": [{"coupon": coupon}],
            "metadata": {"order": "C-9"},
            "success_url": "https://shop.example/thanks",
        }
    )
    buy.sandbox.checkout_complete(session.id)
    buy.deliver()
    purchase = OneTimePurchase.objects.get()
    assert (purchase.product_name, purchase.reference) == ("Map, Pen", "C-9")
    assert (purchase.amount_minor, session.amount_total) == (1795, 1795)
    assert rows_of(Document.objects.get()) == [
        ("Map", 1, 746, 149, 2000),
        ("Pen", 4, 900, 0, None),
    ]


def test_shipping_of_an_invoice_is_a_line_of_the_receipt_and_comes_back_with_a_refund(
    buy: Buyer,
) -> None:
    post = {
        "display_name": "Post",
        "type": "fixed_amount",
        "fixed_amount": {"amount": 490, "currency": "eur"},
    }
    invoice = bill(buy, [BOOK], shipping_cost={"shipping_rate_data": post})
    paid = buy.stripe.invoices.pay(invoice, {"expand": ["payments"]})
    buy.deliver()

    receipt = Document.objects.get()
    assert rows_of(receipt) == [("Book", 1, 1999, 0, None), ("Shipping", 1, 490, 0, None)]
    assert receipt.total_minor == paid.total == 2489

    assert paid.payments
    intent = str(paid.payments.data[0].payment.payment_intent)
    buy.stripe.refunds.create({"payment_intent": intent})
    buy.deliver()
    note = Document.objects.get(kind=Document.Kind.CREDIT_NOTE)
    assert rows_of(note) == [("Book", 1, -1999, 0, None), ("Shipping", 1, -490, 0, None)]


# --- What the sandbox does not sell ---

SALE = SaleRecord(
    customer_id="cus_1",
    total_minor=6000,
    tax_minor=1000,
    shipping=None,
    lines=[
        LineRecord(
            line_id="il_1",
            description="Course",
            starts_at=datetime(2026, 6, 1, tzinfo=UTC),
            ends_at=datetime(2026, 7, 1, tzinfo=UTC),
            net_minor=5000,
            tax_minor=1000,
            tax_rate=2000,
            tax_label="VAT",
        )
    ],
    invoice_id="in_1",
)


def pay(buy: Buyer, monkeypatch: pytest.MonkeyPatch, sale: SaleRecord, amount: int) -> Document:
    monkeypatch.setattr(sales, "sale_of_payment", lambda *_given: sale)
    pay_by_itself(buy, buy.customer_id(), amount)
    return Document.objects.order_by("number").last()  # type: ignore[return-value]


def test_payments_of_one_invoice_in_parts_add_up_to_its_tax(
    buy: Buyer, monkeypatch: pytest.MonkeyPatch
) -> None:
    parts = [pay(buy, monkeypatch, SALE, amount) for amount in (1001, 3333, 1666)]
    assert [document.total_minor for document in parts] == [1001, 3333, 1666]
    assert sum(document.tax_minor for document in parts) == 1000
    assert sum(document.net_minor for document in parts) == 5000
    assert parts[0].lines.get().detail == "1 June 2026 to 1 July 2026, €10.01 of €60.00"


def test_shipping_and_rounding_are_lines_of_their_own(
    buy: Buyer, monkeypatch: pytest.MonkeyPatch
) -> None:
    shipping = ShippingRecord(net_minor=417, tax_minor=83)
    sale = replace(SALE, shipping=shipping, total_minor=6501, tax_minor=1084)
    document = pay(buy, monkeypatch, sale, 6501)
    assert document_context(document)["paper"]["tax"]["rows"] == [
        ["20%", "€54.17", "€10.84", "€65.01"]
    ]
    assert rows_of(document) == [
        ("Course", 1, 5000, 1000, 2000),
        ("Shipping", 1, 417, 83, 2000),
        ("Rounding", 1, 0, 1, 2000),
    ]


def test_shipping_without_tax_bears_no_rate(buy: Buyer, monkeypatch: pytest.MonkeyPatch) -> None:
    sale = replace(SALE, shipping=ShippingRecord(net_minor=500, tax_minor=0), total_minor=6500)
    assert rows_of(pay(buy, monkeypatch, sale, 6500))[1] == ("Shipping", 1, 500, 0, None)


def test_usage_may_be_a_part_of_a_unit_or_nothing(
    buy: Buyer, monkeypatch: pytest.MonkeyPatch
) -> None:
    [line] = SALE.lines
    part = replace(line, quantity=Decimal("2.5"), description="2.5 × Hours (at €20.00 / hour)")
    nothing = replace(line, quantity=Decimal(0), net_minor=0, tax_minor=0, description="Calls")
    document = pay(buy, monkeypatch, replace(SALE, lines=[part, nothing]), 6000)
    hours, calls = document.lines.all()
    assert (hours.description, hours.quantity) == ("Hours", 1)
    assert hours.detail.endswith("Quantity 2.5")
    assert calls.quantity == 0
    assert document_context(document)["paper"]["lines"][1]["cells"][0] == ("Quantity", "0")


def test_credit_granted_for_usage_is_taken_off_before_the_tax(
    buy: Buyer, monkeypatch: pytest.MonkeyPatch
) -> None:
    invoice = buy.stripe.invoices.retrieve(bill(buy, [COURSE]))
    used: Any = {"type": "credit_balance_transaction", "amount": 2000}
    shown = invoice.lines.data[0].to_dict() | {"pretax_credit_amounts": [used]}
    line = sales._invoice_line(sdk.InvoiceLineItem.construct_from(shown, "sk_test_acme_1"), {})
    assert (line.net_minor, line.discount_minor) == (3000, 0)
    sale = replace(SALE, lines=[line], total_minor=3000, tax_minor=0)
    document = pay(buy, monkeypatch, sale, 3000)
    assert document.lines.get().detail == "€20.00 of your credit used"


def test_what_the_customer_paid_in_their_own_currency_changes_no_amount(buy: Buyer) -> None:
    """Stripe converts for the customer; the sale and its tax stay in the vendor's currency."""
    buy.stripe.invoices.pay(bill(buy, [COURSE]))
    buy.deliver()
    payment = Transaction.objects.get()
    abroad = {"presentment_amount": 5555, "presentment_currency": "usd"}
    kept = buy.stripe.charges.retrieve(payment.stripe_id).to_dict()
    charge = sdk.Charge.construct_from(kept | {"presentment_details": abroad}, "sk_test_acme_1")
    record = charges._record(charge)
    assert (record.amount_minor, record.currency) == (5000, "eur")
