"""Nothing of a vendor's schedule is lost when we change it: every field goes back as it came."""

from decimal import Decimal
from typing import Any, Literal, get_args, get_origin

import pytest
import stripe as sdk
from stripe.params import SubscriptionScheduleUpdateParamsPhase

from billing.gateway import phases
from billing.sandbox.checks import is_params, is_untyped, params_hints

SAMPLES: dict[Any, Any] = {str: "some_1", int: 7, bool: True, float: 2.5, Decimal: 2.5}


def full(typed: type) -> dict[str, Any]:
    """A request that says everything it can."""
    hints = params_hints(typed)
    if set(hints) == set(phases.DISCOUNT_BY):
        return {"coupon": "some_1"}
    return {name: sample(hint) for name, hint in hints.items() if name not in phases.SAID_OTHERWISE}


def sample(hint: Any) -> Any:
    """Of "a list, or an empty text to unset it" the list is meant."""
    inner = get_args(hint)
    if is_params(hint):
        return full(hint)
    if hint in SAMPLES or is_untyped(hint):
        return SAMPLES.get(hint, "")
    if get_origin(hint) in (list, dict):
        return [sample(inner[0])] if get_origin(hint) is list else {"order": "LL-1"}
    if get_origin(hint) is Literal:
        return inner[0]
    return max(
        (sample(one) for one in inner), key=lambda one: (isinstance(one, (list, dict)), bool(one))
    )


def test_every_field_that_a_phase_can_say_is_said_again() -> None:
    said = full(SubscriptionScheduleUpdateParamsPhase)
    schedule: Any = sdk.SubscriptionSchedule.construct_from(
        {"id": "sub_sched_1", "current_phase": None, "phases": [said]}, "sk_test_1"
    )
    assert phases.phases_to_come(schedule) == [said]


def test_the_walk_meets_the_fields_that_were_lost_before() -> None:
    said = full(SubscriptionScheduleUpdateParamsPhase)
    assert said["items"][0]["billing_thresholds"] == {"usage_gte": 7}
    assert said["add_invoice_items"][0]["period"]["end"] == {
        "timestamp": 7,
        "type": "min_item_period_end",
    }
    assert said["invoice_settings"]["issuer"] == {"account": "some_1", "type": "account"}
    assert said["transfer_data"] == {"amount_percent": 2.5, "destination": "some_1"}


@pytest.mark.parametrize("name", ["default_payment_method", "on_behalf_of"])
def test_what_came_expanded_goes_back_as_its_id(name: str) -> None:
    schedule: Any = sdk.SubscriptionSchedule.construct_from(
        {"current_phase": None, "phases": [{name: {"id": "x_1"}, "start_date": 1}]}, "sk_test_1"
    )
    assert phases.phases_to_come(schedule) == [{name: "x_1", "start_date": 1}]


@pytest.mark.parametrize("name", phases.DISCOUNT_BY)
def test_a_discount_is_named_once(name: str) -> None:
    given = dict.fromkeys(phases.DISCOUNT_BY) | {name: "x_1"}
    schedule: Any = sdk.SubscriptionSchedule.construct_from(
        {"current_phase": None, "phases": [{"discounts": [given], "start_date": 1}]}, "sk_test_1"
    )
    assert phases.phases_to_come(schedule) == [{"discounts": [{name: "x_1"}], "start_date": 1}]
