"""The list of one's addresses on the profile page, and what can be done with each."""

from datetime import timedelta

import pytest
from bs4 import BeautifulSoup
from django.core import mail
from django.utils.timezone import now

from accounts.models import CustomerSession, EmailAddress
from accounts.tenancy import vendor_scope
from billing.models import StripeCustomer
from tests.accounts.mailbox import link_in, newest
from tests.clients import bare, signed_in

WORK = "alice@work.example"
PAGE = "/profile/addresses/"


@pytest.fixture
def buyer(buy):
    return buy.subscription("Language Lab: Italian").customer


@pytest.fixture
def as_buyer(buyer):
    client = signed_in(buyer)
    mail.outbox.clear()
    return client


def verified(customer, address=WORK):
    with vendor_scope(customer.vendor):
        return EmailAddress.objects.create(
            vendor=customer.vendor, customer=customer, address=address, verified_at=now()
        )


def a_while_ago(customer):
    with vendor_scope(customer.vendor):
        CustomerSession.objects.update(signed_in_at=now() - timedelta(minutes=16))


def listed(client):
    """Address, its mark, and what its buttons say, as the page has them."""
    page = BeautifulSoup(client.get("/profile/").content, "html.parser")
    return [
        (
            row.strong.get_text(),
            row.select_one(".mark").get_text(strip=True),
            [button.get_text() for button in row.select("button")],
        )
        for row in page.select("#addresses .devices > li")
    ]


def test_the_page_lists_them_the_main_one_first(as_buyer, buyer):
    verified(buyer)
    with vendor_scope(buyer.vendor):
        EmailAddress.objects.create(customer=buyer, address="typed@shop.example")
    as_buyer.post(f"{PAGE}add/", {"address": "alice@third.example"})

    assert listed(as_buyer) == [
        ("alice@example.com", "Main address: we write here", ["Send a mail"]),
        (WORK, "Confirmed", ["Make main", "Remove"]),
        ("typed@shop.example", "Not confirmed yet", ["Send a mail", "Remove"]),
        ("alice@third.example", "Waiting: open the mail we sent there", ["Send a mail"]),
    ]


def test_the_overviews_dialog_has_the_form_alone(as_buyer):
    assert "E-mail addresses" not in as_buyer.get("/profile/", headers={"X-Part": "form"}).text


def test_one_is_added_by_the_link_in_its_mail(as_buyer, buyer):
    asked = as_buyer.post(f"{PAGE}add/", {"address": WORK}, follow=True)
    page = as_buyer.get(link_in(newest())).text
    done = as_buyer.post(link_in(newest()), follow=True)

    assert f"Open the mail we just sent to {WORK}" in asked.text
    assert "Add this address" in page
    assert f"You can sign in with {WORK} now." in done.text
    assert (WORK, "Confirmed", ["Make main", "Remove"]) in listed(as_buyer)


def test_from_another_browser_the_main_address_must_be_known(as_buyer, at_acme, buyer):
    as_buyer.post(f"{PAGE}add/", {"address": WORK})
    link = link_in(newest())

    assert "The address you sign in with so far" in at_acme.get(link).text
    assert "not the address we ask for" in at_acme.post(link, {"known": WORK}).text
    done = at_acme.post(link, {"known": "alice@example.com"}, follow=True)
    assert f"You can sign in with {WORK} now." in done.text
    assert at_acme.get("/documents/").status_code == 302


@pytest.mark.parametrize(
    ("typed", "problem"),
    [
        ("", "Type one e-mail address"),
        ("a@x.example, b@x.example", "Type one e-mail address"),
        ("ALICE@work.example", "This is one of your addresses already."),
    ],
)
def test_what_cannot_be_added_is_said(as_buyer, buyer, typed, problem):
    verified(buyer)
    page = as_buyer.post(f"{PAGE}add/", {"address": typed}).text

    assert "One thing to correct" in page
    assert problem in page
    assert mail.outbox == []


def test_where_no_mail_may_be_sent_any_more_it_is_said(as_buyer):
    for number in range(5):
        mule = f"mule+{number}@example.net"
        page = as_buyer.post(f"{PAGE}add/", {"address": mule}, follow=True).text
        was_sent = number < 3
        assert (f"Open the mail we just sent to {mule}" in page) is was_sent
        assert ("No mail was sent: there were several just now." in page) is not was_sent
        assert mule in page

    assert len(mail.outbox) == 3


