"""A vendor sets its looks and words; what it saves is what its customers see."""

import io
from base64 import b64encode
from typing import Any

import pytest
from bs4 import BeautifulSoup
from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import Image

from accounts.logos import logo_of
from accounts.models import AuditEntry, Customer, User, Vendor
from accounts.tenancy import vendor_scope
from billing.models import CancellationRules
from invoices.models import DocumentSettings
from tests.clients import HubClient
from tests.factories import make_document, make_document_settings, make_vendor
from tests.hub.admin.conftest import admin_url

pytestmark = pytest.mark.django_db


def filled_form(browser: HubClient, url: str) -> dict[str, Any]:
    """What a browser would send if nobody touched the form."""
    return sent_by(BeautifulSoup(browser.get(url).content, "html.parser"))


def sent_by(page: Any) -> dict[str, Any]:
    form = page.select_one("#vendor_form, #user_form")
    assert form
    values: dict[str, Any] = {}
    for field in form.select("input[name], select[name], textarea[name]"):
        name, kind = field["name"], field.get("type")
        if field.name == "select":
            values[name] = next((o["value"] for o in field.select("option[selected]")), "")
        elif field.name == "textarea":
            values[name] = field.text.removeprefix("\n")
        elif kind == "checkbox":
            if field.has_attr("checked"):
                values[name] = field.get("value", "on")
        elif kind not in ("submit", "file"):
            values[name] = field.get("value", "")
    return {name: value for name, value in values.items() if "__prefix__" not in name}


@pytest.fixture
def settings_url(acme: Vendor) -> str:
    return admin_url("accounts_vendor_change", acme.pk)


def save(browser: HubClient, url: str, **changes: Any) -> Any:
    answer = browser.post(url, filled_form(browser, url) | changes, follow=True)
    return BeautifulSoup(answer.content, "html.parser")


def errors(page: Any) -> str:
    return " ".join(item.get_text() for item in page.select(".errorlist"))


def png(width: int = 200, height: int = 60) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (width, height), "red").save(out, "PNG")
    return out.getvalue()


def test_who_works_for_one_vendor_lands_on_its_page(as_owner: HubClient, settings_url: str) -> None:
    answer = as_owner.get(admin_url("accounts_vendor_changelist"))
    assert answer.url == settings_url


def test_a_changed_look_is_in_the_hub_at_once(
    as_owner: HubClient, at_acme: HubClient, settings_url: str
) -> None:
    at_acme.get("/")
    save(
        as_owner,
        settings_url,
        name="Acme Academy",
        accent_colour="#aa3300",
        header_colour="#001122",
        support_phone="+353 1 555 0199",
    )
    door = at_acme.get("/").content.decode()
    assert "Acme Academy" in door
    assert "+353 1 555 0199" in door
    styles = [
        link["href"]
        for link in BeautifulSoup(door, "html.parser").select("link[rel=stylesheet]")
        if not link["href"].startswith("/static/")
    ]
    colours = at_acme.get(styles[0]).content.decode()
    assert "#aa3300" in colours
    assert "#001122" in colours


def test_what_is_not_chosen_yet_reads_german_too(as_owner: HubClient, settings_url: str) -> None:
    answer = as_owner.get(settings_url, headers={"accept-language": "de"})
    page = BeautifulSoup(answer.content, "html.parser")
    unchosen = {option.text for option in page.select("option[value='']")}
    assert unchosen == {"Nichts ausgewählt"}


def test_a_logo_is_kept_and_shown(
    as_owner: HubClient, at_acme: HubClient, acme: Vendor, settings_url: str
) -> None:
    upload = SimpleUploadedFile("our logo.png", png(), "image/png")
    page = save(as_owner, settings_url, logo=upload)
    assert not errors(page)
    acme.refresh_from_db()
    assert acme.logo.name.endswith(".png")
    assert "our logo" not in acme.logo.name
    door = BeautifulSoup(at_acme.get("/").content, "html.parser")
    source = door.select_one("header img")["src"]
    assert at_acme.get(source).headers["Content-Type"] == "image/png"


