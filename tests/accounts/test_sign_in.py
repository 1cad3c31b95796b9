"""From the door to the hub: what works once, in whose browser, and what never works."""

from zoneinfo import ZoneInfo

import pytest
from bs4 import BeautifulSoup
from django.core import mail
from django.db.models.functions import Now

from accounts.errors import LinkNotValid
from accounts.models import AuditEntry, MagicLink
from accounts.services import sign_in
from accounts.tenancy import vendor_scope
from tests.accounts.mailbox import code_in, link_in, newest
from tests.clients import HubClient


def ask(client, address="alice@example.com", **fields):
    return client.post("/sign-in/", {"email": address} | fields)


def is_signed_in(client) -> bool:
    return client.get("/documents/").status_code == 200


@pytest.fixture
def other_browser(acme) -> HubClient:
    return HubClient(acme.host)


def test_a_customer_signs_in_with_the_mailed_link(alice, at_acme):
    assert ask(at_acme).url == "/sign-in/sent/"
    link = link_in(newest())

    page = at_acme.get(link)
    answer = at_acme.post(link)

    assert "Sign in to Acme" in page.text
    assert "a••••@example.com" in page.text
    assert "alice@example.com" not in page.text
    assert answer.url == "/"
    assert is_signed_in(at_acme)


def test_the_address_is_known_whatever_its_case(alice, at_acme):
    ask(at_acme, "ALICE@Example.COM")

    assert newest().to == ["ALICE@Example.COM"]


def test_the_same_browser_needs_one_press_of_a_button(alice, at_acme):
    ask(at_acme)

    assert 'name="proof"' not in at_acme.get(link_in(newest())).text


def test_another_browser_also_needs_the_code(alice, at_acme, other_browser):
    ask(at_acme)
    link = link_in(newest())

    assert 'name="proof"' in other_browser.get(link).text
    refused = other_browser.post(link, {"proof": ""})
    assert "This field is required" in refused.text
    assert not is_signed_in(other_browser)

    other_browser.post(link, {"proof": f" {code_in(newest())} "})
    assert is_signed_in(other_browser)


def test_another_browser_may_type_the_address_instead(alice, at_acme, other_browser):
    ask(at_acme)

    other_browser.post(link_in(newest()), {"proof": "Alice@example.com"})

    assert is_signed_in(other_browser)


def test_a_wrong_code_says_so_and_the_right_one_still_works(alice, at_acme, other_browser):
    ask(at_acme)
    link, wrong = link_in(newest()), "000000" if code_in(newest()) != "000000" else "111111"

    assert "neither the code nor the address" in other_browser.post(link, {"proof": wrong}).text
    other_browser.post(link, {"proof": code_in(newest())})

    assert is_signed_in(other_browser)


def test_five_wrong_codes_close_the_link_to_other_browsers(alice, at_acme, other_browser):
    ask(at_acme)
    link = link_in(newest())
    for _ in range(5):
        other_browser.post(link, {"proof": "nobody@example.com"})

    answer = other_browser.post(link, {"proof": code_in(newest())})

    assert answer.status_code == 410
    assert "Too many wrong codes" in answer.text
    assert not is_signed_in(other_browser)
    at_acme.post(link)
    assert is_signed_in(at_acme)


def test_the_code_alone_signs_in_the_browser_that_asked(alice, at_acme):
    ask(at_acme, next="/card/")
    code = code_in(newest())

    answer = at_acme.post("/sign-in/code/", {"code": f"{code[:3]} {code[3:]}"})

    assert answer.url == "/card/"
    assert is_signed_in(at_acme)


def test_the_code_is_worth_nothing_in_another_browser(alice, at_acme, other_browser):
    ask(at_acme)
    ask(other_browser, "nobody@example.com")

    answer = other_browser.post("/sign-in/code/", {"code": code_in(newest())})

    assert "This code is wrong" in answer.text
    assert not is_signed_in(other_browser)


def test_a_browser_without_a_key_has_no_codes_to_type(alice, in_acme):
    sign_in.request_link(
        vendor=in_acme, email=alice.email, browser_key="", client="192.0.2.1", language="en"
    )

    with pytest.raises(LinkNotValid):
        sign_in.redeem_code(code_in(newest()), browser_key="")


def test_a_code_can_be_guessed_at_five_times(alice, at_acme):
    ask(at_acme)
    right = code_in(newest())
    for number in range(5):
        at_acme.post("/sign-in/code/", {"code": f"{(int(right) + 1 + number) % 1_000_000:06}"})

    answer = at_acme.post("/sign-in/code/", {"code": right})

    assert "This code is wrong" in answer.text
    assert not is_signed_in(at_acme)


@pytest.mark.parametrize("address", ["alice@example.com", "nobody@example.com"])
def test_after_five_wrong_codes_the_page_says_so_whoever_asks(alice, at_acme, address):
    ask(at_acme, address)
    page = at_acme.get("/sign-in/sent/")
    for _number in range(4):
        page = guess(at_acme, page)
        assert "This code is wrong" in page.text

    assert "Too many wrong codes. Ask for a new mail." in guess(at_acme, page).text
    assert "This code is wrong" in guess(at_acme, at_acme.get("/sign-in/sent/")).text


def guess(client, page):
    form = BeautifulSoup(page.text, "html.parser").select_one("form[action='/sign-in/code/']")
    drawn = {field["name"]: field.get("value", "") for field in form.select("input")}
    right = code_in(newest()) if mail.outbox else "000000"
    return client.post("/sign-in/code/", drawn | {"code": f"{(int(right) + 1) % 1_000_000:06}"})


