"""The request our code receives: a vendor for everyone, a customer once signed in."""

from django.http import HttpRequest

from accounts.models import Customer, Vendor


class HubRequest(HttpRequest):
    """As the middleware sees it: nobody is known yet."""

    vendor: Vendor | None
    customer: Customer | None


class VendorRequest(HttpRequest):
    """As a public page sees it; the customer is there when signed in."""

    vendor: Vendor
    customer: Customer | None


class CustomerRequest(HttpRequest):
    """As a private page sees it."""

    vendor: Vendor
    customer: Customer
