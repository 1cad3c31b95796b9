"""What acknowledging a webhook costs, beside a bare loop that inserts the same rows.

    python -m scripts.with_postgres [--durable] python -m bench.webhooks [rounds]

Both write to the same PostgreSQL. With --durable it has each commit on its disk before it answers,
as in production; without, it forgets the last ones when it falls, which is no state to sell in but
shows the cost of everything else. The loop is psycopg with a prepared statement and a commit a row,
no HTTP, no signature, no Django: what the database itself can do for one connection and for
several. The hub is gunicorn as config/gunicorn.py has it, over one connection and over as many as
it has threads; each body is another event, signed. No worker runs, so every event stays to be
handled. An empty view behind the same gunicorn shows what HTTP alone costs, and the same webhook
without Django (bench/bare_webhook.py) what is to be had at best. CPU time of the server's workers
(of the loop: its own), medians of interleaved rounds. With --profile, shows where the view spends
its time.
"""

# ruff: noqa: E402 (Django is set up before anything of ours is imported)

import cProfile
import hashlib
import hmac
import json
import os
import platform
import pstats
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path
from statistics import median
from uuid import uuid4

from scripts.keys import fresh_keys

SCRATCH = Path(tempfile.mkdtemp(prefix="hub-bench-"))
ENVIRONMENT = {
    **fresh_keys(),
    "DJANGO_SETTINGS_MODULE": "config.settings",
    "MEDIA_ROOT": str(SCRATCH / "media"),
    "STATIC_ROOT": str(SCRATCH / "static"),
    "HUB_DOMAIN": "localhost",
    "HTTPS": "0",
}
os.environ.update(ENVIRONMENT)

import django

django.setup()

import psycopg
from django.core.management import call_command
from django.db import connection
from django.test import Client

from accounts.models import Vendor
from accounts.postgresql.roles import EVERY_VENDOR, SETTING
from accounts.tenancy import vendor_scope
from bench.servers import Asked, Server, gunicorn
from billing.models import StripeEvent
from tests.factories import make_stripe_account, make_vendor

EVENTS_A_ROUND = 300
CONNECTIONS = 8
SYNCING = (
    "SELECT name, setting FROM pg_settings"
    " WHERE name IN ('fsync', 'full_page_writes', 'synchronous_commit') ORDER BY name"
)
TARGET = 0.6
LOOP, CEILING, WEBHOOK = "insert loop", "no Django", "webhook"
SECRET = "whsec_bench"  # noqa: S105
PATH = "/billing/webhook/"

type Spent = tuple[float, float]


def main(rounds: int, *, profile: bool) -> None:
    if connection.vendor != "postgresql":
        raise SystemExit("python -m scripts.with_postgres python -m bench.webhooks")
    call_command("migrate", verbosity=0)
    call_command("collectstatic", interactive=False, verbosity=0)
    vendor = make_vendor("Acme")
    make_stripe_account(vendor, webhook_secret=SECRET)
    print_conditions(rounds)
    if profile:
        print_profile(vendor)
        return
    ceiling = {"BENCH_SECRET": SECRET, "BENCH_VENDOR": str(vendor.pk)}
    with (
        gunicorn("bench.bare:application", {}) as bare,
        gunicorn("bench.bare_webhook:application", ceiling) as bare_webhook,
        gunicorn("config.wsgi", {}) as hub,
    ):
        measure(bare, bare_webhook, hub, vendor, rounds)


def body() -> bytes:
    """An event as long as Stripe's usually are."""
    padding = {f"field_{number}": f"value {number}" for number in range(120)}
    event = {
        "id": f"evt_{uuid4().hex[:24]}",
        "object": "event",
        "type": "customer.subscription.updated",
        "livemode": False,
        "created": int(time.time()),
        "data": {"object": {"id": "sub_1", "object": "subscription", **padding}},
    }
    return json.dumps(event).encode()


def signed(payload: bytes) -> str:
    moment = int(time.time())
    mac = hmac.new(SECRET.encode(), f"{moment}.".encode() + payload, hashlib.sha256)
    return f"t={moment},v1={mac.hexdigest()}"


def webhooks(vendor: Vendor) -> list[Asked]:
    bodies = [body() for _ in range(EVENTS_A_ROUND)]
    plain = {"Host": vendor.host, "Content-Type": "application/json"}
    return [
        Asked("POST", PATH, {**plain, "Stripe-Signature": signed(payload)}, payload)
        for payload in bodies
    ]


