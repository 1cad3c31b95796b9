"""What the overview costs, as a multiple of an empty Django view; its queries; what a row adds.

    python -m bench.pages [rounds]

Both are served by gunicorn as config/gunicorn.py has it, asked in turn over one kept connection.
CPU time of the workers, medians of interleaved rounds. DATABASE_URL chooses the database:
`python -m scripts.with_postgres python -m bench.pages` measures on a private PostgreSQL.
"""

# ruff: noqa: E402 (Django is set up before anything of ours is imported)

import os
import platform
import sys
import tempfile
from pathlib import Path
from statistics import median

from scripts.keys import fresh_keys

SCRATCH = Path(tempfile.mkdtemp(prefix="hub-bench-"))
ENVIRONMENT = {
    **fresh_keys(),
    "DJANGO_SETTINGS_MODULE": "config.settings",
    "DATABASE_URL": os.environ.get("DATABASE_URL", f"sqlite:///{SCRATCH}/hub.sqlite3"),
    "MEDIA_ROOT": str(SCRATCH / "media"),
    "STATIC_ROOT": str(SCRATCH / "static"),
    "HUB_DOMAIN": "localhost",
    "HTTPS": "0",
}
os.environ.update(ENVIRONMENT)

import django

django.setup()

from django.conf import settings
from django.core.management import call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import Customer, Vendor
from bench.servers import Server, gunicorn
from tests.clients import signed_in
from tests.factories import (
    make_customer,
    make_document,
    make_one_time_purchase,
    make_subscription,
    make_vendor,
)

REQUESTS_A_ROUND = 100
ROWS = 33
MORE_ROWS = 133
TARGET = 9
TARGET_A_ROW = 0.05
TARGET_QUERIES = 5


def main(rounds: int) -> None:
    call_command("migrate", verbosity=0)
    call_command("collectstatic", interactive=False, verbosity=0)
    vendor = make_vendor("Acme", message="<p>Hello {first_name}, thank you.</p>")
    few, many = buyer(vendor, ROWS), buyer(vendor, MORE_ROWS)
    print_conditions(rounds)
    print_queries(few, many)
    with gunicorn("bench.bare:application", {}) as bare, gunicorn("config.wsgi", {}) as hub:
        measure(bare, hub, few, many, rounds)


def buyer(vendor: Vendor, rows: int) -> Customer:
    """A third subscriptions, a third split-pay plans, a third one-time; as many documents."""
    customer = make_customer(vendor, f"Buyer{rows}", line1="4 rue Noire", city="Lyon", country="FR")
    for row in range(rows):
        if row % 3 == 0:
            make_subscription(customer, product_name=f"Course {row}")
        elif row % 3 == 1:
            make_subscription(customer, payments_total=6, payments_made=3)
        else:
            make_one_time_purchase(customer)
        make_document(customer)
    return customer


def headers(customer: Customer) -> dict[str, str]:
    key = signed_in(customer).cookies[settings.SESSION_COOKIE_NAME].value
    return {"Host": customer.vendor.host, "Cookie": f"{settings.SESSION_COOKIE_NAME}={key}"}


def measure(bare: Server, hub: Server, few: Customer, many: Customer, rounds: int) -> None:
    asked = {
        "empty view": (bare, {}),
        f"overview, {ROWS} rows": (hub, headers(few)),
        f"overview, {MORE_ROWS} rows": (hub, headers(many)),
    }
    for server, with_headers in asked.values():
        server.get("/", with_headers, REQUESTS_A_ROUND)
    spent: dict[str, list[tuple[float, float]]] = {name: [] for name in asked}
    for _ in range(rounds):
        for name, (server, with_headers) in asked.items():
            spent[name].append(server.get("/", with_headers, REQUESTS_A_ROUND))
    cpu = {name: median(pair[0] for pair in pairs) * 1000 for name, pairs in spent.items()}
    wall = {name: median(pair[1] for pair in pairs) * 1000 for name, pairs in spent.items()}
    print(f"{'':24}{'CPU ms':>10}{'wall ms':>10}")
    for name in asked:
        print(f"{name:24}{cpu[name]:10.2f}{wall[name]:10.2f}")
    empty, short, long = cpu.values()
    print(f"\nS1  overview / empty view, CPU: {short / empty:.1f} (target: at most {TARGET})")
    a_row = (long - short) / (MORE_ROWS - ROWS)
    print(f"S2  each further row, CPU: {a_row:.3f} ms (target: at most {TARGET_A_ROW})")


def print_queries(few: Customer, many: Customer) -> None:
    counts = []
    for customer in (few, many):
        client = signed_in(customer)
        client.get("/", secure=False)
        with CaptureQueriesContext(connection) as queries:
            client.get("/")
        counts.append(len(queries))
    print(
        f"S2  queries: {counts[0]} for {ROWS} rows, {counts[1]} for {MORE_ROWS}"
        f" (target: at most {TARGET_QUERIES}, the same for both)\n"
    )


def print_conditions(rounds: int) -> None:
    versions = f"Python {platform.python_version()}, Django {django.__version__}"
    print(f"{versions}, {connection.vendor}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}")
    print(f"{rounds} rounds of {REQUESTS_A_ROUND} requests; 2 workers of 4 threads\n")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 15)
