"""The request our code receives, and what may be believed of it."""

from __future__ import annotations

from functools import lru_cache
from ipaddress import IPv6Address, ip_address, ip_network

from django.conf import settings
from django.http import HttpRequest
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme

from accounts.models import Customer, SupportView, Vendor

LONGEST_PATH = 200


class HubRequest(HttpRequest):
    """As the middleware sees it: nobody is known yet."""

    client: str
    vendor: Vendor | None
    customer: Customer | None
    support_view: SupportView | None


class VendorRequest(HttpRequest):
    """As a public page sees it; the customer is there when signed in."""

    client: str
    vendor: Vendor
    customer: Customer | None
    support_view: SupportView | None


class CustomerRequest(HttpRequest):
    """As a private page sees it."""

    client: str
    vendor: Vendor
    customer: Customer


def hub_url(vendor: Vendor, view_name: str, *args: object) -> str:
    """A page of the vendor's hub in full, from wherever it is asked: mails, tasks, the admin."""
    return vendor.url(reverse(view_name, urlconf=settings.ROOT_URLCONF, args=args))


def own_path(path: str) -> str:
    """The path if it leads to a page of this host, else nothing: redirects never leave the hub."""
    stays = path.startswith("/") and url_has_allowed_host_and_scheme(path, allowed_hosts=None)
    return path if stays and path.isprintable() and len(path) <= LONGEST_PATH else ""


def client_address(request: HttpRequest) -> str:
    """Whom our own proxies saw; what stands left of that in X-Forwarded-For anyone may write.

    An IPv6 client is its network: who has one address there has 2**64.
    """
    hops = request.META.get("HTTP_X_FORWARDED_FOR", "").split(",")
    trusted = settings.TRUSTED_PROXIES
    seen: str = request.META.get("REMOTE_ADDR", "")
    if 0 < trusted <= len(hops):
        seen = hops[-trusted].strip()
    return _address_of(seen)


@lru_cache(maxsize=1024)
def _address_of(seen: str) -> str:
    try:
        address = ip_address(seen)
    except ValueError:
        return seen
    if isinstance(address, IPv6Address):
        return str(ip_network((address, 64), strict=False).network_address)
    return str(address)
