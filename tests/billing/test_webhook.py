"""The address that Stripe calls: signed, fresh, in shape, for us, and kept once; else nothing."""

import hashlib
import hmac
import json
import time
from typing import Any

import pytest
from django.db import OperationalError, connection
from django.test import override_settings
from django.urls import resolve
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from accounts import lately
from accounts.access import is_public
from accounts.middleware import MACHINE_PATHS
from accounts.models import Vendor
from accounts.tenancy import vendor_scope
from billing import webhooks
from billing.models import StripeAccount, StripeEvent
from tests.clients import HubClient
from tests.factories import make_stripe_account

SECRET = "whsec_acme"
EVENT = {
    "id": "evt_1",
    "object": "event",
    "type": "unheard.of",
    "livemode": False,
    "created": 1_790_000_000,
    "data": {"object": {"id": "sub_1", "object": "subscription"}},
}

BODY = json.dumps(EVENT).encode()


def signed(body: bytes, *, secret: str = SECRET, at: float | None = None) -> str:
    moment = int(time.time() if at is None else at)
    mac = hmac.new(secret.encode(), f"{moment}.".encode() + body, hashlib.sha256)
    return f"t={moment},v1={mac.hexdigest()}"


def post(body: bytes, signature: str | None = None, *, host: str = "acme.test") -> Any:
    headers = {} if signature is None else {"Stripe-Signature": signature}
    return HubClient(host).post(
        "/billing/webhook/", body, content_type="application/json", headers=headers
    )


def send(event: Any, **options: Any) -> Any:
    body = json.dumps(event).encode()
    return post(body, signed(body, **options))


@pytest.fixture(autouse=True)
def account(acme: Vendor) -> None:
    make_stripe_account(acme, webhook_secret=SECRET)


def kept() -> list[str]:
    with vendor_scope(None):
        return list(StripeEvent.objects.values_list("event_id", flat=True))


def test_a_signed_event_is_kept_and_answered() -> None:
    answer = send(EVENT)
    assert (answer.status_code, answer.content) == (200, b"")
    with vendor_scope(None):
        event = StripeEvent.objects.select_related("vendor").get()
    assert (event.event_id, event.type, event.object_id) == ("evt_1", "unheard.of", "sub_1")
    assert (event.vendor.subdomain, event.livemode) == ("acme", False)


def test_a_type_we_do_not_know_is_recorded_and_done_with() -> None:
    send(EVENT)
    with vendor_scope(None):
        event = StripeEvent.objects.get()
    assert (event.failure, event.attempts) == ("", 1)
    assert event.handled_at is not None


def test_the_same_event_again_is_answered_and_kept_once() -> None:
    assert [send(EVENT).status_code for _again in range(3)] == [200, 200, 200]
    assert kept() == ["evt_1"]
    with vendor_scope(None):
        assert StripeEvent.objects.get().attempts == 1


def test_an_event_without_an_objects_id_is_kept() -> None:
    assert send(EVENT | {"data": {"object": {"object": "balance"}}}).status_code == 200
    assert kept() == ["evt_1"]


@pytest.mark.parametrize(
    "signature",
    [
        None,
        "",
        "t=1",
        "v1=abc",
        "t=abc,v1=abc",
        "t=,v1=",
        f"t={'9' * 5000},v1=abc",
        "t=1,v1=\u00e9",
        "x" * 10_000,
    ],
)
def test_what_is_no_signature_is_refused_and_writes_nothing(signature: str | None) -> None:
    assert post(BODY, signature).status_code == 400
    assert kept() == []


def test_what_stripe_did_not_sign_is_refused_and_writes_nothing() -> None:
    forgeries = [
        signed(b"another body"),
        signed(BODY, secret="whsec_globex"),
        signed(BODY).replace("v1=", "v0="),
    ]
    assert [post(BODY, forgery).status_code for forgery in forgeries] == [400, 400, 400]
    assert kept() == []


@pytest.mark.parametrize("offset", [-301, -86_400, 310, 86_400, 10**9])
def test_a_stale_or_future_signature_is_refused(offset: int) -> None:
    assert send(EVENT, at=time.time() + offset).status_code == 400
    assert kept() == []


