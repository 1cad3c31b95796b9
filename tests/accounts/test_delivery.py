"""Mail that does not arrive: who is told, what is held back, and what ends it."""

import hashlib
import hmac
import json
from base64 import b64encode
from datetime import UTC, datetime, timedelta
from itertools import product

import pytest
from anymail.signals import AnymailTrackingEvent
from anymail.webhooks.amazon_ses import AmazonSESTrackingWebhookView
from django.core import mail as outbox
from django.core.exceptions import ImproperlyConfigured
from django.test import override_settings
from django.utils.timezone import now

from accounts import mail, webhooks
from accounts.models import EmailAddress, SentMail
from accounts.tenancy import vendor_scope
from tests.accounts.mailbox import link_in, newest
from tests.clients import HubClient
from tests.factories import make_customer

AUTH = "Basic " + b64encode(b"mail:only-for-the-tests").decode()
SINCE = datetime(2026, 11, 3, 9, 30, tzinfo=UTC)
WHO = "alice@example.com"
WRONG = "Basic " + b64encode(b"mail:wrong").decode()
BROKEN = ["", "{", "[]", '"x"', '{"a": 1}', "\xff", "[" * 1000, "null", "1"]

# What each provider sends for a mailbox that is gone, and for one that is only full.
GONE = {
    "postmark": {"RecordType": "Bounce", "Type": "HardBounce", "Email": WHO, "Description": "No"},
    "sendgrid": [{"event": "bounce", "type": "bounce", "email": WHO, "reason": "550 No"}],
    "mailjet": {"event": "bounce", "email": WHO, "hard_bounce": True, "error": "user unknown"},
    "brevo": {"event": "hard_bounce", "email": WHO, "reason": "550 No such user"},
    "resend": {
        "type": "email.bounced",
        "data": {"to": [WHO], "bounce": {"type": "Permanent", "message": "sent a hard bounce"}},
    },
}
FULL = {
    "postmark": {"RecordType": "Bounce", "Type": "SoftBounce", "Email": WHO},
    "sendgrid": [{"event": "bounce", "type": "blocked", "email": WHO}],
    "mailjet": {"event": "bounce", "email": WHO, "hard_bounce": False, "error": "quota exceeded"},
    "brevo": {"event": "soft_bounce", "email": WHO},
    "resend": {
        "type": "email.bounced",
        "data": {"to": [WHO], "bounce": {"type": "Transient", "message": "the inbox was full"}},
    },
}


def mailgun(severity):
    """Signed, as it signs: with a key that anymail holds against what stands beside it."""
    stamp, token = "1793698200", "t" * 50
    signature = hmac.new(b"key", f"{stamp}{token}".encode(), hashlib.sha256).hexdigest()
    return {
        "signature": {"timestamp": stamp, "token": token, "signature": signature},
        "event-data": {
            "event": "failed",
            "severity": severity,
            "recipient": WHO,
            "delivery-status": {"code": 550, "message": "No such user"},
        },
    }


def amazon(bounce_type):
    """SNS's envelope needs Amazon's own package; what is in it anymail reads without."""
    bounced = [{"emailAddress": WHO, "diagnosticCode": "550 No"}]
    bounce = {"bounceType": bounce_type, "bounceSubType": "x", "bouncedRecipients": bounced}
    said = {"eventType": "Bounce", "mail": {"destination": [WHO]}, "bounce": bounce}
    view = AmazonSESTrackingWebhookView.__new__(AmazonSESTrackingWebhookView)
    return view.esp_to_anymail_events(said, {})


@pytest.fixture
def address(alice, in_acme):
    return alice.addresses.get()


@pytest.fixture
def platform():
    return HubClient("hub.test")


def post(platform, payload, **headers):
    given = {"Authorization": AUTH} | headers
    return platform.post("/mail-events/", json.dumps(payload), "application/json", headers=given)


def tell(kind, *, at=SINCE, address=WHO, **words):
    event = AnymailTrackingEvent(event_type=kind, recipient=address, timestamp=at, **words)
    webhooks.take_in(event=event)


def trouble_of(address):
    address.refresh_from_db()
    return address.trouble


@pytest.mark.filterwarnings("ignore:django-anymail has dropped official support")
@pytest.mark.parametrize("provider", GONE)
def test_each_provider_is_understood(platform, address, provider):
    with override_settings(MAIL_WEBHOOK=provider):
        assert post(platform, FULL[provider]).status_code == 200
        assert trouble_of(address) == "", "a full mailbox may be emptied"
        assert post(platform, GONE[provider]).status_code == 200

    assert trouble_of(address) == "bounced"
    assert address.trouble_detail != ""


def test_mailgun_is_understood(platform, address):
    keys = {"MAILGUN_WEBHOOK_SIGNING_KEY": "key", "WEBHOOK_SECRET": "mail:only-for-the-tests"}
    with override_settings(MAIL_WEBHOOK="mailgun", ANYMAIL=keys):
        assert post(platform, mailgun("temporary")).status_code == 200
        assert trouble_of(address) == ""
        assert post(platform, mailgun("permanent")).status_code == 200

    assert trouble_of(address) == "bounced"


def test_amazon_ses_is_understood(address):
    for bounce_type, trouble in (("Transient", ""), ("Permanent", "bounced")):
        for event in amazon(bounce_type):
            webhooks.take_in(event=event)
        assert trouble_of(address) == trouble


