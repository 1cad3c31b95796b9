"""From Stripe's customers to people, addresses and details."""

from datetime import timedelta

import pytest
import stripe as sdk
from django.utils import timezone

from accounts.errors import LinkNotValid
from accounts.models import Customer, EmailAddress, MagicLink, Vendor
from accounts.services import sign_in
from accounts.services.links import token_hash
from billing.models import StripeCustomer
from billing.services.sync.customers import sync_customer
from tests.billing.plugin import Buyer, Deliver
from tests.factories import make_customer

pytestmark = pytest.mark.usefixtures("in_acme")


def known_addresses() -> list[tuple[str, str]]:
    rows = EmailAddress.objects.select_related("customer").order_by("address")
    return [(row.address, row.customer.name) for row in rows]


def test_a_new_customer_arrives_with_all_that_stripe_knows(buy: Buyer) -> None:
    buy.customer_id(
        name="Alice Martin",
        phone="+33 1 42 68 53 00",
        address={"line1": "12 rue de la Paix", "postal_code": "75002", "city": "Paris"},
        business_name="Martin SARL",
        preferred_locales=["de-AT", "en"],
        tax_id_data=[{"type": "eu_vat", "value": "FR12345678901"}],
    )
    buy.deliver()
    person = Customer.objects.get()
    assert (person.email, person.name, person.company) == (
        "alice@example.com",
        "Alice Martin",
        "Martin SARL",
    )
    assert (person.line1, person.postcode, person.city) == ("12 rue de la Paix", "75002", "Paris")
    assert (person.language, person.tax_id) == ("de", "FR12345678901")
    assert known_addresses() == [("alice@example.com", "Alice Martin")]


def test_a_language_that_the_hub_does_not_speak_is_no_wish_for_another(buy: Buyer) -> None:
    """Nobody chose it; a choice would win over the vendor's language, and go back to Stripe."""
    buy.customer_id(preferred_locales=["fr-FR"])
    buy.deliver()
    assert Customer.objects.get().language == ""


def test_someone_known_by_the_address_is_the_same_person(buy: Buyer, acme: Vendor) -> None:
    known = make_customer(acme, "Alice")
    buy.customer_id("ALICE@Example.com", name="Alice")
    buy.deliver()
    assert StripeCustomer.objects.get().customer == known
    assert Customer.objects.count() == 1


def test_several_stripe_customers_with_one_address_are_one_person(buy: Buyer) -> None:
    buy.customer_id()
    buy.another_customer_id()
    buy.deliver()
    assert Customer.objects.get().stripe_customers.count() == 2


def test_the_same_address_at_another_vendor_is_someone_else(
    buy: Buyer, acme: Vendor, globex: Vendor
) -> None:
    theirs = make_customer(globex, "Alice")
    buy.customer_id()
    buy.deliver()
    assert Customer.objects.get().pk != theirs.pk


def test_the_newest_stripe_customer_knows_the_details_best(buy: Buyer, acme: Vendor) -> None:
    old = buy.customer_id(name="Old Name")
    buy.wait(days=1)
    buy.another_customer_id()
    buy.stripe.customers.update(buy.customer_id(), {"name": "New Name"})
    buy.deliver()
    sync_customer(acme, old)
    assert Customer.objects.get().name == "New Name"


def test_details_the_vendor_changes_in_stripe_arrive(buy: Buyer) -> None:
    key = buy.customer_id()
    buy.deliver()
    buy.stripe.customers.update(key, {"name": "Alice M.", "address": {"city": "Lyon"}})
    buy.deliver()
    person = Customer.objects.get()
    assert (person.name, person.city) == ("Alice M.", "Lyon")


def test_an_address_the_vendor_corrects_in_stripe_opens_the_hub(buy: Buyer) -> None:
    key = buy.customer_id("alcie@example.com")
    buy.deliver()
    buy.stripe.customers.update(key, {"email": "alice@example.com"})
    buy.deliver()
    assert Customer.objects.get().email == "alice@example.com"
    assert known_addresses() == [("alice@example.com", "Alcie")]


