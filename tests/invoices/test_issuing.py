"""What is issued, and that it stays so."""

from datetime import UTC, datetime

import pytest
from django.db import transaction
from django.utils import timezone

from accounts.tenancy import vendor_scope
from invoices.errors import IssuedDocument, LinesDoNotAddUp
from invoices.items import LineItem
from invoices.models import Document, DocumentSettings, Line
from invoices.services import take_back_credit_note
from tests.factories import make_customer, make_document_settings, make_vendor
from tests.invoices.factories import IN_JUNE, course, make_credit_note, make_receipt, workbook


def test_a_receipt_says_who_sold_what_to_whom(alice):
    alice.line1, alice.postcode, alice.city, alice.country = "4 rue Noire", "69002", "Lyon", "FR"
    receipt = make_receipt(alice)
    assert receipt.seller["name"] == "Acme Ltd"
    assert receipt.seller["lines"] == ["14 Harcourt Street", "Dublin 2"]
    assert receipt.buyer["lines"] == ["4 rue Noire", "69002 Lyon", "France"]
    assert (receipt.net_minor, receipt.tax_minor, receipt.total_minor) == (7589, 1311, 8900)
    with vendor_scope(alice.vendor):
        lines = [(line.description, line.gross_minor) for line in receipt.lines.all()]
    assert lines == [("Watercolour for Travellers", 7400), ("Workbook", 1500)]


def test_one_payment_has_one_receipt_however_often_it_is_told(alice):
    first = make_receipt(alice, source="invoice in_1")
    again = make_receipt(alice, source="invoice in_1", title="Something else")
    assert again.pk == first.pk
    assert again.title == "Watercolour for Travellers"
    assert make_receipt(alice, source="invoice in_2").number == "2026-00002"


def test_two_vendors_may_know_a_payment_by_the_same_name(alice, carol):
    assert make_receipt(alice, source="x").pk != make_receipt(carol, source="x").pk


def test_numbers_go_on_where_the_vendor_said(alice):
    make_document_settings(alice.vendor, prefix="AC", next_number=131)
    assert [make_receipt(alice).number for _ in range(2)] == ["AC-2026-00131", "AC-2026-00132"]


def test_a_prefix_may_bring_its_own_dash(alice):
    make_document_settings(alice.vendor, prefix="AC-")
    assert make_receipt(alice).number == "AC-2026-00001"


def test_the_year_is_the_one_the_vendor_lives_in(db):
    auckland = make_vendor("Kiwi", time_zone="Pacific/Auckland")
    new_years_eve = datetime(2026, 12, 31, 20, 0, tzinfo=UTC)
    assert make_receipt(make_customer(auckland), paid_at=new_years_eve).number == "2027-00001"


def test_a_receipt_that_is_given_up_leaves_no_gap(alice):
    with transaction.atomic():
        assert make_receipt(alice).number == "2026-00001"
        transaction.set_rollback(True)
    assert make_receipt(alice).number == "2026-00001"


def test_lines_that_are_not_what_was_paid_are_refused(alice):
    with pytest.raises(LinesDoNotAddUp, match="8900 for a payment of 8901"):
        make_receipt(alice, total_minor=8901)
    with pytest.raises(LinesDoNotAddUp):
        make_receipt(alice, lines=[])
    assert make_receipt(alice, total_minor=8900).number == "2026-00001"


def test_a_discount_is_a_line_below_zero(alice):
    discount = course(description="WELCOME10", net_minor=-500, tax_minor=-100)
    assert make_receipt(alice, lines=[course(), discount]).total_minor == 6800


def test_the_language_is_the_customers_or_else_the_vendors(alice, carol):
    assert make_receipt(alice).language == "en"
    assert make_receipt(carol).language == "de"
    carol.language = "en-GB"
    assert make_receipt(carol).language == "en"


def test_a_corrected_address_changes_nothing_that_was_issued(alice):
    make_document_settings(alice.vendor, footer="Registered in Dublin.")
    receipt = make_receipt(alice)
    seller, buyer = receipt.seller, receipt.buyer
    with vendor_scope(alice.vendor):
        alice.name, alice.line1 = "Alice Brown", "5 New Street"
        alice.save()
        alice.vendor.legal_name = "Acme Holdings"
        alice.vendor.save()
        DocumentSettings.objects.update(footer="")
        receipt.refresh_from_db()
    assert (receipt.seller, receipt.buyer) == (seller, buyer)
    assert receipt.seller["footer"] == "Registered in Dublin."


@pytest.mark.parametrize(
    ("field", "value"),
    [("total_minor", 1), ("number", "X"), ("buyer", {}), ("language", "de"), ("title", "Y")],
)
def test_an_issued_field_cannot_be_changed(alice, field, value):
    receipt = make_receipt(alice)
    setattr(receipt, field, value)
    with vendor_scope(alice.vendor), pytest.raises(IssuedDocument, match=field):
        receipt.save()


def test_what_happens_to_a_document_is_filled_in_once(alice):
    receipt = make_receipt(alice)
    with vendor_scope(alice.vendor):
        receipt.sent_at = timezone.now()
        receipt.save(update_fields=["sent_at"])
        receipt.sent_at = None
        with pytest.raises(IssuedDocument, match="sent_at"):
            receipt.save(update_fields=["sent_at"])


