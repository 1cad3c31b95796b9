"""Whatever a name, a subject or an address holds: one receiver, and no header but ours."""

from __future__ import annotations

import csv
from email import message_from_bytes, policy
from email.utils import getaddresses
from io import StringIO
from typing import Any

import pytest
from django.core import mail as outbox
from django.core.exceptions import ValidationError

from accounts import mail
from accounts.models import Customer, Vendor
from accounts.tenancy import vendor_scope
from invoices import exports
from invoices.models import Document
from tests.accounts.mailbox import newest
from tests.factories import make_document
from tests.figures import Report
from tests.safety.world import CORPUS

pytestmark = pytest.mark.django_db

BREAKS = ["\n", "\r", "\r\n", "\x0b", "\x0c", "\x1c", "\x85", "\u2028", "\u2029", "\x00", "\t"]
SMUGGLED = [f"x{line}Bcc: eve@evil.example{line}{line}<b>hello</b>" for line in BREAKS]
NAMES = [
    *SMUGGLED,
    *(
        "eve@evil.example, x",
        "x <eve@evil.example>",
        '"x" <eve@evil.example>',
        "x; eve@evil.example",
    ),
    *("=?utf-8?q?x=0ABcc:_eve=40evil.example?=", "a" * 600, "\u202eevil", "株式会社" * 60),
    *CORPUS[::20],
]
ADDRESSES = [
    *(f"alice@example.com{line}eve@evil.example" for line in BREAKS),
    *("alice@example.com, eve@evil.example", "alice@example.com eve@evil.example"),
    *("<alice@example.com>,<eve@evil.example>", "alice@example.com\n", "@example.com", "x" * 300),
    *("alice@example.com%0aeve@evil.example@", "alice@exam\u2028ple.com", "alice@example.com\x00"),
    "=?utf-8?q?alice?=@example.com\r\nBcc: eve@evil.example",
]
LONGEST_LINE = 998
"""RFC 5322, in bytes."""

OURS = {
    *("from", "to", "subject", "reply-to", "auto-submitted", "date", "message-id"),
    *("mime-version", "content-type", "content-transfer-encoding"),
}


def send(vendor: Vendor, customer: Customer, to: str = "alice@example.com") -> Any:
    """The message as a mail server reads it from the wire."""
    context = {"number": customer.name, "settled": customer.name, "document": customer}
    mail.send("receipt", vendor=vendor, to=to, customer=customer, context=context)
    raw = newest().message().as_bytes()
    return message_from_bytes(raw, policy=policy.default)


def test_a_hostile_name_is_only_a_name(in_acme: Vendor, alice: Customer, report: Report) -> None:
    for name in NAMES:
        in_acme.name = alice.name = in_acme.legal_name = name
        message = send(in_acme, alice)

        assert newest().recipients() == ["alice@example.com"], name
        assert {header.lower() for header in message} <= OURS, name
        for header in ("To", "From", "Reply-To", "Subject"):
            assert len(message.get_all(header)) == 1, name
            assert not set(BREAKS) - {"\t"} & set(str(message[header])), name
        assert [address for _name, address in getaddresses([str(message["To"])])] == [
            "alice@example.com"
        ]
        senders = getaddresses([str(message["From"])])
        assert [address for _name, address in senders] == ["hub@test"], name
        wire = newest().message().as_bytes()
        assert max(map(len, wire.splitlines())) <= LONGEST_LINE, name
    report(f"{len(NAMES)} hostile names of vendor and customer: 1 receiver each, 0 foreign headers")


def test_what_is_not_one_mailbox_gets_nothing(
    in_acme: Vendor, alice: Customer, report: Report
) -> None:
    for address in ADDRESSES:
        with pytest.raises(ValidationError):
            send(in_acme, alice, to=address)
    assert outbox.outbox == []
    report(f"{len(ADDRESSES)} addresses that could be two: 0 mails")


def test_a_reply_address_that_is_none_sends_nothing_elsewhere(
    in_acme: Vendor, alice: Customer
) -> None:
    """The form refuses it; whoever got it into the database another way gains nothing."""
    for line in ("\n", "\r\n"):
        in_acme.reply_to = f"desk@acme.example{line}Bcc: eve@evil.example"
        with pytest.raises(ValueError, match=r"newlines|linefeed"):
            send(in_acme, alice)


WIDE = ("\uff1d", "\uff0b", "\uff0d", "\uff20")
STARTS = ["=", "+", "-", "@", "\t=", "\r=", "\n=", " =", "\u00a0=", *WIDE]
FORMULAS = [f"{start}SUM(A1)" for start in STARTS]


def test_no_cell_of_a_table_is_a_formula(alice: Customer, report: Report) -> None:
    for formula in [*FORMULAS, *CORPUS]:
        text = formula[:40]
        make_document(alice, title=formula[:250], reference=text, paid_with=text)
    with vendor_scope(alice.vendor):
        table = "".join(exports.csv_of(Document.objects.filter(customer=alice)))
    rows = list(csv.reader(StringIO(table.removeprefix("\ufeff"))))
    cells = [cell for row in rows for cell in row]

    assert len(rows) == 2 + len(FORMULAS) + len(CORPUS), "a header, and the total of the euros"
    assert [cell for cell in cells if cell.strip().startswith(("=", "+", "@", *WIDE))] == []
    report(f"{len(cells)} cells of hostile documents: 0 formulas")


def test_a_file_is_named_by_us(alice: Customer) -> None:
    """A document's number stands in a header: no prefix gets out of it."""
    for number, prefix in enumerate(['"; x="', "\r\nSet-Cookie: a=b", "../../x", "a\u2028b", "é"]):
        document = make_document(alice, number=f"{prefix}{number}")
        assert not set('"\r\n/\\;\u2028') & set(document.file_name), prefix
