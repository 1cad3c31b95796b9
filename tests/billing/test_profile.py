"""Details are changed in Stripe first, everywhere the person is, then here, or nowhere."""

import contextlib
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from accounts.models import AuditEntry, Customer, EmailAddress, Vendor
from billing.errors import BillingUnavailable, StripeRefused, TaxIdNotValid
from billing.gateway import customers as gateway
from billing.models import Action, Failure
from billing.sandbox.machine import Sandbox
from billing.services.profile import Details, push_email, update_details
from billing.tasks import sweep_actions
from tests.billing.plugin import Buyer
from tests.factories import make_customer

pytestmark = pytest.mark.usefixtures("in_acme")

NEW = Details(
    name="Alice Martin",
    phone="+33 1 42 68 53 00",
    line1="12 rue de la Paix",
    line2="Bâtiment B",
    postcode="75002",
    city="Paris",
    region="Île-de-France",
    country="FR",
    company="Martin SARL",
    tax_id="FR12345678901",
)


def at_stripe(buy: Buyer, customer_id: str = "") -> Any:
    return buy.stripe.customers.retrieve(customer_id or buy.customer_id(), {"expand": ["tax_ids"]})


def details_of(customer: Customer) -> dict[str, str]:
    customer.refresh_from_db()
    return {name: str(getattr(customer, name)) for name in Details.__dataclass_fields__}


@pytest.fixture
def alice_buys(buy: Buyer) -> Customer:
    buy.subscription()
    return buy.person()


def test_what_is_saved_here_is_in_stripe(buy: Buyer, alice_buys: Customer) -> None:
    update_details(alice_buys, details=NEW)
    known = at_stripe(buy)
    assert (known.name, known.phone, known.business_name) == (
        "Alice Martin",
        "+33 1 42 68 53 00",
        "Martin SARL",
    )
    assert known.address.to_dict() == {
        "line1": "12 rue de la Paix",
        "line2": "Bâtiment B",
        "postal_code": "75002",
        "city": "Paris",
        "state": "Île-de-France",
        "country": "FR",
    }
    assert [(tax.type, tax.value) for tax in known.tax_ids.data] == [("eu_vat", "FR12345678901")]
    assert details_of(alice_buys)["name"] == "Alice Martin"
    assert details_of(alice_buys)["tax_id"] == "FR12345678901"


def test_the_webhooks_that_follow_change_nothing(buy: Buyer, alice_buys: Customer) -> None:
    update_details(alice_buys, details=NEW)
    before = details_of(alice_buys)
    buy.deliver()
    assert details_of(alice_buys) == before


def test_what_is_cleared_here_is_cleared_in_stripe(buy: Buyer, alice_buys: Customer) -> None:
    update_details(alice_buys, details=NEW)
    update_details(alice_buys, details=Details(name="Alice"))
    known = at_stripe(buy)
    assert (known.phone, known.business_name, known.address) == (None, None, None)
    assert known.tax_ids.data == []
    buy.deliver()
    assert details_of(alice_buys) == {**dict.fromkeys(details_of(alice_buys), ""), "name": "Alice"}


def test_every_stripe_customer_of_the_person_gets_them(buy: Buyer, alice_buys: Customer) -> None:
    first = buy.customer_id()
    second = buy.another_customer_id()
    buy.deliver()
    assert buy.person() == alice_buys
    update_details(alice_buys, details=NEW)
    assert [at_stripe(buy, key).name for key in (first, second)] == ["Alice Martin"] * 2


def test_the_customers_language_goes_with_them(buy: Buyer, alice_buys: Customer) -> None:
    alice_buys.language = "de"
    alice_buys.save()
    update_details(alice_buys, details=NEW)
    assert at_stripe(buy).preferred_locales == ["de"]


def test_someone_who_never_was_in_stripe_is_saved_here(acme: Vendor) -> None:
    customer = make_customer(acme, "Dora")
    update_details(customer, details=Details(name="Dora D."))
    assert details_of(customer)["name"] == "Dora D."


def test_the_details_are_not_kept_in_the_acts_row(alice_buys: Customer) -> None:
    update_details(alice_buys, details=NEW)
    action = Action.objects.get()
    assert (action.state, action.parameters) == (Action.State.DONE, {})


def test_the_audit_log_tells_what_was_changed_before_and_after(alice_buys: Customer) -> None:
    update_details(alice_buys, details=Details(name="Alice", city="Lyon", country="FR"))
    update_details(alice_buys, details=Details(name="Alice", city="Paris", country="FR", phone="1"))
    assert AuditEntry.objects.first().detail == {"city": ["Lyon", "Paris"], "phone": ["", "1"]}


# --- Two companies of one person ---