def test_who_may_not_change_the_logo_sees_the_picture_and_no_path(
    as_owner: HubClient, as_support: HubClient, acme: Vendor, settings_url: str
) -> None:
    save(as_owner, settings_url, logo=SimpleUploadedFile("our logo.png", png(), "image/png"))
    acme.refresh_from_db()
    page = BeautifulSoup(as_support.get(settings_url).content, "html.parser")
    assert acme.logo.name not in page.decode()
    sample = as_support.get(page.select_one("#look-sample")["src"])
    assert b64encode(logo_of(acme).png) in sample.content


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "not a PNG, JPEG or WebP"),
        (b"GIF89a, or so it says", "not a PNG, JPEG or WebP"),
        (png()[:100], "damaged"),
        (b"\x89PNG" + b"0" * (5 * 1024 * 1024), "larger than 5 MB"),
        (png(30_000, 600), "16 million pixels"),
    ],
    ids=["svg", "gif", "cut off", "too heavy", "too many pixels"],
)
def test_what_is_no_usable_image_is_refused_with_the_reason(
    content: bytes, reason: str, as_owner: HubClient, acme: Vendor, settings_url: str
) -> None:
    page = save(as_owner, settings_url, logo=SimpleUploadedFile("logo.png", content))
    assert reason in errors(page)
    acme.refresh_from_db()
    assert not acme.logo


def test_a_logo_can_be_removed(as_owner: HubClient, acme: Vendor, settings_url: str) -> None:
    save(as_owner, settings_url, logo=SimpleUploadedFile("logo.png", png()))
    save(as_owner, settings_url, **{"logo-clear": "on"})
    acme.refresh_from_db()
    assert not acme.logo


def test_the_sample_shows_colours_before_they_are_saved(as_owner: HubClient, acme: Vendor) -> None:
    url = admin_url("accounts_vendor_look", acme.pk)
    sample = as_owner.get(url, {"header": "#123456", "accent": "#fedcba"})
    assert sample.headers["Content-Type"] == "image/svg+xml"
    assert "#123456" in sample.content.decode()
    assert "#fedcba" in sample.content.decode()
    assert as_owner.get(url, {"header": '"><script>'}).status_code == 404


def test_the_message_is_previewed_as_a_customer_reads_it(
    as_owner: HubClient, settings_url: str
) -> None:
    message = "<p>Hello {first_name}</p><script>alert(1)</script>"
    page = save(as_owner, settings_url, message=message, _continue="1")
    preview = page.select_one(".field-message_preview .readonly")
    assert "Hello Alice" in preview.get_text()
    assert not preview.select("script")
    assert "{support_email}" in page.select_one(".field-message .help").get_text()


@pytest.mark.parametrize(
    ("message", "named"),
    [
        ("Hello {nick} of {place}", "{nick}, {place}"),
        ('<a href="mailto:{support_email}">write to us</a>', "{support_email}"),
    ],
)
def test_what_would_not_be_filled_in_is_refused_by_name(
    as_owner: HubClient, acme: Vendor, settings_url: str, message: str, named: str
) -> None:
    page = save(as_owner, settings_url, message=message)

    assert named in page.select_one(".field-message .errorlist").get_text()
    acme.refresh_from_db()
    assert acme.message != message


def test_a_message_has_an_end(as_owner: HubClient, acme: Vendor, settings_url: str) -> None:
    page = save(as_owner, settings_url, message="x" * 2001)
    assert "at most 2,000 characters" in page.select_one(".field-message .errorlist").get_text()
    assert not errors(save(as_owner, settings_url, message="x" * 2000))


@pytest.mark.parametrize("name", ["legal_name", "legal_address"])
def test_what_stands_on_every_receipt_cannot_be_emptied(
    as_owner: HubClient, acme: Vendor, settings_url: str, name: str
) -> None:
    page = save(as_owner, settings_url, **{name: " "})
    assert "stands on every receipt" in page.select_one(f".field-{name} .errorlist").get_text()
    acme.refresh_from_db()
    assert getattr(acme, name)