@pytest.mark.parametrize("offset", [-290, 290])
def test_clocks_may_differ_by_some_minutes(offset: int) -> None:
    assert send(EVENT, at=time.time() + offset).status_code == 200


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b'"evt_1"',
        b"\xff\xfe{}",
        b"[" * 100_000,
        b'{"a":' * 50_000,
        b'{"object": "event", "created": ' + b"9" * 6_000 + b"}",
    ],
)
def test_signed_bytes_that_are_no_event_are_refused_and_write_nothing(body: bytes) -> None:
    assert post(body, signed(body)).status_code == 400
    assert kept() == []


@pytest.mark.parametrize(
    "change",
    [
        {"id": None},
        {"id": ""},
        {"id": "e" * 65},
        {"id": "evt_\n1"},
        {"type": None},
        {"type": "x" * 81},
        {"object": "v2.core.event"},
        {"livemode": "false"},
        {"created": None},
        {"created": "yesterday"},
        {"created": 10**20},
        {"created": float("inf")},
        {"data": None},
        {"data": {}},
        {"data": {"object": []}},
        {"data": {"object": {"id": 7}}},
        {"account": 5},
    ],
)
def test_an_event_out_of_shape_is_refused_and_writes_nothing(change: dict[str, Any]) -> None:
    assert send(EVENT | change).status_code == 400
    assert kept() == []


def test_an_event_of_the_other_mode_is_refused() -> None:
    assert send(EVENT | {"livemode": True}).status_code == 400
    assert kept() == []


def test_a_connected_accounts_event_is_refused() -> None:
    assert send(EVENT | {"account": "acct_other"}).status_code == 400
    assert kept() == []


def test_a_body_beyond_512_kib_is_refused_unread() -> None:
    body = json.dumps(EVENT | {"padding": "x" * 600_000}).encode()
    assert post(body, signed(body)).status_code == 400
    assert kept() == []


def test_another_vendors_event_is_refused_here(globex: Vendor) -> None:
    make_stripe_account(globex, webhook_secret="whsec_globex")
    body = json.dumps(EVENT).encode()
    assert post(body, signed(body, secret="whsec_globex")).status_code == 400
    assert post(body, signed(body), host="globex.test").status_code == 400
    assert kept() == []


def test_the_same_event_id_at_two_vendors_is_two_events(globex: Vendor) -> None:
    make_stripe_account(globex, webhook_secret="whsec_globex")
    body = json.dumps(EVENT).encode()
    post(body, signed(body))
    post(body, signed(body, secret="whsec_globex"), host="globex.test")
    assert kept() == ["evt_1", "evt_1"]


def test_without_a_secret_there_is_no_such_address(globex: Vendor) -> None:
    body = json.dumps(EVENT).encode()
    assert post(body, signed(body), host="globex.test").status_code == 404
    make_stripe_account(globex, webhook_secret="")
    assert post(body, signed(body, secret=""), host="globex.test").status_code == 404
    assert kept() == []


def test_only_posts_are_taken() -> None:
    assert HubClient("acme.test").get("/billing/webhook/").status_code == 405


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=30),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=12), inner, max_size=4)
    ),
    max_leaves=12,
)
NEARLY_EVENTS = st.fixed_dictionaries(
    {}, optional={name: st.one_of(st.just(value), JSON) for name, value in EVENT.items()}
)
BODIES = st.one_of(
    st.binary(max_size=400),
    JSON.map(lambda value: json.dumps(value).encode()),
    NEARLY_EVENTS.map(lambda value: json.dumps(value).encode()),
)


WAYS = st.sampled_from(["right", "wrong", "none", "stale", "future"])


