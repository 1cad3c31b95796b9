"""Vendors' own domains: claimed, proved by a DNS record, served, and let go when it is gone."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from ipaddress import ip_address

import idna
from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils import timezone

from accounts import emails
from accounts.errors import DomainNotAllowed, DomainTaken
from accounts.models import TeamMember, User, Vendor, VendorDomain
from accounts.services import audit
from accounts.tenancy import vendor_scope
from accounts.txt_records import NameServersUnreachable, txt_records

logger = logging.getLogger(__name__)

MOST_DOMAINS = 10
LONGEST_NAME = 253 - len("_customer-hub.")


# --- Which vendor a host is ---


def vendor_at(host: str) -> Vendor | None:
    """Whose hub answers at this host, in small letters and without a port; None: nobody's."""
    subdomain, _dot, domain = host.partition(".")
    if domain == settings.HUB_DOMAIN:
        return Vendor.objects.filter(subdomain=subdomain).first()
    with vendor_scope(None):
        served = VendorDomain.objects.exclude(verified_at=None).filter(name=host)
        found = served.select_related("vendor").first()
    return found.vendor if found else None


# --- What owners do ---


def canonical_name(typed: str) -> str:
    """As the domain name system writes it: `Größe.Example.` is `xn--gre-6ka8i.example`.

    Raises DomainNotAllowed for what is no public domain name, and for the platform's own.
    """
    try:
        name = idna.encode(typed.strip().rstrip("."), uts46=True).decode()
    except idna.IDNAError:
        raise DomainNotAllowed("no_domain") from None
    if "." not in name or len(name) > LONGEST_NAME or _is_ip_address(name):
        raise DomainNotAllowed("no_domain")
    if _is_ours(name):
        raise DomainNotAllowed("platforms_own")
    return name


def add(vendor: Vendor, typed: str, *, by: User) -> tuple[VendorDomain, bool]:
    """Claim a domain; that alone gives nothing. Says whether it is new.

    Raises DomainNotAllowed or DomainTaken.
    """
    name = canonical_name(typed)
    if _belongs_to_another(name, vendor):
        raise DomainTaken
    mine = VendorDomain.objects.filter(vendor=vendor)
    if found := mine.filter(name=name).first():
        return found, False
    if mine.count() >= MOST_DOMAINS:
        raise DomainNotAllowed("too_many")
    domain = VendorDomain.objects.create(vendor=vendor, name=name)
    audit.record("domain_added", by_user=by, subject=name)
    return domain, True


@dataclass(frozen=True)
class Seen:
    is_there: bool
    values: list[str]
    """All that stands where the record belongs."""


def check(domain: VendorDomain, *, by: User | None = None) -> Seen:
    """Ask DNS for the record, and serve the domain from the moment it is there.

    Raises NameServersUnreachable, which changes nothing, and DomainTaken.
    """
    values = txt_records(domain.record_name)
    seen = Seen(domain.token in values, sorted(values))
    domain.checked_at = timezone.now()
    if seen.is_there:
        _begin(domain, by=by)
    domain.save()
    return seen


def _begin(domain: VendorDomain, *, by: User | None) -> None:
    domain.missing_since = None
    if domain.is_served:
        return
    domain.verified_at = domain.checked_at
    try:
        with transaction.atomic():
            domain.save()
    except IntegrityError:
        raise DomainTaken from None
    audit.record("domain_verified", by_user=by, subject=domain.name)


def use_in_links(vendor: Vendor, domain: VendorDomain | None, *, by: User) -> None:
    """From now on mails lead to this domain; None: to the subdomain again."""
    if domain is not None and not domain.is_served:
        raise DomainNotAllowed("not_verified")
    _lead_to(vendor, domain.name if domain else "")
    audit.record("domain_in_links", by_user=by, subject=vendor.host)


def remove(domain: VendorDomain, *, by: User) -> None:
    _leave(domain)
    audit.record("domain_removed", by_user=by, subject=domain.name)
    domain.delete()


# --- What happens every night ---


def check_again(domain: VendorDomain) -> None:
    """Tell the owners when the record is missed, and stop serving when it stays away too long."""
    try:
        if check(domain).is_there:
            return
    except NameServersUnreachable:
        logger.warning("Domain %s could not be checked: no name server answered.", domain.name)
        return
    if domain.missing_since is None:
        domain.missing_since = domain.checked_at
        _tell_owners(domain)
        domain.save()
    elif domain.served_until and domain.served_until <= timezone.now():
        _leave(domain)
        domain.verified_at = domain.missing_since = None
        domain.save()
        audit.record("domain_lapsed", subject=domain.name)
        _tell_owners(domain)


def _tell_owners(domain: VendorDomain) -> None:
    owners = TeamMember.objects.filter(vendor=domain.vendor, role=TeamMember.Role.OWNER)
    for address in owners.values_list("user__email", flat=True):
        emails.domain_missing(domain, to=address)


def _leave(domain: VendorDomain) -> None:
    if domain.vendor.canonical_domain == domain.name:
        _lead_to(domain.vendor, "")


def _lead_to(vendor: Vendor, name: str) -> None:
    vendor.canonical_domain = name
    vendor.save(update_fields=["canonical_domain"])


def _belongs_to_another(name: str, vendor: Vendor) -> bool:
    with vendor_scope(None):
        served = VendorDomain.objects.exclude(verified_at=None).exclude(vendor=vendor)
        return served.filter(name=name).exists()


def _is_ours(name: str) -> bool:
    ours = (settings.HUB_DOMAIN, settings.PLATFORM_HOST)
    return any(name == own or name.endswith(f".{own}") for own in ours)


def _is_ip_address(name: str) -> bool:
    try:
        ip_address(name)
    except ValueError:
        return False
    return True
