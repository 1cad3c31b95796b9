"""Guessing staff's passwords: ten tries in a quarter of an hour, and nobody else is kept out."""

import time
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from allauth.mfa.totp.internal import auth
from axes.models import AccessFailureLog
from django.contrib.auth.backends import ModelBackend
from django.core.cache import cache

from accounts.models import User
from tests.clients import PLATFORM, HubClient, staff
from tests.figures import Report

pytestmark = pytest.mark.django_db

SIGN_IN = "/admin/login/"
CLEAN = "198.51.100.7"
GUESSER = "203.0.113.9"


@pytest.fixture
def evaluated(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The address of every password that was really looked at."""
    names: list[str] = []
    true_authenticate = ModelBackend.authenticate

    def counting(self: ModelBackend, request: Any, **credentials: Any) -> Any:
        names.append(credentials["email"])
        return true_authenticate(self, request, **credentials)

    monkeypatch.setattr(ModelBackend, "authenticate", counting)
    return names


def give(email: str, password: str, *, client: str = GUESSER, **headers: str) -> Any:
    return HubClient(PLATFORM).post(
        SIGN_IN, {"login": email, "password": password}, REMOTE_ADDR=client, headers=headers
    )


@pytest.mark.parametrize(
    "guesses",
    [pytest.param(100, id="100"), pytest.param(10_000, id="10000", marks=pytest.mark.slow)],
)
def test_ten_guesses_are_evaluated_and_the_right_password_still_works_elsewhere(
    guesses: int, owner: User, evaluated: list[str], report: Report
) -> None:
    """From one client, whatever it says of itself and whomever it tries to be."""
    names = [owner.email, owner.email.upper(), "nobody@team.example", "root@hub.example"]
    for number in range(guesses):
        forged = {"x-forwarded-for": f"192.0.2.{number % 250}", "user-agent": f"guess {number}"}
        answer = give(names[number % 4], f"guess {number}", **forged)

    assert len(evaluated) == 10
    assert answer.status_code == 429
    assert 0 < int(answer["Retry-After"]) <= 900
    assert "Your account is not blocked" in answer.content.decode()
    assert give(owner.email, "correct horse").status_code == 429
    assert give(owner.email, "correct horse", client=CLEAN).status_code == 302
    report(f"{guesses} guesses of one client in 15 minutes: 10 evaluated; from a clean one: in")


def test_who_waits_may_try_again(owner: User, evaluated: list[str]) -> None:
    with time_machine.travel("2026-11-20 10:00Z", tick=False) as clock:
        for number in range(12):
            give(owner.email, f"guess {number}")
            clock.shift(timedelta(seconds=1))
        clock.shift(timedelta(minutes=14))
        assert give(owner.email, "correct horse").status_code == 429
        clock.shift(timedelta(minutes=1, seconds=1))
        assert give(owner.email, "correct horse").status_code == 302


def test_guesses_from_everywhere_lock_nobody_out(owner: User) -> None:
    """A lock on the account would be a switch in everybody's hand."""
    for number in range(40):
        give(owner.email, "guess", client=f"203.0.113.{number}")
    assert give(owner.email, "correct horse", client=CLEAN).status_code == 302


def test_the_proof_that_it_is_still_you_is_counted_too(owner: User, evaluated: list[str]) -> None:
    browser = staff(owner, ago=timedelta(hours=1))
    answers = [
        browser.post("/admin/again/", {"password": "guess"}, REMOTE_ADDR=GUESSER).status_code
        for _ in range(12)
    ]
    assert len(evaluated) == 10
    assert answers[-1] == 429


def test_codes_are_guessed_five_times_at_most(owner: User, report: Report) -> None:
    """Only whoever knows the password gets as far as that."""
    looked_at: list[str] = []
    auth.TOTP.activate(owner, auth.generate_totp_secret())
    true_validate = auth.TOTP.validate_code

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(
            auth.TOTP,
            "validate_code",
            lambda self, code: looked_at.append(code) or true_validate(self, code),
        )
        for number in range(30):
            browser = HubClient(PLATFORM)
            given = {"login": owner.email, "password": "correct horse"}
            client = f"203.0.113.{number}"
            browser.post(SIGN_IN, given, REMOTE_ADDR=client)
            cache.clear()  # as in another process, which has one of its own
            answer = browser.post("/admin/second-factor/proof/", {"code": f"{number:06}"})
    assert len(looked_at) == 5
    assert answer.status_code == 429
    assert 0 < int(answer["Retry-After"]) <= 300
    assert "Too many wrong codes" in answer.text
    report("30 guessed codes from 30 clients that know the password: 5 evaluated in 5 minutes")


def test_codes_that_prove_it_again_count_with_them(owner: User) -> None:
    secret = auth.generate_totp_secret()
    auth.TOTP.activate(owner, secret)
    with time_machine.travel("2026-11-20 10:00Z", tick=False) as clock:
        browser = staff(owner, ago=timedelta(hours=1))
        answers = [browser.post("/admin/again/code/", {"code": "wrong"}) for _ in range(7)]
        assert [answer.status_code for answer in answers] == [200] * 5 + [429] * 2
        assert answers[-1]["Retry-After"] == "300"

        clock.shift(timedelta(minutes=5))
        code = auth.format_hotp_value(auth.hotp_value(secret, int(time.time()) // 30))
        assert browser.post("/admin/again/code/", {"code": code}).status_code == 302
    assert not AccessFailureLog.objects.exists()
