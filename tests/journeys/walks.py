"""Ways through the hub that many journeys share, as a person walks them."""

from django.utils import translation
from django.utils.translation import gettext as _
from playwright.sync_api import Locator, Page, expect

from billing.sandbox.story import Buyer
from hub.demo import sign_ins
from tests.journeys.mailbox import Mailbox
from tests.journeys.shops import Shop
from tests.journeys.stack import Stack

LINK = "Your sign-in link"
BANK = "iframe[title='Secure authentication frame']"
GOOD_CARD = "5555555555554444"
DECLINED_CARD = "4000000000000002"
CARD_THAT_ASKS = "4000002760003184"


def ask_for_link(page: Page, shop: Shop, address: str) -> None:
    page.goto(f"{shop.origin}/updateinfo/")
    page.get_by_label("E-mail").fill(address)
    page.get_by_role("button", name="E-mail me a sign-in link").click()
    expect(page.get_by_role("heading", name="Check your mail")).to_be_visible()


def sign_in(page: Page, shop: Shop, mailbox: Mailbox, buyer: Buyer) -> None:
    """Through the door: the mail, its button, the button behind it."""
    before = mailbox.count(buyer.email, LINK)
    ask_for_link(page, shop, buyer.email)
    page.goto(mailbox.mail_to(buyer.email, LINK, after=before).button("Sign in"))
    page.get_by_role("button", name=f"Sign in to {shop.name}").click()
    expect(page.get_by_role("heading", name="Your details")).to_be_visible()


def sign_in_in_german(page: Page, shop: Shop, mailbox: Mailbox, buyer: Buyer) -> Page:
    with translation.override("de"):
        page.goto(f"{shop.origin}/updateinfo/")
        page.get_by_role("main").get_by_role("textbox").fill(buyer.email)
        page.get_by_role("button", name=_("E-mail me a sign-in link")).click()
        subject = _("Your sign-in link for %(name)s") % {"name": shop.name}
        page.goto(mailbox.mail_to(buyer.email, subject).button(_("Sign in")))
        page.get_by_role("main").get_by_role("button").click()
        expect(page.get_by_role("heading", name=_("Your details"))).to_be_visible()
    return page


def follow(link: Locator) -> None:
    """Clicks and waits until the page behind it has loaded: for reading what is there."""
    with link.page.expect_navigation():
        link.click()


def type_card(page: Page, number: str) -> None:
    """Into Stripe's own field, in its frame."""
    card = page.frame_locator("iframe[title='Secure payment input frame']")
    card.locator("[name=number]").fill(number)
    card.locator("[name=expiry]").fill("1234")
    card.locator("[name=cvc]").fill("123")
    card.locator("[name=country]").select_option("IE")


def sign_in_to_admin(page: Page, stack: Stack, email: str) -> None:
    page.goto(f"{stack.origin('hub')}/admin/")
    page.get_by_label("E-mail").fill(email)
    page.get_by_label("Password").fill(sign_ins.PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_text(email)).to_be_visible()
