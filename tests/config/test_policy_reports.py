"""What browsers report of the content policy: counted by kind, whoever sends it."""

import json
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from accounts import tasks
from accounts.models import PolicyReport, Vendor
from accounts.services import policy_reports
from tests.clients import HubClient
from tests.hub.admin.conftest import admin_url

pytestmark = pytest.mark.django_db
PATH = "/policy-reports/"
PAGE = "https://acme.test/sign-in/a-secret-token/?email=alice@example.com"


def old_style(**said: Any) -> bytes:
    """As `report-uri` sends it."""
    report = {
        "document-uri": PAGE,
        "violated-directive": "img-src 'self'",
        "effective-directive": "img-src",
        "blocked-uri": "https://evil.example/canary.png?x=1",
    }
    return json.dumps({"csp-report": report | said}).encode()


def new_style(*, of: str = "csp-violation", **said: Any) -> dict[str, Any]:
    """As `report-to` sends it, several in one body."""
    body = {
        "documentURL": PAGE,
        "effectiveDirective": "script-src-elem",
        "blockedURL": "inline",
        "disposition": "enforce",
    }
    return {"type": of, "age": 1, "url": PAGE, "body": body | said}


def send(client: Client, body: bytes | str | list[Any]) -> None:
    content = json.dumps(body) if isinstance(body, list) else body
    answer = client.post(PATH, content, content_type="application/csp-report")
    assert (answer.status_code, answer.content) == (204, b"")


def rows() -> set[tuple[str, str, str, str, int]]:
    return set(PolicyReport.objects.values_list("host", "page", "directive", "blocked", "count"))


def test_reports_of_a_kind_are_one_row_with_a_count(at_acme: HubClient) -> None:
    for _ in range(3):
        send(at_acme, old_style())
    send(at_acme, [new_style(), new_style(), new_style(blockedURL="data")])

    page = "/sign-in/<str:token>/"
    assert rows() == {
        ("acme.test", page, "img-src", "https://evil.example", 3),
        ("acme.test", page, "script-src-elem", "inline", 2),
        ("acme.test", page, "script-src-elem", "data", 1),
    }
    assert "secret" not in str(PolicyReport.objects.values())


def test_the_platforms_host_reports_as_well(as_superuser: HubClient) -> None:
    address = "https://hub.test/admin/billing/transaction/7/change/"
    send(as_superuser, old_style(**{"document-uri": address}))
    send(as_superuser, old_style(**{"document-uri": "https://hub.test/nowhere"}))

    assert {(host, page) for host, page, *_ in rows()} == {
        ("hub.test", "/admin/billing/transaction/<path:object_id>/change/"),
        ("hub.test", ""),
    }


@pytest.mark.parametrize(
    "body",
    [
        *(b"", b"{", b"null", b"[]", b"\xff\xfe", b"[[[]]]", b'"x"', b"[" * 20_000, b"{}"),
        *(b'{"csp-report": 7}', b'{"csp-report": {}}', b'[{"body": []}]', b"x" * 40_000),
        old_style(**{"document-uri": "https://globex.test/"}),
        old_style(**{"document-uri": "https://[::1"}),
        old_style(**{"effective-directive": "made-up"}),
        old_style(**{"blocked-uri": "chrome-extension://abc/x.js"}),
        old_style(**{"source-file": "moz-extension://abc/x.js"}),
        old_style(**{"effective-directive": 7, "violated-directive": None}),
    ],
)
def test_what_is_no_report_of_this_host_is_dropped_without_a_word(
    at_acme: HubClient, body: bytes
) -> None:
    send(at_acme, body)

    assert rows() == set()


def test_a_host_we_do_not_know_keeps_nothing(db: None) -> None:
    answer = HubClient("nobody.test").post(
        PATH, old_style(**{"document-uri": "https://nobody.test/"}), content_type="text/plain"
    )

    assert answer.status_code == 404
    assert rows() == set()


def test_a_flood_is_cut_off_and_leaves_few_rows(at_acme: HubClient, acme: Vendor) -> None:
    for number in range(policy_reports.REQUESTS_A_MINUTE + 5):
        send(at_acme, old_style(**{"blocked-uri": f"https://evil{number}.example"}))
    assert PolicyReport.objects.count() == policy_reports.REQUESTS_A_MINUTE

    breaches = [
        policy_reports.Breach("/", "img-src", f"https://{number}.example") for number in range(320)
    ]
    policy_reports.keep(breaches, host=acme.host)
    assert PolicyReport.objects.count() == policy_reports.MOST_KINDS_OF_A_HOST
    send(as_stranger := HubClient(acme.host, REMOTE_ADDR="203.0.113.7"), old_style())
    send(as_stranger, old_style(**{"blocked-uri": "https://evil1.example"}))
    assert PolicyReport.objects.get(blocked="https://evil1.example").count == 2


def test_what_has_not_come_for_a_month_is_forgotten(at_acme: HubClient) -> None:
    send(at_acme, old_style())
    send(at_acme, [new_style()])
    long_ago = timezone.now() - timedelta(days=31)
    PolicyReport.objects.filter(blocked="inline").update(last_seen_at=long_ago)

    tasks.prune_policy_reports.enqueue()

    assert PolicyReport.objects.get().directive == "img-src"


def test_operators_read_them_and_nobody_else(
    at_acme: HubClient, as_owner: HubClient, as_superuser: HubClient
) -> None:
    send(at_acme, old_style(**{"blocked-uri": "https://<script>.example/"}))
    url = admin_url("accounts_policyreport_changelist")

    page = as_superuser.get(url)
    assert "/sign-in/&lt;str:token&gt;/" in page.text
    assert "https://&lt;script&gt;.example" in page.text
    assert "img-src" in page.text
    assert "Policy reports" in as_superuser.get("/admin/").text
    assert as_owner.get(url).status_code == 403
    assert "Policy reports" not in as_owner.get("/admin/").text


def test_every_policy_says_where_to(at_acme: HubClient, as_alice: HubClient) -> None:
    for client, path in ((at_acme, "/"), (as_alice, "/card/"), (HubClient("hub.test"), "/admin/")):
        answer = client.get(path)
        assert (
            "report-uri /policy-reports/; report-to policy"
            in (answer.headers["Content-Security-Policy"])
        )
        assert answer.headers["Reporting-Endpoints"] == 'policy="/policy-reports/"'