@pytest.mark.parametrize(
    ("name", "characters", "lines"),
    [("legal_address", 300, 6), ("documentsettings-0-footer", 600, 8)],
)
def test_what_documents_say_has_room_on_a_page(
    as_owner: HubClient, settings_url: str, name: str, characters: int, lines: int
) -> None:
    said = f"at most {characters} characters on {lines} lines"
    assert said in errors(save(as_owner, settings_url, **{name: "x" * (characters + 1)}))
    assert said in errors(save(as_owner, settings_url, **{name: "x\r\n" * lines + "x"}))
    most = "x\r\n" * (lines - 1)
    most += "x" * (characters - 2 * (lines - 1))
    assert not errors(save(as_owner, settings_url, **{name: most}))


def test_a_support_phone_is_a_number_that_can_be_called(
    as_owner: HubClient, acme: Vendor, settings_url: str
) -> None:
    for typed in ("abc", "call us", "1"):
        said = errors(save(as_owner, settings_url, support_phone=typed))
        assert "Write the phone number with its country code" in said
    assert not errors(save(as_owner, settings_url, support_phone="+442079460958"))
    acme.refresh_from_db()
    assert acme.support_phone == "+44 20 7946 0958"
    assert not errors(save(as_owner, settings_url, support_phone=""))


def test_a_support_phone_that_was_saved_before_stays_as_it_was_typed(
    as_owner: HubClient, acme: Vendor, settings_url: str
) -> None:
    Vendor.objects.filter(pk=acme.pk).update(support_phone="Extension 12")
    assert not errors(save(as_owner, settings_url, support_hours="9 to 5"))
    acme.refresh_from_db()
    assert acme.support_phone == "Extension 12"


def test_nobody_is_signed_out_later_than_sign_ins_end(
    as_owner: HubClient, settings_url: str
) -> None:
    page = save(as_owner, settings_url, session_hours="1", idle_hours="5")
    assert "end after 1 hour at most" in page.select_one(".field-idle_hours .errorlist").text
    assert not errors(save(as_owner, settings_url, session_hours="5", idle_hours="5"))


def test_a_broken_form_comes_back_filled_with_the_error_at_its_field(
    as_owner: HubClient, acme: Vendor, settings_url: str
) -> None:
    page = save(as_owner, settings_url, name="New name", accent_colour="red")
    assert "#rrggbb" in page.select_one(".field-accent_colour .errorlist").get_text()
    assert page.select_one("#id_name")["value"] == "New name"
    acme.refresh_from_db()
    assert acme.name == "Acme"


def test_only_the_operator_moves_a_hub(
    as_owner: HubClient, as_superuser: HubClient, acme: Vendor, settings_url: str
) -> None:
    save(as_owner, settings_url, subdomain="elsewhere")
    acme.refresh_from_db()
    assert acme.subdomain == "acme"
    save(as_superuser, settings_url, subdomain="elsewhere")
    acme.refresh_from_db()
    assert acme.subdomain == "elsewhere"


@pytest.mark.parametrize("name", ["www", "hub", "admin", "Acme", "a_b", "-a", "a.b", "globex"])
def test_a_reserved_taken_or_malformed_subdomain_is_refused(
    name: str, as_superuser: HubClient, acme: Vendor, settings_url: str
) -> None:
    make_vendor("Globex")
    page = save(as_superuser, settings_url, subdomain=name)
    assert page.select_one(".field-subdomain .errorlist")
    acme.refresh_from_db()
    assert acme.subdomain == "acme"


def test_the_operator_adds_a_vendor(as_superuser: HubClient) -> None:
    page = save(
        as_superuser,
        admin_url("accounts_vendor_add"),
        name="Initech",
        subdomain="initech",
        support_email="help@initech.example",
        legal_name="Initech LLC",
        legal_address="4120 Freidrich Lane, Austin",
    )
    assert not errors(page)
    assert HubClient("initech.test").get("/").status_code == 200


def test_document_and_cancellation_settings_are_saved(
    as_owner: HubClient, acme: Vendor, settings_url: str
) -> None:
    save(
        as_owner,
        settings_url,
        **{
            "documentsettings-0-prefix": "AC-",
            "documentsettings-0-mail_receipts": "never",
            "cancellationrules-0-split_pay": "on",
        },
    )
    with vendor_scope(acme):
        assert DocumentSettings.objects.get().prefix == "AC-"
        assert DocumentSettings.objects.get().mail_receipts == "never"
        assert CancellationRules.objects.get().split_pay


