"""Secrets: sealed for one field of one vendor, never shown, rotated, nowhere in clear."""

from __future__ import annotations

import json
import logging
from io import StringIO
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from cryptography.fernet import Fernet
from django.conf import settings as project
from django.core.management import CommandError, call_command
from django.db import connection

from accounts.models import User, Vendor
from accounts.secrets import Sealed, SecretNotReadable, is_sealed_with_first_key
from accounts.services import rotation
from accounts.tenancy import vendor_scope
from billing.models import StripeAccount
from hub.staff_door.adapters import MFAAdapter
from tests.clients import HubClient
from tests.factories import make_stripe_account, make_vendor
from tests.figures import Report

CANARIES = ["sk_test_CANARYsecretkey0123456789", "whsec_CANARYwebhooksecret0123456789"]
OLD, NEW = (Fernet.generate_key().decode() for _ in range(2))


@pytest.fixture
def account(acme: Vendor) -> StripeAccount:
    return make_stripe_account(acme, secret_key=CANARIES[0], webhook_secret=CANARIES[1])


def stored(vendor: Vendor) -> StripeAccount:
    with vendor_scope(vendor):
        return StripeAccount.objects.get()


def put(vendor: Vendor, **tokens: str) -> None:
    """As somebody who can write to the database would."""
    with vendor_scope(vendor):
        sealed = {name: Sealed(token) for name, token in tokens.items()}
        StripeAccount.objects.update(**sealed)


def token_of(vendor: Vendor, name: str = "secret_key") -> str:
    with vendor_scope(vendor):
        return str(StripeAccount.objects.values_list(name, flat=True).get())


def test_a_secret_opens_on_its_own_vendors_row_and_in_its_own_field_only(
    account: StripeAccount, acme: Vendor, globex: Vendor, report: Report
) -> None:
    make_stripe_account(globex)
    assert stored(acme).secret_key == CANARIES[0]

    put(globex, secret_key=token_of(acme), webhook_secret=token_of(acme, "webhook_secret"))
    put(acme, webhook_secret=token_of(acme))
    moved = [(globex, "secret_key"), (globex, "webhook_secret"), (acme, "webhook_secret")]
    for vendor, name in moved:
        with pytest.raises(SecretNotReadable, match="somewhere else"):
            getattr(stored(vendor), name)
    report(f"{len(moved)} tokens copied to another place, 0 opened")


def test_what_nobody_reads_needs_no_key_and_is_saved_as_it_was(
    account: StripeAccount, acme: Vendor, settings: Any
) -> None:
    before = token_of(acme)
    settings.FIELD_ENCRYPTION_KEYS = [NEW]
    row = stored(acme)
    with vendor_scope(acme):
        row.account_id = "acct_1"
        row.save()

    assert token_of(acme) == before
    with pytest.raises(SecretNotReadable) as refused:
        _ = stored(acme).secret_key
    assert "CANARY" not in str(refused.value)


def test_no_query_can_look_for_a_secret_or_write_one_in_clear(
    account: StripeAccount, in_acme: Vendor
) -> None:
    assert StripeAccount.objects.exclude(secret_key="").exists()
    with pytest.raises(TypeError):
        StripeAccount.objects.filter(secret_key=CANARIES[0]).exists()
    with pytest.raises(TypeError):
        StripeAccount.objects.update(secret_key="sk_test_in_clear")


@pytest.fixture
def three_vendors(settings: Any) -> list[Vendor]:
    settings.FIELD_ENCRYPTION_KEYS = [OLD]
    vendors = [make_vendor(name) for name in ("One", "Two", "Three")]
    for vendor in vendors:
        make_stripe_account(vendor, secret_key=f"sk_test_{vendor.name}")
    Authenticator.objects.create(
        user=User.objects.create_user("staff@hub.example"),
        type=Authenticator.Type.TOTP,
        data={"secret": MFAAdapter().encrypt("JBSWY3DP")},
    )
    settings.FIELD_ENCRYPTION_KEYS = [NEW, OLD]
    return vendors


@pytest.mark.django_db
def test_rotation_seals_everything_with_the_first_key(
    three_vendors: list[Vendor], settings: Any, report: Report
) -> None:
    said = [StringIO(), StringIO()]
    for out in said:
        call_command("rotate_keys", stdout=out)

    assert "7 secrets sealed with the first key, 0 already were" in said[0].getvalue()
    assert "0 secrets sealed with the first key, 7 already were" in said[1].getvalue()
    settings.FIELD_ENCRYPTION_KEYS = [NEW]
    assert [stored(one).secret_key for one in three_vendors] == [
        "sk_test_One", "sk_test_Two", "sk_test_Three",
    ]  # fmt: skip
    proof = Authenticator.objects.get()
    assert MFAAdapter().decrypt(proof.data["secret"]) == "JBSWY3DP"
    report("7 of 7 secrets open with the new key alone")


