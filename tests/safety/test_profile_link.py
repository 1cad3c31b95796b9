"""A way into a customer's hub leaves only by mail, sent by those who may, and is on record."""

import pytest
from django.core import mail

from accounts.models import AuditEntry, TeamMember
from accounts.tenancy import vendor_scope
from tests.accounts.mailbox import code_in, token_in
from tests.clients import PLATFORM, HubClient, staff
from tests.factories import make_transaction, make_user
from tests.hub.admin.conftest import admin_url

Role = TeamMember.Role
MAY_SEND = {
    "owner": True,
    "support": True,
    "superuser": True,
    "settings": False,
    "read_only": False,
    "another vendor's owner": False,
    "suspended": False,
    "nobody's": False,
    "without a second factor": False,
    "a stranger": False,
}


@pytest.fixture
def senders(acme, globex, superuser):
    """A browser of each."""
    suspended = make_user("suspended@acme.example", vendor=acme)
    browsers = {
        role.value: staff(make_user(f"{role}@acme.example", vendor=acme, role=role))
        for role in Role
    } | {
        "superuser": staff(superuser),
        "another vendor's owner": staff(make_user("owner@globex.example", vendor=globex)),
        "suspended": staff(suspended),
        "nobody's": staff(make_user("nobody@team.example")),
        "without a second factor": staff(
            make_user("password@acme.example", vendor=acme), proved="password"
        ),
        "a stranger": HubClient(PLATFORM),
    }
    suspended.is_active = False
    suspended.save()
    return browsers


def test_each_role_sends_it_or_not_and_nobody_sees_it(alice, senders, report):
    assert set(senders) == set(MAY_SEND)
    transaction = make_transaction(alice)
    send = admin_url("billing_transaction_send_profile_link", transaction.pk)
    secrets, seen = [], {}
    for who, browser in senders.items():
        before = len(mail.outbox), on_record(alice)
        answers = [browser.get(send), browser.post(send), browser.get(send)]
        sent = len(mail.outbox) - before[0]

        assert sent == on_record(alice) - before[1] == MAY_SEND[who], who
        if sent:
            assert mail.outbox[-1].to == [alice.email]
            secrets += [token_in(mail.outbox[-1]), code_in(mail.outbox[-1])]
        seen[who] = [f"{answer.headers} {answer.text}" for answer in answers]

    for who, browser in senders.items():
        seen[who] += pages_about(browser, alice, transaction)
    texts = [text for all_of_one in seen.values() for text in all_of_one]
    assert not [secret for secret in secrets for text in texts if secret in text]
    report(
        f"{len(senders)} roles: {len(secrets) // 2} may send, each with 1 audit row;"
        f" token and code in 0 of {len(texts)} answers"
    )


def on_record(alice):
    with vendor_scope(alice.vendor):
        return AuditEntry.objects.filter(action="profile_link_sent", customer=alice).count()


def pages_about(browser, alice, transaction):
    urls = [
        admin_url("billing_transaction_change", transaction.pk),
        admin_url("accounts_customer_change", alice.pk),
        admin_url("accounts_sentmail_changelist"),
        admin_url("accounts_auditentry_changelist"),
        admin_url("index"),
    ]
    return [browser.get(url, follow=True).text for url in urls]
