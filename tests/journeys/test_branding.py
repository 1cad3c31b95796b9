"""What a vendor sets in the admin is what its customers see, in the hub and in mails."""

from io import BytesIO

from PIL import Image
from playwright.sync_api import expect

from hub.demo import sign_ins
from tests.journeys.walks import sign_in_to_admin


def png(size=(900, 90), colour="#c8102e"):
    out = BytesIO()
    Image.new("RGB", size, colour).save(out, "PNG")
    return out.getvalue()


def open_settings(page, stack):
    sign_in_to_admin(page, stack, sign_ins.ACME_OWNER)
    page.get_by_role("link", name="Vendor settings").first.click()
    expect(page.get_by_label("Header colour")).to_be_visible()
    return page


def test_colours_logo_message_and_support_are_seen_at_once(
    page, another_browser, acme, stack, enter, mailbox
):
    settings = open_settings(another_browser(), stack)
    settings.get_by_label("Header colour").fill("#3b0a45")
    settings.get_by_label("Accent colour").fill("#7a1fa2")
    settings.get_by_label("Logo:", exact=True).set_input_files(
        {"name": "new.png", "mimeType": "image/png", "buffer": png()}
    )
    settings.get_by_label("Message to customers").fill(
        "<p>Welcome, <strong>{first_name}</strong>!</p><script>alert(1)</script>"
    )
    settings.get_by_label("Support e-mail").fill("hello@acme-courses.example")
    settings.get_by_label("Legal address").fill("Llanfair" * 30)
    settings.get_by_label("Support phone").fill("+353 1 555 0177")
    settings.get_by_role("button", name="Save and continue editing").click()
    expect(settings.get_by_text("was changed successfully")).to_be_visible()

    alice = acme.buyer()
    acme.sell(alice, "photography")
    enter(acme, alice)

    expect(page.get_by_role("banner")).to_have_css("background-color", "rgb(59, 10, 69)")
    expect(page.get_by_role("link", name="Update my info")).to_be_visible()
    expect(page.get_by_role("note", name="From Acme Courses")).to_have_text("Welcome, Alice!")
    expect(page.get_by_role("contentinfo")).to_contain_text("hello@acme-courses.example")
    expect(page.get_by_role("contentinfo")).to_contain_text("+353 1 555 0177")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    logo = page.get_by_role("img", name="Acme Courses")
    assert logo.evaluate("image => [image.naturalWidth, image.naturalHeight]") == [900, 90]
    assert (logo.bounding_box()["width"], logo.bounding_box()["height"]) == (500, 50)
    mail = mailbox.mail_to(alice.email, "Receipt")
    assert "#3b0a45" in mail.html
    assert "hello@acme-courses.example" in mail.text
    assert mail.message["Reply-To"] == "hello@acme-courses.example"


def test_a_word_without_an_end_in_the_message_widens_no_page(
    page, another_browser, acme, stack, enter
):
    settings = open_settings(another_browser(), stack)
    settings.get_by_label("Message to customers").fill("<p>Welcome, {first_name}!</p>")
    settings.get_by_role("button", name="Save and continue editing").click()
    expect(settings.get_by_text("was changed successfully")).to_be_visible()
    endless = acme.buyer(name="M" * 140)
    acme.sell(endless, "photography")
    enter(acme, endless)

    page.set_viewport_size({"width": 375, "height": 900})

    expect(page.get_by_role("note", name="From Acme Courses")).to_contain_text("M" * 140)
    assert page.evaluate("document.documentElement.scrollWidth") == 375


SVG = b'<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><path d="M0 0h9v9z"/></svg>'
NOT_FIT = {
    "an SVG": ("logo.svg", SVG),
    "an SVG in disguise": ("logo.png", SVG),
    "no image": ("logo.png", b"GIF89a, but not really"),
    "cut off": ("logo.png", png()[:200]),
    "too heavy": ("logo.png", png() + b"\0" * (5 * 1024 * 1024)),
    "too large": ("logo.png", png((5000, 5000))),
}


def test_what_is_no_fit_logo_is_refused_with_a_reason(page, acme, stack):
    settings = open_settings(page, stack)
    look = settings.locator("#look-sample").get_attribute("src")

    for name, content in NOT_FIT.values():
        file = {"name": name, "mimeType": "image/png", "buffer": content}
        settings.get_by_label("Logo:", exact=True).set_input_files(file)
        settings.get_by_role("button", name="Save and continue editing").click()
        expect(settings.get_by_text("Please correct the error below.")).to_be_visible()
        expect(settings.locator(".field-logo .errorlist")).to_contain_text(".")

    settings.goto(settings.url)
    assert settings.locator("#look-sample").get_attribute("src") == look
