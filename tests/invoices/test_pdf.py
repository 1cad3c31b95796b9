"""What is on the paper, read back from it; and what cannot get onto it."""

import socket
import sys
from io import BytesIO
from pathlib import Path
from threading import Thread

import pytest
from django.core.files.base import ContentFile
from django.utils.safestring import mark_safe
from PIL import Image
from pypdf import PdfReader

from accounts.tenancy import vendor_scope
from invoices import pdf, services
from invoices.money import MINUS
from tests.factories import make_document, make_document_settings
from tests.invoices.factories import (
    IN_JUNE,
    course,
    make_credit_note,
    make_receipt,
    read_pdf,
    workbook,
)


def opened(document):
    return PdfReader(BytesIO(read_pdf(document)))


def text_of(reader):
    return "\n".join(page.extract_text() for page in reader.pages)


def links_of(reader):
    annotations = [note.get_object() for page in reader.pages for note in page.get("/Annots", [])]
    return [note["/A"]["/URI"] for note in annotations]


def test_it_says_who_paid_what_when_and_how(alice):
    make_document_settings(alice.vendor, prefix="AC", next_number=79, footer="Dublin, no. 443321.")
    text = text_of(opened(make_receipt(alice)))
    for words in (
        *("Receipt", "AC-2026-00079", "€89.00 paid on 14 June 2026", "Acme Ltd", "Alice"),
        *("Watercolour for Travellers", "Online course, lifetime access", "€61.67", "5.5%"),
        *("€75.89", "€13.11", "Visa ending in 4242", "WT-118203", "Euro (EUR)", "VAT"),
        *("Nothing is due.", "help@acme.example", "Dublin, no. 443321.", "Page 1 of 1"),
    ):
        assert words in text, words


def test_its_button_leads_to_the_door_with_the_address_filled_in(alice):
    reader = opened(make_receipt(alice))
    assert links_of(reader) == ["https://acme.test/?email=alice%40example.com"]
    words = "Click here to manage your billing details and view purchase history"
    assert words in text_of(reader)


def test_it_is_tagged_and_says_its_title_author_and_language(alice):
    receipt = make_receipt(alice)
    reader = opened(receipt)
    root = reader.trailer["/Root"]
    assert reader.metadata.title == f"Receipt {receipt.number}, Acme"
    assert reader.metadata.author == "Acme Ltd"
    assert root["/Lang"] == "en"
    assert root["/MarkInfo"]["/Marked"]
    assert b"pdfuaid:part" in root["/Metadata"].get_data()


def test_a_credit_note_names_what_it_corrects(alice):
    receipt = make_receipt(alice)
    text = text_of(opened(make_credit_note(receipt, 950)))
    assert f"Corrects receipt {receipt.number} of 14 June 2026." in text
    assert "€9.50 refunded on 14 June 2026" in text
    assert f"{MINUS}€9.50" in text
    assert "Refunded to Visa ending in 4242" in text


def test_a_german_vendors_receipt_is_german(carol):
    receipt = make_receipt(carol)
    reader = opened(receipt)
    text = text_of(reader).replace("\xa0", " ")
    for words in (
        *("Zahlungsbeleg", "89,00 € bezahlt am 14. Juni 2026", "Verkäufer", "Rechnungsempfänger"),
        *("Bestellnummer", "Einzelpreis, netto", "5,5 %", "Es ist nichts offen.", "Seite 1 von 1"),
        "Klicken Sie hier, um Ihre Zahlungsdaten zu verwalten und Ihre Käufe anzusehen",
    ):
        assert words in text, words
    assert reader.trailer["/Root"]["/Lang"] == "de"
    assert reader.metadata.title == f"Zahlungsbeleg {receipt.number}, Globex"


def test_from_right_to_left_an_address_stays_in_its_own_order(alice):
    address = {
        "name": "Acme",
        "lines": ["14 Harcourt Street"],
        "tax_id": "",
        "email": "a@b.example",
    }
    reader = opened(make_document(alice, language="ar", seller=address))
    assert "14 Harcourt Street" in text_of(reader)
    assert reader.trailer["/Root"]["/Lang"] == "ar"


