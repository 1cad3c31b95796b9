"""A mail is from the vendor, to one mailbox, in one language, and carries nothing smuggled."""

from datetime import UTC, datetime
from email.utils import getaddresses, parseaddr
from io import BytesIO

import pytest
from django.core import mail as django_mail
from django.core.exceptions import ValidationError
from django.core.files.base import ContentFile
from PIL import Image

from accounts import mail
from accounts.models import SentMail
from tests.accounts.mailbox import html_of, newest


class Link:
    """What the templates of a sign-in mail ask of a link."""

    expires_at = datetime(2026, 1, 15, 12, 10, tzinfo=UTC)
    email = "alice@example.com"


def send(vendor, to="alice@example.com", **options):
    context = {"url": "https://acme.test/sign-in/x/", "code": "123456", "link": Link}
    mail.send("magic_link", vendor=vendor, to=to, context=context, **options)
    return newest()


def test_it_comes_from_the_vendor_and_is_answered_by_its_support(in_acme, alice):
    message = send(in_acme, customer=alice).message()

    assert parseaddr(message["From"]) == ("Acme", "hub@test")
    assert message["Reply-To"] == "help@acme.example"
    assert message["To"] == "alice@example.com"
    assert message["Auto-Submitted"] == "auto-generated"


def test_the_vendor_may_want_answers_elsewhere(in_acme):
    in_acme.reply_to = "desk@acme.example"

    assert send(in_acme).message()["Reply-To"] == "desk@acme.example"


@pytest.mark.parametrize(
    "name",
    [
        "Acme\r\nBcc: eve@example.com",
        'Acme" <eve@example.com>, "',
        "Acme, eve@example.com",
        "Acme <eve@example.com>",
        "Ácme Ünlimited 株式会社",
        "a" * 100,
    ],
)
def test_a_vendors_name_is_a_name_whatever_it_holds(in_acme, name):
    in_acme.name = name
    message = send(in_acme).message()

    read = getaddresses([str(message["From"])])
    assert read == [(" ".join(name.split()), "hub@test")]
    assert message["Bcc"] is None
    assert "\n" not in message["Subject"]
    assert newest().recipients() == ["alice@example.com"]


@pytest.mark.parametrize(
    "to",
    [
        "alice@example.com, eve@example.com",
        "alice@example.com\nBcc: eve@example.com",
        "alice@example.com;eve@example.com",
        '"alice@example.com, eve"@example.com',
        "Alice <alice@example.com>",
        f"{'a' * 250}@example.com",
        "",
    ],
)
def test_what_could_be_two_mailboxes_gets_no_mail(in_acme, to):
    with pytest.raises(ValidationError):
        send(in_acme, to=to)

    assert django_mail.outbox == []
    assert not SentMail.objects.exists()


def test_text_is_not_escaped_and_html_is(in_acme):
    in_acme.name = "Smith & <b>Sons</b>"
    message = send(in_acme)

    assert message.subject == "Your sign-in link for Smith & <b>Sons</b>"
    assert "Sign in to Smith & <b>Sons</b>" in message.body
    assert "Smith &amp; &lt;b&gt;Sons&lt;/b&gt;" in html_of(message)


@pytest.mark.parametrize(
    ("wishes", "spoken"),
    [
        (("de", "en", "en"), "de"),
        ((None, "de", "en"), "de"),
        ((None, "", "de"), "de"),
        ((None, "", ""), "en"),
        (("xx", "fr", "de"), "de"),
    ],
)
def test_it_is_in_the_language_asked_for_then_the_customers_then_the_vendors(
    in_acme, alice, wishes, spoken
):
    asked, alice.language, in_acme.language = wishes

    assert f'lang="{spoken}"' in html_of(send(in_acme, customer=alice, language=asked))


@pytest.mark.parametrize(("language", "zone"), [("en", "CET"), ("de", "MEZ")])
def test_a_time_zone_has_the_name_its_readers_know(in_acme, language, zone):
    in_acme.time_zone = "Europe/Berlin"

    assert f"13:10 ({zone})" in send(in_acme, language=language).body.replace(" Uhr", "")


def test_styles_stand_at_their_elements(in_acme):
    html = html_of(send(in_acme))

    assert html.count("<style") == 1, "only the dark look, which cannot stand elsewhere"
    assert f"background: {in_acme.accent_colour}" in html.replace(":#", ": #")


def test_the_logo_travels_with_the_mail(in_acme):
    image = BytesIO()
    Image.new("RGBA", (300, 60), "#2f3640").save(image, "PNG")
    in_acme.logo.save("x", ContentFile(image.getvalue()))
    message = send(in_acme)

    parts = [part for part in message.message().walk() if part["Content-ID"] == "<logo>"]
    assert [part.get_content_type() for part in parts] == ["image/png"]
    assert parts[0].get_content_disposition() == "inline"
    assert 'src="cid:logo"' in html_of(message)


def test_without_a_logo_the_name_stands_there(in_acme):
    assert "cid:logo" not in html_of(send(in_acme))


def test_attachments_arrive_as_they_are(in_acme):
    message = send(in_acme, attachments=[("receipt.pdf", b"%PDF-1.7 \xff", "application/pdf")])

    [part] = message.message().iter_attachments()
    assert (part.get_filename(), part.get_content_type()) == ("receipt.pdf", "application/pdf")
    assert part.get_content() == b"%PDF-1.7 \xff"


def test_that_it_left_is_kept_and_its_content_is_not(in_acme, alice):
    send(in_acme, customer=alice)

    sent = SentMail.objects.get()
    assert (sent.message, sent.to, sent.customer) == ("magic_link", "alice@example.com", alice)
    assert sent.subject == "Your sign-in link for Acme"
    assert "123456" not in str(SentMail.objects.values())


def test_a_mail_that_did_not_leave_is_not_kept(settings, in_acme):
    settings.MAILERS = {"default": {"BACKEND": "tests.accounts.mailbox.BrokenBackend"}}

    with pytest.raises(ConnectionRefusedError):
        send(in_acme)

    assert not SentMail.objects.exists()


def test_the_vendors_message_is_in_the_mail(in_acme, alice):
    in_acme.message = "<p>Dear {first_name}, <strong>hello</strong></p>"
    message = send(in_acme, customer=alice)

    assert "Dear Alice, hello" in message.body
    assert "Dear Alice, <strong" in html_of(message)
