"""A worker of its own: issues receipts as fast as it can and prints their numbers.

    python -m tests.invoices.issue_many <customer> <name> <how many>

Each payment is told by two workers, as Stripe may tell it twice. Begins at a line on its input.
"""

import sys

import django

django.setup()

from django.test import override_settings  # noqa: E402

from accounts.models import Customer, Vendor  # noqa: E402
from accounts.tenancy import vendor_scope  # noqa: E402
from tests.invoices.factories import course, make_receipt  # noqa: E402

NOT_NOW = {"default": {"BACKEND": "django.tasks.backends.dummy.DummyBackend"}}


def main(customer_id: str, name: str, how_many: str) -> None:
    vendor = Vendor.objects.get()
    with vendor_scope(vendor):
        customer = Customer.objects.select_related("vendor").get(pk=customer_id)
    print("ready", flush=True)
    sys.stdin.readline()
    with override_settings(TASKS=NOT_NOW):
        for number in range(int(how_many)):
            for source in (f"{name} {number}", f"told twice {number}"):
                receipt = make_receipt(customer, source=source, lines=[course()])
                print(source, receipt.number, sep="\t")


if __name__ == "__main__":
    main(*sys.argv[1:])
