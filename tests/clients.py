"""Browsers for tests: each on one host, over HTTPS, signed in or not."""

import time
from datetime import timedelta
from importlib import import_module
from typing import Any

from allauth.account.authentication import AUTHENTICATION_METHODS_SESSION_KEY
from allauth.account.internal.userkit import user_id_to_str
from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
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


def staff(user: User, *, proved: str = "mfa", ago: timedelta = timedelta(0)) -> HubClient:
    """As after the whole door: a password and a second factor, just now unless said otherwise."""
    client = HubClient(PLATFORM)
    session = import_module(settings.SESSION_ENGINE).SessionStore()
    session[SESSION_KEY] = str(user.pk)
    session[BACKEND_SESSION_KEY] = "django.contrib.auth.backends.ModelBackend"
    session[HASH_SESSION_KEY] = user.get_session_auth_hash()
    proof = {"method": proved, "at": time.time() - ago.total_seconds()}
    session[AUTHENTICATION_METHODS_SESSION_KEY] = [proof]
    session["account_authentication_methods_user"] = user_id_to_str(user)
    session.save()
    client.cookies[settings.SESSION_COOKIE_NAME] = session.session_key
    return client


def bare(answer: Any) -> str:
    """A page without what differs each time: form tokens, and the address it was asked by."""
    lines = answer.text.replace(answer.request["PATH_INFO"], "").splitlines()
    return "\n".join(line for line in lines if "csrfmiddlewaretoken" not in line)
