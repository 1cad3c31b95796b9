"""Credit notes: an issued invoice is corrected, with or without money back."""

from billing.sandbox import invoicing, refunds
from billing.sandbox.accounts import Account
from billing.sandbox.crediting import read_lines, totals
from billing.sandbox.errors import invalid
from billing.sandbox.ids import new_id
from billing.sandbox.invoice_lines import money
from billing.sandbox.paging import cut, page
from billing.sandbox.rendering import nested, presents
from billing.sandbox.routing import Call, Page, Params, route
from billing.sandbox.store import Obj
from billing.sandbox.values import assign, merged_metadata, nulls

URL = "/v1/credit_notes"


@route("POST", URL, "CreditNoteCreateParams")
def create_credit_note(call: Call) -> Obj:
    account, params = call.account, call.params
    invoice = account.get("invoice", params["invoice"], "invoice")
    if invoice["status"] not in ("open", "paid"):
        raise invalid(
            f"Credit notes can only be issued for open or paid invoices, not for "
            f"{invoice['status']} ones.",
            "invoice",
        )
    note = _new(account, invoice, params)
    _refuse_too_much(account, invoice, note["total"])
    if invoice["status"] == "paid":
        _give_back(account, invoice, note, params)
    else:
        _owe_less(account, invoice, note)
    account.create(note, "credit_note.created")
    account.save(invoice, "invoice.updated")
    if invoice["status"] == "open" and invoice["amount_remaining"] == 0:
        invoicing.mark_paid(account, invoice)
    return note


def _new(account: Account, invoice: Obj, params: Params) -> Obj:
    key, now = new_id("credit_note"), account.now()
    number = 1 + len(account.all("credit_note", invoice=invoice["id"]))
    lines = read_lines(account, invoice, params)
    params.ignore("email_type")
    return {
        "id": key,
        "object": "credit_note",
        "amount_shipping": 0,
        "created": now,
        "currency": invoice["currency"],
        "customer": invoice["customer"],
        "discount_amount": sum(line["discount_amount"] for line in lines),
        "discount_amounts": [],
        "effective_at": params.get("effective_at", now),
        "invoice": invoice["id"],
        "lines": {"object": "list", "data": lines, "url": f"{URL}/{key}/lines"},
        "livemode": False,
        "memo": params.get("memo"),
        "metadata": merged_metadata({}, params.get("metadata")),
        "number": f"{invoice['number']}-CN-{number:02}",
        "pdf": f"https://pay.stripe.com/credit_notes/{account.id}/test_{key}/pdf?s=ap",
        "post_payment_amount": 0,
        "pre_payment_amount": 0,
        "pretax_credit_amounts": [],
        "reason": params.get("reason"),
        "refunds": [],
        "status": "issued",
        "type": "post_payment" if invoice["status"] == "paid" else "pre_payment",
        **totals(lines),
        **nulls("customer_account customer_balance_transaction out_of_band_amount"),
        **nulls("shipping_cost voided_at"),
    }


def _refuse_too_much(account: Account, invoice: Obj, amount: int) -> None:
    notes = account.all("credit_note", invoice=invoice["id"], status="issued")
    left = invoice["total"] - sum(note["total"] for note in notes)
    if not 0 < amount <= left:
        currency = invoice["currency"]
        raise invalid(
            f"The credit note's amount ({money(amount, currency)}) must be more than zero and at "
            f"most what is left of the invoice ({money(left, currency)}).",
            "amount",
        )


