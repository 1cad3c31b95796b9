"""What opens the hub stands in the mail and nowhere else: not in a row, a task, a log, a cache."""

import logging

import pytest
from django.core import mail
from django.core.cache import caches
from django.core.management import call_command
from django.db import connection

from accounts.services import addresses, sign_in
from accounts.tenancy import vendor_scope
from tests.accounts.mailbox import code_in, link_in, token_in
from tests.clients import HubClient
from tests.safety.doors import open_door

LINKS = 20
QUEUE = {"default": {"BACKEND": "django_ox.backend.OxBackend"}}


def all_rows() -> str:
    """The whole database, of every vendor; the queue, sessions and the log are in it."""
    with vendor_scope(None), connection.cursor() as cursor:
        names = connection.introspection.table_names(cursor)
        rows = []
        for name in names:
            cursor.execute(f"SELECT * FROM {connection.ops.quote_name(name)}")
            rows += [str(row) for row in cursor.fetchall()]
    assert any("oxtask" in name or "django_ox" in name for name in names)
    return "\n".join(rows)


@pytest.mark.django_db(transaction=True)
def test_tokens_and_codes_leave_no_trace(settings, alice, support, acme, caplog, capfd, report):
    """Asked for, mailed by a worker, opened, guessed at, used; and all the other links, too."""
    caplog.set_level(logging.DEBUG)
    settings.TASKS = QUEUE
    settings.DEBUG = True  # the most that is ever logged
    browser = HubClient(acme.host)
    browser.post("/sign-in/", {"email": alice.email})
    with vendor_scope(acme):
        sign_in.send_profile_link(alice, by=support, source="transaction ch_1")
        addresses.request_change(alice, address="new@example.com")
        addresses.request_adding(alice, address="further@example.com")
    with pytest.raises(SystemExit):
        call_command("ox_worker", batch=True)
    messages = list(mail.outbox)
    assert len(messages) == 4
    look = [all_rows()]
    for message in messages:
        HubClient(acme.host).get(link_in(message))
        HubClient(acme.host).post(link_in(message), {"proof": "000000", "known": "x@y.example"})
    browser.post(link_in(messages[0]))
    written = "\n".join(capfd.readouterr()) + caplog.text
    look += [all_rows(), written, str(vars(caches["default"]))]

    secrets = [token_in(message) for message in messages]
    secrets += [code_in(message) for message in messages[:2]]
    hits = [secret for secret in secrets for place in look if secret in place]
    assert hits == []
    assert alice.email in look[0], "a search that finds what is there"
    assert "send_link" in written
    report(f"{len(secrets)} tokens and codes in rows, tasks, logs and cache: {len(hits)} hits")


@pytest.mark.slow
@pytest.mark.xdist_group("running")
def test_the_product_as_it_runs_writes_them_nowhere(report):
    """In no file of its own: database, journal, logs of web server and worker, documents."""
    with open_door() as door:
        links = []
        for address in door.make_customers("canary", LINKS):
            owner, path = door.request_link(address)
            owner.submit(path, {}, page=path)
            assert owner.is_signed_in
            links.append(path)
        tokens = [path.split("/")[2].encode() for path in links]
        folder = door.hub.stack.demo.folder
        files = [f for f in folder.rglob("*") if f.is_file() and "mail" not in f.parts]
        contents = [file.read_bytes() for file in files]

    hits = [token for token in tokens for content in contents if token in content]
    assert any(b"canary1@example.com" in content for content in contents)
    report(f"{LINKS} tokens in {len(files)} files of the running product: {len(hits)} hits")
    assert hits == []
