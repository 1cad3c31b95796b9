"""What is in the settings' form is shown as the hub would show it, and nothing of it is kept."""

from base64 import b64decode
from io import BytesIO
from typing import Any

import pytest
from bs4 import BeautifulSoup
from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import Image

from accounts.models import AuditEntry, Vendor
from accounts.tenancy import vendor_scope
from tests.clients import HubClient, staff
from tests.factories import make_user
from tests.hub.admin.conftest import admin_url
from tests.hub.admin.test_vendor_settings import filled_form, png, save

pytestmark = pytest.mark.django_db


@pytest.fixture
def settings_url(acme: Vendor) -> str:
    return admin_url("accounts_vendor_change", acme.pk)


@pytest.fixture
def preview_url(acme: Vendor) -> str:
    return admin_url("accounts_vendor_preview", acme.pk)


def shown(browser: HubClient, settings_url: str, preview_url: str, **typed: Any) -> Any:
    answer = browser.post(preview_url, filled_form(browser, settings_url) | typed)
    assert answer.status_code == 200
    return BeautifulSoup(answer.content, "html.parser")


def test_every_look_and_word_is_shown_and_nothing_is_saved(
    as_owner: HubClient, acme: Vendor, settings_url: str, preview_url: str
) -> None:
    before = Vendor.objects.values().get(pk=acme.pk)
    page = shown(
        as_owner,
        settings_url,
        preview_url,
        name="Acme Academy",
        header_colour="#102030",
        accent_colour="#a04000",
        message="<p>Welcome, {first_name}</p><script>alert(1)</script>",
        support_email="new@acme.example",
        legal_address="1 New Road",
        logo=SimpleUploadedFile("our logo.png", png(120, 30), "image/png"),
    )

    assert "Acme Academy" in page.title.text
    assert page.select_one(".prose[role=note]").text == "Welcome, Alice"
    assert "alert(1)" not in str(page)
    assert "new@acme.example" in page.footer.text
    assert "1 New Road" in page.footer.text
    kind, _comma, data = page.select_one("header img")["src"].partition(",")
    assert kind == "data:image/png;base64"
    assert Image.open(BytesIO(b64decode(data))).size == (120, 30)
    colours = next(link["href"] for link in page.select("link") if "colours" in link["href"])
    assert "--header:#102030" in as_owner.get(colours).text
    assert "--accent:#a04000" in as_owner.get(colours).text
    assert page.body.has_attr("inert")
    assert Vendor.objects.values().get(pk=acme.pk) == before
    with vendor_scope(acme):
        assert not AuditEntry.objects.exists()


def test_it_speaks_the_language_that_is_chosen(
    as_owner: HubClient, settings_url: str, preview_url: str
) -> None:
    page = shown(as_owner, settings_url, preview_url, language="de")

    assert page.html["lang"] == "de"
    assert "Guten Tag, Alice" in page.h1.text


def test_the_logo_that_is_saved_stays_unless_it_is_ticked_away(
    as_owner: HubClient, settings_url: str, preview_url: str
) -> None:
    save(as_owner, settings_url, logo=SimpleUploadedFile("logo.png", png()))

    assert shown(as_owner, settings_url, preview_url).select_one("header img")
    page = shown(as_owner, settings_url, preview_url, **{"logo-clear": "on"})
    assert not page.select_one("header img")
    assert page.select_one("header .logo").text == "Acme"


def test_what_could_not_be_saved_is_said_instead(
    as_owner: HubClient, settings_url: str, preview_url: str
) -> None:
    typed = {"message": "Hello {nick}", "accent_colour": "red"}
    page = shown(as_owner, settings_url, preview_url, **typed)

    reasons = page.select_one(".errorlist").text
    assert "{nick} is not filled in here" in reasons
    assert "Write a colour as #rrggbb." in reasons


def test_it_is_for_who_may_change_the_settings(
    as_owner: HubClient, as_support: HubClient, settings_url: str, preview_url: str, globex: Vendor
) -> None:
    typed = filled_form(as_owner, settings_url)
    of_globex = staff(make_user("owner@globex.example", vendor=globex))

    assert as_support.post(preview_url, typed).status_code == 403
    assert of_globex.post(preview_url, typed).status_code == 404
    assert as_owner.get(preview_url).status_code == 405
    button = BeautifulSoup(as_owner.get(settings_url).content, "html.parser").find(
        "input", formaction=preview_url
    )
    assert button["formtarget"] == "_blank"


def test_its_policy_lets_only_pictures_stand_in_the_page(
    as_owner: HubClient, settings_url: str, preview_url: str
) -> None:
    answer = as_owner.post(preview_url, filled_form(as_owner, settings_url))

    policy = answer.headers["Content-Security-Policy"]
    assert "img-src 'self' data:;" in policy
    assert "script-src 'self';" in policy
    assert "style-src 'self';" in policy