def test_a_link_to_the_address_before_opens_nothing_any_more(buy: Buyer) -> None:
    key = buy.customer_id("alcie@example.com")
    buy.deliver()
    link = MagicLink.objects.create(
        email="alcie@example.com",
        customer=Customer.objects.get(),
        mailbox_hash="",
        token_hash=token_hash("old"),
        expires_at=timezone.now() + timedelta(minutes=10),
    )
    assert sign_in.peek("old") == link
    buy.stripe.customers.update(key, {"email": "alice@example.com"})
    buy.deliver()
    with pytest.raises(LinkNotValid):
        sign_in.peek("old")


def test_an_address_the_customer_proved_stays_when_the_vendor_corrects_it(buy: Buyer) -> None:
    key = buy.customer_id()
    buy.deliver()
    EmailAddress.objects.update(verified_at=timezone.now())
    buy.stripe.customers.update(key, {"email": "alice@work.example"})
    buy.deliver()
    assert [address for address, _name in known_addresses()] == [
        "alice@example.com",
        "alice@work.example",
    ]


def test_an_address_that_another_purchase_names_stays(buy: Buyer) -> None:
    key = buy.customer_id()
    buy.another_customer_id()
    buy.deliver()
    buy.stripe.customers.update(key, {"email": "alice@work.example"})
    buy.deliver()
    assert len(known_addresses()) == 2


def test_an_unproved_address_gives_nobody_another_ones_purchases(buy: Buyer) -> None:
    """Mallory has the shop write Alice's address at his own account; then Alice buys."""
    his = buy.customer_id("mallory@example.com", name="Mallory")
    buy.deliver()
    EmailAddress.objects.update(verified_at=timezone.now())
    buy.stripe.customers.update(his, {"email": "alice@example.com"})
    buy.deliver()
    bought = buy.subscription(customer_id=buy.customer_id("alice@example.com", name="Alice"))
    mallory = Customer.objects.get(name="Mallory")
    assert bought.customer != mallory
    assert known_addresses() == [
        ("alice@example.com", "Alice"),
        ("mallory@example.com", "Mallory"),
    ]
    assert mallory.email == "mallory@example.com"


def test_a_proved_address_joins_what_it_buys(buy: Buyer) -> None:
    """Also where its owner has other addresses."""
    key = buy.customer_id()
    buy.deliver()
    buy.stripe.customers.update(key, {"email": "alice@work.example"})
    buy.deliver()
    EmailAddress.objects.update(verified_at=timezone.now())
    person = Customer.objects.get()
    EmailAddress.objects.create(
        customer=person, address="alice@example.com", verified_at=timezone.now()
    )
    bought = buy.subscription(customer_id=buy.another_customer_id())
    assert bought.customer == person


def test_an_address_that_is_someone_elses_is_not_taken(buy: Buyer, acme: Vendor) -> None:
    bob = make_customer(acme, "Bob")
    key = buy.customer_id()
    buy.deliver()
    buy.stripe.customers.update(key, {"email": "bob@example.com"})
    buy.deliver()
    assert known_addresses() == [("alice@example.com", "Alice"), ("bob@example.com", "Bob")]
    assert StripeCustomer.objects.get().customer != bob


def test_a_customer_without_an_address_is_kept_and_cannot_sign_in(
    stripe: sdk.V1Services, deliver: Deliver
) -> None:
    stripe.customers.create({"name": "Shop counter"})
    deliver()
    assert Customer.objects.get().name == "Shop counter"
    assert known_addresses() == []


def test_a_customer_deleted_in_stripe_stays_with_us(buy: Buyer) -> None:
    row = buy.subscription()
    buy.stripe.customers.delete(buy.customer_id())
    buy.deliver()
    row.refresh_from_db()
    row.stripe_customer.refresh_from_db()
    assert row.stripe_customer.deleted_at is not None
    assert not row.is_live
    assert Customer.objects.get().name == "Alice"


def test_one_that_was_deleted_before_we_heard_of_it_is_nothing_to_us(
    buy: Buyer, acme: Vendor
) -> None:
    key = buy.customer_id()
    buy.stripe.customers.delete(key)
    assert sync_customer(acme, key) is None
    assert not Customer.objects.exists()


def test_what_is_too_long_for_us_is_cut(buy: Buyer) -> None:
    buy.customer_id(address={"line1": "x" * 400, "country": "IE"})
    buy.deliver()
    assert Customer.objects.get().line1 == "x" * 200
