import re
from datetime import timedelta

import pytest
from bs4 import BeautifulSoup
from django.core import mail
from django.utils.timezone import now

from accounts.models import Customer, CustomerSession
from accounts.tenancy import vendor_scope
from tests.clients import HubClient, signed_in

DETAILS = {
    "name": "Alice Martin",
    "phone": "+33 6 12 34 56 78",
    "email": "alice@example.com",
    "line1": "27 rue de la République",
    "line2": "",
    "postcode": "69002",
    "city": "Lyon",
    "region": "",
    "country": "FR",
    "company": "",
    "tax_id": "",
}


@pytest.fixture
def italian(buy):
    return buy.subscription("Language Lab: Italian")


@pytest.fixture
def as_buyer(italian):
    return signed_in(italian.customer)


@pytest.fixture
def in_stripe(italian, stripe):
    def read():
        return stripe.customers.retrieve(italian.stripe_customer.stripe_customer_id)

    return read


def test_the_overviews_dialog_gets_the_form_alone(as_buyer):
    answer = as_buyer.get("/profile/", headers={"X-Part": "form"})

    assert answer.text.strip().startswith("<form")
    assert "Save changes" in answer.text
    assert "X-Part" in answer.headers["Vary"]


def test_what_is_saved_is_saved_here_and_in_stripe(as_buyer, in_stripe):
    answer = as_buyer.post("/profile/", DETAILS, follow=True)

    assert "Your details are saved." in answer.text
    assert "27 rue de la République" in answer.text
    there = in_stripe()
    assert (there.name, there.address.city, there.address.country) == ("Alice Martin", "Lyon", "FR")


def test_a_company_and_its_tax_id_reach_stripe(as_buyer, italian, in_stripe, stripe):
    as_buyer.post("/profile/", DETAILS | {"company": "Atelier Martin", "tax_id": "FR12345678901"})

    ids = stripe.customers.tax_ids.list(in_stripe().id)
    assert in_stripe().business_name == "Atelier Martin"
    assert [(tax.type, tax.value) for tax in ids.data] == [("eu_vat", "FR12345678901")]


def test_who_has_several_accounts_at_stripe_reads_where_a_change_goes(as_buyer, buy):
    words = "What you change here is changed for all your purchases."
    assert words not in as_buyer.get("/profile/").text

    buy.another_customer_id()
    buy.deliver()

    assert words in as_buyer.get("/profile/").text


def test_countries_stand_in_alphabetical_order_umlauts_with_their_letters(italian, acme):
    with vendor_scope(acme):
        Customer.objects.filter(pk=italian.customer.pk).update(language="de")
    page = BeautifulSoup(signed_in(italian.customer).get("/profile/").content, "html.parser")
    names = [option.text for option in page.select("select[name=country] option")]

    assert names.index("Afghanistan") < names.index("Ägypten") < names.index("Albanien")
    assert names.index("Oman") < names.index("Österreich") < names.index("Pakistan")


def test_a_form_with_errors_comes_back_filled(as_buyer, in_stripe):
    page = as_buyer.post(
        "/profile/", DETAILS | {"name": "", "phone": "12", "city": "Marseille"}
    ).text

    assert "2 things to correct" in page
    assert "Write the phone number with its country code" in page
    assert 'value="Marseille"' in page
    assert in_stripe().address is None


@pytest.mark.parametrize(
    "address",
    ["not an address", "a@b\n.example", "a@x.example, b@x.example", "a" * 300 + "@x.example"],
)
def test_what_is_no_address_gets_one_clear_error(as_buyer, address):
    page = as_buyer.post("/profile/", DETAILS | {"email": address}).text

    assert "One thing to correct" in page


@pytest.mark.parametrize("field", ["name", "line1", "city", "company"])
@pytest.mark.parametrize("text", ["Zoë\nBcc: x@y.example", "1 Main\r\nStreet", "a\tb"])
def test_a_line_is_one_line(as_buyer, in_stripe, field, text):
    page = as_buyer.post("/profile/", DETAILS | {field: text}).text

    assert "Write this on one line" in page
    assert in_stripe().address is None


def test_without_stripe_nothing_is_saved_and_the_form_is_still_filled(as_buyer, italian, sandbox):
    sandbox.faults.add("*", "refused", times=50)

    page = as_buyer.post("/profile/", DETAILS).text

    assert "We cannot reach our payment provider just now" in page
    assert 'value="27 rue de la République"' in page
    sandbox.faults.clear()
    assert "27 rue" not in as_buyer.get("/").text


def link_in(message) -> str:
    return re.search(r"https://acme\.test(/profile/confirm/\S+)", message.body)[1]


