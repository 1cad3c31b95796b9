"""A new card, typed into Stripe's own element, for everything or for one purchase."""

from collections import Counter

from django.conf import settings
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _
from django.views.decorators.csp import csp_override

from accounts.http import CustomerRequest
from billing.brands import brand_name, card_words
from billing.errors import BillingError
from billing.models import Subscription
from billing.services import cards
from hub.forms import CardForm
from hub.presentation.purchases import kind_of
from invoices.money import format_money


@csp_override(settings.CARD_PAGE_CSP)
def card(request: CustomerRequest) -> HttpResponse:
    live = cards.live_subscriptions(request.customer)
    chosen = _chosen(live, request.GET.get("subscription", ""))
    covered = cards.covered_by(request.customer, subscription=chosen)
    if not covered:
        return render(request, "hub/card.html", {"nothing_live": True})
    # A card belongs to one Stripe customer, so "everything" is what that one pays for.
    together = [s for s in live if s.stripe_customer_id == covered[0].stripe_customer_id]
    form = CardForm(
        request.POST if request.method == "POST" else None,
        scopes=_scopes(together, chosen),
        initial={
            "scope": str(chosen.pk) if chosen else "all",
            "setup_intent": request.GET.get("setup_intent", ""),
        },
    )
    if form.is_valid() and _finish(request, form, together):
        return redirect("hub:home")
    return _page(request, form, together, chosen)


def _page(
    request: CustomerRequest, form: CardForm, live: list[Subscription], chosen: Subscription | None
) -> HttpResponse:
    context = {"form": form, "current": _current(chosen or live[0]), "due": _due(live)}
    # Back from a bank's own page (3-D Secure by redirect): the card only waits for the last click.
    context["is_back_from_bank"] = "setup_intent" in request.GET and request.method != "POST"
    try:
        context["setup"] = cards.start(request.customer, subscription=chosen)
    except BillingError as error:
        context["problem"] = str(error)
    context |= {
        "stripe_js_url": settings.STRIPE_JS_URL,
        "locale": get_language(),
        "country": request.customer.country.code or "",
        "sentences": cards.sentences_by_code(),
        "return_url": request.vendor.url(reverse("hub:card")),
    }
    return render(request, "hub/card.html", context)


def _finish(request: CustomerRequest, form: CardForm, live: list[Subscription]) -> bool:
    one = _chosen(live, form.cleaned_data["scope"])
    due = _due([one] if one else live)
    try:
        new = cards.finish(
            request.customer, setup_intent_id=form.cleaned_data["setup_intent"], subscription=one
        )
    except BillingError as error:
        form.add_error(None, str(error))
        return False
    words = {
        "card": _("%(brand)s ending in %(last4)s")
        % {"brand": brand_name(new.brand), "last4": new.last4}
    }
    if one:
        words["product"] = one.product_name
        messages.success(request, _("%(card)s now pays for %(product)s.") % words)
    else:
        messages.success(request, _("%(card)s now pays for everything.") % words)
    if due:
        messages.success(request, _("Paid just now: %s.") % ", ".join(due))
    return True


def _chosen(live: list[Subscription], subscription_id: str) -> Subscription | None:
    return next((s for s in live if str(s.pk) == subscription_id), None)


def _scopes(live: list[Subscription], chosen: Subscription | None) -> list[tuple[str, str]]:
    """Everything, said in numbers; and the one the customer came from, or each there is."""
    counts = Counter(kind_of(subscription) for subscription in live)
    parts = [
        words % {"count": count}
        for count, words in (
            (
                counts["subscriptions"],
                ngettext(
                    "%(count)d subscription", "%(count)d subscriptions", counts["subscriptions"]
                ),
            ),
            (counts["trials"], ngettext("%(count)d trial", "%(count)d trials", counts["trials"])),
            (
                counts["split-pay"],
                ngettext(
                    "%(count)d split-pay plan", "%(count)d split-pay plans", counts["split-pay"]
                ),
            ),
        )
        if count
    ]
    everything = ("all", _("Everything: %s") % ", ".join(parts))
    ones = [chosen] if chosen else live
    return [everything, *((str(s.pk), _("%s only") % s.product_name) for s in ones)]


def _current(subscription: Subscription) -> str:
    card = cards.card_of(subscription)
    return card_words(card.card_brand, card.card_last4) if card else ""


def _due(live: list[Subscription]) -> list[str]:
    """`€29.00 for Photography Monthly`: what the new card is charged at once."""
    return [
        _("%(amount)s for %(product)s")
        % {
            "amount": format_money(s.past_due_minor or s.amount_minor, s.currency),
            "product": s.product_name,
        }
        for s in live
        if s.state == Subscription.State.PAST_DUE
    ]
