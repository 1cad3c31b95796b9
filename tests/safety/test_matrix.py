"""Who is answered what: every address, every kind of person, every method, held against a table.

`matrix.txt` is that table, written down and read by people. An address that is not in it fails,
and so does an answer that is not the one written there.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from itertools import product
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.conf import settings
from django.db import transaction

from accounts.models import Customer, PlatformEntry, TeamMember, User, Vendor
from accounts.services import staff_log
from accounts.tenancy import vendor_scope
from billing.sandbox.machine import Sandbox
from tests.clients import PLATFORM as PLATFORM_HOST
from tests.clients import HubClient, bare, signed_in, staff
from tests.factories import make_customer, make_user, make_vendor
from tests.figures import Report
from tests.safety.world import HUB, PLATFORM, World, make_world, routes

pytestmark = pytest.mark.django_db

TABLE = Path(__file__).with_name("matrix.txt")
NO_ID = "987654321"
METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE")
Role = TeamMember.Role

# Each host asks everybody, with the cookie that they have elsewhere; these columns differ.
COLUMNS = {
    HUB: ("nobody", "A1", "A2"),
    PLATFORM: (*("nobody", "supportA", "settingsA", "ownerA", "readonlyA", "ownerB", "superuser"),),
}

type Cookies = dict[str, str]
type Row = dict[str, str]


@pytest.fixture
def world(sandbox: Sandbox) -> World:
    return make_world("Acme", "watercolour")


@pytest.fixture
def people(world: World, sandbox: Sandbox) -> dict[str, str]:
    """The session of each, by name; nobody has none."""
    other = make_vendor("Globex")

    def member(vendor: Vendor, role: Role, **fields: Any) -> str:
        email = f"{role}{len(fields)}@{vendor.subdomain}.example"
        return cookie_of(staff(make_user(email, vendor=vendor, role=role, **fields)))

    def customer(who: Customer) -> str:
        return cookie_of(signed_in(who))

    sessions = {
        "anonymous": "",
        "A1": customer(world.customer),
        "A2": customer(make_customer(world.vendor, "Bea")),
        "B1": customer(make_customer(other, "Carol")),
        "supportA": member(world.vendor, Role.SUPPORT),
        "settingsA": member(world.vendor, Role.SETTINGS),
        "ownerA": member(world.vendor, Role.OWNER),
        "readonlyA": member(world.vendor, Role.READ_ONLY),
        "ownerB": member(other, Role.OWNER),
        "suspended": member(world.vendor, Role.OWNER, is_active=False),
        "superuser": cookie_of(staff(User.objects.create_superuser("root@hub.example"))),
    }
    support = User.objects.get(memberships__vendor=world.vendor, memberships__role=Role.SUPPORT)
    world.records.rows["accounts_user"] = support
    staff_log.record("staff_changed", support, by_user=None)
    with vendor_scope(None):
        world.records.rows["accounts_platformentry"] = PlatformEntry.objects.get()
    world.values["id"] = str(support.pk)
    return sessions


def cookie_of(client: HubClient) -> str:
    return client.cookies[settings.SESSION_COOKIE_NAME].value


def ask(host: str, session: str, method: str, path: str) -> Any:
    """One request; whatever it does is undone, so that everybody finds the same house."""
    client = HubClient(host, raise_request_exception=False)
    if session:
        client.cookies[settings.SESSION_COOKIE_NAME] = session
    before = (
        transaction.savepoint_create()
    )  # no atomic block: services insist on being the outermost
    answer = client.generic(method, path)
    if answer.streaming:
        b"".join(answer.streaming_content)
    for close in answer._resource_closers:  # answer.close() would close the database as well
        close()
    transaction.set_rollback(False)
    transaction.savepoint_rollback(before)
    return answer


def outcome(answer: Any) -> str:
    """`302` alone says little: `door` is the way to sign in, `home` is where the door stands."""
    if answer.status_code == 302 and answer.url == "/":
        return "home"
    to_sign_in = answer.status_code == 302 and answer.url.startswith(("/admin/login/", "/?next="))
    return "door" if to_sign_in else str(answer.status_code)


def as_it_is(
    world: World, people: dict[str, str], urlconf: str, *, methods: tuple[str, ...], part: int
) -> Iterator[tuple[str, str, Row]]:
    """Route, method, and what each column is answered; who has none of their own is nobody.

    `part` 2 asks every second cell, so that each address meets each person by one method.
    """
    host = world.vendor.host if urlconf == HUB else PLATFORM_HOST
    paths = dict(zip(routes(urlconf), world.paths(urlconf), strict=True))
    for (at, (route, path)), (by, method) in product(enumerate(paths.items()), enumerate(methods)):
        row: Row = {}
        for number, (name, session) in enumerate(people.items()):
            if (at + by + number) % part:
                continue
            column = name if name in COLUMNS[urlconf] else "nobody"
            found = outcome(ask(host, session, method, path))
            row[column] = found if row.get(column, found) == found else f"{name}:{found}"
        yield route or "/", method, row


def written() -> dict[tuple[str, str, str], Row]:
    """By urlconf, route and method. A route has a line, and below it a line for its methods."""
    table: dict[tuple[str, str, str], Row] = {}
    urlconf = route = ""
    for line in TABLE.read_text().splitlines():
        if line.startswith("= "):
            urlconf = line.split()[1]
        elif line.startswith("    "):
            methods, *cells = line.split()
            for method in methods.split(","):
                columns = zip(COLUMNS[urlconf], cells, strict=True)
                table[urlconf, route, method] = dict(columns)
        elif line and not line.startswith("#"):
            route = line
    return table


def as_line(urlconf: str, route: str, methods: str, row: Row) -> str:
    """As the table has it, for whoever has judged that it is right."""
    cells = "".join(f"{row.get(column, '?'):>10}" for column in COLUMNS[urlconf])
    return f"{route}\n    {methods:30}{cells}"


@pytest.mark.parametrize(
    ("methods", "part"),
    [(("GET", "POST"), 2), pytest.param(METHODS, 1, marks=pytest.mark.slow)],
    ids=["half", "all"],
)
def test_everybody_is_answered_as_written(
    methods: tuple[str, ...], part: int, world: World, people: dict[str, str], report: Report
) -> None:
    table, cells, wrong = written(), 0, []
    for urlconf in (HUB, PLATFORM):
        asked = {
            name: session
            for name, session in people.items()
            if part == 1 or name in COLUMNS[urlconf] or name == "anonymous"
        }
        for route, method, row in as_it_is(world, asked, urlconf, methods=methods, part=part):
            cells += len(row)
            expected = table.pop((urlconf, route, method), {})
            if any(expected.get(column) != found for column, found in row.items()):
                wrong.append(as_line(urlconf, route, method, row))
    assert not wrong, "These are not as written in matrix.txt:\n" + "\n".join(wrong)
    gone = [key for key in table if key[2] in methods]
    assert not gone, f"These are written in matrix.txt and no longer there: {gone}"
    report(f"{cells} cells (address x person x method): all as written")


def test_a_foreign_id_answers_like_one_that_never_was(
    world: World, people: dict[str, str], report: Report
) -> None:
    """To the customer beside, to another vendor's customer and staff: the same bytes."""
    asked, nobodys = 0, with_other_ids(world)
    for urlconf, host, names in (
        (HUB, world.vendor.host, ("A2", "B1")),
        (PLATFORM, PLATFORM_HOST, ("ownerB",)),
    ):
        pairs = zip(world.paths(urlconf), nobodys.paths(urlconf), strict=True)
        for (foreign, random), name in product(pairs, names):
            if foreign == random or "/brand/" in foreign:
                continue
            for method in ("GET", "POST"):
                known, unknown = (
                    ask(host, people[name], method, path) for path in (foreign, random)
                )
                assert outcome(known) == outcome(unknown), (name, method, foreign, random)
                both = (foreign, random)
                assert same(known, *both) == same(unknown, *both), (name, method, foreign)
                asked += 1
    assert asked > 100
    report(f"{asked} foreign ids answered as ids that never were, byte for byte")


def with_other_ids(world: World) -> Any:
    """The same addresses, with ids that nothing has."""
    values = {
        name: str(uuid4()) if len(value) == 36 else NO_ID if value.isdecimal() else value
        for name, value in world.values.items()
    }
    rows = {
        name: SimpleNamespace(pk=uuid4() if isinstance(row.pk, UUID) else NO_ID)
        for name, row in world.records.rows.items()
    }
    records: Any = SimpleNamespace(rows=rows)
    vendor: Any = SimpleNamespace(pk=NO_ID)
    return replace(world, values=values | {"year": "1999"}, records=records, vendor=vendor)


def same(answer: Any, *paths: str) -> str:
    """Without the ids that were asked for, which a page may repeat, and without form tokens."""
    text = bare(answer) if not answer.streaming else ""
    ids = {part for path in paths for part in path.split("/") if any(map(str.isdecimal, part))}
    for each in ids:
        text = re.sub(rf"\b{re.escape(each)}\b", "", text)
    return re.sub(r"\s+", " ", text)
