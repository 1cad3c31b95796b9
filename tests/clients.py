"""Browsers for tests: each on one host, over HTTPS, signed in or not."""

from importlib import import_module
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.test import Client

from accounts import sessions
from accounts.models import Customer, User
from accounts.tenancy import vendor_scope

PLATFORM = "hub.test"


class HubClient(Client):
    def __init__(self, host: str, **options: Any) -> None:
        super().__init__(headers={"host": host}, **options)

    def generic(self, *args: Any, **options: Any) -> Any:
        return super().generic(*args, **options | {"secure": True})


def signed_in(customer: Customer) -> HubClient:
    """As after a redeemed link, without the walk there."""
    request = HttpRequest()
    request.client = "127.0.0.1"
    request.session = import_module(settings.SESSION_ENGINE).SessionStore()
    with vendor_scope(customer.vendor):
        sessions.sign_in(request, customer)
    request.session.save()
    client = HubClient(customer.vendor.host)
    client.cookies[settings.SESSION_COOKIE_NAME] = request.session.session_key
    return client


def staff(user: User) -> HubClient:
    client = HubClient(PLATFORM)
    client.force_login(user)
    return client


def bare(answer: Any) -> str:
    """A page without what differs each time: form tokens, and the address it was asked by."""
    lines = answer.text.replace(answer.request["PATH_INFO"], "").splitlines()
    return "\n".join(line for line in lines if "csrfmiddlewaretoken" not in line)
