"""Addresses at which there is nothing, and one vendor's pages at another's host."""

from playwright.sync_api import expect


def test_an_unknown_host_says_so_and_shows_the_way(page, stack, complaints):
    complaints.expect("404")
    answer = page.goto(f"{stack.origin('nobody')}/updateinfo/")

    assert answer.status == 404
    expect(page.get_by_role("heading", name="There is no hub at this address")).to_be_visible()
    expect(page.get_by_text("Open the last receipt you were mailed")).to_be_visible()


def test_a_wrong_address_in_the_hub_leads_back_to_the_purchases(page, acme, enter, complaints):
    complaints.expect("404")
    alice = acme.buyer()
    acme.sell(alice, "photography")
    enter(acme, alice)

    answer = page.goto(f"{acme.origin}/subscriptions/2d0f0e5c-0000-4000-8000-000000000000/")

    assert answer.status == 404
    page.get_by_role("link", name="To your purchases").click()
    expect(page.get_by_role("heading", name="Hello Alice")).to_be_visible()


def test_the_admin_is_on_no_vendors_host_and_no_hub_on_the_platforms(page, acme, stack, complaints):
    complaints.expect("404")

    assert page.goto(f"{acme.origin}/admin/login/").status == 404
    assert page.goto(f"{stack.origin('hub')}/updateinfo/").status == 404
