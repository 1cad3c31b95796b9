"""The running product's door, as browsers come to it: each with its cookies, from a place of its
own, since the limits are per client."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from urllib.parse import urlsplit

from tests.faults.running import Running, Visitor, running

LINK = "Your sign-in link"

MAKE = """
from accounts.models import Customer, EmailAddress, Vendor
from accounts.tenancy import vendor_scope
vendor = Vendor.objects.get(subdomain="acme")
with vendor_scope(vendor):
    for number in range({number}):
        address = f"{name}{{number}}@example.com"
        customer = Customer.objects.create(vendor=vendor, name="Someone", email=address)
        EmailAddress.objects.create(vendor=vendor, customer=customer, address=address)
"""
_places = count(1)


class Browser(Visitor):
    def __init__(self, port: int, agent: str = "Mozilla/5.0 Firefox/132.0") -> None:
        place = f"2001:db8:{next(_places):x}::1"
        super().__init__(port, patience=60, headers={"User-Agent": agent, "X-Forwarded-For": place})

    @property
    def is_signed_in(self) -> bool:
        return self.ask("GET", "/documents/")[0] == 200


class Door:
    def __init__(self, hub: Running) -> None:
        self.hub = hub

    def make_customers(self, name: str, number: int) -> list[str]:
        self.hub.stack.manage("shell", "-v0", "-c", MAKE.format(name=name, number=number))
        return [f"{name}{each}@example.com" for each in range(number)]

    def browser(self, agent: str = "Mozilla/5.0 Firefox/132.0") -> Browser:
        return Browser(self.hub.port, agent)

    def request_link(self, address: str) -> tuple[Browser, str]:
        """The browser that asked, and the path of the link that was mailed."""
        browser = self.browser()
        assert browser.submit("/sign-in/", {"email": address}, page="/updateinfo/") == 302
        url = self.hub.stack.mailbox.mail_to(address, LINK).button("Sign in")
        return browser, urlsplit(url).path

    def sessions(self) -> int:
        return self.hub.count("accounts_customersession")


@contextmanager
def open_door() -> Iterator[Door]:
    with running() as hub:
        yield Door(hub)
