"""Rules of the house that no linter knows."""

import ast
import re
from collections.abc import Iterator
from itertools import chain
from pathlib import Path

import allauth
import django
import pytest
from django.apps import apps
from django.core.management import load_command_class
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import URLPattern, URLResolver, get_resolver

from accounts.access import is_public
from accounts.models import (
    Customer,
    PlatformChain,
    PlatformEntry,
    PolicyReport,
    TeamMember,
    User,
    Vendor,
)
from accounts.tenancy import VendorOwned
from tests.clients import signed_in
from tests.factories import (
    make_document,
    make_one_time_purchase,
    make_subscription,
    make_transaction,
)

ROOT = Path(__file__).parent.parent
APPS = ["accounts", "billing", "hub", "invoices"]
PACKAGES = [*APPS, "bench", "config", "scripts"]
MODULES = [
    path
    for package in PACKAGES
    for path in sorted((ROOT / package).rglob("*.py"))
    if "migrations" not in path.parts
]
TEMPLATES = ROOT / "templates"
MAILS = sorted(path for path in (TEMPLATES / "emails").iterdir() if path.is_dir())


def short(path: Path) -> str:
    return str(path.relative_to(ROOT))


# --- Tenancy ---


def test_every_model_belongs_to_a_vendor():
    models = set(chain.from_iterable(apps.get_app_config(app).get_models() for app in APPS))

    assert {model for model in models if not issubclass(model, VendorOwned)} == {
        Vendor,
        User,
        TeamMember,
        PolicyReport,
        PlatformChain,
        PlatformEntry,
    }


# Ways round the scope or round save()'s guard, and who may take them.
WAYS_ROUND: dict[str, set[str]] = {
    r"\bscopes_disabled": set(),
    r"\b_base_manager": set(),
    r"\bbulk_(create|update)\(": set(),
    r"\.raw\(|\bRawSQL\(|\.extra\(": set(),
    # Triggers, a bare insert, a sign of life, a demo that is dropped.
    r"\.cursor\(": {
        "accounts/guards.py",
        "billing/webhooks.py",
        "config/health.py",
        "hub/management/commands/drop_demo_tables.py",
    },
    r"\bupdate\([^)]*\bvendor(_id)?=": set(),
    # Work for every vendor: what was left behind anywhere, and whose a row is before its own scope.
    r"\bvendor_scope\(None\)": {
        "accounts/services/audit.py",
        "accounts/services/domains.py",
        "accounts/services/delivery.py",
        "accounts/services/rotation.py",
        "accounts/tasks.py",
        "billing/services/expiring_cards.py",
        "billing/services/notices.py",
        "billing/services/settling.py",
        "billing/services/sync/runs.py",
        "billing/tasks.py",
        "billing/webhooks.py",
        "hub/management/commands/seed_demo.py",
        "invoices/tasks.py",
    },
}


@pytest.mark.parametrize("way", WAYS_ROUND)
def test_only_named_places_go_round_the_scope(way):
    found = {short(path) for path in MODULES if re.search(way, path.read_text())}

    assert found - {"accounts/tenancy.py"} == WAYS_ROUND[way]


# --- Who may see what ---


def views(
    patterns: list[URLPattern | URLResolver], prefix: str = ""
) -> Iterator[tuple[str, object]]:
    for pattern in patterns:
        if isinstance(pattern, URLResolver):
            inner = f"{pattern.namespace}:" if pattern.namespace else ""
            yield from views(pattern.url_patterns, prefix + inner)
        else:
            yield f"{prefix}{pattern.name}", pattern.callback


def test_the_public_pages_are_these_and_no_others():
    all_views = views(get_resolver("config.urls").url_patterns)

    assert {name for name, view in all_views if is_public(view)} == {
        "accounts:begin_support_view",
        "accounts:updateinfo",
        "accounts:sign_in",
        "accounts:sent",
        "accounts:code",
        "accounts:confirm",
        "accounts:language",
        "billing:stripe_webhook",
        "hub:brand_colours",
        "hub:brand_icon",
        "hub:brand_logo",
        "hub:confirm_email",
        "policy_reports",
    }


