"""A vendor's own domain: claimed by anyone, served once DNS says whose it is, let go when not."""

from datetime import timedelta

import pytest
from django.core import mail
from django.test import Client
from django.utils import timezone

from accounts import tasks, txt_records
from accounts.errors import DomainNotAllowed, DomainTaken
from accounts.models import AuditEntry, VendorDomain
from accounts.services import domains
from accounts.services.domains import canonical_name
from accounts.tenancy import vendor_scope
from tests.accounts.mailbox import newest
from tests.clients import HubClient

NAME = "portal.acme.example"


def claim(vendor, user, name=NAME):
    with vendor_scope(vendor):
        return domains.add(vendor, name, by=user)[0]


def prove(domain, name_server):
    name_server.records[domain.record_name] = ["v=spf1 -all", domain.token]
    with vendor_scope(domain.vendor):
        assert domains.check(domain).is_there
    return domain


@pytest.fixture
def own_domain(acme, owner, name_server):
    """Acme's, served, and where its mails lead to."""
    domain = prove(claim(acme, owner), name_server)
    with vendor_scope(acme):
        domains.use_in_links(acme, domain, by=owner)
    return domain


@pytest.mark.parametrize(
    ("typed", "name"),
    [
        (" Portal.ACME.Example. ", NAME),
        ("größe.example", "xn--gre-6ka8i.example"),
        ("xn--gre-6ka8i.example", "xn--gre-6ka8i.example"),
        ("\uff30ortal.acme.example", NAME),
        ("portal。acme。example", NAME),
    ],
)
def test_a_domain_is_kept_as_dns_writes_it(typed, name):
    assert canonical_name(typed) == name


@pytest.mark.parametrize(
    "typed",
    [
        *("", ".", "acme", "acme..example", "portal.acme.example:443", "https://acme.example"),
        *(
            "acme.example/path",
            "a b.example",
            "*.acme.example",
            "_dmarc.acme.example",
            "-a.test",
        ),
        *(
            "192.0.2.7",
            "[2001:db8::1]",
            "a" * 64 + ".example",
            "a." * 130 + "example",
            "x@y.z",
        ),
    ],
)
def test_what_is_no_domain_is_refused(typed):
    with pytest.raises(DomainNotAllowed, match="no_domain"):
        canonical_name(typed)


@pytest.mark.parametrize(
    "typed", ["hub.test", "acme.test", "new.test", "A.B.TEST.", "x.hub.test", "\uff48ub.test"]
)
def test_the_platforms_own_names_are_refused(typed):
    with pytest.raises(DomainNotAllowed, match="platforms_own"):
        canonical_name(typed)


def test_a_claim_alone_opens_nothing_and_hinders_nobody(acme, globex, owner, name_server):
    mine = claim(acme, owner)

    unknown, claimed = (HubClient(host).get("/") for host in ("nobody.example", NAME))
    assert (claimed.status_code, claimed.text) == (
        404,
        unknown.text.replace("nobody.example", NAME),
    )
    theirs = prove(claim(globex, owner), name_server)
    assert theirs.is_served
    with vendor_scope(acme), pytest.raises(DomainTaken):
        domains.add(acme, NAME, by=owner)
    name_server.records[mine.record_name] = [mine.token]
    with vendor_scope(acme), pytest.raises(DomainTaken):
        domains.check(mine)
    assert "Globex" in HubClient(NAME).get("/").text


def test_a_domain_is_served_from_the_moment_its_record_is_found(acme, owner, name_server):
    domain = claim(acme, owner)
    with vendor_scope(acme):
        assert not domains.check(domain).is_there
        name_server.records[domain.record_name] = ["another-token", domain.token[:-1]]
        assert not domains.check(domain).is_there
    assert HubClient(NAME).get("/").status_code == 404

    prove(domain, name_server)

    assert name_server.asked == [f"_customer-hub.{NAME}"] * 3
    assert "Your purchases at Acme" in HubClient(NAME.upper() + ".:8443").get("/").text
    with vendor_scope(acme):
        assert AuditEntry.objects.filter(action="domain_verified", subject=NAME).exists()


@pytest.mark.parametrize("trouble", ["is_silent", "fails"])
def test_silence_says_nothing(own_domain, name_server, monkeypatch, trouble):
    monkeypatch.setattr(txt_records, "ALL_SERVERS_SECONDS", 0.3)
    setattr(name_server, trouble, True)

    tasks.check_domains.enqueue()

    own_domain.refresh_from_db()
    assert (own_domain.is_served, own_domain.missing_since, mail.outbox) == (True, None, [])


