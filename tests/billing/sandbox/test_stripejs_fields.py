"""How the card's frame takes what is typed: as it is typed, with its mistakes, and for everyone."""

import pytest
from playwright.sync_api import expect

from tests.billing.sandbox.shop import shop_for
from tests.billing.sandbox.test_stripejs import Till
from tests.journeys.judges import accessibility_violations

pytestmark = pytest.mark.journey


@pytest.fixture
def till(page, served):
    with shop_for(served.url) as shop:
        yield Till(page, served, shop).open(elements={"mode": "setup"}, submitFirst=True)


def test_digits_are_grouped_and_the_next_field_follows(till):
    till.card.get_by_label("Card number").click()
    till.page.keyboard.type("424242424242424212340123")

    values = [
        till.card.locator(f"[name={name}]").input_value() for name in ("number", "expiry", "cvc")
    ]
    assert values == ["4242 4242 4242 4242", "12 / 34", "012"]


@pytest.mark.parametrize(
    ("typed", "shown"),
    [
        ("1", "1"),
        ("5", "05 / "),
        ("12", "12 / "),
        ("1/29", "01 / 29"),
        ("12/2029", "12 / 29"),
        ("0930", "09 / 30"),
    ],
)
def test_dates_may_be_typed_as_people_do(till, typed, shown):
    till.card.get_by_label("Expiration date").press_sequentially(typed)

    assert till.card.get_by_label("Expiration date").input_value() == shown


def test_a_date_can_be_taken_back_key_by_key(till):
    field = till.card.get_by_label("Expiration date")
    field.press_sequentially("1229")
    field.press("End")
    for _ in range(6):
        field.press("Backspace")

    assert field.input_value() == ""


def test_a_digit_put_in_the_middle_leaves_the_caret_there(till):
    field = till.card.get_by_label("Card number")
    field.fill("4242 4242 42")
    field.evaluate("input => input.setSelectionRange(4, 4)")
    till.page.keyboard.type("99")

    assert field.input_value() == "4242 9942 4242"
    assert field.evaluate("input => input.selectionStart") == 7


@pytest.mark.parametrize(
    ("number", "brand"),
    [
        ("4242", "Visa"),
        ("5555", "Mastercard"),
        ("2223", "Mastercard"),
        ("37", "American Express"),
        ("6011", "Discover"),
        ("3566", "JCB"),
    ],
)
def test_the_brand_is_seen_and_said(till, number, brand):
    till.card.get_by_label("Card number").fill(number)

    expect(till.card.locator("#payment-brand")).to_have_text(brand)
    expect(till.card.locator("svg[data-brand]:visible")).to_have_count(1)


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("number", "4242424242424241", "Your card number is invalid."),
        ("number", "4242", "Your card number is incomplete."),
        ("expiry", "0120", "Your card’s expiration year is in the past."),
        ("expiry", "1334", "Your card’s expiration date is invalid."),
        ("cvc", "1", "Your card’s security code is incomplete."),
    ],
)
def test_a_mistake_is_said_at_its_field(till, name, value, message):
    field = till.card.locator(f"[name={name}]")
    field.fill(value)
    field.blur()

    problem = till.card.locator(f"#payment-{name}Problem")
    expect(problem).to_have_text(message)
    expect(field).to_have_attribute("aria-invalid", "true")
    assert f"payment-{name}Problem" in field.get_attribute("aria-describedby")


def test_dates_are_held_against_the_sandboxs_clock(till):
    till.served.ask("POST", "/sandbox/clock", {"by": 10 * 365 * 86400})
    till.page.reload()
    till.card.locator("[name=expiry]").fill("1229")
    till.card.locator("[name=expiry]").blur()

    expect(till.card.locator("#payment-expiryProblem")).to_contain_text("in the past")


def test_saving_an_empty_card_names_the_first_field_and_goes_there(till):
    assert till.page.evaluate("shop.payment.submit()")["error"] == {
        "type": "validation_error",
        "code": "incomplete_number",
        "message": "Your card number is incomplete.",
    }
    expect(till.card.get_by_label("Card number")).to_be_focused()


def test_a_post_code_is_asked_where_it_is_checked(till):
    country = till.card.get_by_label("Country")
    country.select_option("IE")
    expect(till.card.locator("[name=postalCode]")).to_be_hidden()

    country.select_option("US")
    expect(till.card.get_by_label("ZIP code")).to_be_visible()
    country.select_option("GB")
    expect(till.card.get_by_label("Postal code")).to_be_visible()


