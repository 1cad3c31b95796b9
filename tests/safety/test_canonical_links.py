"""Links lead to the vendor's own address, whatever a request says of where it was sent."""

from itertools import product

from django.core import mail
from django.test import Client

from accounts.models import MagicLink
from accounts.tenancy import vendor_scope
from tests.accounts.mailbox import html_of, newest

HOSTS = ["acme.test", "ACME.TEST", "acme.test.", "acme.test:80", "acme.test:8443"]
FORWARDED_HOSTS = [None, "evil.example", "globex.test", "acme.test:1", "evil.example, acme.test"]
FORWARDED = [None, "host=evil.example", "for=192.0.2.1;host=globex.test;proto=http"]
OTHERS = [{}, {"X-Forwarded-Port": "1"}, {"X-Original-Host": "evil.example"}, {"Origin": "null"}]
FOREIGN = ("evil", "globex", "ACME.TEST", "acme.test.", "acme.test:", "http://")


def test_three_hundred_combinations_make_canonical_links(alice, globex, report):
    combinations = list(product(HOSTS, FORWARDED_HOSTS, FORWARDED, OTHERS))
    for host, x_forwarded_host, forwarded, other in combinations:
        claims = {"X-Forwarded-Host": x_forwarded_host, "Forwarded": forwarded} | other
        headers = {"host": host} | {name: value for name, value in claims.items() if value}
        forget_earlier_requests()
        Client().post("/sign-in/", {"email": "alice@example.com"}, headers=headers, secure=True)

        for text in (newest().body, html_of(newest())):
            assert "https://acme.test/sign-in/" in text
            assert not any(f"//{word}" in text for word in FOREIGN)
        assert "evil" not in newest().message().as_string()

    assert len(mail.outbox) == len(combinations) == 300
    report(f"{len(combinations)} combinations of host headers: 100 % canonical links")


def forget_earlier_requests() -> None:
    with vendor_scope(None):
        MagicLink.objects.all().delete()
