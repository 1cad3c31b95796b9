"""Many at once: one link lets one in, limits hold in a burst."""

from collections import Counter
from typing import Any

import pytest

from accounts.errors import LinkNotValid, ProofNotRight
from accounts.models import AuditEntry, MagicLink, Vendor
from accounts.services import sign_in
from accounts.tenancy import vendor_scope
from tests.accounts.mailbox import code_in, link_in, newest, token_in
from tests.clients import HubClient
from tests.crowds import all_at_once
from tests.factories import make_customer, make_vendor

CROWD = 8


@pytest.fixture
def acme(transactional_db: None) -> Vendor:
    return make_vendor("Acme")


def test_of_many_who_press_the_button_one_gets_in(acme):
    make_customer(acme, "Alice")
    asker = HubClient(acme.host)
    asker.post("/sign-in/", {"email": "alice@example.com"})
    link, code = link_in(newest()), code_in(newest())
    browsers = [HubClient(acme.host) for _ in range(CROWD)]
    for browser in browsers:
        browser.cookies = asker.cookies.copy()

    presses = [lambda b=browser: b.post(link) for browser in browsers[: CROWD // 2]]
    typings = [
        lambda b=browser: b.post("/sign-in/code/", {"code": code})
        for browser in browsers[CROWD // 2 :]
    ]
    answers = all_at_once(acme, presses + typings)

    assert Counter(answer.status_code for answer in answers)[302] == 1
    signed_in = [b for b in browsers if b.get("/documents/").status_code == 200]
    assert len(signed_in) == 1
    with vendor_scope(acme):
        assert AuditEntry.objects.filter(action="signed_in").count() == 1


def test_a_burst_of_requests_for_one_mailbox_makes_three_links(acme):
    make_customer(acme, "Alice")

    def ask() -> Any:
        return HubClient(acme.host).post("/sign-in/", {"email": "alice@example.com"})

    answers = all_at_once(acme, [ask] * CROWD)

    assert {answer.url for answer in answers} == {"/sign-in/sent/"}
    with vendor_scope(acme):
        assert MagicLink.objects.count() == 3


def test_a_burst_of_guesses_counts_each_of_them(acme):
    make_customer(acme, "Alice")
    HubClient(acme.host).post("/sign-in/", {"email": "alice@example.com"})
    token = token_in(newest())

    guesses = [
        lambda n=number: sign_in.redeem(token, browser_key="", proof=f"guess {n}")
        for number in range(CROWD)
    ]
    outcomes = Counter(type(outcome) for outcome in all_at_once(acme, guesses))

    assert outcomes == {ProofNotRight: 5, LinkNotValid: CROWD - 5}