def told(buy: Buyer, key: str) -> list[Any]:
    known = at_stripe(buy, key)
    address = [known.address[name] for name in ("line1", "city", "country")]
    ids = [tax_id.value for tax_id in known.tax_ids.data]
    return [known.name, known.business_name, known.phone, *address, *ids]


def changed(customer: Customer, **changes: str) -> Details:
    """As the form sends it: all that it showed, and what was changed."""
    return Details(**(details_of(customer) | changes))


ALPHA = ["Al A", "Alpha SARL", "+33 1 11 11 11 11", "1 rue Alpha", "Lyon", "FR", "FR12345678901"]
BETA = ["Bea B", "Beta GmbH", "+49 30 222222", "Betaweg 2", "Berlin", "DE", "DE123456789"]


@pytest.mark.parametrize(
    ("changes", "alpha", "beta"),
    [
        (
            {"phone": "+1 555 0100"},
            [*ALPHA[:2], "+1 555 0100", *ALPHA[3:]],
            [*BETA[:2], "+1 555 0100", *BETA[3:]],
        ),
        (
            {"city": "Potsdam"},  # which is in no street of Lyon
            [*ALPHA[:3], "Betaweg 2", "Potsdam", "DE", "FR12345678901"],
            [*BETA[:4], "Potsdam", "DE", "DE123456789"],
        ),
        ({"tax_id": "DE987654321"}, [*ALPHA[:6], "DE987654321"], [*BETA[:6], "DE987654321"]),
        ({}, ALPHA, BETA),
    ],
)
def test_what_was_not_changed_stays_as_it_is_at_each_stripe_customer(
    buy: Buyer,
    alpha_and_beta: list[str],
    changes: dict[str, str],
    alpha: list[str],
    beta: list[str],
) -> None:
    update_details(buy.person(), details=changed(buy.person(), **changes))
    assert [told(buy, key) for key in alpha_and_beta] == [alpha, beta]
    buy.deliver()
    assert [details_of(buy.person())[name] for name in ("company", "country")] == beta[1:6:4]


def test_a_change_that_is_completed_later_is_of_the_same_details(
    buy: Buyer, alpha_and_beta: list[str], sandbox: Sandbox
) -> None:
    alpha, beta = alpha_and_beta
    sandbox.faults.add(f"POST /v1/customers/{alpha}", "timeout_before", times=3)
    with pytest.raises(BillingUnavailable):
        update_details(buy.person(), details=changed(buy.person(), name="Bea C"))
    assert [told(buy, key)[0] for key in (alpha, beta)] == ["Al A", "Bea C"]
    assert settle().state == Action.State.DONE
    assert told(buy, alpha) == ["Bea C", *ALPHA[1:]]
    assert told(buy, beta) == ["Bea C", *BETA[1:]]


# --- Tax ids ---


@pytest.mark.parametrize(
    ("country", "typed", "expected"),
    [
        ("DE", "de 123.456.789", ("eu_vat", "DE123456789")),
        ("AT", "U12345678", ("eu_vat", "ATU12345678")),
        ("GR", "123456789", ("eu_vat", "EL123456789")),
        ("GB", "GB123456789", ("gb_vat", "GB123456789")),
        ("US", "12-3456789", ("us_ein", "12-3456789")),
        ("CH", "CHE-123.456.788 MWST", ("ch_vat", "CHE-123.456.788 MWST")),
        ("NO", "123456789MVA", ("no_vat", "123456789MVA")),
    ],
)
def test_a_tax_id_is_of_its_countrys_kind(
    buy: Buyer, alice_buys: Customer, country: str, typed: str, expected: tuple[str, str]
) -> None:
    update_details(alice_buys, details=Details(name="A", country=country, tax_id=typed))
    [tax_id] = at_stripe(buy).tax_ids.data
    assert (tax_id.type, tax_id.value) == expected
    assert details_of(alice_buys)["tax_id"] == tax_id.value


@pytest.mark.parametrize("typed", ["DE1", "DE12", "hello", "FR12345678901"])
def test_a_malformed_tax_id_is_one_clear_error_and_nothing_is_saved(
    buy: Buyer, alice_buys: Customer, typed: str
) -> None:
    before = details_of(alice_buys)
    with pytest.raises(TaxIdNotValid, match="not valid in the country"):
        update_details(alice_buys, details=Details(name="X", country="DE", tax_id=typed))
    assert at_stripe(buy).name == "Alice"
    assert details_of(alice_buys) == before
    action = Action.objects.get()
    assert (action.state, action.failure_code) == (Action.State.REFUSED, "tax_id_invalid")
    assert action.request_id.startswith("req_")


@pytest.mark.parametrize("country", ["", "TV"])
def test_a_tax_id_without_a_country_of_its_own_is_asked_about(
    alice_buys: Customer, country: str
) -> None:
    with pytest.raises(TaxIdNotValid, match="country"):
        update_details(alice_buys, details=Details(name="A", country=country, tax_id="1"))


