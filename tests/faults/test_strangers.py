"""What belongs to one vendor is refused at another, and Stripe is asked with the right key only."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
import stripe as sdk

from accounts.models import Vendor
from accounts.tenancy import vendor_scope
from billing import events
from billing.models import Action, StripeAccount, StripeEvent, Subscription
from billing.sandbox.ledger import Entry
from billing.sandbox.machine import Sandbox
from billing.sandbox.outbox import Delivery
from billing.sandbox.transport import InProcessHTTPClient
from billing.services import keys
from tests.billing.plugin import Buyer, Deliver, client_of, post
from tests.clients import PLATFORM, HubClient, signed_in
from tests.factories import make_stripe_account
from tests.figures import Report


@dataclass
class Stage:
    """Alice of Acme has something, Carol of Globex tries to lay hands on it."""

    acme: Buyer
    globex: Buyer
    globex_account: str
    theirs: Subscription
    ours: Subscription
    as_carol: HubClient
    heard: list[Delivery]
    """Acme's events, as they were sent."""


@dataclass(frozen=True)
class Shops:
    """How the two vendors are known to Stripe."""

    acme: Buyer
    globex: Buyer
    globex_account: str


@pytest.fixture
def own_keys(buy: Buyer, globex: Vendor, sandbox: Sandbox, deliver: Deliver) -> Shops:
    secret = "sk_test_globex_1"
    make_stripe_account(globex, secret_key=secret, webhook_secret="")
    with vendor_scope(globex):
        keys.ensure_webhook_endpoint(globex)
    theirs = client_of(sandbox, secret)
    return Shops(buy, Buyer(globex, sandbox, theirs, deliver), "acct_globex")


@pytest.fixture
def connect(
    stripe: sdk.V1Services,
    acme: Vendor,
    globex: Vendor,
    sandbox: Sandbox,
    deliver: Deliver,
    settings: Any,
) -> Shops:
    """Both connected to the platform's account: one key, one webhook, two accounts."""
    settings.STRIPE_PLATFORM_SECRET_KEY = "sk_test_platform_1"
    settings.STRIPE_PLATFORM_PUBLISHABLE_KEY = "pk_test_platform_1"
    platform = client_of(sandbox, settings.STRIPE_PLATFORM_SECRET_KEY)
    endpoint = platform.webhook_endpoints.create(
        {
            "url": f"https://{PLATFORM}/billing/webhook/",
            "enabled_events": ["*"],
            "connect": True,
        }
    )
    settings.STRIPE_PLATFORM_WEBHOOK_SECRET = endpoint.secret
    with vendor_scope(None):
        StripeAccount.objects.all().delete()
    shops = []
    for vendor in (acme, globex):
        account = f"acct_{vendor.subdomain}shop"
        no_keys = {"secret_key": "", "publishable_key": "", "webhook_secret": ""}
        make_stripe_account(vendor, connected_account_id=account, **no_keys)
        client = sdk.StripeClient(
            settings.STRIPE_PLATFORM_SECRET_KEY,
            stripe_account=account,
            http_client=InProcessHTTPClient(sandbox),
        )
        shops.append(Buyer(vendor, sandbox, client.v1, deliver))
    return Shops(*shops, "acct_globexshop")


@pytest.fixture(params=["own_keys", "connect"])
def stage(request: pytest.FixtureRequest, sandbox: Sandbox, deliver: Deliver) -> Stage:
    shops: Shops = request.getfixturevalue(request.param)
    buy, globes = shops.acme, shops.globex
    ours = globes.subscription(customer_id=globes.customer_id("carol@example.com"))
    price = buy.price_id("Language Lab: Italian", 1900)
    made = buy.stripe.subscriptions.create(
        {"customer": buy.customer_id(), "items": [{"price": price}]}
    )
    heard: list[Delivery] = []

    def listen(delivery: Delivery) -> int:
        heard.append(delivery)
        return post(delivery)

    sandbox.deliver_pending(listen)
    deliver()
    return Stage(
        acme=buy,
        globex=globes,
        globex_account=shops.globex_account,
        theirs=buy.row_of(made.id),
        ours=ours,
        as_carol=signed_in(ours.customer),
        heard=heard,
    )