@pytest.mark.parametrize("prefix", ["../AC", "AC\\%", "<b>", "A C", "AC_"])
def test_a_prefix_that_could_mean_something_else_is_refused(
    as_owner: HubClient, settings_url: str, prefix: str
) -> None:
    name = "documentsettings-0-prefix"
    assert "no two dots" in errors(save(as_owner, settings_url, **{name: prefix}))
    assert not errors(save(as_owner, settings_url, **{name: "ΑΠΥ/24.1-"}))


def test_a_document_number_is_never_used_twice(
    as_owner: HubClient, alice: Customer, acme: Vendor, settings_url: str
) -> None:
    """Nor is it in another year or with another prefix."""
    make_document(alice, number="AC-2025-00039")
    make_document(alice, number="2026-00007")
    make_document_settings(acme, next_number=40)
    name = "documentsettings-0-next_number"
    page = save(as_owner, settings_url, **{name: "39"})
    assert "at least 40" in errors(page)
    for number in (100, 40):
        assert not errors(save(as_owner, settings_url, **{name: str(number)}))
        with vendor_scope(acme):
            assert DocumentSettings.objects.get().next_number == number


def test_a_document_number_leaves_room_to_count_on(
    as_owner: HubClient, acme: Vendor, settings_url: str
) -> None:
    """Past the database's highest no receipt could be issued any more."""
    name = "documentsettings-0-next_number"
    assert "at most 9,999,999" in errors(save(as_owner, settings_url, **{name: "10000000"}))
    make_document_settings(acme, next_number=40)
    assert "at most 9,999,999" in errors(save(as_owner, settings_url, **{name: "10000000"}))
    assert errors(save(as_owner, settings_url, **{name: str(2**63 - 1)}))
    with vendor_scope(acme):
        assert DocumentSettings.objects.get().next_number == 40


def test_a_number_that_was_set_far_too_high_can_be_taken_back(
    as_owner: HubClient, alice: Customer, acme: Vendor, settings_url: str
) -> None:
    make_document(alice, number="2026-00007")
    make_document_settings(acme, next_number=2**31 - 1)
    page = save(as_owner, settings_url, **{"documentsettings-0-next_number": "8"})
    assert not errors(page)
    with vendor_scope(acme):
        assert DocumentSettings.objects.get().next_number == 8


def test_saving_other_settings_does_not_put_back_a_number_drawn_meanwhile(
    as_owner: HubClient, acme: Vendor, settings_url: str
) -> None:
    make_document_settings(acme, next_number=40)
    form = filled_form(as_owner, settings_url)
    with vendor_scope(acme):
        DocumentSettings.objects.update(next_number=41)
        as_owner.post(settings_url, form | {"documentsettings-0-footer": "New footer"})
        kept = DocumentSettings.objects.get()
    assert (kept.footer, kept.next_number) == ("New footer", 41)


def test_an_older_form_changes_only_what_was_changed_in_it(
    as_owner: HubClient, acme: Vendor, settings_url: str
) -> None:
    make_document_settings(acme, footer="Acme Ltd")
    with vendor_scope(acme):
        CancellationRules.objects.create(vendor=acme)
    older = filled_form(as_owner, settings_url)
    meanwhile: dict[str, Any] = {
        "support_hours": "9 to 5",
        "legal_address": "2 High Street\r\nCork",
        "message": "Hello",
        "session_hours": "12",
        "idle_hours": "12",
        "documentsettings-0-footer": "VAT\r\nIE1",
        "cancellationrules-0-split_pay": "on",
    }
    assert not errors(save(as_owner, settings_url, **meanwhile))

    own = {"tax_id": "IE1", "documentsettings-0-prefix": "AC-"}
    del older["cancellationrules-0-ongoing"]
    as_owner.post(settings_url, older | own)

    acme.refresh_from_db()
    assert (acme.support_hours, acme.tax_id, acme.session_hours) == ("9 to 5", "IE1", 12)
    assert (acme.legal_address, acme.message) == ("2 High Street\nCork", "Hello")
    with vendor_scope(acme):
        documents, rules = DocumentSettings.objects.get(), CancellationRules.objects.get()
        entry = AuditEntry.objects.filter(action="vendor_changed").latest("number")
    assert (documents.footer, documents.prefix) == ("VAT\nIE1", "AC-")
    assert (rules.split_pay, rules.ongoing) == (True, False)
    assert set(entry.detail) == {
        "vendor.tax_id",
        "documentsettings.prefix",
        "cancellationrules.ongoing",
    }


