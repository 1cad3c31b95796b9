"""A German vendor's hub speaks German to everyone, in its pages and its mails."""

import polib
import pytest
from django.utils import translation
from django.utils.translation import gettext as _
from playwright.sync_api import expect

from hub.demo.globex import CAROL
from scripts.run_demo import ROOT
from tests.journeys.judges import what_does_not_fit
from tests.journeys.polling import reload_until_visible
from tests.journeys.walks import follow


@pytest.fixture(autouse=True)
def in_german():
    with translation.override("de"):
        yield


@pytest.fixture(scope="module")
def english():
    """Every sentence that has a German one instead."""
    catalogue = polib.pofile(str(ROOT / "locale" / "de" / "LC_MESSAGES" / "django.po"))
    return {entry.msgid for entry in catalogue if entry.msgid != entry.msgstr}


def left_in_english(text, english):
    return [line for line in map(str.strip, text.splitlines()) if line in english]


WORDS = """
() => {
  const spoken = [...document.querySelectorAll("[aria-label], [alt], [placeholder], [title]")];
  const labels = spoken.flatMap((element) =>
    ["aria-label", "alt", "placeholder", "title"].map((name) => element.getAttribute(name) || ""));
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  const texts = [];
  while (walker.nextNode()) {
    const isGerman = walker.currentNode.parentElement.closest("[lang]").lang === "de";
    if (isGerman) texts.push(walker.currentNode.textContent);
  }
  return [document.title.split(" · ")[0], ...labels, ...texts].join("\\n");
}
"""


def test_everything_a_customer_meets_is_german(page, globex, mailbox, english):
    carol = globex.buyer(like=CAROL)
    globex.sell(carol, "jahr")
    globex.sell(carol, "rolle")
    globex.sell(carol, "lizenz", payments=4)
    receipt = mailbox.mail_to(carol.email, "GX-", after=2)

    def look():
        assert left_in_english(page.evaluate(WORDS), english) == []
        assert page.locator("html").get_attribute("lang") == "de"
        assert what_does_not_fit(page) == []

    page.goto(
        receipt.button(_("Click here to manage your billing details and view purchase history"))
    )
    look()
    page.get_by_role("button", name=_("E-mail me a sign-in link")).click()
    expect(page.get_by_role("heading", name=_("Check your mail"))).to_be_visible()
    look()
    subject = _("Your sign-in link for %(name)s") % {"name": "Globex"}
    mail = mailbox.mail_to(carol.email, subject)
    for paper in (receipt, mail):
        assert left_in_english(f"{paper.subject}\n{paper.text}", english) == []
    page.goto(mail.button(_("Sign in")))
    look()
    page.get_by_role("main").get_by_role("button").click()
    expect(page.get_by_role("heading", name="Carol")).to_be_visible()
    look()
    expect(page.get_by_role("main")).to_contain_text("189,00\xa0€")
    for path in ("/documents/", "/profile/", "/profile/activity/", "/card/"):
        page.goto(f"{globex.origin}{path}")
        look()
    page.goto(globex.origin)
    follow(page.get_by_role("link", name="Faszienrolle mit Kurs", exact=True))
    look()
    follow(page.get_by_role("link", name="GX-").first)
    look()
    page.goto(globex.origin)
    follow(page.get_by_role("link", name="Jahresmitgliedschaft", exact=True))
    look()
    follow(page.get_by_role("link", name=_("Cancel subscription")))
    look()
    page.get_by_role("button", name=_("Cancel subscription")).click()
    expect(page.get_by_role("button", name=_("Undo the cancellation"))).to_be_visible()
    look()
    told = mailbox.mail_to(carol.email, "Jahresmitgliedschaft")
    assert left_in_english(f"{told.subject}\n{told.text}", english) == []


def test_a_customer_may_choose_another_language_and_mails_follow(
    page, another_browser, acme, enter, mailbox
):
    alice = acme.buyer()
    acme.sell(alice, "photography")
    enter(acme, alice)

    page.get_by_label("Language").select_option("de")
    page.get_by_role("button", name="Change", exact=True).click()

    expect(page.get_by_role("heading", name=_("Your details"))).to_be_visible()
    assert page.locator("html").get_attribute("lang") == "de"
    acme.sell(alice, "watercolour")
    assert _("Receipt") in mailbox.mail_to(alice.email, _("Receipt")).subject
    reload_until_visible(page.get_by_role("link", name="Watercolour for Travellers", exact=True))


@pytest.mark.browser_context_args(locale="de-AT")
def test_where_no_vendor_has_chosen_the_browser_decides(page, stack, complaints):
    complaints.expect("404")
    page.goto(f"{stack.origin('nobody')}/")

    assert page.locator("html").get_attribute("lang") == "de"
