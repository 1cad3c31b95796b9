"""Delivering documents in the background."""

from django.tasks import task

from accounts.models import Vendor
from accounts.priorities import A_SLICE, NOBODY_WAITS
from accounts.tenancy import vendor_scope
from invoices import services
from invoices.models import Document

A_SWEEP = 500
A_VENDORS_SHARE = 100


@task()
def deliver_document(vendor_id: int, document_id: str) -> None:
    with vendor_scope(Vendor.objects.get(pk=vendor_id)):
        services.deliver(Document.objects.select_related("vendor", "customer").get(pk=document_id))


@task(priority=NOBODY_WAITS)
def sweep_documents() -> None:
    """Every vendor's: the one place here that looks across them."""
    with vendor_scope(None):
        is_more = services.deliver_what_was_left(
            at_most=A_SWEEP, each=A_VENDORS_SHARE, seconds=A_SLICE
        )
    if is_more:
        sweep_documents.enqueue()