def test_a_link_works_once(alice, at_acme, other_browser):
    ask(at_acme)
    link = link_in(newest())
    at_acme.post(link)

    proof = {"proof": "alice@example.com"}
    for answer in (other_browser.get(link), other_browser.post(link, proof)):
        assert answer.status_code == 410
        assert "This link has been used" in answer.text
        assert "alice@example.com" not in answer.text
    assert not is_signed_in(other_browser)


def test_a_used_link_offers_the_address_only_where_it_was_asked_for(alice, at_acme, other_browser):
    ask(at_acme)
    link = link_in(newest())
    other_browser.post(link, {"proof": "alice@example.com"})

    assert 'value="alice@example.com"' in at_acme.get(link).text
    assert "alice@example.com" not in HubClient("acme.test").get(link).text


def test_link_and_code_are_one_and_spent_together(alice, at_acme, other_browser):
    ask(at_acme)
    link, code = link_in(newest()), code_in(newest())

    at_acme.post("/sign-in/code/", {"code": code})

    assert other_browser.post(link, {"proof": code}).status_code == 410


def test_an_expired_link_offers_a_new_one(alice, at_acme, in_acme):
    ask(at_acme)
    MagicLink.objects.update(expires_at=Now())
    link = link_in(newest())

    for answer in (at_acme.get(link), at_acme.post(link)):
        assert answer.status_code == 410
        assert "This link has expired" in answer.text
        assert 'value="alice@example.com"' in answer.text
    assert not is_signed_in(at_acme)


def test_an_expired_code_is_worth_nothing(alice, at_acme, in_acme):
    ask(at_acme)
    MagicLink.objects.update(expires_at=Now())

    at_acme.post("/sign-in/code/", {"code": code_in(newest())})

    assert not is_signed_in(at_acme)


def test_an_unknown_link_is_not_found(alice, at_acme):
    ask(at_acme)
    cut_off = link_in(newest())[:-5] + "/"

    for answer in (at_acme.get(cut_off), at_acme.post(cut_off)):
        assert answer.status_code == 404
        assert "We do not know this link" in answer.text


def test_a_link_is_useless_at_another_vendor(alice, carol, at_acme, at_globex):
    ask(at_acme)

    answer = at_globex.post(link_in(newest()), {"proof": code_in(newest())})

    assert answer.status_code == 404
    assert not is_signed_in(at_globex)


def test_an_older_link_outlives_a_newer_one(alice, at_acme):
    ask(at_acme)
    ask(at_acme)
    older, newer = mail.outbox

    at_acme.post(link_in(older))
    assert is_signed_in(at_acme)
    assert at_acme.get(link_in(newer)).status_code == 200


@pytest.mark.parametrize("agent", ["Mozilla/5.0 (compatible; BingPreview)", "SafeLinks", ""])
def test_scanners_may_look_as_often_as_they_like(alice, at_acme, acme, agent):
    ask(at_acme)
    link = link_in(newest())
    scanner = HubClient(acme.host)
    scanner.defaults["HTTP_USER_AGENT"] = agent
    for _ in range(25):
        assert scanner.get(link).status_code == 200
        assert scanner.head(link).status_code == 200

    assert not is_signed_in(scanner)
    at_acme.post(link)
    assert is_signed_in(at_acme)


def test_a_scanner_that_presses_the_button_gets_nowhere_and_spoils_nothing(alice, at_acme, acme):
    ask(at_acme)
    link = link_in(newest())
    scanner = HubClient(acme.host)
    for _ in range(50):
        scanner.post(link, {"proof": ""})
        scanner.post(link)

    assert not is_signed_in(scanner)
    other = HubClient(acme.host)
    other.post(link, {"proof": code_in(newest())})
    assert is_signed_in(other)


def test_the_confirm_page_says_until_when_in_the_vendors_time(carol, at_globex, globex):
    ask(at_globex, "carol@example.com")

    page = at_globex.get(link_in(newest())).text

    with vendor_scope(globex):
        until = MagicLink.objects.get().expires_at.astimezone(ZoneInfo("Europe/Berlin"))
    assert f"{until:%H:%M}" in page


def test_after_signing_in_one_is_where_one_wanted_to_be(alice, at_acme):
    door = at_acme.get(at_acme.get("/documents/?year=2026").url)
    assert 'name="next" value="/documents/?year=2026"' in door.text
    ask(at_acme, next="/documents/?year=2026")

    assert at_acme.post(link_in(newest())).url == "/documents/?year=2026"


@pytest.mark.parametrize(
    "elsewhere",
    ["https://evil.example/", "//evil.example/", "/\\evil.example", "javascript:alert(1)", "card/",
     "///evil.example", "/" + "x" * 300],
)  # fmt: skip
def test_one_is_never_sent_elsewhere(alice, at_acme, elsewhere):
    at_acme.get("/", {"next": elsewhere})
    ask(at_acme, next=elsewhere)

    assert at_acme.post(link_in(newest())).url == "/"


def test_not_even_by_what_stands_in_the_row(alice, at_acme, in_acme):
    ask(at_acme, next="/card/")
    MagicLink.objects.update(next_path="//evil.example/")

    assert at_acme.post(link_in(newest())).url == "/"


def test_signing_in_is_on_record(alice, at_acme, in_acme):
    ask(at_acme)
    at_acme.post(link_in(newest()))

    entry = AuditEntry.objects.get()
    assert (entry.action, entry.customer, entry.by_customer) == ("signed_in", alice, True)


def test_signing_in_proves_the_mailbox(alice, at_acme, in_acme):
    ask(at_acme)
    assert alice.addresses.get().verified_at is None
    at_acme.post(link_in(newest()))

    assert alice.addresses.get().verified_at is not None
