"""Getting in: by link or typed code, and what links do that are wrong, used or too old."""

from playwright.sync_api import expect

from tests.journeys.walks import ask_for_link

EXPIRE = """
from django.utils import timezone
from accounts.models import MagicLink
from accounts.tenancy import vendor_scope
with vendor_scope(None):
    assert MagicLink.objects.filter(email="{email}").update(expires_at=timezone.now()) == 1
"""


def test_the_typed_code_lets_in_the_browser_that_asked(page, acme, mailbox):
    alice = acme.buyer()
    acme.sell(alice, "watercolour")
    ask_for_link(page, acme, alice.email)

    mail = mailbox.mail_to(alice.email, "Your sign-in link")
    page.get_by_label("Code").fill(mail.code)
    page.get_by_role("button", name="Sign in", exact=True).click()

    expect(page.get_by_role("heading", name="Hello Alice")).to_be_visible()


def test_a_wrong_code_says_so_and_the_right_one_still_works(page, acme, mailbox):
    alice = acme.buyer()
    acme.sell(alice, "watercolour")
    ask_for_link(page, acme, alice.email)
    mail = mailbox.mail_to(alice.email, "Your sign-in link")

    page.get_by_label("Code").fill("000000" if mail.code != "000000" else "111111")
    page.get_by_role("button", name="Sign in", exact=True).click()
    expect(page.get_by_role("alert")).to_contain_text("This code is wrong, or no longer works.")

    page.get_by_label("Code").fill(mail.code)
    page.get_by_role("button", name="Sign in", exact=True).click()
    expect(page.get_by_role("heading", name="Hello Alice")).to_be_visible()


def test_another_browser_must_also_show_that_it_has_the_mail(page, another_browser, acme, mailbox):
    alice = acme.buyer()
    acme.sell(alice, "watercolour")
    ask_for_link(page, acme, alice.email)
    mail = mailbox.mail_to(alice.email, "Your sign-in link")

    phone = another_browser()
    phone.goto(mail.button("Sign in"))
    phone.get_by_role("button", name="Sign in to Acme Courses").click()
    expect(phone.get_by_role("alert")).to_be_visible()
    phone.get_by_role("textbox").fill(mail.code)
    phone.get_by_role("button", name="Sign in to Acme Courses").click()

    expect(phone.get_by_role("heading", name="Hello Alice")).to_be_visible()


def test_a_wrong_link_leads_to_a_new_one(page, acme, mailbox, complaints):
    complaints.expect("404")
    alice = acme.buyer()
    acme.sell(alice, "watercolour")

    page.goto(f"{acme.origin}/sign-in/no-such-link/")
    expect(page.get_by_role("heading", name="We do not know this link")).to_be_visible()
    page.get_by_label("E-mail").fill(alice.email)
    page.get_by_role("button", name="E-mail me a new link").click()

    page.goto(mailbox.mail_to(alice.email, "Your sign-in link").button("Sign in"))
    page.get_by_role("button", name="Sign in to Acme Courses").click()
    expect(page.get_by_role("heading", name="Hello Alice")).to_be_visible()


def test_a_used_link_opens_nothing_and_leads_to_a_new_one(
    page, another_browser, acme, mailbox, complaints
):
    complaints.expect("410")
    alice = acme.buyer()
    acme.sell(alice, "watercolour")
    ask_for_link(page, acme, alice.email)
    link = mailbox.mail_to(alice.email, "Your sign-in link").button("Sign in")
    page.goto(link)
    page.get_by_role("button", name="Sign in to Acme Courses").click()
    expect(page.get_by_role("heading", name="Hello Alice")).to_be_visible()

    finder = another_browser()
    finder.goto(link)
    expect(finder.get_by_role("heading", name="This link has been used")).to_be_visible()
    expect(finder.get_by_label("E-mail")).to_have_value("")
    assert alice.email not in finder.content()

    page.goto(link)
    expect(page.get_by_label("E-mail")).to_have_value(alice.email)
    page.get_by_role("button", name="E-mail me a new link").click()
    expect(page.get_by_role("heading", name="Check your mail")).to_be_visible()
    assert mailbox.mail_to(alice.email, "Your sign-in link", after=1).button("Sign in") != link


def test_an_expired_link_opens_nothing_and_leads_to_a_new_one(
    page, acme, mailbox, stack, complaints
):
    complaints.expect("410")
    alice = acme.buyer()
    acme.sell(alice, "watercolour")
    ask_for_link(page, acme, alice.email)
    link = mailbox.mail_to(alice.email, "Your sign-in link").button("Sign in")
    stack.manage("shell", "-c", EXPIRE.format(email=alice.email))

    page.goto(link)
    expect(page.get_by_role("heading", name="This link has expired")).to_be_visible()
    page.get_by_role("button", name="E-mail me a new link").click()

    page.goto(mailbox.mail_to(alice.email, "Your sign-in link", after=1).button("Sign in"))
    page.get_by_role("button", name="Sign in to Acme Courses").click()
    expect(page.get_by_role("heading", name="Hello Alice")).to_be_visible()


def test_an_unknown_address_gets_the_same_page_and_no_mail(page, another_browser, acme, mailbox):
    alice, stranger = acme.buyer(), acme.buyer()
    acme.sell(alice, "watercolour")

    ask_for_link(page, acme, stranger.email)
    to_a_stranger = page.locator("main").inner_text()
    page_of_alice = another_browser()
    ask_for_link(page_of_alice, acme, alice.email)
    to_alice = page_of_alice.locator("main").inner_text()

    assert to_a_stranger.replace(stranger.email, alice.email) == to_alice
    mailbox.mail_to(alice.email, "Your sign-in link")  # asked for later, and there already
    assert mailbox.mails_to(stranger.email) == []


def test_signing_out_closes_the_hub_on_every_device(page, another_browser, acme, enter):
    alice = acme.buyer()
    acme.sell(alice, "watercolour")
    phone = another_browser()
    enter(acme, alice, phone)
    enter(acme, alice)

    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_text("You are signed out, on all your devices.")).to_be_visible()

    phone.goto(f"{acme.origin}/documents/")
    expect(phone.get_by_role("button", name="E-mail me a sign-in link")).to_be_visible()


def test_a_link_into_the_hub_leads_there_after_signing_in(page, acme, mailbox):
    alice = acme.buyer()
    acme.sell(alice, "watercolour")

    page.goto(f"{acme.origin}/documents/")
    page.get_by_label("E-mail").fill(alice.email)
    page.get_by_role("button", name="E-mail me a sign-in link").click()
    page.goto(mailbox.mail_to(alice.email, "Your sign-in link").button("Sign in"))
    page.get_by_role("button", name="Sign in to Acme Courses").click()

    expect(page.get_by_role("heading", name="Documents", level=1)).to_be_visible()