def test_the_eleventh_is_refused(as_buyer, buyer):
    for number in range(9):
        verified(buyer, f"alice{number}@example.org")

    page = as_buyer.post(f"{PAGE}add/", {"address": WORK}).text
    assert "You can have 10 addresses at most. Remove one first." in page


def test_another_main_one_reaches_stripe(as_buyer, buyer, stripe):
    row = verified(buyer)
    page = as_buyer.post(f"{PAGE}{row.pk}/main/", follow=True)

    assert f"From now on we write to {WORK}." in page.text
    activity = as_buyer.get("/profile/activity/").text
    assert "Main e-mail address chosen" in activity
    assert "Details changed" not in activity
    with vendor_scope(buyer.vendor):
        stripe_id = StripeCustomer.objects.get().stripe_customer_id
    assert stripe.customers.retrieve(stripe_id).email == WORK
    assert [address for address, _mark, _buttons in listed(as_buyer)] == [
        WORK,
        "alice@example.com",
    ], "the former one stays, proved or not"


def test_one_is_removed(as_buyer, buyer):
    row = verified(buyer)
    page = as_buyer.post(f"{PAGE}{row.pk}/remove/", follow=True)

    assert "The address is removed." in page.text
    assert [address for address, _mark, _buttons in listed(as_buyer)] == ["alice@example.com"]


def test_what_is_not_possible_any_more_is_said(as_buyer, buyer):
    with vendor_scope(buyer.vendor):
        main = buyer.addresses.get()
    for act in ("main", "remove"):
        page = as_buyer.post(f"{PAGE}{main.pk}/{act}/", follow=True)
        assert "That is not possible with this address as it is now" in page.text


def test_nobody_elses_address_can_be_named(as_buyer, buyer, bob, carol):
    for other in (bob, carol):
        row = verified(other, f"other-{other.pk}@example.org")
        for act in ("main", "remove"):
            theirs = as_buyer.post(f"{PAGE}{row.pk}/{act}/")
            nobodys = as_buyer.post(f"{PAGE}999999/{act}/")
            assert theirs.status_code == nobodys.status_code == 404
            assert bare(theirs) == bare(nobodys)
        with vendor_scope(other.vendor):
            assert EmailAddress.objects.filter(pk=row.pk, customer=other).exists()


@pytest.mark.parametrize("act", ["add", "main", "remove"])
def test_each_needs_a_fresh_sign_in(as_buyer, buyer, act):
    row = verified(buyer)
    a_while_ago(buyer)
    path = f"{PAGE}add/" if act == "add" else f"{PAGE}{row.pk}/{act}/"
    wish = {"address": "alice@third.example", "next": "/profile/#addresses"}

    asked = as_buyer.post(path, wish, follow=True)

    assert "Is it you?" in asked.text
    assert mail.outbox == []
    assert len(listed(as_buyer)) == 2
    form = BeautifulSoup(asked.content, "html.parser").select_one("main form")
    assert {option["value"] for option in form.select("option")} == {"alice@example.com", WORK}
    as_buyer.post("/sign-in/", {"email": WORK, "next": form.select_one("[name=next]")["value"]})
    back = as_buyer.post(link_in(newest()), follow=True)
    assert 'id="addresses"' in back.text
    if act == "add":
        assert 'value="alice@third.example"' in back.text


def test_undoing_says_what_it_undoes(as_buyer, at_acme, buyer):
    row = verified(buyer)
    as_buyer.post(f"{PAGE}{row.pk}/main/")
    link = link_in(next(m for m in mail.outbox if m.to == ["alice@example.com"]))

    page = at_acme.get(link).text
    assert "Became the main address" in page
    assert "a••••@work.example" in page
    assert WORK not in page
    assert WORK in as_buyer.get(link).text, "who is signed in may see their own addresses"
    done = at_acme.post(link, {"known": "alice@example.com"}, follow=True)
    assert "That is undone. We write to alice@example.com." in done.text
    assert as_buyer.get("/documents/").status_code == 302