def test_a_new_address_counts_once_its_mailbox_confirms(as_buyer, in_stripe):
    mail.outbox.clear()

    asked = as_buyer.post("/profile/", DETAILS | {"email": "new@example.com"}, follow=True)
    waiting = as_buyer.get("/profile/")
    [message] = [m for m in mail.outbox if m.to == ["new@example.com"]]
    before = in_stripe().email
    page = as_buyer.get(link_in(message)).text
    still = in_stripe().email
    done = as_buyer.post(link_in(message), follow=True)

    assert "Open the mail we just sent to new@example.com" in asked.text
    assert "Waiting for new@example.com" in waiting.text
    assert "Use the new address" in page
    assert (before, still, in_stripe().email) == (
        "alice@example.com",
        "alice@example.com",
        "new@example.com",
    )
    assert "Your e-mail address is now new@example.com." in done.text
    assert "Waiting for" not in as_buyer.get("/profile/").text
    assert [m.to for m in mail.outbox if m.to == ["alice@example.com"]] != []


def test_where_no_mail_may_be_sent_any_more_it_is_said(as_buyer):
    mail.outbox.clear()
    wish = DETAILS | {"email": "new@example.com"}
    pages = [as_buyer.post("/profile/", wish, follow=True).text for _ in range(4)]

    refused = "No mail was sent: there were several just now."
    assert [refused in page for page in pages] == [False, False, False, True]
    assert "Open the mail we just sent" not in pages[3]
    assert len(mail.outbox) == 3


def test_a_new_address_is_taken_only_after_a_fresh_sign_in(as_buyer, in_stripe, acme):
    with vendor_scope(acme):
        CustomerSession.objects.update(signed_in_at=now() - timedelta(minutes=16))
    mail.outbox.clear()
    wish = DETAILS | {"email": "new@example.com", "city": "Cork"}

    asked = as_buyer.post("/profile/", wish, follow=True)
    sent = as_buyer.post("/sign-in/", hidden_fields(asked), follow=True)

    assert "Is it you?" in asked.text
    assert "Check your mail" in sent.text
    assert in_stripe().address.city == "Cork"
    assert [message.to for message in mail.outbox] == [["alice@example.com"]]
    link = re.search(r"https://acme\.test(/sign-in/\S+)", mail.outbox[0].body)[1]
    back = as_buyer.post(link, follow=True)
    assert 'value="new@example.com"' in back.text
    as_buyer.post("/profile/", wish)
    assert mail.outbox[-1].to == ["new@example.com"]


PAGE, DIALOG = {}, {"X-Part": "form"}


def drawn(client, headers=PAGE, path="/profile/"):
    """What a browser would send, were the form sent as it stands."""
    page = BeautifulSoup(client.get(path, headers=headers).content, "html.parser")
    form = page.select_one("form[action='/profile/']")
    typed = {field["name"]: field.get("value", "") for field in form.select("input")}
    chosen = form.select_one("select[name=country] option[selected]")
    return typed | {"country": chosen["value"] if chosen else ""}


@pytest.mark.parametrize("headers", [PAGE, DIALOG])
def test_two_forms_that_stand_open_keep_each_others_changes(
    as_buyer, italian, in_stripe, stripe, headers
):
    as_buyer.post("/profile/", DETAILS | {"company": "Atelier", "tax_id": "FR12345678901"})
    first, second = drawn(as_buyer, headers), drawn(as_buyer, headers)

    as_buyer.post("/profile/", first | {"city": "Cork", "country": "IE", "tax_id": "IE1234567FA"})
    saved = as_buyer.post(
        "/profile/", second | {"line1": "3 Rue Neuve", "company": ""}, follow=True
    )

    assert "Your details are saved." in saved.text
    italian.customer.refresh_from_db()
    here, there = italian.customer, in_stripe()
    assert (here.line1, here.city, here.country.code) == ("3 Rue Neuve", "Cork", "IE")
    assert (there.address.line1, there.address.city) == ("3 Rue Neuve", "Cork")
    assert (there.address.country, there.address.postal_code) == ("IE", "69002")
    assert (here.company, there.business_name) == ("", None)
    ids = [tax.value for tax in stripe.customers.tax_ids.list(there.id).data]
    assert (here.tax_id, ids) == ("IE1234567FA", ["IE1234567FA"])