def test_documents_and_lines_cannot_be_deleted(alice):
    receipt = make_receipt(alice)
    with vendor_scope(alice.vendor):
        line = receipt.lines.first()
        for rows in (
            receipt,
            line,
            Document.objects.all(),
            Line.objects.all(),
            receipt.lines.all(),
        ):
            with pytest.raises(IssuedDocument):
                rows.delete()
        assert Document.objects.count() == 1
        assert Line.objects.count() == 2


def test_lines_and_many_documents_at_once_stay_as_they_are_too(alice):
    receipt = make_receipt(alice)
    with vendor_scope(alice.vendor):
        line = receipt.lines.first()
        line.net_minor += 1
        for change in (
            line.save,
            lambda: receipt.lines.update(net_minor=1),
            lambda: Document.objects.update(total_minor=1),
            lambda: Document.objects.bulk_update([receipt], ["title"]),
        ):
            with pytest.raises(IssuedDocument):
                change()


def test_a_long_description_is_cut_rather_than_lost(alice):
    receipt = make_receipt(alice, lines=[course(description="x" * 300, detail="y" * 300)])
    with vendor_scope(alice.vendor):
        line = receipt.lines.get()
    assert (line.description, line.detail) == ("x" * 250, "y" * 250)


class TestCreditNote:
    def test_it_names_the_receipt_it_corrects(self, alice):
        receipt = make_receipt(alice)
        note = make_credit_note(receipt, 8900)
        assert note.corrects == receipt
        assert note.number == "2026-00002"
        assert (note.buyer, note.title) == (receipt.buyer, receipt.title)

    def test_a_whole_refund_cancels_each_line(self, alice):
        note = make_credit_note(make_receipt(alice), 8900)
        with vendor_scope(alice.vendor):
            lines = [(line.net_minor, line.tax_minor, line.tax_rate) for line in note.lines.all()]
        assert lines == [(-6167, -1233, 2000), (-1422, -78, 550)]
        assert (note.net_minor, note.tax_minor, note.total_minor) == (-7589, -1311, -8900)

    def test_a_part_is_taken_from_each_line_in_proportion(self, alice):
        note = make_credit_note(make_receipt(alice), 890)
        with vendor_scope(alice.vendor):
            lines = [(line.net_minor, line.tax_minor) for line in note.lines.all()]
        assert lines == [(-617, -123), (-142, -8)]
        assert note.total_minor == -890

    def test_parts_that_make_up_the_whole_leave_nothing(self, alice):
        receipt = make_receipt(alice, lines=[course(quantity=3), workbook(net_minor=1)])
        notes = [make_credit_note(receipt, amount) for amount in (1, 333, 2000, 5145)]
        assert sum(note.total_minor for note in notes) == -receipt.total_minor
        with vendor_scope(alice.vendor):
            for line in receipt.lines.all():
                credited = Line.objects.filter(document__corrects=receipt, position=line.position)
                assert sum(row.net_minor for row in credited) == -line.net_minor
                assert sum(row.tax_minor for row in credited) == -line.tax_minor

    @pytest.mark.parametrize("amount_minor", [0, -1, 8901])
    def test_no_more_than_was_paid_is_credited(self, alice, amount_minor):
        with pytest.raises(LinesDoNotAddUp):
            make_credit_note(make_receipt(alice), amount_minor)

    def test_what_was_credited_before_counts(self, alice):
        receipt = make_receipt(alice)
        make_credit_note(receipt, 8000)
        with pytest.raises(LinesDoNotAddUp, match="901 of 900 left"):
            make_credit_note(receipt, 901)

    def test_one_refund_has_one_credit_note(self, alice):
        receipt = make_receipt(alice)
        first = make_credit_note(receipt, 100, source="refund re_1")
        assert make_credit_note(receipt, 100, source="refund re_1").pk == first.pk

    def test_a_discount_is_credited_too(self, alice):
        discount = LineItem(description="WELCOME10", net_minor=-617, tax_minor=-123)
        receipt = make_receipt(alice, lines=[course(), discount])
        note = make_credit_note(receipt, receipt.total_minor)
        with vendor_scope(alice.vendor):
            assert [line.net_minor for line in note.lines.all()] == [-6167, 617]

    def test_what_is_wanted_is_taken_where_it_is_left(self, alice):
        receipt = make_receipt(alice)
        note = make_credit_note(receipt, 1500, wanted={2: (1422, 78)})
        with vendor_scope(alice.vendor):
            assert [(line.position, line.net_minor) for line in note.lines.all()] == [(2, -1422)]
        again = make_credit_note(receipt, 1500, wanted={2: (1422, 78)})
        with vendor_scope(alice.vendor):
            assert [line.position for line in again.lines.all()] == [1]

    def test_a_credit_note_taken_back_can_be_issued_again(self, alice):
        receipt = make_receipt(alice)
        note = make_credit_note(receipt, 8900)
        with vendor_scope(alice.vendor):
            restored = take_back_credit_note(note, source="re_1 failed", failed_at=IN_JUNE)
            again = take_back_credit_note(note, source="re_1 failed", failed_at=IN_JUNE)
            assert again.pk == restored.pk
            assert (restored.total_minor, restored.tax_minor) == (8900, 1311)
            assert restored.corrects == note
        assert make_credit_note(receipt, 8900).total_minor == -8900
