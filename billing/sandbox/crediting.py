"""What a credit note comes to: its lines, and the share of the taxes in them."""

from fractions import Fraction
from typing import Any

from billing.sandbox import discounts, tax_rates
from billing.sandbox.accounts import Account
from billing.sandbox.errors import invalid, missing, no_such, not_served
from billing.sandbox.ids import new_id
from billing.sandbox.invoice_lines import rounded
from billing.sandbox.routing import Params
from billing.sandbox.store import Obj
from billing.sandbox.values import merged_metadata, nulls

LINE = {
    "type",
    "invoice_line_item",
    "quantity",
    "amount",
    "description",
    "unit_amount",
    "tax_rates",
    "metadata",
}


def read_lines(account: Account, invoice: Obj, params: Params) -> list[Obj]:
    """The lines a request asks for; of a bare amount, one line for all of it."""
    if "amount" in params:
        if "lines" in params:
            raise invalid("You may only specify one of: amount, lines.", "lines")
        share = Fraction(params["amount"], invoice["total"] or 1)
        taxes = [_part(tax, share) for tax in invoice["total_taxes"]]
        net = params["amount"] - tax_rates.exclusive(taxes)
        return [_line("custom_line_item", net, "Credit", taxes, unit_amount=net)]
    if not params.get("lines"):
        raise missing("lines")
    return [
        _read_line(account, invoice, given, f"lines[{number}]")
        for number, given in enumerate(params["lines"])
    ]


def _read_line(account: Account, invoice: Obj, given: dict[str, Any], param: str) -> Obj:
    if stray := [f"{param}[{name}]" for name in given if name not in LINE]:
        raise not_served(stray)
    metadata = merged_metadata({}, given.get("metadata"))
    if given["type"] == "custom_line_item":
        amount = given.get("unit_amount", 0) * given.get("quantity", 1)
        rates = tax_rates.checked(account, given.get("tax_rates"), f"{param}[tax_rates]")
        taxes = tax_rates.taxes_on(account, amount, rates, invoice["customer_tax_exempt"])
        line = _line("custom_line_item", amount, given.get("description"), taxes)
        line |= {"unit_amount": given.get("unit_amount"), "_rates": rates}
        return line | {"quantity": given.get("quantity", 1), "metadata": metadata}
    return _credited(account, invoice, given, param) | {"metadata": metadata}


def _credited(account: Account, invoice: Obj, given: dict[str, Any], param: str) -> Obj:
    """A line of the invoice, or the part of it that a quantity or an amount stands for."""
    key = given.get("invoice_line_item", "")
    credited = next((line for line in invoice["lines"]["data"] if line["id"] == key), None)
    if credited is None:
        raise no_such("line_item", key, f"{param}[invoice_line_item]")
    share = Fraction(given.get("quantity", credited["quantity"]), credited["quantity"])
    if "amount" in given:
        share = Fraction(given["amount"], credited["amount"] or 1)
    if not 0 < share <= 1:
        raise invalid("You cannot credit more than the invoice line item's amount.", param)
    amount = rounded(credited["amount"] * share)
    off = rounded(discounts.of_line(credited) * share)
    rates = [tax["tax_rate_details"]["tax_rate"] for tax in credited["taxes"]]
    taxes = tax_rates.taxes_on(account, amount - off, rates, invoice["customer_tax_exempt"])
    line = _line("invoice_line_item", amount, credited["description"], taxes)
    return line | {
        "invoice_line_item": key,
        "discount_amount": off,
        "quantity": given.get("quantity", credited["quantity"]),
        "_rates": rates,
    }


def _part(tax: Obj, share: Fraction) -> Obj:
    amounts = ("amount", "taxable_amount")
    return tax | {name: rounded(Fraction(tax[name]) * share) for name in amounts}


def _line(kind: str, amount: int, description: str | None, taxes: list[Obj], **given: Any) -> Obj:
    return {
        "id": new_id("credit_note_line_item"),
        "object": "credit_note_line_item",
        "amount": amount,
        "description": description,
        "discount_amount": 0,
        "discount_amounts": [],
        "livemode": False,
        "metadata": {},
        "pretax_credit_amounts": [],
        "quantity": 1,
        "taxes": taxes,
        "type": kind,
        **nulls("invoice_line_item unit_amount unit_amount_decimal"),
        "_rates": [],
        **given,
    }


def totals(lines: list[Obj]) -> Obj:
    taxes = [tax for line in lines for tax in line["taxes"]]
    subtotal = sum(line["amount"] for line in lines)
    off = sum(line["discount_amount"] for line in lines)
    total = subtotal - off + tax_rates.exclusive(taxes)
    return {
        "amount": total,
        "subtotal": subtotal,
        "subtotal_excluding_tax": subtotal - tax_rates.inclusive(taxes),
        "total": total,
        "total_excluding_tax": total - sum(tax["amount"] for tax in taxes),
        "total_taxes": tax_rates.sum_up(taxes),
    }
