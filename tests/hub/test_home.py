from datetime import timedelta

import pytest
from django.utils import timezone

from tests.clients import signed_in
from tests.factories import (
    make_customer,
    make_document,
    make_one_time_purchase,
    make_subscription,
    make_transaction,
)


def test_it_greets_and_shows_what_was_bought(as_alice, alice):
    make_subscription(alice, product_name="Certificate", payments_total=6, payments_made=3)
    make_one_time_purchase(alice, product_name="Watercolour for Travellers", amount_minor=8900)

    page = as_alice.get("/").text

    assert "Hello Alice" in page
    for words in ("Language Lab: Italian", "€19.00 a month", "3 of 6 paid", "€89.00"):
        assert words in page


def test_a_kind_can_be_picked(as_alice, alice):
    make_one_time_purchase(alice, product_name="Watercolour for Travellers")
    make_subscription(alice, product_name="Piano", status="trialing")

    page = as_alice.get("/?kind=one-time").text

    assert "Watercolour for Travellers" in page
    assert "Piano" not in page
    assert "Language Lab" not in page


def test_a_product_is_found_by_a_part_of_its_name(as_alice, alice):
    make_one_time_purchase(alice, product_name="Watercolour for Travellers")

    page = as_alice.get("/?q=WATERcol").text

    assert "Watercolour for Travellers" in page
    assert "Language Lab" not in page


def test_a_purchase_is_found_by_the_number_of_its_document(as_alice, alice, in_acme):
    bought = make_one_time_purchase(alice, product_name="Watercolour for Travellers")
    receipt = make_document(alice, number="AC-2026-00079")
    make_transaction(alice, one_time_purchase=bought, document=receipt)

    page = as_alice.get("/?q=00079").text

    assert "Watercolour for Travellers" in page
    assert f"/subscriptions/{alice.subscriptions.get().pk}/" not in page


def test_a_search_for_what_postgresql_cannot_hold_is_a_search_like_any_other(as_alice):
    assert "Language Lab: Italian" in as_alice.get("/?q=ital%00ian").text


def test_a_search_that_finds_nothing_says_so_and_offers_a_way_back(as_alice):
    page = as_alice.get("/?q=<script>zither</script>").text

    assert "Nothing here matches" in page
    assert "<script>zither" not in page
    assert "Show all purchases" in page


def test_past_due_comes_first_with_one_thing_to_do(as_alice, alice):
    late = make_subscription(
        alice,
        product_name="Photography Monthly",
        status="past_due",
        past_due_minor=2900,
        past_due_since=timezone.now() - timedelta(days=3),
    )

    page = as_alice.get("/").text

    notice = "€29.00 for Photography Monthly could not be charged."
    assert page.index(notice) < page.index("Hello Alice")
    assert f"/card/?subscription={late.pk}" in page


@pytest.mark.parametrize(
    ("fields", "mark"),
    [
        ({"status": "past_due"}, "Past due"),
        ({"cancels_at": timezone.now() + timedelta(days=9)}, "Cancels on"),
        ({"paused_at": timezone.now()}, "Paused"),
        ({"status": "canceled"}, "Cancelled"),
    ],
)
def test_a_split_pay_plan_says_how_far_it_has_come_whatever_its_state(
    as_alice, alice, fields, mark
):
    plan = make_subscription(alice, payments_total=3, payments_made=2, **fields)

    for path in ("/?kind=split-pay", f"/subscriptions/{plan.pk}/"):
        page = as_alice.get(path).text

        assert mark in page
        assert page.count("2 of 3 paid") == 1


def test_who_has_nothing_active_reads_that_no_charge_is_coming(as_bob):
    page = as_bob.get("/").text

    assert "You have nothing active with Acme, and no charge is coming." in page
    assert "Past purchases" in page
    assert "None needed: nothing is charged any more" in page
    assert "/card/?subscription" not in page


def test_what_waits_for_its_first_payment_is_none_of_the_past(as_bob, bob):
    waiting = {"status": "incomplete", "open_invoice_url": "https://invoice.stripe.com/i/1"}
    make_subscription(bob, product_name="Basic", **waiting)

    answer = as_bob.get("/")

    page = answer.text
    assert "Basic waits for its first payment." in page
    assert "Visa ending in 4242" in page
    for words in ("no charge is coming", "nothing is charged any more", "Past purchases"):
        assert words not in page
    [(_label, rows)] = answer.context["groups"]
    assert [row.is_over for row in rows] == [False, True]


def test_who_never_bought_reads_what_to_do(acme):
    page = signed_in(make_customer(acme, "Zoe")).get("/").text

    assert "Nothing was bought from Acme with zoe@example.com yet." in page


def test_a_cancelled_purchase_can_be_kept_with_one_press(as_alice, alice):
    ending = make_subscription(alice, cancels_at=timezone.now() + timedelta(days=9))

    page = as_alice.get("/").text

    assert f'action="/subscriptions/{ending.pk}/keep/"' in page


def test_nobody_sees_what_others_bought(as_alice, alice, bob, carol):
    make_one_time_purchase(bob, product_name="Bob's secret")
    make_one_time_purchase(carol, product_name="Carol's secret")
    make_document(bob, number="BOB-1")
    make_document(carol, number="CAROL-1")

    page = as_alice.get("/").text

    for secret in ("secret", "BOB-1", "CAROL-1"):
        assert secret not in page


def test_it_takes_no_more_queries_for_more_rows(
    as_alice, alice, django_assert_num_queries, django_assert_max_num_queries
):
    make_one_time_purchase(alice)
    make_document(alice)
    as_alice.get("/")
    with django_assert_max_num_queries(9) as few:
        as_alice.get("/")

    for _ in range(3):
        make_subscription(alice)
        make_one_time_purchase(alice)
        make_document(alice)

    with django_assert_num_queries(len(few)):
        as_alice.get("/")


@pytest.mark.parametrize("path", ["/subscriptions/", "/documents/", "/profile/", "/card/"])
def test_strangers_are_sent_to_the_door_and_back_afterwards(at_acme, path):
    answer = at_acme.get(path)

    assert answer.status_code == 302
    assert answer.url == f"/?next={path.replace('/', '%2F')}"
