"""A new card, typed into Stripe's own field, for everything or for one purchase."""

from playwright.sync_api import expect

from tests.journeys.walks import BANK, CARD_THAT_ASKS, DECLINED_CARD, GOOD_CARD, type_card


def default_card(known):
    return known.invoice_settings.default_payment_method.card.last4


def own_card(shop, known, product):
    """The last four of the card that pays for this alone; None where the customer's pays."""
    for subscription in known.subscriptions.data:
        found = shop.stripe.subscriptions.retrieve(
            subscription.id, {"expand": ["default_payment_method", "items.data.price.product"]}
        )
        if found["items"].data[0].price.product.name == product:
            method = found.default_payment_method
            return method.card.last4 if method else None
    raise AssertionError(f"{product} is not running")


def open_card_page(page, product=""):
    if product:
        page.get_by_role("link", name=f"Change card: {product}").click()
    else:
        page.get_by_role("link", name="Update my info").click()
        page.get_by_role("link", name="Update card").click()
    expect(page.get_by_role("heading", name="Change card")).to_be_visible()


def test_the_card_field_takes_nothing_before_a_page_has_told_it_how(page, stack):
    page.goto(f"{stack.demo.sandbox_url}/elements/payment")

    for name in ("number", "expiry", "cvc", "country"):
        expect(page.locator(f"[name={name}]")).to_be_disabled()


def test_a_new_card_pays_for_everything(page, acme, enter, mailbox):
    alice = acme.buyer()
    acme.sell(alice, "photography")
    acme.sell(alice, "italian")
    enter(acme, alice)
    open_card_page(page)

    page.get_by_label("Everything: 2 subscriptions").check()
    type_card(page, GOOD_CARD)
    page.get_by_role("button", name="Save card").click()

    expect(page.get_by_text("Mastercard ending in 4444 now pays for everything.")).to_be_visible()
    expect(page.get_by_role("region", name="Your details")).to_contain_text("ending in 4444")
    known = acme.asked_of_stripe(alice)
    assert default_card(known) == "4444"
    assert own_card(acme, known, "Photography Monthly") in (None, "4444")
    told = mailbox.mail_to(alice.email, "Your card at Acme Courses was changed")
    assert "Photography Monthly" in told.text
    assert "Language Lab: Italian" in told.text


def test_a_new_card_pays_for_one_and_the_rest_stays(page, acme, enter, mailbox):
    alice = acme.buyer()
    acme.sell(alice, "photography")
    acme.sell(alice, "italian")
    enter(acme, alice)
    open_card_page(page, "Photography Monthly")

    page.get_by_label("Photography Monthly only").check()
    type_card(page, GOOD_CARD)
    page.get_by_role("button", name="Save card").click()

    expect(
        page.get_by_text("Mastercard ending in 4444 now pays for Photography Monthly.")
    ).to_be_visible()
    known = acme.asked_of_stripe(alice)
    assert default_card(known) == "4242"
    assert own_card(acme, known, "Photography Monthly") == "4444"
    assert own_card(acme, known, "Language Lab: Italian") is None
    told = mailbox.mail_to(alice.email, "Your card at Acme Courses was changed")
    assert "Language Lab: Italian" not in told.text


def test_a_declined_card_is_told_in_a_sentence_and_changes_nothing(page, acme, enter, complaints):
    complaints.expect("402")
    alice = acme.buyer()
    acme.sell(alice, "photography")
    enter(acme, alice)
    open_card_page(page)

    type_card(page, DECLINED_CARD)
    page.get_by_role("button", name="Save card").click()

    expect(page.get_by_role("alert")).to_have_text(
        "Your bank declined this card. Try another card, or ask your bank to allow the payment."
    )
    assert default_card(acme.asked_of_stripe(alice)) == "4242"
    type_card(page, GOOD_CARD)
    page.get_by_role("button", name="Save card").click()
    expect(page.get_by_text("Mastercard ending in 4444 now pays for everything.")).to_be_visible()


def test_what_no_bank_was_asked_about_is_not_laid_at_its_door(page, acme, enter, complaints):
    """The vendor's publishable key is another account's: Stripe knows no such form there."""
    complaints.expect("404")
    alice = acme.buyer()
    acme.sell(alice, "photography")
    enter(acme, alice)
    page.add_init_script(
        """document.addEventListener("readystatechange", () => {
          const form = document.getElementById("card-form");
          if (form) form.dataset.key = "pk_test_globex_demo";
        });"""
    )
    open_card_page(page)
    type_card(page, GOOD_CARD)
    page.get_by_role("button", name="Save card").click()

    expect(page.get_by_role("alert")).to_have_text(
        "This did not work, and your card was not changed. Please write to us."
    )
    assert default_card(acme.asked_of_stripe(alice)) == "4242"


def test_a_card_is_used_once_its_bank_has_asked_its_owner(page, acme, enter):
    alice = acme.buyer()
    acme.sell(alice, "photography")
    enter(acme, alice)
    open_card_page(page)

    type_card(page, CARD_THAT_ASKS)
    page.get_by_role("button", name="Save card").click()
    page.frame_locator(BANK).get_by_role("button", name="Complete").click()

    expect(page.get_by_text("Visa ending in 3184 now pays for everything.")).to_be_visible()
    assert default_card(acme.asked_of_stripe(alice)) == "3184"


def test_a_card_that_its_owner_did_not_confirm_changes_nothing(page, acme, enter, complaints):
    alice = acme.buyer()
    acme.sell(alice, "photography")
    enter(acme, alice)
    open_card_page(page)

    type_card(page, CARD_THAT_ASKS)
    page.get_by_role("button", name="Save card").click()
    page.frame_locator(BANK).get_by_role("button", name="Fail").click()

    expect(page.get_by_role("alert")).to_have_text(
        "Your bank did not confirm the card. Please try again, or use another card."
    )
    assert default_card(acme.asked_of_stripe(alice)) == "4242"


def test_who_has_nothing_running_has_no_card_to_change(page, acme, enter):
    alice = acme.buyer()
    acme.sell(alice, "watercolour")
    enter(acme, alice)

    page.goto(f"{acme.origin}/card/")

    expect(page.get_by_role("heading", name="There is no card to change")).to_be_visible()