def some(count: int) -> Any:
    checks = [HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
    return settings(max_examples=count, deadline=None, suppress_health_check=checks)


@some(200)
@given(body=BODIES, header=WAYS)
def test_whatever_arrives_is_answered_and_only_signed_events_are_kept(
    acme: Vendor, body: bytes, header: str
) -> None:
    arrives(body, header)


@pytest.mark.slow
@some(10_000)
@given(body=BODIES, header=WAYS)
def test_ten_thousand_bodies_are_answered(acme: Vendor, body: bytes, header: str) -> None:
    arrives(body, header)


def arrives(body: bytes, header: str) -> None:
    with vendor_scope(None):
        StripeEvent.objects.all().delete()
    signatures = {
        "right": signed(body),
        "wrong": signed(body, secret="whsec_other"),
        "none": None,
        "stale": signed(body, at=time.time() - 1000),
        "future": signed(body, at=time.time() + 1000),
    }
    answer = post(body, signatures[header])
    assert answer.status_code in (200, 400)
    assert bool(kept()) == (answer.status_code == 200)
    assert header == "right" or kept() == []


NO_WORKER = {"default": {"BACKEND": "django.tasks.backends.dummy.DummyBackend"}}


def test_an_event_costs_one_insert_once_its_vendor_and_secret_are_known(
    django_assert_num_queries: Any,
) -> None:
    """A duplicate costs the same, and nobody is nudged again."""
    with override_settings(TASKS=NO_WORKER):
        for number, queries in ((1, 3), (1, 1), (2, 1)):
            with django_assert_num_queries(queries):
                assert send(EVENT | {"id": f"evt_{number}"}).status_code == 200


def test_a_new_secret_counts_at_once_and_the_old_one_no_longer(acme: Vendor) -> None:
    assert send(EVENT).status_code == 200
    change_account(acme, webhook_secret="whsec_new")
    assert send(EVENT | {"id": "evt_2"}, secret="whsec_new").status_code == 200
    assert send(EVENT | {"id": "evt_3"}).status_code == 400
    assert kept() == ["evt_2", "evt_1"]


def test_an_old_secret_is_forgotten_within_seconds(
    acme: Vendor, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By a process that has seen nothing of the new one."""
    assert send(EVENT).status_code == 200
    change_account(acme, webhook_secret="whsec_new")
    later = time.monotonic() + lately.BELIEVED_FOR
    monkeypatch.setattr(lately, "monotonic", lambda: later)
    assert send(EVENT | {"id": "evt_2"}).status_code == 400
    change_account(acme, webhook_secret="")
    later += lately.BELIEVED_FOR
    assert send(EVENT | {"id": "evt_2"}, secret="whsec_new").status_code == 404
    assert kept() == ["evt_1"]


def test_a_key_of_the_other_mode_counts_at_once(acme: Vendor) -> None:
    assert send(EVENT).status_code == 200
    change_account(acme, secret_key="sk_live_acme_1")
    assert send(EVENT | {"id": "evt_2", "livemode": True}).status_code == 200


def change_account(vendor: Vendor, **fields: str) -> None:
    with vendor_scope(vendor):
        account = StripeAccount.objects.get()
        for name, value in fields.items():
            setattr(account, name, value)
        account.save()


def test_a_connection_that_was_cut_loses_no_event_and_asks_nobody_to_come_back(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """As when PostgreSQL was restarted since the last request."""
    insert, tries = webhooks._insert, []

    def cut_once(values: Any) -> bool:
        tries.append(values)
        if len(tries) == 1:
            raise OperationalError("terminating connection due to administrator command")
        return insert(values)

    closed = []
    monkeypatch.setattr(webhooks, "_insert", cut_once)
    monkeypatch.setattr(webhooks, "connection", CutConnection(closed))
    assert send(EVENT).status_code == 200
    assert (kept(), closed) == (["evt_1"], [True])


class CutConnection:
    """The test's own cannot be cut without its data."""

    in_atomic_block = False

    def __init__(self, closed: list[bool]) -> None:
        self.closed = closed

    def __getattr__(self, name: str) -> Any:
        return getattr(connection, name)

    def is_usable(self) -> bool:
        return False

    def close(self) -> None:
        self.closed.append(True)


def test_what_machines_post_is_public_and_needs_no_token() -> None:
    """It passes by the walls that would ask for a session and a token."""
    for path in MACHINE_PATHS:
        assert is_public(resolve(path, "config.urls").func)
        for urlconf in ("config.urls", "config.platform_urls"):
            assert resolve(path, urlconf).func.csrf_exempt
