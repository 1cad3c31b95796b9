"""Customers, their tax ids and their cards."""

import pytest
import stripe


def test_a_customer_shows_what_was_given_and_null_for_the_rest(api):
    made = api.customers.create(
        {
            "name": "Jürgen Müller",
            "business_name": "Müller GmbH",
            "address": {"line1": "Am Markt 1", "city": "Köln", "country": "DE"},
            "preferred_locales": ["de"],
            "metadata": {"course": "a & b"},
        }
    )

    found = api.customers.retrieve(made.id)
    assert (found.name, found.business_name) == ("Jürgen Müller", "Müller GmbH")
    assert (found.address.city, found.address.state) == ("Köln", None)
    assert found.preferred_locales == ["de"]
    assert found.metadata["course"] == "a & b"
    assert found.email is None


def test_metadata_is_merged_and_an_empty_value_removes_a_key(api, alice):
    api.customers.update(alice.id, {"metadata": {"a": "1", "b": "2"}})

    changed = api.customers.update(alice.id, {"metadata": {"a": "", "c": "3"}})
    emptied = api.customers.update(alice.id, {"metadata": ""})

    assert changed.metadata.to_dict() == {"b": "2", "c": "3"}
    assert emptied.metadata.to_dict() == {}


def test_an_empty_text_makes_a_field_null(api, alice):
    api.customers.update(alice.id, {"phone": "1", "address": {"city": "Köln", "line2": "A"}})

    changed = api.customers.update(alice.id, {"phone": "", "address": {"city": "Ulm", "line2": ""}})

    assert changed.phone is None
    assert (changed.address.city, changed.address.line2) == ("Ulm", None)


@pytest.mark.parametrize("email", ["alice", "alice @example.com", "a@" + "b" * 600])
def test_what_is_no_address_is_refused(api, alice, email):
    with pytest.raises(stripe.InvalidRequestError) as caught:
        api.customers.update(alice.id, {"email": email})

    assert caught.value.param == "email"


def test_customers_are_found_by_their_email(api, alice):
    api.customers.create({"email": "bob@example.com"})

    found = api.customers.list({"email": "alice@example.com"})

    assert [customer.id for customer in found.data] == [alice.id]


def test_an_update_says_what_changed(api, alice, sandbox):
    api.customers.update(alice.id, {"name": "Alicia", "metadata": {"a": "1"}})

    event = sandbox.events("acct_acme")[-1]
    assert event["type"] == "customer.updated"
    assert event["data"]["previous_attributes"] == {"name": "Alice", "metadata": {"a": None}}
    assert event["data"]["object"]["name"] == "Alicia"


def test_an_update_that_changes_nothing_makes_no_event(api, alice, types):
    before = types()

    api.customers.update(alice.id, {"name": "Alice"})

    assert types() == before


def test_a_deleted_customer_is_gone_but_remembered(api, alice, subscribe, types):
    subscription = subscribe()

    api.customers.delete(alice.id)

    assert api.customers.retrieve(alice.id).deleted
    assert api.customers.list().data == []
    assert api.subscriptions.retrieve(subscription.id).status == "canceled"
    assert types()[-1] == "customer.deleted"
    with pytest.raises(stripe.InvalidRequestError):
        api.customers.update(alice.id, {"name": "Al"})


class TestTaxIds:
    def test_a_tax_id_is_kept_for_the_customer(self, api, alice, types):
        made = api.customers.tax_ids.create(alice.id, {"type": "eu_vat", "value": "DE123456789"})

        assert (made.country, made.verification.status) == ("DE", "pending")
        assert [tax.id for tax in api.customers.tax_ids.list(alice.id).data] == [made.id]
        expanded = api.customers.retrieve(alice.id, {"expand": ["tax_ids"]})
        assert expanded.tax_ids.data[0].value == "DE123456789"
        assert types()[-1] == "customer.tax_id.created"

    @pytest.mark.parametrize(
        ("kind", "value"),
        [
            ("eu_vat", "123"),
            ("eu_vat", "DEHELLO"),
            ("eu_vat", "DE1234567890"),
            ("eu_vat", "ITDE123456789"),
            ("eu_vat", "US123456789"),
            ("gb_vat", "GB1"),
            ("us_ein", "123456789"),
        ],
    )
    def test_a_value_that_cannot_be_one_is_refused(self, api, alice, kind, value):
        with pytest.raises(stripe.InvalidRequestError) as caught:
            api.customers.tax_ids.create(alice.id, {"type": kind, "value": value})

        assert caught.value.code == "tax_id_invalid"

    @pytest.mark.parametrize(
        "value",
        [
            *("ATU12345678", "BE0123456789", "CY12345678Z", "EL123456789", "ESA1234567Z"),
            *("FRAB123456789", "IE1234567AB", "IE1X34567A", "LT123456789123", "NL123456789B12"),
            *("RO1234567891", "XI123456789"),
        ],
    )
    def test_each_country_of_the_union_has_its_own_form(self, api, alice, value):
        made = api.customers.tax_ids.create(alice.id, {"type": "eu_vat", "value": value})

        assert (made.country, made.value) == (value[:2], value)

    def test_a_deleted_tax_id_is_gone(self, api, alice, types):
        made = api.customers.tax_ids.create(alice.id, {"type": "eu_vat", "value": "DE123456789"})

        assert api.customers.tax_ids.delete(alice.id, made.id).deleted
        assert api.customers.tax_ids.list(alice.id).data == []
        assert types()[-1] == "customer.tax_id.deleted"

    def test_a_new_customer_can_bring_tax_ids(self, api):
        made = api.customers.create({"tax_id_data": [{"type": "eu_vat", "value": "FRAB123456789"}]})

        assert api.customers.tax_ids.list(made.id).data[0].country == "FR"


