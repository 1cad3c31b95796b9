"""Every address and every status answers with the headers that keep browsers on our side."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections import Counter
from typing import Any

import pytest
from django.conf import settings
from django.http import HttpResponse
from django.test import Client

from accounts.models import User, Vendor
from billing.sandbox.machine import Sandbox
from hub import problems
from tests.clients import PLATFORM as PLATFORM_HOST
from tests.clients import HubClient, signed_in, staff
from tests.figures import Report
from tests.safety.world import HUB, PLATFORM, World, make_world

pytestmark = pytest.mark.django_db

EXACTLY = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Strict-Transport-Security": "max-age=31536000; includeSubDomains; preload",
    "Reporting-Endpoints": 'policy="/policy-reports/"',
}
CLOSED = ("default-src 'none'", "base-uri 'none'", "object-src 'none'", "frame-ancestors 'none'")
TELLTALES = ("Server", "X-Powered-By", "X-Django-Version", "Via")


def wrongs(answer: Any) -> list[str]:
    """What is missing or too much in the headers of this answer."""
    headers = answer.headers
    found = [
        f"{name}: {headers.get(name)!r}"
        for name, value in EXACTLY.items()
        if headers.get(name) != value
    ]
    policy = headers.get("Content-Security-Policy", "")
    found += [f"no {rule} in the policy" for rule in CLOSED if rule not in policy]
    found += ["the policy is unsafe"] if "unsafe" in policy or " * " in f"{policy} " else []
    found += ["nobody hears of breaches"] if "report-uri /policy-reports/" not in policy else []
    features = headers.get("Permissions-Policy", "")
    found += ["features are open"] if "camera=()" not in features else []
    found += [f"tells {name}" for name in TELLTALES if any(map(str.isdigit, headers.get(name, "")))]
    return found


@pytest.fixture
def world(sandbox: Sandbox) -> World:
    return make_world("Acme", "watercolour")


def test_every_address_has_them_for_everyone(world: World, report: Report) -> None:
    user = User.objects.create_superuser("root@hub.example", "correct horse")
    strangers = {HUB: HubClient(world.vendor.host), PLATFORM: HubClient(PLATFORM_HOST)}
    known = {HUB: signed_in(world.customer), PLATFORM: staff(user)}
    seen: Counter[int] = Counter()
    found: list[str] = []
    for urlconf in (HUB, PLATFORM):
        paths = [*world.paths(urlconf), "/nowhere", "/static/nowhere.css"]
        for client in (strangers[urlconf], known[urlconf]):
            client.raise_request_exception = False
            is_slow = urlconf == PLATFORM and client is strangers[urlconf]
            for path in paths[::10] if is_slow else paths:
                answer = client.get(path)
                _ = answer.streaming and answer.getvalue()  # to its end, which closes the file
                seen[answer.status_code] += 1
                found += [f"{path}: {wrong}" for wrong in wrongs(answer)]

    assert not found, "\n".join(found)
    assert seen.keys() >= {200, 302, 403, 404, 405}
    assert 500 not in seen
    statuses = ", ".join(f"{times} x {status}" for status, times in sorted(seen.items()))
    report(f"headers on {seen.total()} answers of every address ({statuses}): 0 missing")


def broken(*_args: Any, **_kwargs: Any) -> HttpResponse:
    raise RuntimeError("canary-in-a-trace")


def test_every_status_has_them_and_words(
    acme: Vendor, as_alice: HubClient, as_support: HubClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    strict = HubClient(acme.host, enforce_csrf_checks=True, raise_request_exception=False)
    many = "&".join(f"a{number}=1" for number in range(1001))
    form = "application/x-www-form-urlencoded"
    huge = str(problems.LARGEST_REQUEST + 1)
    answers = {
        301: HubClient(acme.host).get("/documents"),
        400: HubClient("bad host!").get("/"),
        403: as_support.get(f"/admin/accounts/vendor/{acme.pk}/stripe/"),
        404: HubClient("nobody.test").get("/"),
        405: as_alice.delete("/documents/"),
        413: as_alice.post("/profile/", "x", content_type=form, CONTENT_LENGTH=huge),
    }
    again = [
        (403, strict.post("/sign-in/", {"email": "a@example.com"})),
        (413, HubClient(acme.host).post("/sign-in/", many, content_type=form)),
        (400, as_alice.post("/profile/", b"--x", content_type="multipart/form-data; boundary=")),
        (400, HubClient(acme.host).post("/billing/webhook/", b"", content_type="text/plain")),
        (404, HubClient(acme.host).get("/billing/webhook/../x")),
    ]
    monkeypatch.setattr("hub.views.documents.page_of", broken)
    as_alice.raise_request_exception = False
    answers[500] = as_alice.get("/documents/")

    for status, answer in [*answers.items(), *again[:3], again[4]]:
        assert answer.status_code == status, answer.text
        assert wrongs(answer) == [], status
        assert "canary" not in answer.text
        assert "Django" not in answer.text
        if status != 301:
            assert f"Error {status}" in answer.text
            assert "<h1>" in answer.text
    assert answers[405].headers["Allow"]


def test_a_limit_that_is_reached_is_said_in_words_with_when_to_come_back(
    at_acme: HubClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever answers 429 bare, and knows until when, need not write the page."""
    bare = HttpResponse(status=429, headers={"Retry-After": "120"})
    monkeypatch.setattr("accounts.views.render", lambda *_args, **_kwargs: bare)

    answer = at_acme.get("/updateinfo/")

    assert answer.status_code == 429
    assert answer.headers["Retry-After"] == "120"
    assert "Too many tries" in answer.text
    assert wrongs(answer) == []


