"""Staff prove themselves: by a passkey that the browser holds, an app's code, a recovery code."""

import re
import secrets
import time

import pytest
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value
from playwright.sync_api import expect

from hub.demo import sign_ins
from tests.journeys.walks import sign_in_to_admin

JOIN_THE_TEAM = """
from accounts.models import TeamMember, User, Vendor
from accounts.tenancy import vendor_scope
vendor = Vendor.objects.get(subdomain="acme")
user = User.objects.create_user("{email}", "{password}", is_staff=True)
with vendor_scope(vendor):
    TeamMember.objects.create(vendor=vendor, user=user, role=TeamMember.Role.SUPPORT)
"""
KEY = {
    "protocol": "ctap2",
    "transport": "internal",
    "hasResidentKey": True,
    "hasUserVerification": True,
    "isUserVerified": True,
    "automaticPresenceSimulation": True,
}


class Device:
    """The fingerprint reader in the person's laptop."""

    def __init__(self, page):
        self._chromium = page.context.new_cdp_session(page)
        self._chromium.send("WebAuthn.enable")
        made = self._chromium.send("WebAuthn.addVirtualAuthenticator", {"options": KEY})
        self._id = {"authenticatorId": made["authenticatorId"]}

    def passkeys(self):
        return self._chromium.send("WebAuthn.getCredentials", self._id)["credentials"]

    def forget(self):
        self._chromium.send("WebAuthn.clearCredentials", self._id)


@pytest.fixture
def priya(stack, up):
    """New in Acme's support."""
    email = f"priya-{secrets.token_hex(4)}@acme-courses.example"
    joining = JOIN_THE_TEAM.format(email=email, password=sign_ins.PASSWORD)
    stack.manage("shell", "-v0", "-c", joining)
    return email


@pytest.fixture
def own_factors(page, stack, priya):
    sign_in_to_admin(page, stack, priya)
    page.get_by_role("link", name="Second factor").click()
    expect(page.get_by_role("heading", name="Set up a second factor")).to_be_visible()
    return page


def give_password(page, stack, email):
    page.get_by_role("button", name=re.compile("Sign out|Log out")).click()
    page.goto(f"{stack.origin('hub')}/admin/")
    page.get_by_label("E-mail").fill(email)
    page.get_by_label("Password").fill(sign_ins.PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", name="One more proof")).to_be_visible()


def add_passkey(page, name):
    page.get_by_role("link", name=re.compile("Add a .*passkey")).click()
    page.get_by_label("Name").fill(name)
    page.get_by_role("button", name="Add a passkey").click()


def keep_recovery_codes(page):
    codes = page.locator("ul.codes code")
    expect(codes).to_have_count(10)
    kept = codes.all_inner_texts()
    page.get_by_role("link", name="I have kept them").click()
    return kept


def test_a_passkey_opens_the_admin_until_it_is_removed(own_factors, stack, priya):
    page, device = own_factors, Device(own_factors)
    add_passkey(page, "Laptop")
    expect(page.get_by_text("The passkey was added.")).to_be_visible()
    assert [key["rpId"] for key in device.passkeys()] == ["hub.localhost"]
    recovery_codes = keep_recovery_codes(page)

    give_password(page, stack, priya)
    page.get_by_role("button", name="Use your passkey").click()
    expect(page.get_by_text(priya)).to_be_visible()

    page.goto(f"{stack.origin('hub')}/admin/again/?next=/admin/second-factor/")
    page.get_by_role("link", name="Use your passkey").click()
    page.get_by_role("button", name="Use your passkey").click()
    expect(page.get_by_role("heading", name="Your second factor")).to_be_visible()

    give_password(page, stack, priya)
    page.get_by_label("recovery code").fill(recovery_codes[0])
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_text(priya)).to_be_visible()

    page.get_by_role("link", name="Second factor").click()
    expect(page.get_by_text("9 codes left")).to_be_visible()
    expect(page.get_by_text("Last used on")).to_be_visible()
    page.get_by_role("link", name="Remove").click()
    page.get_by_role("button", name="Remove").click()
    expect(page.get_by_text("The passkey was removed.")).to_be_visible()
    expect(page.get_by_role("heading", name="Set up a second factor")).to_be_visible()


def test_who_has_lost_the_passkey_is_told_and_types_a_code(own_factors, stack, priya):
    page, device = own_factors, Device(own_factors)
    add_passkey(page, "Laptop")
    keep_recovery_codes(page)
    page.get_by_role("link", name="Second factor").click()
    page.get_by_role("link", name="Set up an app").click()
    key = page.locator("main code").inner_text()
    page.get_by_label("Code", exact=True).fill(code_of(key))
    page.get_by_role("button", name="Set up").click()
    expect(page.get_by_text("The authenticator app is set up.")).to_be_visible()

    device.forget()
    give_password(page, stack, priya)
    page.get_by_role("button", name="Use your passkey").click()
    expect(page.get_by_text("The passkey did not answer.")).to_be_visible()
    page.get_by_label("Code from your").fill(code_of(key, later=1))
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_text(priya)).to_be_visible()


def code_of(key, later=0):
    """What the app shows; `later`: so many half minutes ahead, as each code works once."""
    return format_hotp_value(hotp_value(key, int(time.time()) // 30 + later))