class TestPaymentMethods:
    def test_a_test_token_becomes_a_card_of_the_customer(self, api, alice):
        card = api.payment_methods.attach("pm_card_mastercard", {"customer": alice.id})

        assert card.id.startswith("pm_")
        assert (card.card.brand, card.card.last4) == ("mastercard", "4444")
        listed = api.customers.payment_methods.list(alice.id, {"type": "card"}).data
        assert [method.card.last4 for method in listed] == ["4444", "4242"]

    def test_a_card_can_be_made_from_its_number(self, api):
        card = {"number": "378282246310005", "exp_month": 2, "exp_year": 2031, "cvc": "1234"}

        made = api.payment_methods.create({"type": "card", "card": card})

        assert (made.card.brand, made.card.exp_year, made.customer) == ("amex", 2031, None)

    @pytest.mark.parametrize(
        ("change", "code"),
        [
            ({"number": "4242424242424241"}, "incorrect_number"),
            ({"number": "4111111111111111"}, "card_declined"),
            ({"exp_month": 13}, "invalid_expiry_month"),
            ({"exp_year": 2025}, "invalid_expiry_year"),
            ({"cvc": "12"}, "invalid_cvc"),
        ],
    )
    def test_a_card_that_cannot_be_is_refused(self, api, change, code):
        card = {"number": "4242424242424242", "exp_month": 1, "exp_year": 2030, "cvc": "123"}

        with pytest.raises(stripe.CardError) as caught:
            api.payment_methods.create({"type": "card", "card": card | change})

        assert caught.value.code == code

    def test_a_card_that_is_always_declined_cannot_be_attached(self, api, alice):
        with pytest.raises(stripe.CardError) as caught:
            api.payment_methods.attach("pm_card_visa_chargeDeclined", {"customer": alice.id})

        assert caught.value.error.decline_code == "generic_decline"

    def test_a_detached_card_is_nobodys_default_and_may_not_come_back(self, api, alice, types):
        card = alice.invoice_settings.default_payment_method

        api.payment_methods.detach(card)

        settings = api.customers.retrieve(alice.id).invoice_settings
        assert settings.default_payment_method is None
        assert types()[-2:] == ["payment_method.detached", "customer.updated"]
        with pytest.raises(stripe.InvalidRequestError, match="may not be used again"):
            api.payment_methods.attach(card, {"customer": alice.id})

    def test_anothers_card_cannot_become_the_default(self, api, alice):
        bob = api.customers.create({"name": "Bob"})
        card = api.payment_methods.attach("pm_card_visa", {"customer": bob.id})

        settings = {"default_payment_method": card.id}
        with pytest.raises(stripe.InvalidRequestError, match="does not have a payment method"):
            api.customers.update(alice.id, {"invoice_settings": settings})

    def test_a_cards_expiry_can_be_changed(self, api, alice, types):
        card = alice.invoice_settings.default_payment_method

        changed = api.payment_methods.update(card, {"card": {"exp_month": 6, "exp_year": 2033}})

        assert (changed.card.exp_month, changed.card.exp_year) == (6, 2033)
        assert types()[-1] == "payment_method.updated"


@pytest.mark.parametrize(
    "metadata",
    [{"k" * 41: "v"}, {"k": "v" * 501}, {f"k{number}": "v" for number in range(51)}],
)
def test_metadata_has_its_limits(api, alice, metadata):
    with pytest.raises(stripe.InvalidRequestError) as caught:
        api.customers.update(alice.id, {"metadata": metadata})

    assert caught.value.param.startswith("metadata")


def test_living_subscriptions_are_shown_when_expanded(api, alice, subscribe):
    kept, ended = subscribe(), subscribe()
    api.subscriptions.cancel(ended.id)

    found = api.customers.retrieve(alice.id, {"expand": ["subscriptions"]})

    assert [subscription.id for subscription in found.subscriptions.data] == [kept.id]


def test_a_shipping_address_is_kept(api, alice):
    shipping = {"name": "Alice", "address": {"city": "Köln"}}

    assert api.customers.update(alice.id, {"shipping": shipping}).shipping.address.city == "Köln"
