"""What time does to a subscription: trials end, periods renew, cancellations come due."""

from fractions import Fraction

from billing.sandbox import collecting, discounts, endings, invoice_items, invoicing
from billing.sandbox.accounts import Account
from billing.sandbox.agenda import falls_due
from billing.sandbox.invoice_lines import Period, item_line
from billing.sandbox.periods import DAY, HOUR, boundary_after, boundary_before
from billing.sandbox.standing import UPDATED
from billing.sandbox.store import Obj
from billing.sandbox.subscription_items import is_metered, items_of

# How long the first payment of an incomplete subscription is waited for.
PATIENCE = 23 * HOUR
WARNING = 3 * DAY


def next_period(account: Account, subscription: Obj, item: Obj, start: int) -> Period:
    """The period from `start`, cut short by a cancellation that comes before its end."""
    end = whole_period(account, subscription, item, start).end
    last = subscription["cancel_at"]
    return Period(start, last if last and start < last < end else end)


def enter(account: Account, subscription: Obj, item: Obj, start: int) -> Obj:
    """Put an item into its next period, and make the line that charges it."""
    period = next_period(account, subscription, item, start)
    item |= {"current_period_start": period.start, "current_period_end": period.end}
    whole = whole_period(account, subscription, item, start)
    part = Fraction(period.end - period.start, whole.end - whole.start)
    return item_line(account, subscription, item, period, part)


def whole_period(account: Account, subscription: Obj, item: Obj, moment: int) -> Period:
    """The full period that holds a moment, from boundary to boundary."""
    recurring = account.get("price", item["price"])["recurring"]
    anchor = subscription["billing_cycle_anchor"]
    rhythm = recurring["interval"], recurring["interval_count"]
    return Period(boundary_before(anchor, moment, *rhythm), boundary_after(anchor, moment, *rhythm))


def period_end(subscription: Obj) -> int:
    """When the next period begins; items may have periods of different lengths."""
    return int(min(item["current_period_end"] for item in items_of(subscription)))


def last_period_end(subscription: Obj) -> int:
    return int(max(item["current_period_end"] for item in items_of(subscription)))


def next_moment(subscription: Obj) -> int | None:
    status = subscription["status"]
    if subscription["ended_at"] is not None:
        return None
    if status == "incomplete":
        return int(subscription["created"]) + PATIENCE
    moments = [subscription["cancel_at"]]
    if status != "paused":
        moments.append(period_end(subscription))
    if status == "trialing" and not subscription["_warned"]:
        moments.append(_warning(subscription))
    if subscription["pause_collection"]:
        moments.append(subscription["pause_collection"]["resumes_at"])
    return min((moment for moment in moments if moment is not None), default=None)


def _warning(subscription: Obj) -> int:
    """Three days before the trial ends, at once for a trial shorter than that."""
    return int(max(subscription["trial_end"] - WARNING, subscription["trial_start"]))


@falls_due("subscription", 1, next_moment)
def advance(account: Account, subscription: Obj) -> None:
    now = account.now()
    pause = subscription["pause_collection"]
    if subscription["status"] == "incomplete":
        expire(account, subscription)
    elif _is_over(subscription, now):
        conclude(account, subscription)
    elif subscription["status"] == "trialing" and not subscription["_warned"]:
        subscription["_warned"] = True
        account.save(subscription)
        account.emit("customer.subscription.trial_will_end", subscription)
    elif pause and pause["resumes_at"] is not None and pause["resumes_at"] <= now:
        subscription["pause_collection"] = None
        account.save(subscription, UPDATED)
    else:
        renew(account, subscription)


def _is_over(subscription: Obj, now: int) -> bool:
    if (moment := subscription["cancel_at"]) is not None and moment <= now:
        return True
    return bool(subscription["cancel_at_period_end"] and last_period_end(subscription) <= now)


def conclude(account: Account, subscription: Obj) -> None:
    """End when that was due: what still waits is billed, and the use since the last invoice."""
    items = items_of(subscription)
    start, end = min(item["current_period_start"] for item in items), account.now()
    by_use = [item for item in items if is_metered(account.get("price", item["price"]))]
    lines = [item_line(account, subscription, item, Period(start, end)) for item in by_use]
    if lines or invoice_items.pending(account, subscription["customer"], subscription["id"]):
        _invoice(account, subscription, lines, Period(start, end), "subscription_cycle")
    endings.end(account, subscription)