def test_links_lead_to_the_canonical_domain_and_so_does_every_other_host(
    alice, own_domain, acme, globex
):
    other = HubClient("acme.test")
    there = other.get("/documents/?year=2026")
    assert (there.status_code, there.url) == (302, f"https://{NAME}/documents/?year=2026")

    at_home = HubClient(NAME, enforce_csrf_checks=True)
    token = at_home.get("/").context["csrf_token"]
    form = {"email": "alice@example.com", "csrfmiddlewaretoken": str(token)}
    sent = at_home.post("/sign-in/", form, headers={"origin": f"https://{NAME}"})

    assert (sent.status_code, sent.url) == (302, "/sign-in/sent/")
    assert f"https://{NAME}/sign-in/" in newest().body
    assert "acme.test" not in newest().body
    assert HubClient("acme.test").post("/billing/webhook/").status_code == 404  # no redirect
    assert HubClient("globex.test").get("/").status_code == 200


def test_a_domain_promises_https_for_itself_alone(own_domain, acme):
    assert HubClient(NAME).get("/").headers["Strict-Transport-Security"] == "max-age=31536000"
    platform = HubClient("hub.test").get("/admin/login/").headers["Strict-Transport-Security"]
    assert "includeSubDomains" in platform


def test_a_record_that_is_gone_is_told_and_after_a_week_the_domain_is_let_go(
    own_domain, acme, owner, support, name_server, time_machine
):
    name_server.records.clear()
    tasks.check_domains.enqueue()
    tasks.check_domains.enqueue()

    assert [told.to for told in mail.outbox] == [[owner.email]]
    assert mail.outbox[0].subject == f"A DNS record of {NAME} is missing"
    assert own_domain.token in mail.outbox[0].body
    assert HubClient(NAME).get("/").status_code == 200

    time_machine.move_to(timezone.now() + timedelta(days=6, hours=23))
    tasks.check_domains.enqueue()
    assert HubClient(NAME).get("/").status_code == 200

    time_machine.shift(timedelta(hours=2))
    tasks.check_domains.enqueue()
    acme.refresh_from_db()
    assert HubClient(NAME).get("/").status_code == 404
    assert acme.origin == "https://acme.test"
    assert mail.outbox[1].subject == f"Your hub no longer answers at {NAME}"


def test_a_record_that_comes_back_ends_the_waiting(own_domain, name_server):
    kept, name_server.records = name_server.records, {}
    tasks.check_domains.enqueue()
    name_server.records = kept
    tasks.check_domains.enqueue()

    own_domain.refresh_from_db()
    assert own_domain.served_until is None


def test_a_proxy_gets_certificates_only_for_what_is_served(own_domain, acme, globex, owner):
    claim(globex, owner, "other.example")
    asked = {
        host: HubClient("hub.test").get("/domains/allowed/", {"domain": host}).status_code
        for host in (
            NAME,
            "acme.test",
            "hub.test",
            "other.example",
            "nobody.test",
            "",
            "a.acme.test",
        )
    }

    assert asked == dict.fromkeys(asked, 404) | {NAME: 200, "acme.test": 200, "hub.test": 200}


def test_a_proxy_asks_by_the_address_of_the_process(own_domain, settings):
    settings.SECURE_SSL_REDIRECT = True
    beside = Client(headers={"host": "127.0.0.1:8000"})
    asked = {
        host: beside.get("/domains/allowed/", {"domain": host}).status_code
        for host in (NAME, "nobody.test")
    }

    assert asked == {NAME: 200, "nobody.test": 404}


def test_ten_domains_are_enough(acme, owner):
    for number in range(10):
        claim(acme, owner, f"{number}.acme.example")
    with pytest.raises(DomainNotAllowed, match="too_many"):
        claim(acme, owner)


def test_a_removed_domain_is_gone_from_links_too(own_domain, acme, owner):
    with vendor_scope(acme):
        domains.remove(own_domain, by=owner)

    acme.refresh_from_db()
    assert acme.host == "acme.test"
    with vendor_scope(None):
        assert not VendorDomain.objects.exists()
    assert HubClient(NAME).get("/").status_code == 404