def test_what_changed_at_stripe_while_the_form_stood_open_stays(
    as_buyer, italian, in_stripe, stripe, deliver
):
    as_buyer.post("/profile/", DETAILS)
    form = drawn(as_buyer)
    stripe.customers.update(in_stripe().id, {"phone": "ask for Alice", "name": "Alice Moreau"})
    deliver()

    saved = as_buyer.post("/profile/", form | {"city": "Cork"}, follow=True)

    assert "Your details are saved." in saved.text
    italian.customer.refresh_from_db()
    here, there = italian.customer, in_stripe()
    assert (here.name, here.phone, here.city) == ("Alice Moreau", "ask for Alice", "Cork")
    assert (there.name, there.phone, there.address.city) == (here.name, here.phone, here.city)


def test_an_odd_number_of_before_is_no_mistake_in_an_older_form(
    as_buyer, italian, in_stripe, stripe, deliver
):
    stripe.customers.update(in_stripe().id, {"phone": "ask for Alice"})
    deliver()
    form = drawn(as_buyer)
    as_buyer.post("/profile/", form | {"phone": "+33 6 12 34 56 78"})

    as_buyer.post("/profile/", form | {"city": "Cork"})

    assert (in_stripe().phone, in_stripe().address.city) == ("+33 6 12 34 56 78", "Cork")


def test_a_form_that_came_back_with_errors_still_knows_what_was_changed(as_buyer, in_stripe):
    as_buyer.post("/profile/", DETAILS)
    form = drawn(as_buyer)
    as_buyer.post("/profile/", form | {"line1": "3 Rue Neuve"})

    again = as_buyer.post("/profile/", form | {"phone": "12", "city": "Cork"})
    fields = BeautifulSoup(again.content, "html.parser").select("form[action='/profile/'] input")
    sent = {field["name"]: field.get("value", "") for field in fields if field["name"] in form}
    as_buyer.post("/profile/", form | sent | {"phone": ""})

    there = in_stripe()
    assert (there.address.line1, there.address.city, there.phone) == ("3 Rue Neuve", "Cork", None)


def test_the_first_details_of_all_are_taken_as_drawn_from_an_empty_form(as_buyer, in_stripe):
    as_buyer.post("/profile/", drawn(as_buyer) | DETAILS)

    there = in_stripe()
    assert (there.phone, there.address.city, there.address.country) == (
        "+33 6 12 34 56 78",
        "Lyon",
        "FR",
    )


def test_a_form_sent_as_it_stands_asks_stripe_for_nothing(as_buyer, sandbox):
    as_buyer.post("/profile/", DETAILS)
    before = len(sandbox.ledger)

    as_buyer.post("/profile/", drawn(as_buyer))

    assert len(sandbox.ledger) == before


def test_an_older_form_does_not_ask_for_the_former_address_again(as_buyer):
    form = drawn(as_buyer)
    as_buyer.post("/profile/", form | {"email": "new@example.com"})
    [message] = [m for m in mail.outbox if m.to == ["new@example.com"]]
    as_buyer.post(link_in(message))
    mail.outbox.clear()

    saved = as_buyer.post("/profile/", form | {"city": "Cork"}, follow=True)

    assert "Your details are saved." in saved.text
    assert mail.outbox == []


def test_an_address_typed_before_a_fresh_sign_in_is_sent_as_it_stands(as_buyer):
    form = drawn(as_buyer, path="/profile/?email=new@example.com")

    asked = as_buyer.post("/profile/", form, follow=True)

    assert "Open the mail we just sent to new@example.com" in asked.text


def hidden_fields(answer):
    form = BeautifulSoup(answer.content, "html.parser").select_one("main form")
    return {field["name"]: field["value"] for field in form.select("input[name]")}


def test_a_confirmation_works_once(as_buyer):
    as_buyer.post("/profile/", DETAILS | {"email": "new@example.com"})
    [message] = [m for m in mail.outbox if m.to == ["new@example.com"]]
    as_buyer.post(link_in(message))

    answer = as_buyer.post(link_in(message))

    assert answer.status_code == 410
    assert "a link works once" in answer.text


def test_a_confirmation_is_useless_at_another_vendor(as_buyer, globex):
    as_buyer.post("/profile/", DETAILS | {"email": "new@example.com"})
    [message] = [m for m in mail.outbox if m.to == ["new@example.com"]]

    answer = HubClient(globex.host).post(link_in(message))

    assert answer.status_code in (404, 410)
    assert "new@example.com" not in answer.text


def test_an_address_of_another_customer_is_refused_only_to_its_owner(as_buyer, bob):
    mail.outbox.clear()
    asked = as_buyer.post("/profile/", DETAILS | {"email": "bob@example.com"}, follow=True)
    [message] = [m for m in mail.outbox if m.to == ["bob@example.com"]]

    answer = as_buyer.post(link_in(message))

    assert "in use" not in asked.text
    assert answer.status_code == 409
    assert "This address is in use" in answer.text