def elsewhere(delivery: Delivery) -> Delivery:
    url = "https://globex.test/billing/webhook/"
    return Delivery(url, delivery.payload, delivery.headers, delivery.event, delivery.type, 1)


def acmes_events(stage: Stage) -> list[int]:
    return [post(elsewhere(delivery)) for delivery in stage.heard]


def acmes_setup_intent(stage: Stage) -> list[int]:
    setup = signed_in(stage.theirs.customer).get("/card/").context["setup"]
    stage.acme.confirm_card(setup.setup_intent_id)
    given = {"scope": "all", "setup_intent": setup.setup_intent_id}
    answer = stage.as_carol.post("/card/", given)
    assert "now pays" not in answer.text
    with vendor_scope(stage.acme.vendor):
        assert Action.objects.get().state == Action.State.STARTED
    return [400 if answer.context["form"].errors else answer.status_code]


def acmes_pages(stage: Stage) -> list[int]:
    place = f"/subscriptions/{stage.theirs.pk}/"
    ask = [stage.as_carol.get, stage.as_carol.post]
    paths = [place, f"{place}cancel/", f"{place}cancelled/", f"{place}keep/"]
    return [call(path).status_code for call in ask for path in paths]


def a_card_for_acmes(stage: Stage) -> list[int]:
    """The page knows no such subscription, and its form no such choice."""
    given = {"scope": str(stage.theirs.pk), "setup_intent": "seti_1"}
    page = stage.as_carol.post(f"/card/?subscription={stage.theirs.pk}", given)
    form = stage.as_carol.post("/card/", given).context["form"]
    is_unknown = "nothing_live" in page.context
    return [404 if is_unknown else page.status_code, 400 if form.errors else 200]


REPLAYS: dict[str, Callable[[Stage], list[int]]] = {
    "events": acmes_events,
    "setup intent": acmes_setup_intent,
    "pages": acmes_pages,
    "a card for a subscription": a_card_for_acmes,
}


@pytest.mark.parametrize("replay", REPLAYS)
def test_what_is_acmes_is_refused_at_globex(
    stage: Stage, sandbox: Sandbox, report: Report, replay: str
) -> None:
    before, asked = stage.theirs.synced_at, len(sandbox.ledger)
    answers = REPLAYS[replay](stage)
    refused = [status for status in answers if status in (400, 404, 405)]
    strayed = wrong_calls(stage, list(sandbox.ledger)[asked:])
    report(f"{replay}: {len(refused)} of {len(answers)} refused, {strayed} calls with a wrong key")
    assert len(refused) == len(answers) > 0
    assert strayed == 0
    stage.theirs.refresh_from_db()
    assert stage.theirs.synced_at == before


def wrong_calls(stage: Stage, entries: list[Entry]) -> int:
    """Calls for Globex about what is Acme's, and calls for Acme about what is Globex's."""
    whose = {stage.theirs.stripe_subscription_id: True, stage.acme.customer_id(): True}
    whose |= {stage.ours.stripe_subscription_id: False}
    return sum(
        is_acmes == (entry.account == stage.globex_account)
        for entry in entries
        for object_id, is_acmes in whose.items()
        if object_id in f"{entry.path} {entry.params}"
    )


def test_an_event_of_globex_about_acmes_things_brings_nothing_of_acme(
    stage: Stage, sandbox: Sandbox
) -> None:
    """Signed for Globex, as if it had guessed an id: Stripe says no to Globex."""
    guesses = {
        "customer.subscription.updated": stage.theirs.stripe_subscription_id,
        "customer.updated": stage.acme.customer_id(),
    }
    asked = len(sandbox.ledger)
    with vendor_scope(stage.globex.vendor):
        for type_, object_id in guesses.items():
            event = StripeEvent.objects.create(
                vendor=stage.globex.vendor,
                event_id=f"evt_{type_}",
                type=type_,
                object_id=object_id,
                created_at=stage.ours.started_at,
            )
            events.handle(event)
            event.refresh_from_db()
            assert "No such" in event.failure
        assert Subscription.objects.get() == stage.ours
    assert {entry.account for entry in list(sandbox.ledger)[asked:]} == {stage.globex_account}
