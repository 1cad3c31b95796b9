"""What a draft invoice shows: the customer as they are now, and what its lines come to."""

from billing.sandbox import discounts, shipping, tax_rates
from billing.sandbox.accounts import Account
from billing.sandbox.store import Obj


def refresh(account: Account, invoice: Obj, customer: Obj) -> None:
    """Bring a draft up to date; from its finalisation on nothing of this changes."""
    _total_up(account, invoice, customer["tax_exempt"])
    tax_ids = account.all("tax_id", customer=customer["id"])
    invoice |= {
        "customer_address": customer["address"],
        "customer_email": customer["email"],
        "customer_name": customer["name"],
        "customer_phone": customer["phone"],
        "customer_shipping": customer["shipping"],
        "customer_tax_exempt": customer["tax_exempt"],
        "customer_tax_ids": [{"type": tax["type"], "value": tax["value"]} for tax in tax_ids],
    }
    due = max(invoice["total"] + customer["balance"], 0)
    invoice |= {"amount_due": due, "amount_remaining": due}


def _total_up(account: Account, invoice: Obj, exempt: str) -> None:
    lines: list[Obj] = invoice["lines"]["data"]
    discounts.take_off(account, lines, invoice["discounts"])
    for line in lines:
        rates = line["_rates"] or invoice["default_tax_rates"]
        net = line["amount"] - discounts.of_line(line)
        line["taxes"] = tax_rates.taxes_on(account, net, rates, exempt)
        line["invoice"] = invoice["id"]
    taxes = [tax for line in lines for tax in line["taxes"]]
    subtotal = sum(line["amount"] for line in lines)
    discounted = subtotal - sum(discounts.of_line(line) for line in lines)
    brought = shipping.amount_of(invoice)
    total = discounted + tax_rates.exclusive(taxes) + brought
    invoice |= {
        "amount_shipping": brought,
        "subtotal": subtotal,
        "subtotal_excluding_tax": subtotal - tax_rates.inclusive(taxes),
        "total": total,
        "total_excluding_tax": total - sum(tax["amount"] for tax in taxes),
        "total_discount_amounts": discounts.sum_up(lines),
        "total_taxes": tax_rates.sum_up(taxes),
    }
