"""Keys and the accounts they open."""

import pytest
import stripe


def test_accounts_never_see_each_others_objects(connect, alice):
    globex = connect("sk_test_globex_1")

    assert globex.customers.list().data == []
    with pytest.raises(stripe.InvalidRequestError) as caught:
        globex.customers.retrieve(alice.id)
    assert caught.value.code == "resource_missing"


def test_a_restricted_key_acts_for_the_same_account(connect, alice):
    assert connect("rk_test_acme_2").customers.retrieve(alice.id).name == "Alice"


@pytest.mark.parametrize("key", ["sk_live_acme_1234567890", "nonsense", "sk_test_"])
def test_what_is_no_test_key_is_refused_without_being_repeated(connect, key):
    with pytest.raises(stripe.AuthenticationError) as caught:
        connect(key).customers.list()

    assert key not in str(caught.value)


def test_a_revoked_key_has_expired(connect):
    with pytest.raises(stripe.AuthenticationError) as caught:
        connect("sk_test_acme_revoked").customers.list()

    assert caught.value.error.code == "api_key_expired"


def test_a_request_without_a_key_is_refused(sandbox):
    assert sandbox.request("GET", "/v1/customers", headers={}).status == 401


def test_a_publishable_key_may_not_read_customers(connect, alice):
    with pytest.raises(stripe.AuthenticationError) as caught:
        connect("pk_test_acme_1").customers.retrieve(alice.id)

    assert caught.value.error.code == "secret_key_required"


def test_the_account_tells_who_it_is(api):
    assert api.accounts.retrieve_current().id == "acct_acme"


class TestConnectedAccounts:
    @pytest.fixture
    def in_shop(self):
        return {"stripe_account": "acct_shop"}

    def test_the_header_opens_the_connected_accounts_objects(self, api, in_shop):
        made = api.customers.create({"name": "Dora"}, in_shop)

        assert api.customers.retrieve(made.id, None, in_shop).name == "Dora"
        assert api.customers.list().data == []

    def test_only_its_platform_reaches_it(self, api, connect, in_shop):
        api.customers.create({"name": "Dora"}, in_shop)

        with pytest.raises(stripe.PermissionError) as caught:
            connect("sk_test_globex_1").customers.list(None, in_shop)
        assert caught.value.error.code == "account_invalid"

    def test_an_account_with_keys_of_its_own_is_nobodys_connected_account(self, api, connect):
        connect("sk_test_globex_1").customers.list()

        with pytest.raises(stripe.PermissionError):
            api.customers.list(None, {"stripe_account": "acct_globex"})

    def test_its_events_go_to_the_platforms_connect_endpoint(self, api, sandbox, in_shop):
        url = {"url": "https://hub.example/", "enabled_events": ["*"]}
        api.webhook_endpoints.create(url)
        api.webhook_endpoints.create(url | {"url": "https://hub.example/connect", "connect": True})
        heard = []

        api.customers.create({"name": "Dora"}, in_shop)
        sandbox.deliver_pending(heard.append)

        assert [delivery.url for delivery in heard] == ["https://hub.example/connect"]
        assert b'"account":"acct_shop"' in heard[0].payload


def test_another_account_cannot_be_read(api):
    assert api.accounts.retrieve("acct_acme").charges_enabled
    with pytest.raises(stripe.PermissionError):
        api.accounts.retrieve("acct_globex")


def test_a_session_of_stripes_own_portal_has_an_address(api, alice):
    made = api.billing_portal.sessions.create(
        {"customer": alice.id, "flow_data": {"type": "payment_method_update"}}
    )

    assert made.url.startswith("https://billing.stripe.com/")
    assert (made.customer, made.flow.type) == (alice.id, "payment_method_update")


def test_the_balance_has_an_entry_for_each_movement(api, subscribe):
    subscribe()
    charge = api.charges.list().data[0]
    api.refunds.create({"charge": charge.id})

    amounts = [entry.amount for entry in api.balance_transactions.list().data]

    assert amounts == [-2000, 2000]
    assert api.balance_transactions.retrieve(charge.balance_transaction).source == charge.id