def expire(account: Account, subscription: Obj) -> None:
    """Nobody paid the first invoice in time."""
    invoice = account.get("invoice", subscription["latest_invoice"])
    if invoice["status"] == "open":
        invoicing.close(account, invoice, "void", "voided_at", "invoice.voided")
    subscription |= {"status": "incomplete_expired", "ended_at": account.now()}
    account.save(subscription, UPDATED)


def renew(account: Account, subscription: Obj) -> None:
    """Begin the next period of every item whose period is over, and bill it."""
    now = account.now()
    trial_is_over = subscription["status"] == "trialing"
    if trial_is_over and _ends_for_want_of_a_card(account, subscription):
        return
    over = [item for item in items_of(subscription) if item["current_period_end"] <= now]
    past = Period(
        min(item["current_period_start"] for item in over),
        max(item["current_period_end"] for item in over),
    )
    if trial_is_over:
        subscription["status"] = "active"
    bill(account, subscription, over, past, "subscription_cycle")
    account.save(subscription, UPDATED)


def restart(account: Account, subscription: Obj) -> None:
    """Begin a new period now, whatever was left of the old one, and bill it at once."""
    now = account.now()
    subscription["billing_cycle_anchor"] = now
    items = items_of(subscription)
    invoice = bill(account, subscription, items, Period(now, now), "subscription_update")
    account.save(subscription)
    if invoice["status"] == "draft" and invoice["auto_advance"]:
        invoicing.finalise(account, invoice)
        if invoice["status"] == "open":
            collecting.begin_collection(account, invoice)


def _ends_for_want_of_a_card(account: Account, subscription: Obj) -> bool:
    """What the trial's settings say if there is nothing to charge at its end."""
    behaviour = subscription["trial_settings"]["end_behavior"]["missing_payment_method"]
    customer = account.get("customer", subscription["customer"])
    default = customer["invoice_settings"]["default_payment_method"]
    if behaviour == "create_invoice" or subscription["default_payment_method"] or default:
        return False
    if behaviour == "cancel":
        endings.end(account, subscription)
    else:
        pause(account, subscription, "trial_end_without_payment_method")
    return True


def pause(account: Account, subscription: Obj, why: str) -> None:
    subscription["status"] = "paused"
    subscription["status_details"] = {
        "paused": {
            "subscription": {"type": why},
            "transitioned_at": account.now(),
            "type": "subscription",
        }
    }
    account.save(subscription)
    account.emit("customer.subscription.paused", subscription)


def bill(account: Account, subscription: Obj, items: list[Obj], past: Period, reason: str) -> Obj:
    """Put items into the period that begins now, and draft the invoice for it."""
    lines = [enter(account, subscription, item, account.now()) for item in items]
    return _invoice(account, subscription, lines, past, reason)


def _invoice(
    account: Account, subscription: Obj, lines: list[Obj], period: Period, reason: str
) -> Obj:
    invoice = draft_for(account, subscription, lines, period, reason)
    subscription["latest_invoice"] = invoice["id"]
    if subscription["pause_collection"]:
        _hold_back(account, invoice, subscription["pause_collection"]["behavior"])
    return invoice


def draft_for(
    account: Account, subscription: Obj, lines: list[Obj], period: Period, reason: str
) -> Obj:
    customer = account.get("customer", subscription["customer"])
    given = discounts.in_force(account, subscription["discounts"])
    subscription["discounts"] = discounts.lasting(account, given)
    held = subscription["pause_collection"] or subscription["status"] == "unpaid"
    return invoicing.draft(
        account,
        customer,
        lines,
        pending=invoice_items.pending(account, customer["id"], subscription["id"]),
        reason=reason,
        currency=subscription["currency"],
        period=period,
        subscription=subscription,
        auto_advance=not held,
        collection_method=subscription["collection_method"],
        default_tax_rates=list(subscription["default_tax_rates"]),
        discounts=given,
        _days_until_due=subscription["days_until_due"],
    )


def _hold_back(account: Account, invoice: Obj, behaviour: str) -> None:
    """Collection is paused: the invoice waits as a draft, or is written off at once."""
    if behaviour == "keep_as_draft":
        return
    invoicing.finalise(account, invoice)
    if invoice["status"] == "open" and behaviour == "void":
        invoicing.close(account, invoice, "void", "voided_at", "invoice.voided")
    elif invoice["status"] == "open":
        moment, event = "marked_uncollectible_at", "invoice.marked_uncollectible"
        invoicing.close(account, invoice, "uncollectible", moment, event)