def test_days_are_the_ones_where_the_vendor_lives(alice):
    alice.vendor.time_zone = "Pacific/Auckland"
    alice.vendor.save()
    late = IN_JUNE.replace(hour=20)
    assert "15 June 2026" in text_of(opened(make_receipt(alice, paid_at=late)))


def test_without_tax_there_is_no_word_of_it(alice):
    lines = [course(net_minor=4900, tax_minor=0, tax_rate=None, tax_label="")]
    text = text_of(opened(make_receipt(alice, lines=lines)))
    assert "€49.00" in text
    assert not any(word in text for word in ("Tax", "VAT", "Rate", "Net", "0%"))


def test_a_rate_of_zero_is_said(alice):
    lines = [course(net_minor=4900, tax_minor=0, tax_rate=0, tax_label="VAT, reverse charge")]
    text = text_of(opened(make_receipt(alice, lines=lines)))
    assert "0%" in text
    assert "VAT, reverse charge" in text


def test_each_rate_is_summed_up(alice):
    lines = [course(), course(description="Brushes"), workbook()]
    text = text_of(opened(make_receipt(alice, lines=lines)))
    assert "20% €123.34 €24.66 €148.00" in text
    assert "5.5% €14.22 €0.78 €15.00" in text
    assert "Total €137.56 €25.44 €163.00" in text


def test_forty_lines_take_as_many_pages_as_they_need(alice):
    lines = [course(description=f"Lesson {number}") for number in range(1, 41)]
    reader = opened(make_receipt(alice, lines=lines))
    text = text_of(reader)
    assert all(f"Lesson {number}\n" in text for number in range(1, 41))
    assert f"Page 1 of {len(reader.pages)}" in text
    assert text.count("Description") == len(reader.pages), "each page has its head"


@pytest.mark.parametrize(
    ("currency", "amount"), [("jpy", "¥7,400"), ("kwd", "KWD 7.400"), ("usd", "$74.00")]
)
def test_every_currency_has_its_own_decimals(alice, currency, amount):
    reader = opened(make_receipt(alice, currency=currency, lines=[course()]))
    assert amount in text_of(reader).replace("\xa0", " ")


@pytest.mark.parametrize("name", ["山田 花子", "ليلى حسن", "יעל כהן", "Ελένη", "Анна"])
def test_every_script_has_a_font(alice, name):
    alice.name = name
    reader = opened(make_receipt(alice))
    fonts = {
        font.get_object()["/BaseFont"]
        for page in reader.pages
        for font in page["/Resources"]["/Font"].values()
    }
    assert all("Noto" in font for font in fonts)
    assert not any("CJK" in font for font in fonts) or name.startswith("山")


def test_the_logo_is_on_it(alice):
    picture = BytesIO()
    Image.new("RGBA", (400, 80), (200, 30, 30, 128)).save(picture, "PNG")
    alice.vendor.logo.save("logo.png", ContentFile(picture.getvalue()))
    page = opened(make_receipt(alice)).pages[0]
    assert [image.image.format for image in page.images] == ["JPEG"]


def test_a_record_says_what_was_declared_and_when(acme):
    with vendor_scope(acme):
        content = services.record_pdf(
            "invoices/record.html",
            {
                "vendor": acme,
                "language": "en",
                "title": "Cancellation of Language Lab",
                "statement": "You have cancelled.",
                "facts": [("Customer", "Alice"), ("Ends on", "3 December 2026")],
                "timestamp": IN_JUNE,
            },
        )
    text = text_of(PdfReader(BytesIO(content)))
    for words in ("Cancellation of Language Lab", "You have cancelled.", "3 December 2026"):
        assert words in text
    assert "Recorded on 14 June 2026, 09:30 (UTC)." in text


# --- Hostile content ---

_watched = {"events": None}


