"""The running product's door, as browsers come to it: each with its cookies, from a place of its
own, since the limits are per client."""

from __future__ import annotations

import http.client
from collections.abc import Iterator
from contextlib import closing, contextmanager
from itertools import count
from urllib.parse import urlencode, urlsplit

from tests.faults.running import CSRF, HOST, Running, running

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


class Browser:
    def __init__(self, port: int, agent: str = "Mozilla/5.0 Firefox/132.0") -> None:
        self.port, self.agent = port, agent
        self.place = f"2001:db8:{next(_places):x}::1"
        self.cookies: dict[str, str] = {}

    def ask(self, method: str, path: str, form: dict[str, str] | None = None) -> tuple[int, str]:
        headers = {
            "Host": f"{HOST}:{self.port}",
            "User-Agent": self.agent,
            "X-Forwarded-For": self.place,
            "Cookie": "; ".join(f"{name}={value}" for name, value in self.cookies.items()),
        }
        if form is not None:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        with closing(connection):
            connection.request(method, path, urlencode(form or {}), headers)
            answer = connection.getresponse()
            for name, value in answer.getheaders():
                if name.lower() == "set-cookie":
                    key, _equals, rest = value.partition("=")
                    self.cookies[key] = rest.partition(";")[0]
            return answer.status, answer.read().decode()

    def token_of(self, path: str) -> str:
        """The form's own token on the page there."""
        found = CSRF.search(self.ask("GET", path)[1])
        assert found, path
        return found[1]

    def submit(self, path: str, form: dict[str, str], *, page: str) -> int:
        token = self.token_of(page)
        return self.ask("POST", path, {**form, "csrfmiddlewaretoken": token})[0]

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
