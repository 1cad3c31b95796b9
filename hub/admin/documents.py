"""Receipts and credit notes: to be found and read; what was issued never changes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import URLPattern, path, reverse
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.timezone import localtime
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts.models import EmailAddress
from accounts.services import delivery
from accounts.tenancy import vendor_scope
from hub.admin.base import RecordAdmin
from hub.admin.columns import lines
from hub.admin.filters import WhenFilter
from invoices.models import Document
from invoices.services import read_pdf

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise


@admin.register(Document)
class DocumentAdmin(RecordAdmin):
    list_display = [
        "number",
        "kind",
        "customer",
        "title",
        "total",
        "paid_at",
        "mailed",
        "pdf_link",
    ]
    list_filter = ["kind", ("paid_at", WhenFilter)]
    list_select_related = ["customer", "corrects"]
    search_fields = ["number", "title", "reference", "customer__email", "customer__name"]
    search_help_text = _("Number, product, order or customer")
    fieldsets = [
        (None, {"fields": ["number", "kind", "who", "title", "reference", "corrects"]}),
        (_("Money"), {"fields": ["total", "tax", "paid_at", "paid_with"]}),
        (
            _("As issued"),
            {"fields": ["issued_at", "seller_lines", "buyer_lines", "mailed", "pdf_link"]},
        ),
    ]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        rows = super().get_queryset(request)
        return rows.annotate(trouble=delivery.trouble_of_customer())  # type: ignore[no-any-return]

    @admin.display(description=_("mailed"), ordering="sent_at")
    def mailed(self, document: Document) -> StrOrPromise:
        """When, or why it was not: one that is held back goes out when mail arrives again."""
        if document.sent_at:
            return date_format(localtime(document.sent_at), "DATETIME_FORMAT")
        if not document.mail_wanted:
            return ""
        trouble: str | None = document.trouble  # type: ignore[attr-defined]  # of get_queryset
        if not trouble:
            return _("Not yet")
        why = EmailAddress.Trouble(trouble).label
        return gettext("Held back: mail to this customer is %(trouble)s") % {"trouble": why}

    @admin.display(description=_("seller"))
    def seller_lines(self, document: Document) -> SafeString:
        return _party(document.seller)

    @admin.display(description=_("billed to"))
    def buyer_lines(self, document: Document) -> SafeString:
        return _party(document.buyer)

    @admin.display(description=_("PDF"))
    def pdf_link(self, document: Document) -> SafeString:
        return format_html(
            '<a href="{}" aria-label="{}">PDF</a>',
            reverse("admin:invoices_document_pdf", args=[document.pk]),
            gettext("PDF %(number)s") % {"number": document.number},
        )

    def get_urls(self) -> list[URLPattern]:
        pdf = path(
            "<uuid:document_id>/pdf/",
            self.admin_site.admin_view(self.pdf),
            name="invoices_document_pdf",
        )
        return [pdf, *super().get_urls()]

    def pdf(self, request: HttpRequest, document_id: str) -> HttpResponse:
        document: Document | None = self.get_object(request, str(document_id))
        if document is None:
            raise Http404
        with vendor_scope(document.vendor):
            content = read_pdf(document)
        return HttpResponse(
            content,
            content_type="application/pdf",
            headers={"Content-Disposition": f'inline; filename="{document.file_name}"'},
        )


def _party(party: dict[str, object]) -> SafeString:
    address = party.get("lines")
    return lines(
        [
            party.get("name"),
            *(address if isinstance(address, list) else []),
            party.get("tax_id"),
            party.get("email"),
        ]
    )
