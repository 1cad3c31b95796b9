"""The cast. Alice pays Acme, Bob no longer does; Carol is Globex's and must see none of it."""

from collections.abc import Iterator
from itertools import filterfalse
from typing import Any

import hypothesis
import pytest
from django.conf import settings
from django.core.cache import cache
from django.db import connection
from django.utils import timezone, translation

from accounts import lately
from accounts.models import Customer, TeamMember, User, Vendor
from accounts.postgresql import roles
from accounts.tenancy import vendor_scope
from billing import tasks
from billing.models import Subscription
from tests.clients import HubClient, signed_in, staff
from tests.factories import LONG_AGO, make_customer, make_subscription, make_user, make_vendor

# A busy machine is slow, not wrong.
hypothesis.settings.register_profile("hub", deadline=None)
hypothesis.settings.load_profile("hub")

# SQLite has no row-level security.
ROW_LEVEL_SECURITY = ["safety/test_row_level_security.py", "safety/test_database_role.py"]
collect_ignore = [] if connection.vendor == "postgresql" else ROW_LEVEL_SECURITY

pytest_plugins = ["tests.billing.plugin", "tests.figures", "tests.nameserver"]


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--database-only", action="store_true", help="leave out what never meets the database"
    )


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """What runs again on another database need not be run again where it meets none."""
    if config.getoption("database_only"):
        config.hook.pytest_deselected(items=list(filterfalse(meets_the_database, items)))
        items[:] = filter(meets_the_database, items)


def meets_the_database(item: Any) -> bool:
    """Itself, which pytest-django allows to nobody else, or through the running product, of which
    there is one for a group."""
    marks = ("django_db", "xdist_group")
    fixtures = {"db", "transactional_db"}
    return any(map(item.get_closest_marker, marks)) or not fixtures.isdisjoint(item.fixturenames)


@pytest.fixture(autouse=True)
def nothing_left_over() -> Iterator[None]:
    """Each test begins with an empty cache and memory, in English, in UTC."""
    cache.clear()
    lately.forget_everything()
    tasks._looks_at.clear()
    tasks._looked_at.clear()
    with translation.override("en"), timezone.override("UTC"):
        yield


# A connection that a thread left open would keep the database from being dropped.
HANG_UP = (
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
    " WHERE datname = current_database() AND pid <> pg_backend_pid()"
)


@pytest.fixture(scope="session")
def django_db_modify_db_settings(
    django_db_modify_db_settings_parallel_suffix: None,
) -> Iterator[dict[str, str]]:
    """The owner makes the test's database and drops it again."""
    login = connection.settings_dict
    application = {name: login[name] for name in settings.DATABASE_OWNER}
    with roles.as_owner():
        yield application


@pytest.fixture(scope="session")
def django_db_setup(
    django_db_modify_db_settings: dict[str, str], django_db_setup: None, django_db_blocker: Any
) -> Iterator[None]:
    """All that happens in between happens under the application's role."""
    with roles.signed_in_as(django_db_modify_db_settings):
        yield
    if connection.vendor == "postgresql":
        with django_db_blocker.unblock(), connection.cursor() as cursor:
            cursor.execute(HANG_UP)


@pytest.fixture
def acme(db: None) -> Vendor:
    return make_vendor("Acme")


@pytest.fixture
def globex(db: None) -> Vendor:
    return make_vendor("Globex", language="de", time_zone="Europe/Berlin")


@pytest.fixture
def alice(acme: Vendor) -> Customer:
    customer = make_customer(acme, "Alice")
    make_subscription(customer)
    return customer


@pytest.fixture
def bob(acme: Vendor) -> Customer:
    customer = make_customer(acme, "Bob")
    make_subscription(customer, status=Subscription.Status.CANCELED, ended_at=LONG_AGO)
    return customer


@pytest.fixture
def carol(globex: Vendor) -> Customer:
    customer = make_customer(globex, "Carol")
    make_subscription(customer)
    return customer


@pytest.fixture
def in_acme(acme: Vendor) -> Iterator[Vendor]:
    with vendor_scope(acme):
        yield acme


@pytest.fixture
def at_acme(acme: Vendor) -> HubClient:
    """A browser that has never been here."""
    return HubClient(acme.host)


@pytest.fixture
def at_globex(globex: Vendor) -> HubClient:
    return HubClient(globex.host)


@pytest.fixture
def as_alice(alice: Customer) -> HubClient:
    return signed_in(alice)


@pytest.fixture
def as_bob(bob: Customer) -> HubClient:
    return signed_in(bob)


@pytest.fixture
def as_carol(carol: Customer) -> HubClient:
    return signed_in(carol)


@pytest.fixture
def owner(acme: Vendor) -> User:
    return make_user("owner@acme.example", vendor=acme)


@pytest.fixture
def support(acme: Vendor) -> User:
    return make_user("support@acme.example", vendor=acme, role=TeamMember.Role.SUPPORT)


@pytest.fixture
def superuser(db: None) -> User:
    return User.objects.create_superuser("root@hub.example", "correct horse")


@pytest.fixture
def as_owner(owner: User) -> HubClient:
    return staff(owner)


@pytest.fixture
def as_support(support: User) -> HubClient:
    return staff(support)


@pytest.fixture
def as_superuser(superuser: User) -> HubClient:
    return staff(superuser)