def _notice(event, arguments):
    if _watched["events"] is not None and event in ("socket.connect", "open", "urllib.Request"):
        _watched["events"].append((event, str(arguments[0 if event == "open" else 1])))


sys.addaudithook(_notice)


@pytest.fixture
def watched():
    """Every file and connection this process opens, from here on."""
    _watched["events"] = events = []
    yield events
    _watched["events"] = None


@pytest.fixture
def trap(tmp_path):
    """A file and a server that nothing may touch; says how often the server was."""
    secret = tmp_path / "secret.txt"
    secret.write_text("canary-7f3a")
    visits = []
    with socket.create_server(("127.0.0.1", 0)) as server:

        def listen():
            while True:
                connection, _ = server.accept()
                visits.append(connection)
                connection.close()
                if len(visits) > 1:
                    return

        thread = Thread(target=listen, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.getsockname()[1]}", secret.as_uri(), visits
        for _ in range(2):
            socket.create_connection(server.getsockname()).close()
        thread.join(5)


HOSTILE = [
    '<img src="{url}">',
    '"><link rel="stylesheet" href="{url}">',
    '<style>@import url("{url}"); body {{ background: url({url}) }}</style>',
    '<a rel="attachment" href="{url}">x</a><link rel="attachment" href="{url}">',
    '<object data="{url}"></object><embed src="{url}"><iframe src="{url}"></iframe>',
    '<svg><image href="{url}"/><use href="{url}#x"/></svg>',
    '<p style="list-style-image: url({url}); content: url({url})">x</p>',
    '<base href="{url}"><script>fetch("{url}")</script>',
    "{{% include '{url}' %}} {{{{ vendor.tax_id }}}}",
]


def test_no_text_has_a_font_feature(alice):
    """WeasyPrint never gives back the memory that each takes; a worker prints for months."""
    receipt = make_receipt(alice)
    make_credit_note(receipt, 1000)
    context = {"vendor": alice.vendor, "language": "de", "title": "x", "facts": []}
    context |= {"statement": "x", "timestamp": IN_JUNE}
    with vendor_scope(alice.vendor):
        services.record_pdf("invoices/record.html", context)

    assert pdf._fonts().font_features == {}


@pytest.mark.parametrize("words", HOSTILE)
def test_what_a_customer_writes_is_text_and_fetches_nothing(alice, trap, watched, words):
    for address in trap[:2]:
        written = words.format(url=address)
        alice.name, alice.line1 = written[:200], written[:200]
        reader = opened(make_receipt(alice, lines=[course(description=written)], reference="<b>"))
        text = text_of(reader)
        assert "".join(written[:200].split()) in "".join(text.split()), "it is there, as text"
        assert "canary" not in text
        assert links_of(reader) == ["https://acme.test/?email=alice%40example.com"]
    assert_untouched(trap, watched)


@pytest.mark.parametrize("words", HOSTILE)
def test_even_live_markup_fetches_nothing(acme, trap, watched, words):
    for address in trap[:2]:
        context = {"vendor": acme, "language": "en", "title": "x", "facts": []}
        context |= {"statement": mark_safe(words.format(url=address)), "timestamp": IN_JUNE}
        with vendor_scope(acme):
            content = services.record_pdf("invoices/record.html", context)
        assert b"/JavaScript" not in content
        assert b"/Launch" not in content
        assert "/Names" not in PdfReader(BytesIO(content)).trailer["/Root"]
    assert_untouched(trap, watched)


def assert_untouched(trap, watched):
    assert trap[2] == []
    assert [event for event in watched if event[0] != "open"] == []
    assert [name for event, name in watched if "secret" in name] == []


def test_the_trap_would_notice(trap, watched):
    """The two tests above are worth something: what they look for is seen when it happens."""
    host, port = trap[0].removeprefix("http://").split(":")
    socket.create_connection((host, int(port))).close()
    assert Path(trap[1].removeprefix("file://")).read_text()
    with pytest.raises(AssertionError):
        assert_untouched(([], [], []), watched)
