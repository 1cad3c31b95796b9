"""Which vendor a host is, on what addresses links are built, and what other hosts are told."""

import pytest
from django.http import StreamingHttpResponse
from django.test import RequestFactory
from django.utils.translation import get_language
from django_scopes import get_scope

from accounts.middleware import LanguageMiddleware, VendorMiddleware
from accounts.models import Customer
from tests.clients import HubClient
from tests.factories import make_vendor


@pytest.mark.parametrize("host", ["acme.test", "ACME.Test", "acme.test.", "acme.test:8443"])
def test_the_host_names_the_vendor_however_it_is_written(acme, globex, host):
    assert "Your purchases at Acme" in HubClient(host).get("/").text


@pytest.mark.parametrize(
    "host",
    ["acmee.test", "test", "acme.example", "acme.test.evil.example", "a.acme.test", "192.0.2.7",
     "[2001:db8::1]", "hub.acme.test"],
)  # fmt: skip
def test_an_unknown_host_is_told_so(acme, host):
    page = HubClient(host).get("/")

    assert page.status_code == 404
    assert "There is no hub at this address" in page.text
    assert f"<bdi>{host}</bdi>" in page.text
    assert "Acme" not in page.text


def test_an_unknown_host_is_told_so_in_its_browsers_language(db):
    page = HubClient("nobody.test").get("/", headers={"Accept-Language": "de-AT,en;q=0.5"})

    assert '<html lang="de"' in page.text


def test_a_broken_host_is_a_bad_request(acme):
    assert HubClient("acme.test/evil").get("/").status_code == 400


@pytest.mark.parametrize("path", ["/updateinfo/", "/sign-in/x/", "/admin/", "/billing/webhook/"])
def test_no_page_answers_on_an_unknown_host(acme, path):
    assert HubClient("nobody.test").post(path).status_code == 404


def test_staff_have_their_own_host(acme):
    assert HubClient("hub.test").get("/admin/login/").status_code == 200
    assert HubClient("acme.test").get("/admin/login/").status_code == 404
    assert HubClient("hub.test").get("/updateinfo/").status_code == 404
    assert HubClient("hub.test").get("/").url == "/admin/"


def test_a_vendor_cannot_take_the_platforms_place(db):
    make_vendor("Hub")

    assert HubClient("hub.test").get("/").url == "/admin/"


def names() -> list[str]:
    return list(Customer.objects.values_list("name", flat=True))


def test_a_streamed_page_keeps_scope_and_language_to_its_end(alice, carol, rf: RequestFactory):
    def body(request):
        def chunks():
            yield ",".join(names())
            yield get_language()

        request.customer = None
        return LanguageMiddleware(lambda request: StreamingHttpResponse(chunks()))(request)

    one = VendorMiddleware(body)(rf.get("/", headers={"host": "acme.test"}))
    other = VendorMiddleware(body)(rf.get("/", headers={"host": "globex.test"}))

    pairs = list(zip(one, other, strict=True))  # two streams at once, chunk by chunk
    assert pairs == [(b"Alice", b"Carol"), (b"en", b"de")]


def test_nothing_of_a_request_stays_behind_it(alice, at_acme):
    at_acme.get("/")

    assert get_scope() == {}
