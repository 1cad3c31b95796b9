"""What the sandbox lets in, and in which words it refuses the rest."""

import json

import pytest
import stripe


def ask(sandbox, method, path, body="", key="sk_test_acme_1", **headers):
    response = sandbox.request(
        method, path, headers={"Authorization": f"Bearer {key}", **headers}, body=body
    )
    return response.status, json.loads(response.body)


def refusal(sandbox, method, path, body=""):
    status, answer = ask(sandbox, method, path, body)
    assert status == 400
    return answer["error"]


def test_an_unknown_parameter_is_refused_by_name(sandbox):
    error = refusal(sandbox, "POST", "/v1/customers", "name=Alice&nickname=Al")

    assert error["code"] == "parameter_unknown"
    assert error["param"] == "nickname"
    assert error["message"] == "Received unknown parameter: nickname"
    assert error["type"] == "invalid_request_error"
    assert error["request_log_url"].startswith("https://dashboard.stripe.com/test/logs/req_")


def test_a_misspelt_parameter_deep_inside_is_refused_by_its_path(sandbox):
    body = "phases[0][items][0][pricee]=price_1"

    error = refusal(sandbox, "POST", "/v1/subscription_schedules", body)

    assert error["param"] == "phases[0][items][0][pricee]"


def test_a_missing_parameter_is_named(sandbox):
    error = refusal(sandbox, "POST", "/v1/tax_rates", "display_name=VAT&inclusive=true")

    assert error["code"] == "parameter_missing"
    assert error["param"] == "percentage"


@pytest.mark.parametrize(
    ("path", "body", "message"),
    [
        ("/v1/payment_intents", "amount=ten&currency=eur", "Invalid integer: ten"),
        ("/v1/products", "name=A&active=yes", "Invalid boolean: yes"),
        ("/v1/products", "name=A&metadata=a", "Invalid object"),
        ("/v1/products", "name=A&images=a", "Invalid array"),
        ("/v1/tax_rates", "display_name=V&inclusive=true&percentage=x", "Invalid decimal: x"),
        (
            "/v1/customers",
            "tax_exempt=maybe",
            "Invalid tax_exempt: must be one of exempt, none, or reverse",
        ),
    ],
)
def test_a_value_of_the_wrong_type_is_refused(sandbox, path, body, message):
    assert refusal(sandbox, "POST", path, body)["message"] == message


def test_an_empty_value_is_refused_where_nothing_can_be_unset(sandbox):
    error = refusal(sandbox, "POST", "/v1/products", "name=")

    assert error["code"] == "parameter_invalid_empty"


def test_a_parameter_that_stripe_knows_but_the_sandbox_does_not_serve_changes_nothing(sandbox):
    error = refusal(sandbox, "POST", "/v1/customers", "name=Alice&source=src_1")

    assert error["message"] == "The sandbox does not serve: source."
    assert ask(sandbox, "GET", "/v1/customers")[1]["data"] == []


def test_nothing_of_a_refused_request_stays(api, sandbox, alice):
    with pytest.raises(stripe.InvalidRequestError):
        api.customers.update(alice.id, {"name": "Bob", "email": "no address"})

    assert api.customers.retrieve(alice.id).name == "Alice"
    assert sandbox.events("acct_acme")[-1]["type"] == "customer.created"


def test_payment_method_types_is_refused_as_endive_refuses_it(api):
    with pytest.raises(stripe.InvalidRequestError) as caught:
        api.setup_intents.create({"payment_method_types": ["card"]})

    assert caught.value.code == "payment_method_types_no_longer_supported"


def test_what_is_not_there_is_a_404_in_a_path_and_a_400_in_a_parameter(api):
    with pytest.raises(stripe.InvalidRequestError) as in_path:
        api.customers.retrieve("cus_nobody")
    with pytest.raises(stripe.InvalidRequestError) as in_parameter:
        api.subscriptions.create({"customer": "cus_nobody", "items": [{"price": "price_x"}]})

    assert (in_path.value.http_status, in_path.value.code) == (404, "resource_missing")
    assert str(in_path.value.user_message) == "No such customer: 'cus_nobody'"
    assert (in_parameter.value.http_status, in_parameter.value.param) == (400, "customer")


def test_an_unknown_path_is_a_404(sandbox):
    status, answer = ask(sandbox, "GET", "/v1/unicorns")

    assert status == 404
    assert answer["error"]["message"].startswith("Unrecognized request URL (GET: /v1/unicorns)")


def test_another_version_than_the_pinned_one_is_refused(sandbox):
    status, answer = ask(sandbox, "GET", "/v1/customers", **{"Stripe-Version": "2020-08-27"})

    assert status == 400
    assert answer["error"]["message"] == "Invalid Stripe API version: 2020-08-27"


def test_every_answer_names_its_request(sandbox):
    response = sandbox.request(
        "GET", "/v1/customers", headers={"Authorization": "Bearer sk_test_acme_1"}
    )

    assert response.headers["Request-Id"] == sandbox.ledger[-1].request_id


