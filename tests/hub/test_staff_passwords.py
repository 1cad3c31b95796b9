"""What somebody may choose as a password, at every place where one is chosen."""

from __future__ import annotations

from collections.abc import Callable
from io import StringIO
from typing import Any

import pytest
from django.contrib.auth.tokens import default_token_generator
from django.core.management import CommandError, call_command
from django.urls import reverse
from django.utils.encoding import force_bytes
from django.utils.http import urlsafe_base64_encode

from accounts.models import User
from tests.clients import PLATFORM, HubClient, staff

pytestmark = pytest.mark.django_db

GOOD = "a long day in Lyon"
WEAK = {
    "1": "at least 12 characters",
    "eleven char": "at least 12 characters",
    "newcomer@team.example": "too similar to the e-mail",
    "1q2w3e4r5t6y": "too common",
}


def at(name: str, *args: Any) -> str:
    return reverse(name, args=args, urlconf="config.platform_urls")


@pytest.fixture
def newcomer(db: None) -> User:
    return User.objects.create_user("newcomer@team.example", is_staff=True)


def join(user: User) -> tuple[HubClient, str]:
    """A browser that followed the invitation, and the form's address."""
    key = urlsafe_base64_encode(force_bytes(user.pk))
    browser = HubClient(PLATFORM)
    return browser, browser.get(at("join", key, default_token_generator.make_token(user))).url


def through_join(user: User, password: str) -> str:
    browser, form = join(user)
    return str(browser.post(form, {"new_password1": password, "new_password2": password}).text)


def through_password_change(user: User, password: str) -> str:
    user.set_password("correct horse")
    user.save()
    given = {"old_password": "correct horse", "new_password1": password, "new_password2": password}
    return str(staff(user).post(at("admin:password_change"), given).text)


def through_the_operators_page(user: User, password: str) -> str:
    operator = User.objects.create_superuser("root@hub.example", "correct horse")
    given = {"usable_password": "true", "password1": password, "password2": password}
    return str(staff(operator).post(at("admin:auth_user_password_change", user.pk), given).text)


WAYS = [through_join, through_password_change, through_the_operators_page]


@pytest.mark.parametrize("choose", WAYS)
@pytest.mark.parametrize("password", WEAK)
def test_a_weak_one_is_refused_with_the_reason(
    choose: Callable[[User, str], str], password: str, newcomer: User
) -> None:
    assert WEAK[password] in choose(newcomer, password)
    newcomer.refresh_from_db()
    assert not newcomer.check_password(password)


@pytest.mark.parametrize("choose", WAYS)
def test_a_long_one_is_taken(choose: Callable[[User, str], str], newcomer: User) -> None:
    choose(newcomer, GOOD)
    newcomer.refresh_from_db()
    assert newcomer.check_password(GOOD)


def test_the_operators_form_for_somebody_new_refuses_it(superuser: User) -> None:
    given = {
        "email": "newcomer@team.example",
        "usable_password": "true",
        "password1": "newcomer@team.example",
        "password2": "newcomer@team.example",
        "memberships-TOTAL_FORMS": "0",
        "memberships-INITIAL_FORMS": "0",
    }
    page = staff(superuser).post(at("admin:accounts_user_add"), given).text
    assert "too similar to the e-mail" in page
    assert not User.objects.filter(email="newcomer@team.example").exists()


def test_the_join_page_says_beforehand_what_is_asked(newcomer: User) -> None:
    browser, form = join(newcomer)
    page = browser.get(form).text
    assert 'class="help" id="id_new_password1_helptext"' in page
    assert "at least 12 characters" in page


def test_the_operators_command_asks_the_same(
    newcomer: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("getpass.getpass", lambda **_kwargs: "short")
    with pytest.raises(CommandError):
        call_command("changepassword", newcomer.email, stdout=StringIO(), stderr=StringIO())


@pytest.mark.parametrize("password", WEAK)
def test_the_first_operator_has_a_good_password_even_where_nobody_types_it(
    password: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DJANGO_SUPERUSER_PASSWORD", password)
    with pytest.raises(CommandError, match=WEAK[password]):
        call_command("createsuperuser", interactive=False, email="newcomer@team.example")
    assert not User.objects.exists()

    monkeypatch.setenv("DJANGO_SUPERUSER_PASSWORD", GOOD)
    call_command("createsuperuser", interactive=False, email="first@hub.example", verbosity=0)
    assert User.objects.get().check_password(GOOD)