@pytest.mark.filterwarnings("ignore:django-anymail has dropped official support")
@pytest.mark.parametrize("provider", [*GONE, "mailgun", "mandrill", "sparkpost"])
def test_without_the_secret_nothing_is_taken(platform, address, provider):
    keys = {"MAILGUN_WEBHOOK_SIGNING_KEY": "k", "MANDRILL_WEBHOOK_KEY": "k"}
    secret = {"WEBHOOK_SECRET": "mail:only-for-the-tests"}
    with override_settings(MAIL_WEBHOOK=provider, ANYMAIL=secret | keys):
        for body, auth in product(BROKEN, ("", "Basic", "Basic !!", WRONG)):
            headers = {"Authorization": auth}
            answer = platform.post("/mail-events/", body, "application/json", headers=headers)
            assert answer.status_code in (400, 401)
        for body in BROKEN:
            answer = platform.post(
                "/mail-events/", body, "application/json", headers={"Authorization": AUTH}
            )
            assert answer.status_code in (200, 400)
    assert trouble_of(address) == ""


@pytest.mark.parametrize("secret", ["", "mail", "mail:short"])
def test_without_a_secret_it_does_not_start(secret):
    refusal = pytest.raises(ImproperlyConfigured, match="needs ANYMAIL_WEBHOOK_SECRET")
    with override_settings(ANYMAIL={"WEBHOOK_SECRET": secret}), refusal:
        webhooks.check_provider()


def test_a_provider_nobody_knows_is_refused_at_the_start():
    with override_settings(MAIL_WEBHOOK="pigeon"), pytest.raises(ImproperlyConfigured):
        webhooks.check_provider()
    with override_settings(MAIL_WEBHOOK="mailgun"), pytest.raises(ImproperlyConfigured):
        webhooks.check_provider()  # without its signing key


def test_vendors_hosts_have_no_such_page(at_acme, alice):
    assert post(at_acme, GONE["postmark"]).status_code == 404


def test_the_first_word_is_kept(address):
    tell("bounced", mta_response="550 5.1.1\n no such user")
    tell("bounced", at=now(), description="again")

    address.refresh_from_db()
    assert (address.trouble, address.trouble_at) == ("bounced", SINCE)
    assert address.trouble_detail == "550 5.1.1 no such user"


def test_every_vendor_that_knows_the_address_learns_of_it(alice, globex, in_acme):
    with vendor_scope(globex):
        other = make_customer(globex, "Alice", email="Alice@Example.com").addresses.get()
    tell("complained")

    assert trouble_of(alice.addresses.get()) == "complained"
    with vendor_scope(globex):
        assert trouble_of(other) == "complained"


def test_an_unknown_address_is_nothing_to_note(address):
    tell("bounced", address="nobody@example.com")
    tell("bounced", address=None)

    assert trouble_of(address) == ""


@pytest.mark.parametrize("kind", ["opened", "clicked", "deferred", "sent", "unknown", "queued"])
def test_other_news_changes_nothing(address, kind):
    tell(kind)

    assert trouble_of(address) == ""


@pytest.mark.parametrize(
    ("kind", "later", "left"),
    [
        ("bounced", timedelta(hours=1), ""),
        ("rejected", timedelta(hours=1), ""),
        ("bounced", timedelta(hours=-1), "bounced"),
        ("complained", timedelta(hours=1), "complained"),
    ],
)
def test_a_later_mail_that_arrives_ends_it_unless_it_was_a_complaint(address, kind, later, left):
    tell(kind)
    tell("delivered", at=SINCE + later)

    assert trouble_of(address) == left


def test_only_what_nobody_asked_for_is_held_back(address, alice, in_acme):
    tell("bounced")
    for automatic in (True, False):
        mail.send(
            "update_link",
            vendor=in_acme,
            to=alice.email,
            customer=alice,
            context={"url": "https://stripe.example/"},
            automatic=automatic,
        )

    assert len(outbox.outbox) == 1
    assert list(SentMail.objects.order_by("pk").values_list("held_back", flat=True)) == [
        True,
        False,
    ]


def test_the_door_says_nothing_of_it_and_tries(address, at_acme):
    before = at_acme.post("/sign-in/", {"email": WHO}, follow=True)
    tell("bounced")
    tell("complained")
    after = HubClient("acme.test").post("/sign-in/", {"email": WHO}, follow=True)

    assert len(outbox.outbox) == 2
    assert after.status_code == before.status_code
    assert "arrive" not in after.text


def test_signing_in_with_the_address_shows_that_mail_arrives(address, at_acme):
    tell("complained")
    at_acme.post("/sign-in/", {"email": WHO})
    at_acme.post(link_in(newest()))
    tell("bounced")  # told late of what was before

    assert trouble_of(address) == ""


def test_the_customer_is_told_on_their_pages_and_can_have_it_tried(as_alice, address):
    tell("bounced", mta_response="550 No")

    for path in ("/", "/profile/"):
        page = as_alice.get(path).text
        assert "Mail to alice@example.com does not arrive." in page
        assert "Since 3 November its mail server sends our mail back." in page
    as_alice.post("/profile/addresses/add/", {"address": WHO})
    as_alice.post(link_in(newest()))

    assert trouble_of(address) == ""
    assert "does not arrive" not in as_alice.get("/").text
    assert EmailAddress.objects.count() == 1