def test_the_ledger_keeps_what_was_asked(api, sandbox):
    api.customers.create({"name": "Alice"}, {"idempotency_key": "one"})

    entry = sandbox.ledger[-1]
    assert (entry.account, entry.method, entry.path) == ("acct_acme", "POST", "/v1/customers")
    assert entry.params == {"name": "Alice"}
    assert (entry.idempotency_key, entry.status) == ("one", 200)
    assert entry.stripe_version == "2026-10-28.endive"


def test_the_ledger_tells_what_each_request_changed(api, sandbox):
    alice = api.customers.create({"name": "Alice"}, {"idempotency_key": "one"})
    api.customers.create({"name": "Alice"}, {"idempotency_key": "one"})
    api.customers.update(alice.id, {"name": "Al"})
    api.customers.update(alice.id, {"name": "Al"})
    api.customers.retrieve(alice.id)

    assert [entry.effect for entry in sandbox.ledger] == [(alice.id,), (), (alice.id,), (), ()]
    assert len(sandbox.ledger.effects()) == 2


def test_a_refused_cards_charge_is_an_effect_too(api, sandbox, alice):
    card = api.payment_methods.attach("pm_card_chargeCustomerFail", {"customer": alice.id})
    payment = {"amount": 500, "currency": "eur", "customer": alice.id, "confirm": True}
    with pytest.raises(stripe.CardError) as caught:
        api.payment_intents.create(payment | {"payment_method": card.id})

    assert caught.value.error.charge in sandbox.ledger.effects()[-1].effect


class TestExpansion:
    def test_references_are_ids_until_they_are_expanded(self, api, subscribe):
        made = subscribe()

        plain = api.subscriptions.retrieve(made.id)
        expanded = api.subscriptions.retrieve(made.id, {"expand": ["customer", "latest_invoice"]})

        assert isinstance(plain.customer, str)
        assert expanded.customer.email == "alice@example.com"
        assert expanded.latest_invoice.status == "paid"

    def test_a_path_goes_through_lists_and_objects(self, api, subscribe):
        made = subscribe()
        path = "latest_invoice.payments.data.payment.payment_intent.latest_charge"

        found = api.subscriptions.retrieve(made.id, {"expand": [path]})

        payment = found.latest_invoice.payments.data[0].payment
        assert payment.payment_intent.latest_charge.amount == 2000

    def test_a_list_is_expanded_from_its_data_on(self, api, subscribe):
        subscribe()

        found = api.subscriptions.list({"expand": ["data.customer"]}).data[0]

        assert found.customer.name == "Alice"

    def test_expanding_one_answer_leaves_the_next_as_it_was(self, api, subscribe):
        made = subscribe()
        path = "payments.data.payment.payment_intent"
        api.invoices.retrieve(made.latest_invoice, {"expand": [path]})

        found = api.invoices.retrieve(made.latest_invoice, {"expand": ["payments"]})

        assert isinstance(found.payments.data[0].payment.payment_intent, str)

    @pytest.mark.parametrize("path", ["name", "metadata", "nonsense", "subscriptions.nonsense"])
    def test_what_is_no_reference_cannot_be_expanded(self, api, alice, path):
        with pytest.raises(stripe.InvalidRequestError, match="cannot be expanded"):
            api.customers.retrieve(alice.id, {"expand": [path]})


class TestPaging:
    @pytest.fixture
    def customers(self, api, pass_days):
        made = []
        for number in range(7):
            made.append(api.customers.create({"name": str(number)}).id)
            pass_days(1)
        return made[::-1]

    def test_lists_are_newest_first_and_say_whether_there_is_more(self, api, customers):
        found = api.customers.list({"limit": 3})

        assert [customer.id for customer in found.data] == customers[:3]
        assert found.has_more

    def test_the_sdk_walks_through_all_pages(self, api, customers):
        found = api.customers.list({"limit": 2})

        assert [customer.id for customer in found.auto_paging_iter()] == customers

    def test_a_page_before_one_is_the_page_just_before_it(self, api, customers):
        found = api.customers.list({"limit": 2, "ending_before": customers[5]})

        assert [customer.id for customer in found.data] == customers[3:5]
        assert found.has_more

    def test_created_narrows_to_a_span(self, api, customers):
        third = api.customers.retrieve(customers[2]).created

        found = api.customers.list({"created": {"gte": third}})

        assert [customer.id for customer in found.data] == customers[:3]

    def test_a_cursor_that_is_not_there_is_refused(self, api, customers):
        with pytest.raises(stripe.InvalidRequestError) as caught:
            api.customers.list({"starting_after": "cus_nobody"})

        assert caught.value.param == "starting_after"

    def test_more_than_a_hundred_is_refused(self, api):
        with pytest.raises(stripe.InvalidRequestError):
            api.customers.list({"limit": 101})
