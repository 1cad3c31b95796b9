import csv
import io
import zipfile
from datetime import UTC, datetime
from urllib.parse import quote
from uuid import uuid4

import pytest
from bs4 import BeautifulSoup
from gunicorn.config import Config

from tests.clients import bare
from tests.factories import make_document


@pytest.fixture
def receipts(alice):
    return [
        make_document(
            alice,
            number=f"AC-{year}-{number:05}",
            title=title,
            issued_at=datetime(year, 6, number, tzinfo=UTC),
        )
        for year, number, title in (
            (2025, 1, "Drawing Basics"),
            (2026, 2, "Drawing Basics"),
            (2026, 3, "Watercolour for Travellers"),
        )
    ]


def body(answer) -> bytes:
    return b"".join(answer.streaming_content)


def test_they_are_listed_by_year_newest_first(as_alice, receipts):
    page = as_alice.get("/documents/").text

    order = [page.index(words) for words in ("AC-2026-00003", "AC-2026-00002", "AC-2025-00001")]
    assert order == sorted(order)
    assert "3 documents" in page


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("q=watercolour", ["AC-2026-00003"]),
        ("q=2025-0000", ["AC-2025-00001"]),
        ("year=2026", ["AC-2026-00003", "AC-2026-00002"]),
        ("year=2026&q=drawing", ["AC-2026-00002"]),
        ("kind=credit_note", []),
        ("kind=nonsense&year=12", ["AC-2026-00003", "AC-2026-00002", "AC-2025-00001"]),
    ],
)
def test_a_search_leaves_what_fits(as_alice, receipts, query, found):
    page = as_alice.get(f"/documents/?{query}").text

    assert [r.number for r in receipts[::-1] if r.number in page] == found


@pytest.mark.parametrize("path", ["/?q=nothing", "/documents/?q=nothing"])
def test_a_search_stops_before_the_web_server_finds_its_address_too_long(as_alice, receipts, path):
    field = BeautifulSoup(as_alice.get(path).content, "html.parser").select_one("input[name=q]")

    worst_case = len(quote("字")) * int(field["maxlength"])
    assert worst_case < Config().limit_request_line / 2


def test_a_credit_note_names_what_it_corrects(as_alice, alice, receipts):
    make_document(
        alice, number="AC-2026-00004", kind="credit_note", corrects=receipts[1], total_minor=-950
    )

    page = as_alice.get("/documents/?kind=credit_note").text

    assert "Credit note for AC-2026-00002" in page
    assert "\u2212€9.50" in page


def test_who_has_none_reads_when_the_first_comes(as_alice):
    page = as_alice.get("/documents/").text

    assert "The first comes with your first payment." in page


def test_a_document_is_shown_with_its_ways_out(as_alice, receipts):
    page = as_alice.get(f"/documents/{receipts[2].pk}/").text

    assert "Watercolour for Travellers" in page
    assert f"/documents/{receipts[2].pk}/pdf/?download" in page


@pytest.mark.parametrize(
    ("query", "disposition"),
    [
        ("", 'inline; filename="AC-2026-00003.pdf"'),
        ("?download", 'attachment; filename="AC-2026-00003.pdf"'),
    ],
)
def test_its_pdf_is_opened_or_kept(as_alice, receipts, query, disposition):
    answer = as_alice.get(f"/documents/{receipts[2].pk}/pdf/{query}")

    assert answer.content.startswith(b"%PDF")
    assert answer.headers["Content-Disposition"] == disposition


def test_a_year_comes_as_zip_and_as_a_list(as_alice, receipts):
    archive = zipfile.ZipFile(io.BytesIO(body(as_alice.get("/documents/2026.zip"))))
    rows = list(
        csv.reader(io.StringIO(body(as_alice.get("/documents/2026.csv")).decode("utf-8-sig")))
    )

    assert sorted(archive.namelist()) == ["AC-2026-00002.pdf", "AC-2026-00003.pdf"]
    assert archive.read("AC-2026-00003.pdf").startswith(b"%PDF")
    assert {cell for row in rows for cell in row} >= {"AC-2026-00002", "AC-2026-00003"}
    assert "AC-2025-00001" not in str(rows)


@pytest.mark.parametrize("year", [0, 1, 1999, 9999, 10000])
@pytest.mark.parametrize("ending", ["zip", "csv"])
def test_a_year_without_documents_is_not_found(as_alice, receipts, ending, year):
    assert as_alice.get(f"/documents/{year}.{ending}").status_code == 404


@pytest.mark.parametrize("act", ["", "pdf/"])
def test_anothers_document_is_as_unknown_as_none(as_alice, bob, carol, act):
    answers = [
        as_alice.get(f"/documents/{pk}/{act}")
        for pk in (make_document(bob).pk, make_document(carol).pk, uuid4())
    ]

    assert {answer.status_code for answer in answers} == {404}
    assert len({bare(answer) for answer in answers}) == 1
