"""What a load balancer reads."""

import pytest
from django.db import DatabaseError, connection

from config import health
from tests.clients import HubClient


@pytest.fixture(autouse=True)
def forget():
    health._expect_every_migration.cache_clear()
    yield
    health._expect_every_migration.cache_clear()


@pytest.mark.parametrize("host", ["hub.test", "acme.test", "192.0.2.7", "10.0.0.3:8000"])
@pytest.mark.parametrize("path", ["/livez", "/readyz"])
def test_it_answers_on_any_host(db, host, path):
    answer = HubClient(host).get(path)

    assert answer.status_code == 200
    assert "no-store" in answer.headers["Cache-Control"]


def test_a_process_lives_without_a_database(db, monkeypatch):
    with monkeypatch.context() as fault:
        fault.setattr(connection, "cursor", broken)
        assert HubClient("hub.test").get("/livez").status_code == 200


def test_it_is_not_ready_without_a_database(db, monkeypatch):
    with monkeypatch.context() as fault:
        fault.setattr(connection, "cursor", broken)
        answer = HubClient("hub.test").get("/readyz")

    assert (answer.status_code, answer.text) == (503, "not ready: DatabaseError\n")


def test_it_is_not_ready_until_every_migration_is_there(db):
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM django_migrations WHERE app = 'accounts'")

    assert HubClient("hub.test").get("/readyz").status_code == 503


def test_ready_once_is_asked_of_the_database_cheaply(db, django_assert_num_queries):
    client = HubClient("hub.test")
    client.get("/readyz")

    with django_assert_num_queries(1):
        assert client.get("/readyz").text == "ready\n"


def broken() -> None:
    raise DatabaseError("gone")