@pytest.mark.parametrize("method", ["OPTIONS", "TRACE", "PUT", "DELETE", "PROPFIND"])
def test_every_page_of_a_hub_says_which_methods_it_takes(method, rf):
    """Refused by the decorator, before the view asks the request for anything."""
    for name, view in views(get_resolver("config.urls").url_patterns):
        assert view(rf.generic(method, "/")).status_code == 405, name


# --- Size ---


@pytest.mark.parametrize("path", MODULES, ids=short)
def test_modules_and_functions_stay_small(path):
    source = path.read_text()
    too_long = {
        node.name
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and (node.end_lineno or 0) - node.lineno >= 40
    }

    assert source.count("\n") <= 300
    assert not too_long


# --- Templates ---


def template_names() -> dict[str, Path]:
    folders = [TEMPLATES, *(ROOT / app / "templates" for app in APPS)]
    folders += [ROOT / "billing" / "sandbox" / "templates"]
    return {
        str(path.relative_to(folder)): path
        for folder in folders
        for path in folder.rglob("*.*")
        if path.is_file()
    }


# Django finds these by their names; a mail's are found by the mail's.
FOUND_BY_NAME = re.compile(r"(404|500|403_csrf)\.html|emails/\w+/(subject|body)\..*")
DJANGOS_OWN = [
    Path(django.__file__).parent / "forms/templates",
    Path(django.__file__).parent / "contrib/admin/templates",
    Path(allauth.__file__).parent / "templates",
]


def test_every_template_is_used():
    named = template_names()
    sources = [path.read_text() for path in chain(MODULES, named.values())]

    def is_used(name: str) -> bool:
        """The sandbox names its pages without folder and ending."""
        names = {name, name.removeprefix("sandbox/").removesuffix(".html")}
        mention = re.compile("|".join(rf"""["']{re.escape(each)}["'#]""" for each in names))
        takes_djangos_place = any((folder / name).exists() for folder in DJANGOS_OWN)
        return takes_djangos_place or any(mention.search(source) for source in sources)

    assert {n for n in named if not FOUND_BY_NAME.fullmatch(n) and not is_used(n)} == set()


@pytest.mark.parametrize("mail", MAILS, ids=lambda path: path.name)
def test_every_mail_has_subject_text_and_html(mail):
    assert {path.name for path in mail.iterdir()} == {"subject.txt", "body.txt", "body.html"}


@pytest.mark.parametrize("mail", MAILS, ids=lambda path: path.name)
def test_every_mail_is_sent_from_somewhere(mail):
    assert any(f'"{mail.name}"' in path.read_text() for path in MODULES)


# --- Commands ---


COMMANDS = [
    (app, path.stem)
    for app in APPS
    for path in sorted((ROOT / app / "management" / "commands").glob("[!_]*.py"))
]


@pytest.mark.parametrize(("app", "name"), COMMANDS)
def test_every_command_says_what_it_does(app, name):
    assert load_command_class(app, name).help


# --- Lists ---


@pytest.mark.parametrize("path", ["/", "/documents/"])
def test_a_list_takes_the_same_queries_for_one_row_and_for_three(bob, path):
    client = signed_in(bob)
    counts = []
    for _ in range(2):
        add_one_of_each(bob)
        client.get(path)  # what is cached is cached by now
        with CaptureQueriesContext(connection) as queries:
            assert client.get(path).status_code == 200
        counts.append(len(queries))
        add_one_of_each(bob)

    assert counts[0] == counts[1]


def add_one_of_each(customer: Customer) -> None:
    subscription = make_subscription(customer)
    make_transaction(customer, subscription=subscription, document=make_document(customer))
    make_one_time_purchase(customer)