def test_the_same_tax_id_again_is_left_alone(
    buy: Buyer, alice_buys: Customer, sandbox: Sandbox
) -> None:
    update_details(alice_buys, details=NEW)
    [before] = at_stripe(buy).tax_ids.data
    update_details(alice_buys, details=NEW)
    [after] = at_stripe(buy).tax_ids.data
    assert before.id == after.id


def test_one_that_is_left_alone_stays_as_it_is_in_another_country(
    buy: Buyer, alice_buys: Customer
) -> None:
    update_details(alice_buys, details=NEW)
    update_details(alice_buys, details=changed(alice_buys, country="DE"))
    assert [tax.value for tax in at_stripe(buy).tax_ids.data] == [NEW.tax_id]
    assert details_of(alice_buys)["tax_id"] == NEW.tax_id


def test_a_new_tax_id_takes_the_place_of_the_old(buy: Buyer, alice_buys: Customer) -> None:
    update_details(alice_buys, details=NEW)
    update_details(alice_buys, details=Details(name="A", country="DE", tax_id="DE123456789"))
    assert [tax.value for tax in at_stripe(buy).tax_ids.data] == ["DE123456789"]


# --- E-mail ---


def test_a_confirmed_address_goes_to_every_stripe_customer(
    buy: Buyer, alice_buys: Customer, acme: Vendor
) -> None:
    first, second = buy.customer_id(), buy.another_customer_id()
    buy.deliver()
    EmailAddress.objects.filter(customer=alice_buys).update(address="alice@new.example")
    Customer.objects.filter(pk=alice_buys.pk).update(email="alice@new.example")
    alice_buys.refresh_from_db()
    push_email(alice_buys)
    assert [at_stripe(buy, key).email for key in (first, second)] == ["alice@new.example"] * 2
    buy.deliver()
    alice_buys.refresh_from_db()
    assert alice_buys.email == "alice@new.example"
    assert [row.address for row in EmailAddress.objects.all()] == ["alice@new.example"]


def test_a_confirmed_address_stays_even_if_stripe_never_got_it(
    buy: Buyer, alice_buys: Customer, sandbox: Sandbox
) -> None:
    """And the old mailbox does not come back as a way in."""
    EmailAddress.objects.filter(customer=alice_buys).update(address="alice@new.example")
    Customer.objects.filter(pk=alice_buys.pk).update(email="alice@new.example")
    alice_buys.refresh_from_db()
    sandbox.faults.add("POST /v1/customers/*", "timeout_before", times=3)
    with pytest.raises(BillingUnavailable):
        push_email(alice_buys)
    buy.stripe.customers.update(buy.customer_id(), {"phone": "+1 555 0100"})
    buy.deliver()
    alice_buys.refresh_from_db()
    assert alice_buys.email == "alice@new.example"
    assert [row.address for row in EmailAddress.objects.all()] == ["alice@new.example"]
    assert settle().state == Action.State.DONE
    assert at_stripe(buy).email == "alice@new.example"


@pytest.mark.parametrize("fault", ["429", "refused"])
def test_a_confirmed_address_is_owed_to_stripe_until_it_has_it(
    buy: Buyer, alice_buys: Customer, sandbox: Sandbox, fault: str
) -> None:
    alice_buys.email = "alice@new.example"
    alice_buys.save()
    for _round in range(2):
        sandbox.faults.add("POST /v1/customers/*", fault, times=3)
        with contextlib.suppress(BillingUnavailable):
            settle() if Action.objects.exists() else push_email(alice_buys)
        assert Action.objects.get().state == Action.State.UNKNOWN
        sandbox.faults.clear()
    assert settle().state == Action.State.DONE
    assert at_stripe(buy).email == "alice@new.example"


# --- Faults ---


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        ("timeout_before", "do not know whether it worked"),
        ("500", "do not know whether it worked"),
        ("refused", "try again"),
        ("truncated", "do not know whether it worked"),
    ],
)
def test_if_stripe_fails_nothing_is_saved_here(
    alice_buys: Customer, sandbox: Sandbox, fault: str, words: str
) -> None:
    before = details_of(alice_buys)
    sandbox.faults.add("POST /v1/customers/*", fault, times=10)
    with pytest.raises(BillingUnavailable, match=words):
        update_details(alice_buys, details=NEW)
    assert details_of(alice_buys) == before
    assert Action.objects.get().state == Action.State.UNKNOWN


def settle() -> Action:
    """As if enough time had passed for the sweep to take it up, whatever it met before."""
    then = timezone.now() - timedelta(minutes=3)
    Action.objects.update(started_at=then, next_try_at=None)
    sweep_actions.func()
    return Action.objects.get()


