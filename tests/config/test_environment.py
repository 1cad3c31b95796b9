"""A wrong variable is named in one sentence, whatever is started; an empty one is not set."""

import os
import subprocess
import sys

import pytest
from django.core.exceptions import ImproperlyConfigured

from config.environment import PORTS, Environment
from scripts.keys import fresh_keys

A_KEY = fresh_keys()["FIELD_ENCRYPTION_KEYS"]
POSTGRES = {"DATABASE_URL": "postgres://hub:secret@localhost/hub"}
MANAGE = [sys.executable, "manage.py"]
GUNICORN = [sys.executable, "-m", "gunicorn", "--config", "config/gunicorn.py", "--bind", "[::1]:0"]


def start(command: list[str], **environment: str) -> subprocess.CompletedProcess[str]:
    clean = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    sound = {"DATABASE_URL": "sqlite:///:memory:"} | fresh_keys()
    return subprocess.run(
        command, env=clean | sound | environment, capture_output=True, text=True, check=False
    )


@pytest.mark.parametrize(
    ("environment", "example"),
    [
        ({"SECRET_KEY": ""}, "python -m scripts.keys"),
        ({"FIELD_ENCRYPTION_KEYS": ""}, "python -m scripts.keys"),
        ({"FIELD_ENCRYPTION_KEYS": f"{A_KEY},abc"}, "python -m scripts.keys"),
        ({"HTTPS": "ture"}, "say 1 or 0"),
        ({"DATABASE_URL": "hello"}, "postgres://"),
        ({"DATABASE_OWNER_URL": "foo"} | POSTGRES, "postgres://"),
        ({"LOG_LEVEL": "loud"}, "INFO"),
        ({"MAIL_OPTIONS": "abc"}, "smtp.example.com"),
        ({"ANYMAIL": "[1]"}, "MAILGUN"),
        ({"PUBLIC_PORT": "x"}, "65535"),
        ({"TRUSTED_PROXIES": "-1"}, "from 0"),
        ({"CACHE_URL": "foo"}, "dbcache://"),
        ({"HUB_DOMAIN": "https://example.com"}, "hub.example.com"),
        ({"DNS_PORT": "99999"}, "65535"),
        ({"DNS_SERVERS": "foo"}, "192.0.2.53"),
        ({"STRIPE_PLATFORM_SECRET_KEY": "sk_live_1"}, "STRIPE_PLATFORM_WEBHOOK_SECRET"),
    ],
    ids=lambda case: next(iter(case)) if isinstance(case, dict) else "",
)
def test_every_command_refuses_a_wrong_variable_in_one_sentence(environment, example):
    refused = start([*MANAGE, "check", "--deploy"], **environment)

    assert refused.returncode != 0
    (sentence,) = refused.stderr.splitlines()
    assert next(iter(environment)) in sentence
    assert example in sentence


def test_the_worker_does_not_start_with_what_is_no_key():
    refused = start([*MANAGE, "ox_worker"], FIELD_ENCRYPTION_KEYS="abc")

    assert refused.returncode != 0
    assert refused.stderr.startswith("FIELD_ENCRYPTION_KEYS holds what is no key:")


@pytest.mark.parametrize(
    "wrong", [{"FIELD_ENCRYPTION_KEYS": "abc"}, {"WEB_PROCESSES": "two"}, {"PORT": "x"}]
)
def test_the_web_server_ends_with_the_sentence_and_no_traceback(wrong):
    refused = start(GUNICORN, **wrong)

    assert refused.returncode != 0
    assert any(line.startswith(next(iter(wrong))) for line in refused.stderr.splitlines())
    assert "Traceback" not in refused.stderr


@pytest.mark.parametrize("wrong", ["ture", "ja", "2"])
def test_a_word_that_is_neither_yes_nor_no_turns_nothing_off(wrong):
    with pytest.raises(ImproperlyConfigured, match=f"HTTPS={wrong} is neither yes nor no"):
        Environment({"HTTPS": wrong}).yes_no("HTTPS", default=True)


def test_yes_and_no_have_many_words():
    words = {"1": True, "True": True, "yes": True, "on": True, "0": False, "False": False}

    for word, meaning in (words | {"no": False, "OFF": False}).items():
        assert Environment({"HTTPS": word}).yes_no("HTTPS", default=not meaning) is meaning


@pytest.mark.parametrize("variables", [{}, {"X": ""}, {"X": " "}])
def test_what_is_empty_counts_as_not_set(variables):
    env = Environment(variables)

    assert env.yes_no("X", default=True) is True
    assert env.number("X", default=8000, among=PORTS) == 8000
    assert env.host("X", default="hub.example.com") == "hub.example.com"
    assert env.level("X") == "INFO"
    assert env.options("X", example="{}") == {}
    assert env.addresses("X") == []
    assert env.database("X", default="sqlite:////srv/hub.sqlite3")["NAME"] == "/srv/hub.sqlite3"


def test_small_letters_are_a_level_and_large_ones_a_host():
    env = Environment({"LOG_LEVEL": "info", "HOST": "Hub.Example.com"})

    assert (env.level("LOG_LEVEL"), env.host("HOST", default="")) == ("INFO", "hub.example.com")


@pytest.mark.parametrize(
    "wrong", ["example.com:8443", "example.com.", "-a.com", "a b", "müller.de"]
)
def test_what_no_browser_could_ask_for_is_no_host(wrong):
    with pytest.raises(ImproperlyConfigured, match="is no host"):
        Environment({"HOST": wrong}).host("HOST", default="")


@pytest.mark.parametrize(
    "wrong",
    ["mysql://hub:secret@db/hub", "postgres://hub:secret@db:x/hub", "postgres://hub:secret@db"],
)
def test_a_wrong_database_is_refused_without_telling_its_password(wrong):
    with pytest.raises(ImproperlyConfigured) as refused:
        Environment({"DATABASE_URL": wrong}).database("DATABASE_URL", default="sqlite://")

    assert "secret" not in str(refused.value)


def test_the_newest_key_comes_first_and_spaces_do_not_matter():
    older = fresh_keys()["FIELD_ENCRYPTION_KEYS"]

    assert Environment({"KEYS": f" {A_KEY}, {older},"}).fernet_keys("KEYS") == [A_KEY, older]
