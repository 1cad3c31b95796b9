"""Receipts and credit notes: found, read, printed, taken away."""

from itertools import groupby
from uuid import UUID

from django.db.models import QuerySet
from django.http import Http404, HttpResponse, StreamingHttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.timezone import localtime
from django.views.decorators.http import require_safe

from accounts.http import CustomerRequest
from accounts.models import Customer
from hub.forms import DocumentSearchForm
from hub.paging import page_of
from invoices import exports, services
from invoices.models import Document
from invoices.presentation import document_context

DOCUMENTS_A_PAGE = 50
YEARS = range(1970, 9999)
"""Others hold no document, and some are beyond what a database can be asked for."""


@require_safe
def documents(request: CustomerRequest) -> HttpResponse:
    every = Document.objects.filter(customer=request.customer)
    years = [moment.year for moment in every.datetimes("issued_at", "year", order="DESC")]
    form = DocumentSearchForm(request.GET, years=years)
    found = form.filter(every)
    page = page_of(
        found.select_related("corrects"),
        moment="issued_at",
        before=request.GET.get("before", ""),
        size=DOCUMENTS_A_PAGE,
    )
    by_year = groupby(page.rows, key=lambda document: localtime(document.issued_at).year)
    context = {
        "form": form,
        "is_search": form.is_search,
        "count": found.count(),
        "years": [(year, list(rows)) for year, rows in by_year],
        "older": page.older,
        "query_string": form.query_string,
    }
    return render(request, "hub/documents.html", context)


def _own(customer: Customer, document_id: UUID) -> Document:
    return get_object_or_404(Document, pk=document_id, customer=customer)


@require_safe
def document(request: CustomerRequest, document_id: UUID) -> HttpResponse:
    document = _own(request.customer, document_id)
    context = {"document": document} | document_context(document)
    return render(request, "hub/document.html", context)


@require_safe
def document_pdf(request: CustomerRequest, document_id: UUID) -> HttpResponse:
    document = _own(request.customer, document_id)
    disposition = "attachment" if "download" in request.GET else "inline"
    headers = {"Content-Disposition": f'{disposition}; filename="{document.file_name}"'}
    return HttpResponse(
        services.read_pdf(document), content_type="application/pdf", headers=headers
    )


@require_safe
def documents_zip(request: CustomerRequest, year: int) -> StreamingHttpResponse:
    found = _of_year(request.customer, year)
    return StreamingHttpResponse(
        exports.zip_of(found, read=services.read_pdf),
        content_type="application/zip",
        headers={"Content-Disposition": f'attachment; filename="documents-{year}.zip"'},
    )


@require_safe
def documents_csv(request: CustomerRequest, year: int) -> StreamingHttpResponse:
    found = _of_year(request.customer, year)
    return StreamingHttpResponse(
        exports.csv_of(found),
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="documents-{year}.csv"'},
    )


def _of_year(customer: Customer, year: int) -> QuerySet[Document]:
    found = Document.objects.filter(customer=customer, issued_at__year=year)
    if year not in YEARS or not found.exists():
        raise Http404
    return found