def test_what_arrived_without_an_answer_is_taken_over_when_settled(
    buy: Buyer, alice_buys: Customer, sandbox: Sandbox
) -> None:
    path = f"/v1/customers/{buy.customer_id()}"
    sandbox.faults.add(f"POST {path}", "timeout_after", times=3)
    with pytest.raises(BillingUnavailable):
        update_details(alice_buys, details=NEW)
    buy.deliver()
    assert details_of(alice_buys)["name"] == "Alice", "until it is settled, nobody knows"
    assert settle().state == Action.State.DONE
    assert details_of(alice_buys)["name"] == "Alice Martin"
    assert len([e for e in sandbox.ledger.of("POST", path)[1:] if not e.replayed]) == 1


def test_what_never_arrived_is_let_be_when_settled(
    buy: Buyer, alice_buys: Customer, sandbox: Sandbox
) -> None:
    sandbox.faults.add("POST /v1/customers/*", "timeout_before", times=6)
    with pytest.raises(BillingUnavailable):
        update_details(alice_buys, details=Details(name="Alice Martin"))
    sandbox.faults.clear()
    action = settle()
    assert (action.state, action.failure_code) == (Action.State.REFUSED, "not_applied")
    assert (at_stripe(buy).name, details_of(alice_buys)["name"]) == ("Alice", "Alice")


def test_a_change_that_reached_one_of_two_stripe_customers_is_completed(
    buy: Buyer, alice_buys: Customer, sandbox: Sandbox
) -> None:
    first, second = buy.customer_id(), buy.another_customer_id()
    buy.deliver()
    sandbox.faults.add(f"POST /v1/customers/{first}", "timeout_before", times=3)
    with pytest.raises(BillingUnavailable):
        update_details(alice_buys, details=Details(name="Alice Martin"))
    assert [at_stripe(buy, key).name for key in (first, second)] == ["Alice", "Alice Martin"]
    assert settle().state == Action.State.DONE
    assert [at_stripe(buy, key).name for key in (first, second)] == ["Alice Martin"] * 2
    assert details_of(alice_buys)["name"] == "Alice Martin"


@pytest.fixture
def refuse(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Stripe says no to a change of this one customer."""
    change = gateway.change_customer

    def refuse(key: str) -> None:
        def refusing(vendor: Vendor, customer_id: str, **given: Any) -> Any:
            if customer_id == key:
                raise StripeRefused("No.", code="parameter_invalid_empty", request_id="req_no")
            return change(vendor, customer_id, **given)

        monkeypatch.setattr(gateway, "change_customer", refusing)

    return refuse


def test_what_an_older_one_is_refused_is_told_and_the_rest_is_saved(
    buy: Buyer, alice_buys: Customer, refuse: Any
) -> None:
    older, newest = buy.customer_id(), buy.another_customer_id()
    buy.deliver()
    refuse(older)
    assert update_details(alice_buys, details=Details(name="Alice Martin")) is False
    assert [at_stripe(buy, key).name for key in (older, newest)] == ["Alice", "Alice Martin"]
    buy.deliver()
    assert details_of(alice_buys)["name"] == "Alice Martin"
    failure = Failure.objects.get(settled_at=None)
    assert (failure.object_id, failure.request_id) == (older, "req_no")


def test_what_the_newest_is_refused_is_changed_nowhere(
    buy: Buyer, alice_buys: Customer, refuse: Any
) -> None:
    older, newest = buy.customer_id(), buy.another_customer_id()
    buy.deliver()
    refuse(newest)
    with pytest.raises(StripeRefused):
        update_details(alice_buys, details=Details(name="Alice Martin"))
    assert [at_stripe(buy, key).name for key in (older, newest)] == ["Alice", "Alice"]
    assert details_of(alice_buys)["name"] == "Alice"


def test_one_that_was_deleted_meanwhile_is_left_out(buy: Buyer, alice_buys: Customer) -> None:
    older, newest = buy.customer_id(), buy.another_customer_id()
    buy.deliver()
    buy.stripe.customers.delete(newest)
    assert update_details(alice_buys, details=Details(name="Alice Martin")) is True
    assert at_stripe(buy, older).name == "Alice Martin"
    assert details_of(alice_buys)["name"] == "Alice Martin"


def test_an_older_change_does_not_undo_a_newer_one(
    buy: Buyer, alice_buys: Customer, sandbox: Sandbox
) -> None:
    sandbox.faults.add(f"POST /v1/customers/{buy.customer_id()}", "timeout_after", times=3)
    with pytest.raises(BillingUnavailable):
        update_details(alice_buys, details=Details(name="Old"))
    update_details(alice_buys, details=Details(name="New"))
    Action.objects.filter(state=Action.State.UNKNOWN).update(
        started_at=timezone.now() - timedelta(minutes=3)
    )
    sweep_actions.func()
    assert (at_stripe(buy).name, details_of(alice_buys)["name"]) == ("New", "New")
