"""A vendor's staff never read another vendor's words, wherever in the admin they look."""

from __future__ import annotations

from itertools import product

import pytest
from django.contrib import admin

from billing.sandbox.machine import Sandbox
from tests.clients import staff
from tests.factories import make_user
from tests.figures import Report
from tests.safety.world import PLATFORM, World, make_world

pytestmark = pytest.mark.django_db

CANARY = "Quetzalcoatl"
PART = "uetzalcoat"
"""What is searched for stands on the page again; this is not the whole of it."""
AUTOCOMPLETE = "/admin/autocomplete/?app_label={}&model_name={}&field_name={}&term={}"


def lists(globex: World) -> list[str]:
    """Every list, asked for the other vendor's rows in every way that its address knows."""
    row = globex.customer
    queries = [
        *("", f"?q={PART}", f"?vendor={row.vendor_id}", f"?customer={row.pk}", "?o=-1"),
        *(f"?vendor__name__contains={PART}", f"?customer__id__exact={row.pk}"),
    ]
    models = [model._meta for model in admin.site._registry]
    paths = [f"/admin/{meta.app_label}/{meta.model_name}/" for meta in models]
    return [path + query for path, query in product(paths, queries)]


def choices() -> list[str]:
    """What Django completes for every relation of every page."""
    return [
        AUTOCOMPLETE.format(model._meta.app_label, model._meta.model_name, field.name, PART)
        for model in admin.site._registry
        for field in model._meta.get_fields()
        if field.is_relation and field.concrete
    ]


@pytest.mark.slow
def test_no_page_list_filter_choice_or_history_says_a_word_of_it(
    sandbox: Sandbox, report: Report
) -> None:
    acme, globex = make_world("Acme", "watercolour"), make_world("Globex", CANARY)
    make_user(f"{CANARY}@globex.example", vendor=globex.vendor)
    browser = staff(make_user("owner@acme.example", vendor=acme.vendor))
    paths = [
        *acme.paths(PLATFORM),
        *globex.paths(PLATFORM),
        *lists(globex),
        *choices(),
    ]
    pages = 0
    for path in paths:
        if "second-factor" in path or "logout" in path:
            continue
        answer = browser.get(path, follow=True)
        said = "" if answer.streaming else answer.content.decode(errors="ignore")
        assert CANARY.lower() not in said.lower(), path
        assert CANARY.lower() not in str(answer.headers).lower(), path
        pages += answer.status_code == 200
    assert pages > 200
    report(f"{len(paths)} addresses, {pages} pages: 0 words of another vendor")


def test_no_act_reaches_its_rows(sandbox: Sandbox) -> None:
    acme, globex = make_world("Acme", "watercolour"), make_world("Globex", CANARY)
    browser = staff(make_user("owner@acme.example", vendor=acme.vendor))
    for name, row in globex.records.rows.items():
        act = {"action": "delete_selected", "_selected_action": row.pk, "post": "yes"}
        app, _, model = name.partition("_")
        answer = browser.post(f"/admin/{app}/{model}/", act, follow=True)
        assert CANARY not in answer.text, name
        row.refresh_from_db()
