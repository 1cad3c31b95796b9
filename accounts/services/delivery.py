"""Where mail does not arrive: the mail provider's word for it, and until when that counts."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from django.db.models import OuterRef, QuerySet, Subquery
from django.db.models.functions import Lower

from accounts.models import EmailAddress, User, Vendor
from accounts.models.customers import LONGEST_DETAIL
from accounts.services import audit
from accounts.tenancy import vendor_scope

Trouble = EmailAddress.Trouble


def note_trouble(address: str, trouble: Trouble, *, at: datetime, detail: str) -> None:
    """At every vendor that knows the address: one provider delivers the mail of them all.

    The first word stays, and a complaint stays the reason. What was so before its owner last
    proved the mailbox is over.
    """
    for rows in _at_every_vendor(address):
        for row in rows.exclude(trouble__in=[trouble, Trouble.COMPLAINED]):
            if row.verified_at is None or row.verified_at < at:
                row.trouble, row.trouble_at = trouble, at
                row.trouble_detail = detail[:LONGEST_DETAIL]
                row.save()


def note_arrival(address: str, *, at: datetime) -> None:
    """A mail that arrived ends the trouble before it; but a complaint was about one that did."""
    for rows in _at_every_vendor(address):
        _end(rows.filter(trouble_at__lt=at).exclude(trouble=Trouble.COMPLAINED))


def trouble_of_customer() -> Subquery:
    """For a query of what customers have: what keeps mail from their main address, else None."""
    rows = EmailAddress.objects.filter(
        vendor=OuterRef("vendor"), folded=Lower(OuterRef("customer__email"))
    )
    return Subquery(rows.exclude(trouble="").values("trouble")[:1])


def end_trouble(address: EmailAddress, *, by: User) -> None:
    """Staff know better: write to it again."""
    audit.record(
        "mail_trouble_ended",
        customer=address.customer,
        by_user=by,
        subject=address.address,
        detail={"was": address.trouble, "since": address.trouble_at},
    )
    _end(EmailAddress.objects.filter(pk=address.pk))


def _end(rows: QuerySet[EmailAddress]) -> None:
    rows.exclude(trouble="").update(trouble="", trouble_at=None, trouble_detail="")


def _at_every_vendor(address: str) -> Iterator[QuerySet[EmailAddress]]:
    """Its one row at each vendor that has one, in that vendor's scope."""
    with vendor_scope(None):
        knowing = EmailAddress.matching(address).values_list("vendor", flat=True)
        vendors = list(Vendor.objects.filter(pk__in=list(knowing)))
    for vendor in vendors:
        with vendor_scope(vendor):
            yield EmailAddress.matching(address)
