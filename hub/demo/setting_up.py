"""The demo's vendors and staff, as an operator sets them up. Twice changes nothing."""

from __future__ import annotations

from django.core.files.base import ContentFile
from django.db import transaction

from accounts.logos import clean_logo
from accounts.models import TeamMember, User, Vendor
from accounts.tenancy import vendor_scope
from billing.models import CancellationRules, StripeAccount
from hub.demo.cast import VENDORS, VendorSetup
from hub.demo.sign_ins import OPERATOR, PASSWORD
from invoices.models import DocumentSettings


@transaction.atomic
def vendors() -> list[Vendor]:
    if not User.objects.filter(email=OPERATOR).exists():
        User.objects.create_superuser(OPERATOR, PASSWORD)
    return [_vendor(setup) for setup in VENDORS]


def _vendor(setup: VendorSetup) -> Vendor:
    vendor, is_new = Vendor.objects.get_or_create(
        subdomain=setup.fields["subdomain"], defaults=setup.fields
    )
    if is_new:
        with setup.logo.open("rb") as file:
            vendor.logo.save("logo.png", ContentFile(clean_logo(file)))
        with vendor_scope(vendor):
            StripeAccount.objects.create(
                secret_key=setup.secret_key, publishable_key=setup.publishable_key
            )
            DocumentSettings.objects.create(prefix=setup.prefix, footer=setup.footer)
            CancellationRules.objects.create()
        for email, role in setup.team.items():
            user = User.objects.create_user(email, PASSWORD, is_staff=True)
            TeamMember.objects.create(vendor=vendor, user=user, role=role)
    return vendor