@pytest.mark.parametrize(
    ("name", "theirs", "own", "now"),
    [
        ("support_hours", "9 to 5", "Round the clock", "9 to 5"),
        ("legal_address", "1\r\nCork", "2\r\nDublin", "1\nCork"),
        ("documentsettings-0-mail_receipts", "never", "first", "Never"),
        ("documentsettings-0-footer", "", "Thank you", "–"),
    ],
)
def test_who_would_undo_anothers_change_is_asked_first(
    as_owner: HubClient, acme: Vendor, settings_url: str, name: str, theirs: str, own: str, now: str
) -> None:
    make_document_settings(acme, footer="Acme Ltd")
    older = filled_form(as_owner, settings_url)
    save(as_owner, settings_url, **{name: theirs})

    asked = as_owner.post(settings_url, older | {name: own})
    page = BeautifulSoup(asked.content, "html.parser")
    assert f"It now says: {now}." in errors(page)
    again = sent_by(page)
    assert again[name].strip() == own.replace("\r\n", "\n")
    assert not errors(BeautifulSoup(as_owner.post(settings_url, again).content, "html.parser"))

    assert sent_by(BeautifulSoup(as_owner.get(settings_url).content, "html.parser"))[name] == (
        own.replace("\r\n", "\n")
    )


def test_settings_that_another_form_made_meanwhile_are_not_made_twice(
    as_owner: HubClient, acme: Vendor, settings_url: str
) -> None:
    older = filled_form(as_owner, settings_url)
    save(as_owner, settings_url, **{"documentsettings-0-prefix": "AC-"})

    as_owner.post(settings_url, older | {"documentsettings-0-footer": "Thank you"})

    with vendor_scope(acme):
        documents = DocumentSettings.objects.get()
    assert (documents.prefix, documents.footer) == ("AC-", "Thank you")


def test_what_was_changed_and_by_whom_is_in_the_audit_log(
    as_owner: HubClient, owner: User, acme: Vendor, settings_url: str
) -> None:
    save(as_owner, settings_url, support_phone="+353 1 555 0100")
    with vendor_scope(acme):
        entry = AuditEntry.objects.get(action="vendor_changed")
    assert entry.by_user == owner
    assert entry.detail == {"vendor.support_phone": ["", "+353 1 555 0100"]}
    assert entry.client == "127.0.0.1"


def test_text_nobody_touched_is_not_changed_by_how_browsers_end_lines(
    as_owner: HubClient, acme: Vendor, settings_url: str
) -> None:
    lines = {"legal_address": "1 Main Street\nDublin", "message": "Hello\nthere"}
    Vendor.objects.filter(pk=acme.pk).update(**lines)
    make_document_settings(acme, footer="Acme Ltd\nDublin")
    lines |= {"documentsettings-0-footer": "Acme Ltd\nDublin"}
    sent = {name: text.replace("\n", "\r\n") for name, text in lines.items()}

    assert not errors(save(as_owner, settings_url, **sent, support_hours="9 to 5"))

    acme.refresh_from_db()
    with vendor_scope(acme):
        entry = AuditEntry.objects.get(action="vendor_changed")
    assert entry.detail == {"vendor.support_hours": ["", "9 to 5"]}
    assert acme.legal_address == "1 Main Street\nDublin"
    typed = {"legal_address": "1\r\n2", "documentsettings-0-footer": "3\r\n4"}
    drawn = {f"initial-{name}": sent[name] for name in typed}
    assert not errors(save(as_owner, settings_url, **drawn, **typed))
    acme.refresh_from_db()
    with vendor_scope(acme):
        assert (acme.legal_address, DocumentSettings.objects.get().footer) == ("1\n2", "3\n4")