def insert_loop(vendor: Vendor, connections: int) -> Spent:
    """The rows alone, as fast as so many connections commit them."""
    fields = [field for field in StripeEvent._meta.concrete_fields if not field.primary_key]
    with vendor_scope(vendor):
        row = StripeEvent.objects.filter(vendor=vendor).values_list(*[f.attname for f in fields])[0]
    names = [field.attname for field in fields]
    statement = (
        f"INSERT INTO {StripeEvent._meta.db_table} ({', '.join(names)}) "  # noqa: S608
        f"VALUES ({', '.join(['%s'] * len(names))}) ON CONFLICT DO NOTHING"
    )
    place = names.index("event_id")

    def insert(raw: psycopg.Connection) -> None:
        for _ in range(EVENTS_A_ROUND // connections):
            values = [*row[:place], f"evt_{uuid4().hex[:24]}", *row[place + 1 :]]
            raw.execute(statement, values, prepare=True)

    with ExitStack() as stack, ThreadPoolExecutor(connections) as pool:
        opened = [stack.enter_context(see_every_vendor()) for _ in range(connections)]
        cpu, wall = time.process_time(), time.perf_counter()
        list(pool.map(insert, opened))
        wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    return cpu / EVENTS_A_ROUND, wall / EVENTS_A_ROUND


@contextmanager
def see_every_vendor() -> Iterator[psycopg.Connection]:
    with psycopg.connect(os.environ["DATABASE_URL"], autocommit=True) as raw:
        raw.execute(f"SET {SETTING} = '{EVERY_VENDOR}'")
        yield raw


def measure(bare: Server, bare_webhook: Server, hub: Server, vendor: Vendor, rounds: int) -> None:
    empty = [Asked("GET", "/", {})] * EVENTS_A_ROUND
    asks: dict[str, Callable[[int], Spent]] = {
        LOOP: lambda connections: insert_loop(vendor, connections),
        "empty view": lambda connections: bare.ask(empty, connections=connections),
        CEILING: lambda connections: bare_webhook.ask(webhooks(vendor), connections=connections),
        WEBHOOK: lambda connections: hub.ask(webhooks(vendor), connections=connections),
    }
    hub.ask(webhooks(vendor), connections=CONNECTIONS)
    spent: dict[tuple[str, int], list[Spent]] = defaultdict(list)
    for _ in range(rounds):
        for connections in (1, CONNECTIONS):
            for name, ask in asks.items():
                spent[name, connections].append(ask(connections))
    print(f"{'':14}{'connections':>12}{'CPU ms':>10}{'wall ms':>10}{'a second':>10}")
    rates = {}
    for (name, connections), pairs in spent.items():
        cpu, wall = (median(pair[part] for pair in pairs) for part in (0, 1))
        rates[name, connections] = 1 / wall
        print(f"{name:14}{connections:12}{cpu * 1000:10.2f}{wall * 1000:10.2f}{1 / wall:10.0f}")
    print(f"\nS6  webhooks acknowledged / rows inserted a second (target: at least {TARGET})")
    for of, beside in ((CONNECTIONS, 1), (1, 1), (CONNECTIONS, CONNECTIONS)):
        ratio = rates[WEBHOOK, of] / rates[LOOP, beside]
        print(f"    {ratio:.2f}  over {of} connections, beside a loop on {beside}")


def print_profile(vendor: Vendor) -> None:
    """In this process, through the whole of Django, without gunicorn."""
    client, asked = Client(headers={"host": vendor.host}), webhooks(vendor)

    def acknowledge() -> None:
        for _method, path, headers, payload in asked:
            extra = {"Stripe-Signature": headers["Stripe-Signature"]}
            client.post(path, payload, content_type="application/json", headers=extra)

    acknowledge()
    asked = webhooks(vendor)
    profiler = cProfile.Profile()
    profiler.runcall(acknowledge)
    pstats.Stats(profiler).sort_stats("cumulative").print_stats(60)


def print_conditions(rounds: int) -> None:
    versions = f"Python {platform.python_version()}, Django {django.__version__}"
    print(f"{versions}, {connection.vendor}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}")
    print(f"{rounds} rounds of {EVENTS_A_ROUND} events; 2 workers of 4 threads")
    with see_every_vendor() as raw:
        found = raw.execute(SYNCING).fetchall()
    syncing = dict(found)
    is_durable = set(syncing.values()) == {"on"}
    said = ", ".join(f"{name} {setting}" for name, setting in syncing.items())
    print(f"{said}: {'durable, as in production' if is_durable else 'NOT durable'}\n")


if __name__ == "__main__":
    given = [word for word in sys.argv[1:] if word != "--profile"]
    main(int(given[0]) if given else 15, profile="--profile" in sys.argv)
