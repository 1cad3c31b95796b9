"""A year of documents to take away."""

import csv
import tracemalloc
from io import BytesIO, StringIO
from zipfile import ZipFile

import pytest
from django.utils import translation

from accounts.tenancy import vendor_scope
from invoices import exports, services
from invoices.models import Document
from invoices.money import MINUS
from tests.factories import make_document_settings
from tests.invoices.factories import IN_JUNE, course, make_credit_note, make_receipt, read_pdf


@pytest.fixture(autouse=True)
def in_scope(in_acme):
    """A streamed response is read to its end in the scope in which it began."""


def documents_of(customer):
    return Document.objects.filter(customer=customer)


def unzipped(documents):
    return ZipFile(BytesIO(b"".join(exports.zip_of(documents, read=services.read_pdf))))


def table_of(documents):
    """The rows of the documents, and those of the totals."""
    text = "".join(exports.csv_of(documents))
    assert text.startswith("\ufeff")
    rows = list(csv.DictReader(StringIO(text.removeprefix("\ufeff"))))
    return [row for row in rows if row["Number"]], [row for row in rows if not row["Number"]]


def rows_of(documents):
    return table_of(documents)[0]


def test_the_archive_holds_each_pdf_as_it_was_issued(alice):
    receipts = [make_receipt(alice) for _ in range(3)]
    archive = unzipped(documents_of(alice))
    assert archive.testzip() is None
    assert {name: archive.read(name) for name in archive.namelist()} == {
        f"{receipt.number}.pdf": read_pdf(receipt) for receipt in receipts
    }
    assert archive.infolist()[0].date_time == (2026, 6, 14, 9, 30, 0)


def test_a_prefix_with_a_slash_makes_no_folder(alice):
    make_document_settings(alice.vendor, prefix="../AC/")
    make_receipt(alice)
    [name] = unzipped(documents_of(alice)).namelist()
    assert "/" not in name


def test_the_archive_comes_in_pieces_and_takes_no_more_memory_for_more(alice):
    """Each piece is one document: nothing is gathered before it is sent."""
    for _ in range(40):
        make_receipt(alice, lines=[course()])
    megabyte = bytes(1024 * 1024)
    tracemalloc.start()
    pieces = exports.zip_of(documents_of(alice), read=lambda document: megabyte)
    sizes = [len(piece) for piece in pieces]
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert len(sizes) == 41
    assert sum(sizes) > 40 * len(megabyte)
    assert peak < 8 * len(megabyte)


def test_the_table_has_plain_figures(alice):
    receipt = make_receipt(alice, paid_at=IN_JUNE)
    note = make_credit_note(receipt, 950)
    with translation.override("en"):
        rows = {row["Number"]: row for row in rows_of(documents_of(alice))}
    assert rows[receipt.number] == {
        "Number": receipt.number,
        "Kind": "Receipt",
        "Date": "2026-06-14",
        "For": "Watercolour for Travellers",
        "Order": "WT-118203",
        "Currency": "EUR",
        "Net": "75.89",
        "Tax": "13.11",
        "Total": "89.00",
        "Paid with": "Visa ending in 4242",
        "Corrects": "",
    }
    assert rows[note.number]["Total"] == "-9.50"
    assert rows[note.number]["Corrects"] == receipt.number
    assert MINUS not in str(rows)


def test_several_currencies_stand_each_on_its_own_with_its_own_decimals(alice):
    """A total each: adding yen to euros would be a figure of nothing."""
    for currency, net in (("jpy", 500), ("kwd", 12340), ("eur", 1900), ("isk", 50000)):
        receipt = make_receipt(alice, currency=currency, lines=[course(net_minor=net, tax_minor=0)])
    with vendor_scope(alice.vendor):
        note = make_credit_note(receipt, 10000)
        taken_back = services.take_back_credit_note(note, source="re_1 failed", failed_at=IN_JUNE)
    rows, totals = table_of(documents_of(alice))
    assert len(rows) == len(unzipped(documents_of(alice)).namelist()) == 6
    assert [(row["Kind"], row["Currency"], row["Total"]) for row in totals] == [
        ("Total", "EUR", "19.00"),
        ("Total", "ISK", "500.00"),
        ("Total", "JPY", "500"),
        ("Total", "KWD", "12.340"),
    ]
    assert {(row["Currency"], row["Total"]) for row in rows} == {
        *(("JPY", "500"), ("KWD", "12.340"), ("EUR", "19.00")),
        *(("ISK", "500.00"), ("ISK", "-100.00"), ("ISK", "100.00")),
    }
    by_number = {row["Number"]: row for row in rows}
    assert by_number[taken_back.number]["Kind"] == "Reversal"
    assert by_number[taken_back.number]["Corrects"] == note.number


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t=", " =", "\uff1d"])
def test_no_text_is_taken_for_a_formula(alice, start):
    make_receipt(alice, title=f'{start}HYPERLINK("http://x")', reference=f"{start}1+1")
    [row] = rows_of(documents_of(alice))
    assert row["For"] == f'\'{start}HYPERLINK("http://x")'
    assert row["Order"] == f"'{start}1+1"


def test_words_with_quotes_commas_and_breaks_stay_in_their_cell(alice):
    make_receipt(alice, title='One, "two"\nthree')
    assert rows_of(documents_of(alice))[0]["For"] == 'One, "two"\nthree'