def _give_back(account: Account, invoice: Obj, note: Obj, params: Params) -> None:
    """To the card, to the customer's balance, or outside Stripe: together all of it."""
    credit, outside = params.get("credit_amount", 0), params.get("out_of_band_amount", 0)
    refund, given = params.get("refund_amount", 0), params.get("refunds") or []
    named = [account.get("refund", item["refund"], "refunds") for item in given]
    whole = credit + outside + refund + sum(made["amount"] for made in named)
    if whole != note["total"]:
        currency = note["currency"]
        raise invalid(
            "The sum of credit amount, refund amount and out of band amount "
            f"({money(whole, currency)}) must equal the credit note amount "
            f"({money(note['total'], currency)})."
        )
    if refund:
        intent = account.get("payment_intent", invoice["_intent"])
        charge = account.get("charge", intent["latest_charge"])
        named.append(refunds.refund(account, charge, refund, reason=None, metadata={}))
    if credit:
        customer = account.get("customer", invoice["customer"])
        customer["balance"] -= credit
        account.save(customer, "customer.updated")
    note["out_of_band_amount"] = outside or None
    note["post_payment_amount"] = note["total"]
    note["refunds"] = [
        {"amount_refunded": made["amount"], "refund": made["id"], "type": "refund"}
        | nulls("payment_record_refund")
        for made in named
    ]
    invoice["post_payment_credit_notes_amount"] += note["total"]


def _owe_less(account: Account, invoice: Obj, note: Obj) -> None:
    note["pre_payment_amount"] = note["total"]
    invoice["pre_payment_credit_notes_amount"] += note["total"]
    _set_due(account, invoice, invoice["amount_due"] - note["total"])


def _set_due(account: Account, invoice: Obj, due: int) -> None:
    invoice |= {"amount_due": due, "amount_remaining": due}
    if invoice["_intent"]:
        intent = account.get("payment_intent", invoice["_intent"])
        intent["amount"] = due
        account.save(intent)
    for payment in account.all("invoice_payment", invoice=invoice["id"], status="open"):
        payment["amount_requested"] = due
        account.save(payment)


@route("GET", URL, "CreditNoteListParams")
def list_credit_notes(call: Call) -> Page:
    return page(call, "credit_note", URL, "customer", "invoice")


@route("GET", URL + "/{key}", "CreditNoteRetrieveParams")
def retrieve_credit_note(call: Call, key: str) -> Obj:
    return call.account.get("credit_note", key)


@route("GET", URL + "/{key}/lines", "CreditNoteListLinesParams")
def list_lines(call: Call, key: str) -> Page:
    lines = call.account.get("credit_note", key)["lines"]
    return cut(call.params, lines["data"], lines["url"])


@route("POST", URL + "/{key}", "CreditNoteUpdateParams")
def update_credit_note(call: Call, key: str) -> Obj:
    note = call.account.get("credit_note", key)
    assign(note, call.params, "memo")
    note["metadata"] = merged_metadata(note["metadata"], call.params.get("metadata"))
    call.account.save(note, "credit_note.updated")
    return note


@route("POST", URL + "/{key}/void", "CreditNoteVoidCreditNoteParams")
def void_credit_note(call: Call, key: str) -> Obj:
    account, note = call.account, call.account.get("credit_note", key)
    invoice = account.get("invoice", note["invoice"])
    if note["status"] != "issued" or invoice["status"] != "open":
        raise invalid("Only issued credit notes of open invoices can be voided.", "id")
    note |= {"status": "void", "voided_at": account.now()}
    account.save(note)
    account.emit("credit_note.voided", note)
    invoice["pre_payment_credit_notes_amount"] -= note["total"]
    _set_due(account, invoice, invoice["amount_due"] + note["total"])
    account.save(invoice, "invoice.updated")
    return note


@presents("credit_note")
def present(account: Account, note: Obj) -> None:
    lines = note["lines"]["data"]
    data = [_presented(account, line) for line in lines[:10]]
    note["lines"] = note["lines"] | {"data": data, "has_more": len(lines) > 10}


@presents("credit_note_line_item")
def present_line(account: Account, line: Obj) -> None:
    line["tax_rates"] = []


def _presented(account: Account, line: Obj) -> Obj:
    shown = {name: value for name, value in line.items() if not name.startswith("_")}
    return shown | {"tax_rates": [nested(account, rate) for rate in line["_rates"]]}