def test_browsers_may_fill_the_card_in(till):
    wanted = {"number": "cc-number", "expiry": "cc-exp", "cvc": "cc-csc"}

    for name, token in wanted.items():
        field = till.card.locator(f"[name={name}]")
        assert field.get_attribute("autocomplete") == token
        assert field.get_attribute("inputmode") == "numeric"


def test_the_frame_is_as_tall_as_what_is_in_it(till):
    frame = till.page.locator("iframe")
    before = frame.bounding_box()["height"]

    till.page.evaluate("shop.payment.submit()")

    expect(till.card.locator("#payment-numberProblem")).to_be_visible()
    till.page.wait_for_timeout(100)
    after = frame.bounding_box()["height"]
    assert after > before + 15
    inner = till.card.locator("body").evaluate("body => document.documentElement.scrollHeight")
    assert abs(after - inner) <= 1


def test_the_page_hears_what_changes_but_never_what_is_typed(till):
    till.card.locator("[name=number]").fill("4242424242424242")
    till.card.locator("[name=expiry]").fill("1234")
    till.card.locator("[name=cvc]").fill("123")
    till.card.get_by_label("Country").select_option("IE")

    expect(till.page.locator("#events")).to_contain_text('"complete":true')
    assert "4242" not in till.page.locator("#events").inner_text()


def test_the_appearance_is_the_pages(till):
    variables = {
        "colorPrimary": "#0a6b6b",
        "colorText": "#123456",
        "colorBackground": "#fff8e8",
        "fontSizeBase": "18px",
        "borderRadius": "11px",
    }
    till.page.evaluate(
        "appearance => shop.elements.update({ appearance })", {"variables": variables}
    )

    field = till.card.get_by_label("Card number")
    expect(field).to_have_css("background-color", "rgb(255, 248, 232)")
    expect(field).to_have_css("color", "rgb(18, 52, 86)")
    expect(field).to_have_css("border-radius", "11px")
    expect(field).to_have_css("font-size", "18px")
    field.focus()
    expect(field).to_have_css("border-color", "rgb(10, 107, 107)")


@pytest.mark.parametrize("theme", ["stripe", "night"])
def test_axe_finds_nothing_in_the_frame(till, theme):
    till.page.evaluate("theme => shop.elements.update({ appearance: { theme } })", theme)
    till.page.evaluate("shop.payment.submit()")
    expect(till.card.locator("#payment-numberProblem")).to_be_visible()

    frame = till.page.frames[1]
    # The page that embeds the frame has the background, the main landmark and the heading.
    frame.evaluate("document.body.style.background = 'var(--color-background)'")
    of_pages = ("landmark-one-main", "page-has-heading-one")
    found = accessibility_violations(frame)
    assert [said for said in found if not said.startswith(of_pages)] == []


def test_enter_sends_the_pages_form(till):
    till.card.get_by_label("Card number").press("Enter")

    expect(till.page.locator("#result")).to_contain_text("incomplete_number")


def test_an_unmounted_element_leaves_nothing_and_can_be_mounted_again(till):
    till.page.evaluate("shop.payment.unmount()")
    expect(till.page.locator("iframe")).to_have_count(0)

    till.page.evaluate("shop.payment.mount('#mount')")

    expect(till.card.get_by_label("Card number")).to_be_visible()


def test_the_frames_channel_is_opened_once(till):
    """Another script of the page finds the door closed."""
    answer = till.page.evaluate(
        """() => new Promise((resolve) => {
            const { port1, port2 } = new MessageChannel();
            port1.onmessage = ({ data }) => resolve(data);
            const frame = document.querySelector('iframe').contentWindow;
            frame.postMessage({ settings: {} }, '*', [port2]);
            port1.postMessage({ ask: 'validate', number: 1 });
            setTimeout(() => resolve(null), 500);
        })"""
    )

    assert answer is None


def test_a_page_elsewhere_cannot_embed_the_frame(till, complaints):
    complaints.expect("frame-ancestors")
    complaints.expect("chrome-error")
    address = f"{till.served.url}/elements/payment"
    till.page.route(
        "http://shop.example/",
        lambda route: route.fulfill(
            content_type="text/html", body=f"<title>Shop</title><iframe src='{address}'></iframe>"
        ),
    )
    till.page.goto("http://shop.example/")

    expect(till.page.frame_locator("iframe").locator("[name=number]")).to_have_count(0)