def test_plain_http_is_sent_on_with_them(acme: Vendor, settings: Any) -> None:
    settings.SECURE_SSL_REDIRECT = True
    answer = Client(headers={"host": acme.host}).get("/documents/")

    assert (answer.status_code, answer.url) == (301, "https://acme.test/documents/")
    assert [wrong for wrong in wrongs(answer) if "Strict-Transport" not in wrong] == []


def test_only_the_card_page_lets_stripe_in(as_alice: HubClient, sandbox: Sandbox) -> None:
    card, home = (as_alice.get(path).headers["Content-Security-Policy"] for path in ("/card/", "/"))

    assert settings.STRIPE_SANDBOX_URL in card
    assert settings.STRIPE_SANDBOX_URL not in home


def test_the_real_server_tells_no_version(tmp_path: Any) -> None:
    """Django's headers are tested above; these are what gunicorn itself adds and answers."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    environment = os.environ | {
        "PORT": str(port),
        "WEB_PROCESSES": "1",
        "DATABASE_URL": f"sqlite:///{tmp_path}/hub.sqlite3",
        "DJANGO_SETTINGS_MODULE": "tests.settings",
    }
    command = [sys.executable, "-m", "gunicorn", "--config", "config/gunicorn.py"]
    server = subprocess.Popen(command, env=environment, cwd=settings.BASE_DIR, stderr=-3)
    try:
        good, file, bad = (
            heads(port, line)
            for line in (b"GET /livez HTTP/1.1", b"GET /static/css/hub.css HTTP/1.1", b"GARBAGE")
        )
    finally:
        server.terminate()
        server.wait(30)

    for answer in (good, file):
        assert "200 OK" in answer[0]
        assert "Content-Security-Policy" in str(answer)
    assert " 400 " in bad[0]
    for line in [*good, *file, *bad]:
        name, _colon, value = line.partition(":")
        if name.lower() in ("server", "x-powered-by"):
            assert not any(map(str.isdigit, value)), line


def heads(port: int, request: bytes) -> list[str]:
    """The status line and headers, once somebody listens."""
    for _ in range(200):
        try:
            with socket.create_connection(("127.0.0.1", port), timeout=20) as line:
                line.sendall(request + b"\r\nHost: hub.test\r\nConnection: close\r\n\r\n")
                answer = b"".join(iter(lambda: line.recv(65536), b""))
            return answer.partition(b"\r\n\r\n")[0].decode().split("\r\n")
        except ConnectionRefusedError:
            time.sleep(0.1)
    raise TimeoutError("Nobody listens.")
