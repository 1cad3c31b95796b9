"""What is one vendor's never reaches another: not as a page, a file, a mail or a header."""

from __future__ import annotations

from collections import Counter
from io import BytesIO
from typing import Any
from zipfile import ZipFile

import pytest
from django.core import mail
from pypdf import PdfReader

from accounts.services import sign_in
from accounts.tenancy import vendor_scope
from billing.sandbox.machine import Sandbox
from invoices import services
from tests.clients import HubClient, signed_in, staff
from tests.factories import make_user
from tests.figures import Report
from tests.safety.world import HUB, PLATFORM, World, make_world

pytestmark = pytest.mark.django_db

CANARY = "quetzalcoatlus"
PART_OF_IT = CANARY[:6]
"""To search for: a page repeats what was searched for, but never the whole of it."""


@pytest.fixture
def ours(sandbox: Sandbox) -> World:
    return make_world("Acme", "watercolour")


@pytest.fixture
def theirs(sandbox: Sandbox) -> World:
    return make_world("Globex", CANARY)


class Walk:
    """Everything a vendor's people are given, read to the last byte; by the kind it came as."""

    def __init__(self, home: World) -> None:
        self.home = home
        owner = make_user(f"owner@{home.vendor.subdomain}.example", vendor=home.vendor)
        self.browsers = {
            HUB: [HubClient(home.vendor.host), signed_in(home.customer)],
            PLATFORM: [staff(owner)],
        }
        self.answers: list[tuple[str, str, str]] = []

    def through(self, world: World) -> Walk:
        """Every address there is, with the ids of this vendor."""
        for urlconf, browsers in self.browsers.items():
            for path in [*world.paths(urlconf), *self._queries(urlconf, world)]:
                for browser in browsers:
                    browser.raise_request_exception = False
                    self._keep(path, browser.get(path))
        return self

    def _queries(self, urlconf: str, world: World) -> list[str]:
        """Lists narrowed to another vendor's rows by hand."""
        pk, one = world.vendor.pk, world.customer.pk
        if urlconf == HUB:
            return [f"{path}?q={PART_OF_IT}" for path in ("/", "/documents/")]
        lists = [path for path in world.paths(PLATFORM) if path.count("/") == 4]
        asked = (f"q={PART_OF_IT}", f"vendor={pk}", f"customer={one}")
        return [f"{path}?{query}" for path in lists for query in asked]

    def reading_mail(self) -> Walk:
        """What the vendor's customers are sent."""
        customer, records = self.home.customer, self.home.records
        with vendor_scope(self.home.vendor):
            customer.email = "somebody@example.com"
            customer.save()
            sign_in.send_profile_link(customer, by=make_user("by@x.example"), source="a test")
            services.deliver(records.rows["invoices_document"])
        for message in mail.outbox:
            parts = message.message().walk()
            text = " ".join(
                read(part.get_payload(decode=True) or b"") for part in parts if part.get_payload()
            )
            self.answers.append((message.subject, "mail", f"{message.message()} {text}"))
        mail.outbox.clear()
        return self

    def _keep(self, path: str, answer: Any) -> None:
        body = b"".join(answer.streaming_content) if answer.streaming else answer.content
        kind = answer.headers.get("Content-Type", "").partition(";")[0]
        headers = f"{answer.headers} {answer.cookies}"
        assert answer.status_code != 500, path
        self.answers.append((path, "header", headers))
        self.answers.append((path, kind, read(body)))

    def hits(self, *words: str) -> list[str]:
        return [
            f"{path} ({kind}) says {word}"
            for path, kind, said in self.answers
            for word in words
            if word.casefold() in said.casefold()
        ]

    def kinds_with(self, word: str) -> Counter[str]:
        return Counter(kind for _path, kind, said in self.answers if word in said.casefold())


def read(body: bytes) -> str:
    """Bytes as a person would come to see them."""
    if body.startswith(b"%PDF"):
        reader = PdfReader(BytesIO(body))
        return f"{reader.metadata} {' '.join(page.extract_text() for page in reader.pages)}"
    if body.startswith(b"PK\x03\x04"):
        archive = ZipFile(BytesIO(body))
        return " ".join(f"{name} {read(archive.read(name))}" for name in archive.namelist())
    return body.decode(errors="replace")


def ids_of(world: World) -> list[str]:
    return [world.vendor.subdomain, *(value for value in world.values.values() if len(value) == 36)]


def test_no_vendor_is_told_of_another(ours: World, theirs: World, report: Report) -> None:
    walk = Walk(ours).through(ours).reading_mail()
    assert walk.hits(CANARY, *ids_of(theirs)) == []
    assert walk.kinds_with("watercolour")["text/html"] > 60
    at_home = len(walk.answers)

    # Who asks with another's ids reads those ids in the address; nothing else of theirs.
    walk.through(theirs)
    assert walk.hits(CANARY) == []
    assert len(walk.answers) > at_home + 100
    report(f"canaries in {len(walk.answers)} bodies, headers and mails of another: 0 hits")


def test_the_walk_would_find_them(ours: World, theirs: World, report: Report) -> None:
    """At home, every kind of thing that is given out holds the canary."""
    found = Walk(theirs).through(theirs).reading_mail().kinds_with(CANARY)

    assert found.keys() >= {
        *("text/html", "text/csv", "application/pdf", "application/zip", "mail", "header"),
    }
    report(f"the same walk at home: {sum(found.values())} hits in {len(found)} kinds of answers")
