"""README's pictures, taken from the running demo: python -m scripts.screenshots

Signs Alice in as a person would: asks at the door, opens the mail in the demo's mailbox, follows
its link. Wants Chromium and the packages of requirements/dev.txt.
"""

import os
import re
import shutil
from pathlib import Path

from playwright.sync_api import Browser, Page, ViewportSize, sync_playwright

from hub.demo import sign_ins

PICTURES = Path(__file__).resolve().parent.parent / "docs" / "pictures"
PORT = os.environ.get("PORT", "8000")
ACME = f"http://acme.localhost:{PORT}"
PLATFORM = f"http://hub.localhost:{PORT}"
ALICE = "alice@example.com"
WIDE = ViewportSize(width=1280, height=1000)
PATIENCE = 60
PHONE = ViewportSize(width=390, height=844)


def main() -> None:
    PICTURES.mkdir(parents=True, exist_ok=True)
    chromium = (
        os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")
    )
    as_root = ["--no-sandbox"] if os.geteuid() == 0 else []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=as_root)
        take_hub(browser)
        take_admin(browser)
        browser.close()


def take_hub(browser: Browser) -> None:
    context = browser.new_context(viewport=WIDE, locale="en-GB", color_scheme="light")
    page = context.new_page()
    sign_in(page)
    take(page, "hub")
    page.set_viewport_size(PHONE)
    take(page, "phone")


def sign_in(page: Page) -> None:
    mailbox = page.context.new_page()
    before = newest_mail(mailbox)
    page.goto(f"{ACME}/?email={ALICE}")
    page.locator("main form button").first.click()
    for _ in range(PATIENCE):
        if (address := newest_mail(mailbox)) != before:
            break
        mailbox.wait_for_timeout(250)
    else:
        raise SystemExit("No sign-in link arrived. Does the worker run?")
    mailbox.goto(f"{PLATFORM}{address}")
    link = re.search(rf"{ACME}/sign-in/\S+", mailbox.locator("pre").first.text_content() or "")
    mailbox.close()
    page.goto(link.group() if link else ACME)
    page.locator("main form button").first.click()
    page.wait_for_url(f"{ACME}/")


def newest_mail(mailbox: Page) -> str | None:
    """Where the latest mail to Alice can be read."""
    mailbox.goto(f"{PLATFORM}/mailbox/")
    mails = mailbox.locator("table.inbox tbody tr", has_text=ALICE).locator("a")
    return mails.first.get_attribute("href") if mails.count() else None


def take_admin(browser: Browser) -> None:
    context = browser.new_context(viewport=WIDE, locale="en-GB", color_scheme="light")
    page = context.new_page()
    page.goto(f"{PLATFORM}/admin/")
    page.get_by_label("E-mail").fill(sign_ins.ACME_OWNER)
    page.get_by_label("Password").fill(sign_ins.PASSWORD)
    page.locator("input[type=submit]").click()
    page.goto(f"{PLATFORM}/admin/accounts/vendor/")
    page.evaluate("document.querySelector('.field-logo').scrollIntoView({block: 'start'})")
    take(page, "admin")


def take(page: Page, name: str) -> None:
    page.screenshot(path=PICTURES / f"{name}.png")
    print(PICTURES / f"{name}.png")


if __name__ == "__main__":
    main()
