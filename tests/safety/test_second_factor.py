"""Staff without a second factor get no further than to setting one up, at every address."""

from __future__ import annotations

import pytest
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret
from django.urls import resolve

from accounts.models import User, Vendor
from billing.sandbox.machine import Sandbox
from hub.staff_door.middleware import AGAIN, ENROLMENT, OPEN_TO_ALL
from tests.clients import staff
from tests.factories import make_user
from tests.figures import Report
from tests.safety.world import PLATFORM, make_world

pytestmark = pytest.mark.django_db

ENROL = "/admin/second-factor/"


@pytest.mark.parametrize("who", ["owner", "superuser"])
def test_every_page_of_the_admin_leads_to_enrolment(
    who: str, sandbox: Sandbox, report: Report
) -> None:
    world = make_world("Acme", "watercolour")
    owner = make_user("owner@acme.example", vendor=world.vendor)
    user = owner if who == "owner" else User.objects.create_superuser("root@hub.example")
    browser = staff(user, proved="password")
    walled, open_ones = 0, set()
    for path in set(world.paths(PLATFORM)):
        name = resolve(path.partition("?")[0], PLATFORM).url_name or ""
        if not path.startswith("/admin/"):
            continue
        if name in OPEN_TO_ALL | AGAIN | ENROLMENT:
            open_ones.add(name)
            continue
        for method in ("get", "post"):
            answer = getattr(browser, method)(path)
            assert (answer.status_code, answer.url) == (302, ENROL), (method, path)
        walled += 1

    assert open_ones == OPEN_TO_ALL | AGAIN | ENROLMENT
    report(f"{walled} of {walled} addresses of the admin lead to enrolment; {len(open_ones)} open")


def test_where_there_is_one_a_password_alone_may_not_add_another(acme: Vendor) -> None:
    user = make_user("owner@acme.example", vendor=acme)
    TOTP.activate(user, generate_totp_secret())
    browser = staff(user, proved="password")
    for path in ("", "app/", "passkeys/add/", "recovery-codes/", "recovery-codes/new/"):
        assert browser.get(f"{ENROL}{path}").url.startswith("/admin/again/code/"), path


def test_recovery_codes_alone_are_no_second_factor(acme: Vendor) -> None:
    user = make_user("owner@acme.example", vendor=acme)
    RecoveryCodes.activate(user)
    assert staff(user, proved="password").get("/admin/").url == ENROL
