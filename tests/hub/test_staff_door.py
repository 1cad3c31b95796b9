"""How staff get in: a password, then what only they hold; and what they prove again later."""

import re
import time
from collections import Counter
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value
from django.core.cache import cache
from django.urls import reverse

from accounts.models import User, Vendor
from hub.staff_door import tries
from tests.clients import PLATFORM, HubClient, staff
from tests.crowds import all_at_once

pytestmark = pytest.mark.django_db

PASSWORD = "correct horse"
STALE = timedelta(hours=1)


def at(name: str, *args: Any) -> str:
    return reverse(name, args=args, urlconf="config.platform_urls")


def code_of(secret: str, later: int = 0) -> str:
    """What the app shows, so many half minutes from now."""
    return format_hotp_value(hotp_value(secret, int(time.time()) // 30 + later))


def give_password(email: str, password: str = PASSWORD) -> tuple[HubClient, Any]:
    browser = HubClient(PLATFORM)
    return browser, browser.post(at("account_login"), {"login": email, "password": password})


def set_up_app(browser: HubClient) -> tuple[str, Any]:
    """The app's secret, and the answer to its first code."""
    page = browser.get(at("mfa_activate_totp")).content.decode()
    secret = re.search(r"<code>([A-Z2-7]{32})</code>", page)[1]
    return secret, browser.post(at("mfa_activate_totp"), {"code": code_of(secret)})


def sealed(user: User) -> str:
    return str(Authenticator.objects.get(user=user, type="totp").data["secret"])


@pytest.fixture
def enrolled(owner: User) -> tuple[User, str]:
    browser, _ = give_password(owner.email)
    secret, _ = set_up_app(browser)
    # A code is good once; the next test step may fall into the same half minute.
    cache.clear()
    Authenticator.objects.filter(user=owner, type="totp").update(data={"secret": sealed(owner)})
    return owner, secret


def test_the_first_sign_in_leads_to_setting_a_second_factor_up(owner: User) -> None:
    browser, answer = give_password(owner.email)
    assert answer.url == at("admin:index")
    assert browser.get(answer.url).url == at("mfa_index")
    page = browser.get(at("mfa_index")).content.decode()
    assert "a password alone is not enough" in page

    _secret, answer = set_up_app(browser)

    assert answer.url == at("mfa_view_recovery_codes")
    codes = re.findall(r"<code>(\d{8})</code>", browser.get(answer.url).content.decode())
    assert len(set(codes)) == 10
    assert browser.get(at("admin:index")).status_code == 200


def test_afterwards_a_password_alone_opens_nothing(enrolled: tuple[User, str]) -> None:
    user, secret = enrolled
    browser, answer = give_password(user.email)
    assert answer.url == at("mfa_authenticate")
    assert at("account_login") in browser.get(at("admin:index")).url

    wrong = browser.post(at("mfa_authenticate"), {"code": "000000"})
    assert "Incorrect code" in wrong.content.decode()

    right = browser.post(at("mfa_authenticate"), {"code": code_of(secret)})
    assert right.url == at("admin:index")
    assert browser.get(right.url).status_code == 200


def test_a_code_of_the_app_works_once(enrolled: tuple[User, str]) -> None:
    user, secret = enrolled
    code = code_of(secret)
    for expected in (302, 200):
        browser, _ = give_password(user.email)
        assert browser.post(at("mfa_authenticate"), {"code": code}).status_code == expected


@pytest.fixture
def caches_apart(settings: Any) -> None:
    """As between two processes: what one puts into its cache the other does not find."""
    settings.CACHES = {"default": {"BACKEND": "django.core.cache.backends.dummy.DummyCache"}}


@pytest.mark.usefixtures("caches_apart")
def test_the_code_that_set_the_app_up_opens_nothing_more(owner: User) -> None:
    browser, _ = give_password(owner.email)
    secret, _ = set_up_app(browser)
    code = code_of(secret)

    browser, _ = give_password(owner.email)
    again = browser.post(at("mfa_authenticate"), {"code": code})

    assert "or one that was used already" in again.content.decode()


@pytest.mark.usefixtures("caches_apart")
def test_a_code_that_one_process_has_taken_no_other_takes(enrolled: tuple[User, str]) -> None:
    user, secret = enrolled
    code = code_of(secret)
    browser, _ = give_password(user.email)
    assert browser.post(at("mfa_authenticate"), {"code": code}).status_code == 302
    again = browser.post(at("mfa_reauthenticate"), {"code": code})
    assert "or one that was used already" in again.content.decode()
    browser, _ = give_password(user.email)
    later = browser.post(at("mfa_authenticate"), {"code": code_of(secret, later=1)})
    assert later.status_code == 302
    browser, _ = give_password(user.email)
    assert browser.post(at("mfa_authenticate"), {"code": code}).status_code == 200


@pytest.mark.usefixtures("caches_apart")
@pytest.mark.django_db(transaction=True)
def test_of_many_processes_that_are_given_a_code_at_once_one_takes_it(
    enrolled: tuple[User, str], acme: Vendor
) -> None:
    user, secret = enrolled
    code = code_of(secret)
    browsers = [give_password(user.email)[0] for _ in range(tries.LIMIT)]

    def give(browser: HubClient) -> Any:
        return browser.post(at("mfa_authenticate"), {"code": code})

    answers = all_at_once(acme, [partial(give, browser) for browser in browsers])

    assert Counter(answer.status_code for answer in answers) == {302: 1, 200: tries.LIMIT - 1}


def test_a_recovery_code_opens_once_in_place_of_the_phone(enrolled: tuple[User, str]) -> None:
    user, _secret = enrolled
    row = Authenticator.objects.get(user=user, type=Authenticator.Type.RECOVERY_CODES)
    code = row.wrap().get_unused_codes()[0]
    for expected in (302, 200):
        browser, _ = give_password(user.email)
        assert browser.post(at("mfa_authenticate"), {"code": code}).status_code == expected


def test_secrets_of_second_factors_are_sealed_in_the_database(enrolled: tuple[User, str]) -> None:
    user, secret = enrolled
    stored = str(list(Authenticator.objects.filter(user=user).values_list("data", flat=True)))
    assert secret not in stored


def test_a_password_stolen_before_enrolment_is_worth_nothing_after_it(owner: User) -> None:
    """The thief was in before there was a second factor: it must be proved there as well."""
    thief, _ = give_password(owner.email)
    browser, _ = give_password(owner.email)
    set_up_app(browser)

    for name in ("admin:index", "mfa_index", "mfa_activate_totp", "mfa_add_webauthn"):
        assert at("mfa_reauthenticate") in thief.get(at(name)).url


def test_what_can_do_harm_asks_again_after_a_while(enrolled: tuple[User, str]) -> None:
    user, secret = enrolled
    browser = staff(user, ago=STALE)
    answer = browser.get(at("mfa_generate_recovery_codes"))
    assert answer.url.startswith(at("account_reauthenticate"))

    page = browser.get(answer.url).content.decode()
    assert "wrong hands" in page
    assert "Use a code" in page
    again = at("mfa_reauthenticate") + "?next=" + at("mfa_generate_recovery_codes")
    assert browser.post(again, {"code": code_of(secret)}).url == at("mfa_generate_recovery_codes")
    assert browser.get(at("mfa_generate_recovery_codes")).status_code == 200


def test_the_password_as_well_is_proof_again(owner: User) -> None:
    browser = staff(owner, ago=STALE)
    again = at("account_reauthenticate") + "?next=" + at("mfa_index")
    assert "errorlist" in browser.post(again, {"password": "wrong"}).content.decode()
    assert browser.post(again, {"password": PASSWORD}).url == at("mfa_index")


def test_nobody_is_led_to_another_site(owner: User) -> None:
    browser = HubClient(PLATFORM)
    given = {"login": owner.email, "password": PASSWORD, "next": "https://evil.example/"}
    assert browser.post(at("account_login"), given).url == at("admin:index")


def test_an_address_is_known_however_it_is_written(superuser: User) -> None:
    User.objects.filter(pk=superuser.pk).update(email="Root@Hub.example")
    _browser, answer = give_password("root@hub.example")
    assert answer.url == at("admin:index")


def test_signing_out_needs_no_second_thought(as_owner: HubClient) -> None:
    assert as_owner.post(at("account_logout")).url == at("account_login")
    assert at("account_login") in as_owner.get(at("admin:index")).url


def test_there_is_no_sign_up_and_nothing_of_it_on_a_vendors_host(at_acme: HubClient) -> None:
    platform = HubClient(PLATFORM)
    for path in ("/admin/signup/", "/accounts/signup/", "/admin/email/"):
        assert platform.get(path).status_code in {302, 404}
        assert at_acme.get(path).status_code in {302, 404}
    assert at_acme.get("/admin/second-factor/").status_code == 404
    assert not User.objects.exists()


def test_a_demo_says_that_its_password_is_enough(owner: User, settings: Any) -> None:
    settings.SECOND_FACTOR_REQUIRED, settings.DEMO = False, True
    assert "This is the demo" in HubClient(PLATFORM).get(at("account_login")).content.decode()
    browser, answer = give_password(owner.email)
    assert browser.get(answer.url).status_code == 200
    settings.SECOND_FACTOR_REQUIRED = True
    assert "This is the demo" not in HubClient(PLATFORM).get(at("account_login")).content.decode()
