"""Documents to take away: the PDFs in one archive, the figures in one table.

Both are streamed, a document at a time, so that a thousand take no more memory than one.
"""

import csv
from collections import defaultdict
from collections.abc import Callable, Iterator
from datetime import datetime
from io import RawIOBase
from typing import Any
from zipfile import ZipFile, ZipInfo
from zoneinfo import ZoneInfo

from django.db.models import QuerySet
from django.utils.timezone import localtime
from django.utils.translation import gettext as _

from accounts.tenancy import vendor_scope
from invoices.models import Document
from invoices.money import major

# A spreadsheet takes a text that starts so for a formula; the last four are the wide forms.
FORMULA_STARTS = ("=", "+", "-", "@", "\uff1d", "\uff0b", "\uff0d", "\uff20")
BYTE_ORDER_MARK = "\ufeff"
AT_A_TIME = 100


class _Outbox(RawIOBase):
    """Where the archive is written, and from where it is taken piece by piece."""

    def __init__(self) -> None:
        self._pieces: list[bytes] = []

    def writable(self) -> bool:
        return True

    def write(self, piece: Any) -> int:
        self._pieces.append(bytes(piece))
        return len(piece)

    def take(self) -> bytes:
        taken = b"".join(self._pieces)
        self._pieces.clear()
        return taken


def zip_of(documents: QuerySet[Document], *, read: Callable[[Document], bytes]) -> Iterator[bytes]:
    """Each PDF under its number, not compressed again. `read` is services.read_pdf."""
    outbox = _Outbox()
    with ZipFile(outbox, "w") as archive:
        for document in _each(documents):
            with vendor_scope(document.vendor):
                content = read(document)
            issued = _local(document)
            archive.writestr(ZipInfo(document.file_name, issued.timetuple()[:6]), content)
            yield outbox.take()
    yield outbox.take()


def csv_of(documents: QuerySet[Document]) -> Iterator[str]:
    """A row each, amounts as plain numbers with a point, the header in the active language; at the
    end what each currency comes to, for amounts of two currencies have no sum."""
    header = [
        *(_("Number"), _("Kind"), _("Date"), _("For"), _("Order"), _("Currency")),
        *(_("Net"), _("Tax"), _("Total"), _("Paid with"), _("Corrects")),
    ]
    kinds = {kind.value: str(kind.label) for kind in Document.Kind}
    return _rows(documents, header, kinds, total_word=_("Total"))


def _rows(
    documents: QuerySet[Document], header: list[str], kinds: dict[str, str], *, total_word: str
) -> Iterator[str]:
    writer, totals = csv.writer(_Echo()), defaultdict[str, list[int]](lambda: [0, 0, 0])
    yield BYTE_ORDER_MARK + writer.writerow(header)
    for document in _each(documents):
        amounts = [document.net_minor, document.tax_minor, document.total_minor]
        so_far = totals[document.currency]
        totals[document.currency] = [a + b for a, b in zip(so_far, amounts, strict=True)]
        yield writer.writerow(
            [
                _text(document.number),
                kinds[document.kind],
                _local(document).date().isoformat(),
                _text(document.title),
                _text(document.reference),
                document.currency.upper(),
                *(major(amount, document.currency) for amount in amounts),
                _text(document.paid_with),
                _text(document.corrects.number if document.corrects else ""),
            ]
        )
    for currency, amounts in sorted(totals.items()):
        figures = [major(amount, currency) for amount in amounts]
        yield writer.writerow(["", total_word, "", "", "", currency.upper(), *figures, "", ""])


class _Echo:
    """A file that hands back what is written: csv's way of giving a line."""

    def write(self, line: str) -> str:
        return line


def _each(documents: QuerySet[Document]) -> Iterator[Document]:
    related = documents.select_related("vendor", "customer", "corrects")
    return related.iterator(chunk_size=AT_A_TIME)


def _local(document: Document) -> datetime:
    return localtime(document.issued_at, ZoneInfo(document.vendor.time_zone))


def _text(value: str) -> str:
    return f"'{value}" if value.lstrip().startswith(FORMULA_STARTS) else value
