"""Whatever is sent to whichever address: words and the right status, never a trace or a secret."""

from __future__ import annotations

import re
from collections import Counter
from typing import Any

import pytest

from accounts.models import User
from billing.sandbox.machine import Sandbox
from hub import problems
from tests.clients import PLATFORM as PLATFORM_HOST
from tests.clients import HubClient, signed_in, staff
from tests.figures import Report
from tests.safety.world import HUB, PLATFORM, World, make_world, routes

pytestmark = pytest.mark.django_db

HUGE, LONG = "9" * 5_000, "x" * 3_000
VALUES = ["%00", "%ff%fe", HUGE, "-1", "٣", "..%2f..%2fetc%2fpasswd", "%27%22%3C%3E", "a%0d%0ab"]
VALUES += ["%F0%9F%92%A9", "00000000-0000-0000-0000-000000000000", "_3A", "1e400"]
QUERIES = [
    *(f"q={value}" for value in ("%00", "%ff", LONG, "%25%5F", "%27%3B--")),
    *(f"next={value}" for value in ("//evil.example", "https:evil.example", "/%5Cevil.example")),
    *(
        f"{name}={HUGE}"
        for name in ("vendor", "customer", "account", "p", "page", "id", "_to_field")
    ),
    *("before=2026-01-01T00:00:00%2B00:00_%00", "before=9999-99-99_1", f"before={LONG}"),
    *("p=-1", "p=x", "o=99.-99", "o=x", "e=1", "subscription=%00", "done=,,,", "kind=x", "all=x"),
    *(
        "id__exact=x",
        "vendor__id__exact=%00",
        "at__gte=x",
        "sent_at__year=x",
        "password__startswith=a",
    ),
    *("email=%00%0a", "header=%00&accent=x", "setup_intent=%00", "&&&==&", "%", "a[]=1&a[]=2"),
]
TELLTALE = re.compile(
    r"Traceback|\bDjango\b|/site-packages/|File &quot;|sqlite3|psycopg|DEBUG = True|gunicorn/\d"
)
FORM = "application/x-www-form-urlencoded"
BODIES = [
    (b"", FORM),
    (b"\xff\xfe=\x00", FORM),
    (b"a=%00&email=%00&proof=%00&code=%ff&session=" + HUGE.encode(), FORM),
    (b"&".join(b"a%d=1" % number for number in range(1_001)), FORM),
    (b"a=" + b"x" * 2_700_000, FORM),
    (b"--x", "multipart/form-data; boundary=x"),
    (b"no boundary at all", "multipart/form-data"),
    (b"--x\r\nContent-Disposition: form-data\r\n\r\n", "multipart/form-data; boundary=\x00"),
    (b'{"a": [[[[[', "application/json"),
    (b"name=x", f"{FORM}; charset=utf-7"),
    (b"name=x", f"{FORM}; charset=no-such-thing"),
]
HEADERS: list[dict[str, str]] = [
    *({"accept-language": value} for value in ("x" * 2_000, "de;q=x", "\xff", "a-" * 300)),
    *(
        {"cookie": value}
        for value in ("__Host-hub=%00", "__Host-hub=" + LONG, "a=b; " * 200, "=;=;")
    ),
    *({"x-forwarded-for": value} for value in (LONG, "::1%25lo", "1.2.3.4.5", "\x00")),
    *(
        {"range": "bytes=9-1"},
        {"if-modified-since": "x"},
        {"hx-request": "true", "hx-target": "\x00"},
    ),
    *({"content-length": value} for value in ("-1", "x", "9" * 30)),
    *(
        {"host": value}
        for value in ("a b", "[::1", "acme.test:99999", "acme.test.", "-.test", "ACME.TEST")
    ),
]


class Sender:
    """Sends, and keeps what came back that should not have."""

    def __init__(self, world: World) -> None:
        user = User.objects.create_superuser("root@hub.example", "correct horse")
        self.world = world
        self.browsers = {
            HUB: [HubClient(world.vendor.host), signed_in(world.customer)],
            PLATFORM: [HubClient(PLATFORM_HOST), staff(user)],
        }
        self.seen: Counter[int] = Counter()
        self.wrong: list[str] = []
        for browser in [each for both in self.browsers.values() for each in both]:
            browser.raise_request_exception = False

    def send(self, browser: HubClient, method: str, path: str, *body: Any, **how: Any) -> None:
        answer = browser.generic(method, path, *body, **how)
        self.seen[answer.status_code] += 1
        text = b"".join(answer.streaming_content) if answer.streaming else answer.content
        shown = f"{method} {path[:90]} {str(how)[:60]}"
        location = answer.headers.get("Location", "")
        if answer.status_code >= 500:
            self.wrong.append(f"{answer.status_code}: {shown}")
        if TELLTALE.search(text.decode(errors="replace")):
            self.wrong.append(f"tells: {shown}")
        if "evil.example" in location.partition("?")[0]:
            self.wrong.append(f"leads away to {location}: {shown}")

    def settle(self, report: Report, what: str) -> None:
        assert not self.wrong, "\n".join(self.wrong[:40])
        statuses = ", ".join(f"{times} x {status}" for status, times in sorted(self.seen.items()))
        report(f"{what}: {self.seen.total()} requests ({statuses}), 0 x 500, nothing told")


@pytest.fixture
def sender(sandbox: Sandbox) -> Sender:
    return Sender(make_world("Acme", "watercolour"))


