"""A schedule's phases as Stripe wants them back. Every change of a schedule names all of its phases
in full: what is not said again is lost, so each field that can be said is listed here."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import TYPE_CHECKING, Any, cast

from billing.gateway.reading import id_of, texts

if TYPE_CHECKING:
    import stripe
    from stripe.params import SubscriptionScheduleUpdateParamsPhase

type Field = Callable[[Any], Any] | dict[str, Field] | list[dict[str, Field]]
"""How a field is said again: a value of its own, an object, or several of one kind."""


def _value(found: Any) -> Any:
    return float(found) if isinstance(found, Decimal) else found


def _ids(found: list[Any]) -> list[str]:
    return [id_of(one) for one in found]


def _discounts(found: list[Any]) -> list[dict[str, str]]:
    """Each by one name only: that of the discount itself, where it is given already."""
    return [
        next({name: id_of(it)} for name in DISCOUNT_BY if (it := getattr(one, name, None)))
        for one in found
    ]


DISCOUNT_BY = ("discount", "promotion_code", "coupon")

OWNER: dict[str, Field] = {"account": id_of, "type": _value}
AUTOMATIC_TAX: dict[str, Field] = {"enabled": _value, "liability": OWNER}
EDGE: dict[str, Field] = {"timestamp": _value, "type": _value}
INVOICE_SETTINGS: dict[str, Field] = {
    "account_tax_ids": _ids,
    "custom_fields": [{"name": _value, "value": _value}],
    "days_until_due": _value,
    "description": _value,
    "footer": _value,
    "issuer": OWNER,
}
EXTRA: dict[str, Field] = {
    "discountable": _value,
    "discounts": _discounts,
    "metadata": texts,
    "period": {"start": EDGE, "end": EDGE},
    "price": id_of,
    "quantity": _value,
    "tax_rates": _ids,
}
ITEM: dict[str, Field] = {
    "billing_thresholds": {"usage_gte": _value},
    "discounts": _discounts,
    "metadata": texts,
    "price": id_of,
    "quantity": _value,
    "tax_rates": _ids,
}
PHASE: dict[str, Field] = {
    "add_invoice_items": [EXTRA],
    "application_fee_percent": _value,
    "automatic_tax": AUTOMATIC_TAX,
    "billing_cycle_anchor": _value,
    "billing_thresholds": {"amount_gte": _value, "reset_billing_cycle_anchor": _value},
    "collection_method": _value,
    "currency": _value,
    "default_payment_method": id_of,
    "default_tax_rates": _ids,
    "description": _value,
    "discounts": _discounts,
    "end_date": _value,
    "invoice_settings": INVOICE_SETTINGS,
    "items": [ITEM],
    "metadata": texts,
    "on_behalf_of": id_of,
    "proration_behavior": _value,
    "start_date": _value,
    "transfer_data": {"amount_percent": _value, "destination": id_of},
    "trial_end": _value,
}
SAID_OTHERWISE = {
    "duration": "end_date",
    "trial": "trial_end",
    "plan": "price",
    "price_data": "price",
}
"""What a request may say in another way, and which field says it here."""


def phases_to_come(
    schedule: stripe.SubscriptionSchedule,
) -> list[SubscriptionScheduleUpdateParamsPhase]:
    """The current phase and those after it; those before it need not be named again."""
    since = schedule.current_phase.start_date if schedule.current_phase else 0
    to_come = [phase for phase in schedule.phases if phase.start_date >= since]
    return cast("list[SubscriptionScheduleUpdateParamsPhase]", _said_again([PHASE], to_come))


def _said_again(field: Field, found: Any) -> Any:
    if isinstance(field, list):
        return [_said_again(field[0], one) for one in found]
    if isinstance(field, dict):
        values = {name: getattr(found, name, None) for name in field}
        said = {n: _said_again(field[n], v) for n, v in values.items() if v is not None}
        return {name: value for name, value in said.items() if value not in ("", [], {})}
    return field(found)
