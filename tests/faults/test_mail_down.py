"""The mail provider is down for six hours: pages stay as they are, and every mail leaves later.

FAULTS_MAILS makes it shorter or longer.
"""

from __future__ import annotations

import os
import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.utils import timezone

from accounts.models import Vendor
from accounts.tenancy import vendor_scope
from invoices.models import Document
from invoices.tasks import sweep_documents
from tests.clients import HubClient
from tests.factories import make_customer
from tests.figures import Report
from tests.invoices.factories import make_receipt

pytestmark = [pytest.mark.django_db, pytest.mark.slow]

MAILS = int(os.environ.get("FAULTS_MAILS", "5000"))
DOWN = timedelta(hours=6)
A_MINUTE = timedelta(minutes=1)
DRAINED_IN = 15


class Provider(socketserver.ThreadingTCPServer):
    """As much SMTP as it takes to be handed a mail, or to say that there is no service."""

    allow_reuse_address = True
    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Line)
        self.is_down = True
        self.taken: list[str] = []


class Line(socketserver.StreamRequestHandler):
    server: Provider

    def say(self, words: str) -> None:
        self.wfile.write(f"{words}\r\n".encode())

    def handle(self) -> None:
        if self.server.is_down:
            self.say("421 Service not available")
            return
        self.say("220 ready")
        to = ""
        while line := self.rfile.readline().decode().strip():
            word = line[:4].upper()
            if word == "RCPT":
                to = line.partition("<")[2].partition(">")[0]
            if word == "DATA":
                self.say("354 go ahead")
                while self.rfile.readline().strip() != b".":
                    pass
                self.server.taken.append(to)
            if word == "QUIT":
                self.say("221 bye")
                return
            self.say("250 ok")


@pytest.fixture
def provider(settings: Any) -> Iterator[Provider]:
    with Provider() as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        backend = "django.core.mail.backends.smtp.EmailBackend"
        options = {"host": "127.0.0.1", "port": server.server_address[1], "timeout": 5}
        settings.MAILERS = {"default": {"BACKEND": backend, "OPTIONS": options}}
        yield server
        server.shutdown()


@contextmanager
def no_tasks(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """What the task at once would do fails as well; the sweep is what is tried here."""
    with monkeypatch.context() as patch:
        patch.setattr("invoices.services._nudge", lambda _document: None)
        yield


@pytest.mark.usefixtures("unprinted")
def test_the_mail_provider_is_down_for_six_hours(
    acme: Vendor, provider: Provider, report: Report, monkeypatch: pytest.MonkeyPatch
) -> None:
    began = timezone.now().replace(hour=6, minute=0)
    with time_machine.travel(began, tick=False) as clock, no_tasks(monkeypatch):
        for number in range(MAILS):
            customer = make_customer(acme, f"Buyer{number}")
            make_receipt(customer, paid_at=began)
        for _minute in range(int(DOWN / A_MINUTE)):
            clock.shift(A_MINUTE)
            sweep_documents.func()
        assert provider.taken == []
        assert HubClient(acme.host).get("/").status_code == 200
        provider.is_down = False
        minutes = 0
        while len(provider.taken) < MAILS and minutes < 10 * DRAINED_IN:
            clock.shift(A_MINUTE)
            sweep_documents.func()
            minutes += 1
    with vendor_scope(acme):
        unsent = Document.objects.filter(sent_at=None).count()
    lost = MAILS - len(set(provider.taken))
    twice = len(provider.taken) - len(set(provider.taken))
    report(f"{MAILS} mails, 6 h down: {lost} lost, {twice} twice, drained in {minutes} min")
    assert (lost, twice, unsent) == (0, 0, 0)
    assert minutes <= DRAINED_IN