@pytest.mark.django_db(transaction=True)
def test_rotation_may_be_interrupted_anywhere(
    three_vendors: list[Vendor], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rotation, "A_BATCH", 1)
    turns = iter([rotation.seal] * 3)

    def seal_thrice(clear: str, *, place: str) -> Sealed:
        return next(turns)(clear, place=place)

    with monkeypatch.context() as broken:
        broken.setattr(rotation, "seal", seal_thrice)
        with pytest.raises(StopIteration):
            rotation.rotate()
    first = [is_sealed_with_first_key(token_of(one)) for one in three_vendors]
    assert [stored(one).secret_key[:8] for one in three_vendors] == ["sk_test_"] * 3

    done = rotation.rotate()

    assert (first, done.sealed, done.were_sealed) == ([True, False, False], 5, 2)


@pytest.mark.django_db
def test_rotation_names_what_it_cannot_open_and_does_the_rest(
    three_vendors: list[Vendor], settings: Any
) -> None:
    lost = token_of(three_vendors[1])
    put(three_vendors[1], secret_key="gAAAAA-damaged")
    put(three_vendors[2], secret_key=lost)
    errors = StringIO()

    with pytest.raises(CommandError, match="2 secrets could not be opened"):
        call_command("rotate_keys", stdout=StringIO(), stderr=errors)

    told = errors.getvalue()
    for vendor in three_vendors[1:]:
        assert f"billing.StripeAccount.secret_key of vendor {vendor.pk}" in told
    settings.FIELD_ENCRYPTION_KEYS = [NEW]
    assert stored(three_vendors[0]).secret_key == "sk_test_One"
    assert token_of(three_vendors[2]) == lost


@pytest.mark.django_db
def test_rotation_names_whose_second_factor_no_key_opens_and_what_helps(
    three_vendors: list[Vendor], settings: Any
) -> None:
    settings.FIELD_ENCRYPTION_KEYS = [Fernet.generate_key().decode()]
    errors = StringIO()

    with pytest.raises(CommandError, match="7 secrets could not be opened"):
        call_command("rotate_keys", stdout=StringIO(), stderr=errors)

    [told] = [line for line in errors.getvalue().splitlines() if "second factor" in line]
    assert "second factor of staff@hub.example" in told
    assert "manage.py remove_second_factor staff@hub.example" in told
    assert "in the admin" not in told


# --- Canaries ---


def database_dump() -> str:
    """Every column of every row, whoever's."""
    with vendor_scope(None), connection.cursor() as cursor:
        said = []
        for table in connection.introspection.table_names(cursor):
            cursor.execute(f"SELECT * FROM {connection.ops.quote_name(table)}")
            said.append(repr(cursor.fetchall()))
    return "\n".join(said)


def test_no_secret_stands_in_clear_in_database_pages_logs_or_exports(
    account: StripeAccount,
    as_owner: HubClient,
    as_superuser: HubClient,
    as_alice: HubClient,
    acme: Vendor,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
    report: Report,
) -> None:
    caplog.set_level(logging.DEBUG)
    vendor_page = f"/admin/accounts/vendor/{acme.pk}/"
    said = {"database": database_dump()}
    for name, client in {"owner": as_owner, "superuser": as_superuser}.items():
        for page in ("change/", "stripe/", "history/", "domains/"):
            said[f"{name} {page}"] = client.get(vendor_page + page, follow=True).text
    refused = {"secret_key": "rk_test_CANARYtyped0123456789", "publishable_key": "nonsense"}
    said["refused form"] = as_owner.post(f"{vendor_page}stripe/", refused).text
    for path in ("/", "/documents/", "/card/", "/profile/", "/activity/"):
        said[path] = as_alice.get(path).text
    as_alice.raise_request_exception = False
    with monkeypatch.context() as broken:
        broken.setattr("hub.views.home.render", lambda *_: 1 / 0, raising=False)
        failing = as_alice.get("/")
    said["error page"] = failing.text
    records = [json.dumps(record.__dict__, default=str) for record in caplog.records]
    said["logs"] = "\n".join([caplog.text, *records])

    keys = [*CANARIES, "rk_test_CANARYtyped0123456789", *project.FIELD_ENCRYPTION_KEYS]
    hits = [(place, key) for place, text in said.items() for key in keys if key in text]
    assert hits == []
    assert CANARIES[0][-4:] in said["owner stripe/"]
    report(f"{len(keys)} secrets looked for in {len(said)} places: {len(hits)} hits")
