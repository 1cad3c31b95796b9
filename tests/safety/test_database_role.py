"""Row-level security binds the role that the application signs in as, or operators hear of it."""

from __future__ import annotations

from typing import Any

import pytest
from django.conf import settings
from django.core.checks import run_checks
from django.core.management import CommandError, call_command
from django.db import connection, transaction

from accounts.checks import row_level_security
from accounts.postgresql import roles


def warnings_at_deployment() -> list[str]:
    found = run_checks(include_deployment_checks=True)
    return [str(each.hint) for each in found if each.id == "accounts.W001"]


@pytest.mark.django_db(transaction=True)
def test_operators_are_warned_of_a_role_that_it_does_not_bind() -> None:
    assert warnings_at_deployment() == []
    with roles.as_owner():
        assert "name the owner in DATABASE_OWNER_URL" in warnings_at_deployment()[0]


@pytest.mark.django_db(transaction=True)
def test_who_owns_a_table_is_not_bound_without_being_a_superuser() -> None:
    with roles.as_owner(), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("CREATE ROLE plain_owner")
        cursor.execute("ALTER TABLE accounts_customer OWNER TO plain_owner")
        cursor.execute("SET LOCAL ROLE plain_owner")
        assert len(warnings_at_deployment()) == 1
        transaction.set_rollback(True)


@pytest.mark.django_db(transaction=True)
def test_where_there_is_no_database_nobody_is_warned() -> None:
    """As while an image is built."""
    with roles.signed_in_as(dict.fromkeys(settings.DATABASE_OWNER, "nobody")):
        assert row_level_security() == []


@pytest.mark.django_db(transaction=True)
def test_who_migrates_without_the_owner_is_told_which_variable_is_missing(settings: Any) -> None:
    settings.DATABASE_OWNER = {}

    with pytest.raises(CommandError, match="DATABASE_OWNER_URL must name the role that owns them"):
        call_command("migrate", verbosity=0)


@pytest.mark.django_db(transaction=True)
def test_so_is_who_migrates_an_empty_database(settings: Any) -> None:
    owner, settings.DATABASE_OWNER = settings.DATABASE_OWNER, {}
    with roles.signed_in_as(owner), connection.cursor() as cursor:
        cursor.execute("ALTER TABLE django_migrations RENAME TO put_aside")
    try:
        with pytest.raises(CommandError, match="DATABASE_OWNER_URL"):
            call_command("migrate", verbosity=0)
    finally:
        with roles.signed_in_as(owner), connection.cursor() as cursor:
            cursor.execute("ALTER TABLE put_aside RENAME TO django_migrations")