def with_parameter(urlconf: str) -> list[str]:
    """Each kind of address that takes something; the admin's are the same for every model."""
    found = [route for route in routes(urlconf) if "<" in route and "(?P" not in route]
    of_admin = [
        route for route in found if re.match(r"admin/(?!accounts/(customer|vendor))", route)
    ]
    return [route for route in found if route not in of_admin or "<path" not in route]


def test_no_id_in_an_address_brings_it_down(sender: Sender, report: Report) -> None:
    for urlconf, (stranger, known) in sender.browsers.items():
        for route in with_parameter(urlconf):
            for number, value in enumerate(VALUES):
                path = "/" + re.sub(r"<[^>]+>", lambda _match, value=value: value, route)
                sender.send(stranger if number % 4 == 0 else known, "GET", path)
    sender.settle(report, "ids")


def test_no_id_of_a_page_that_is_saved_brings_it_down(sender: Sender, report: Report) -> None:
    _stranger, operator = sender.browsers[PLATFORM]
    pages = [
        re.sub(r"<[^>]+>", "{}", route)
        for route in routes(PLATFORM)
        if re.fullmatch(r"admin/\w+/\w+/<path:object_id>/(change|history)/", route)
    ]
    for page in pages:
        for value in (*VALUES, "abc", "_5F"):
            sender.send(operator, "POST", f"/{page.format(value)}", b"name=x", FORM)
    sender.settle(report, "ids of pages that are saved")
    assert len(pages) > 20


def test_no_query_brings_it_down(sender: Sender, report: Report) -> None:
    pages = ["/", "/documents/", "/profile/activity/", "/card/", "/sign-in/again/"]
    subscription = sender.world.values["subscription_id"]
    for query in QUERIES:
        for path in [*pages, f"/subscriptions/{subscription}/"]:
            sender.send(sender.browsers[HUB][1], "GET", f"{path}?{query}")
        sender.send(sender.browsers[HUB][0], "GET", f"/updateinfo/?{query}")
        sender.send(sender.browsers[PLATFORM][1], "GET", f"/admin/accounts/auditentry/?{query}")
    sender.settle(report, "queries")


def test_no_body_brings_it_down(sender: Sender, report: Report) -> None:
    vendor = sender.world.vendor.pk
    ours = [
        "/sign-in/",
        "/sign-in/code/",
        "/sign-in/x/",
        "/language/",
        "/profile/",
        "/card/choice/",
    ]
    ours += ["/profile/activity/end/", "/billing/webhook/", "/policy-reports/"]
    theirs = [
        f"/admin/accounts/vendor/{vendor}/{page}/" for page in ("change", "preview", "stripe")
    ]
    for body, content_type in BODIES:
        for path in ours:
            sender.send(sender.browsers[HUB][1], "POST", path, body, content_type=content_type)
        for path in [*theirs, "/admin/login/", "/billing/webhook/"]:
            known = sender.browsers[PLATFORM][1]
            sender.send(known, "POST", path, body, content_type=content_type)
    sender.settle(report, "bodies")
    assert sender.seen.keys() >= {400, 413}


def test_no_header_brings_it_down(sender: Sender, report: Report) -> None:
    for headers in HEADERS:
        for browser in sender.browsers[HUB]:
            sender.send(browser, "GET", "/", headers=headers)
            sender.send(browser, "POST", "/sign-in/", b"email=a", FORM, headers=headers)
    sender.settle(report, "headers")


def test_every_method_that_is_none_of_a_page_is_refused(sender: Sender, report: Report) -> None:
    for method in ("PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "PROPFIND"):
        for path in ("/", "/sign-in/", "/documents/", "/card/", "/profile/", "/nowhere/", "/livez"):
            sender.send(sender.browsers[HUB][1], method, path)
    sender.settle(report, "methods")


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "PROPFIND"])
def test_no_page_of_the_platform_takes_other_methods_than_forms_and_links_send(
    method: str, sandbox: Sandbox
) -> None:
    """Also those that libraries bring, whatever they would do with one."""
    root = staff(User.objects.create_superuser("root@hub.example"))
    for path in ["/nowhere/", *make_world("Acme", "watercolour").paths(PLATFORM)]:
        answer = root.generic(method, path)
        assert answer.status_code == 405, path
        assert answer["Allow"] == "GET, HEAD, POST"
    assert "Nothing was changed" in root.generic(method, "/admin/").text
    assert HubClient("hub.test").generic(method, "/admin/").status_code == 405


def test_a_host_that_is_nobodys_tells_nothing_of_who_is_here(sender: Sender) -> None:
    """The same page for a name that was never taken, for a guess, for a path that exists."""
    answers = [
        HubClient(host).get(path).text.replace(host, "")
        for host in ("nobody.test", "acme2.test", "quetzal.test")
        for path in ("/", "/documents/", "/admin/")
    ]

    assert len({re.sub(r"\s|[0-9a-f]{16,}", "", answer) for answer in answers}) == 1
    assert "watercolour" not in answers[0]


@pytest.mark.parametrize("length", [problems.LARGEST_REQUEST + 1, 10**30])
def test_what_is_far_too_large_is_refused_unread(sender: Sender, length: int) -> None:
    class NeverRead:
        def read(self, *_size: int) -> bytes:
            raise AssertionError("It was read.")

        readline = read

    stranger = sender.browsers[HUB][0]
    answer = stranger.post(
        "/sign-in/", b"", FORM, CONTENT_LENGTH=str(length), **{"wsgi.input": NeverRead()}
    )

    assert answer.status_code == 413
    assert "That is too much at once" in answer.text
