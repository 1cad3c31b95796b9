"""A new card, typed into Stripe's own element, for everything or for one purchase."""

from collections import Counter
from urllib.parse import urlencode

from django.conf import settings
from django.http import HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _
from django.views.decorators.csp import csp_override
from django.views.decorators.http import require_http_methods

from accounts.access import post_only
from accounts.http import CustomerRequest
from billing import states
from billing.errors import BillingError
from billing.models import Subscription
from billing.services import card_forms, cards, open_invoices
from billing.services.open_invoices import Outcome
from hub.forms import CardForm
from hub.presentation.cards import card_act, keeps, payable_with
from hub.presentation.payments import dues_of, names_of, tell_of_card, tell_of_payment
from hub.presentation.purchases import kind_of


@csp_override(settings.CARD_PAGE_CSP)
@require_http_methods(["GET", "HEAD", "POST"])
def card(request: CustomerRequest) -> HttpResponse:
    live = cards.live_subscriptions(request.customer)
    chosen = _chosen(live, request.GET.get("subscription", ""))
    account = request.GET.get("account", "")
    together = cards.together_with(
        request.customer,
        subscription=chosen,
        account=int(account) if account.isdecimal() and len(account) < 19 else None,
    )
    if not together or (chosen is None and "subscription" in request.GET):
        return _nothing_to_change(request)
    form = CardForm(
        request.POST if request.method == "POST" else None,
        scopes=_scopes(together, chosen),
        initial=_initial(request, chosen),
    )
    if form.is_valid() and (onward := _finish(request, form, together)):
        return redirect(onward)
    return _page(request, form, live, together, chosen)


@post_only
def choice(request: CustomerRequest) -> JsonResponse:
    """What the card that is being typed shall pay for: asked by the page before its bank is."""
    live = cards.live_subscriptions(request.customer)
    ones = [(str(s.pk), s.product_name) for s in live]
    form = CardForm(request.POST, scopes=[("all", ""), *ones])
    if not form.is_valid():
        return JsonResponse({"problem": _("Please reload the page.")}, status=400)
    try:
        card_forms.choose(
            request.customer,
            setup_intent_id=form.cleaned_data["setup_intent"],
            subscription=_chosen(live, form.cleaned_data["scope"]),
        )
    except BillingError as error:
        return JsonResponse({"problem": str(error)}, status=409)
    return JsonResponse({})


def _nothing_to_change(request: CustomerRequest) -> HttpResponse:
    """What is paid by sent invoices, or waits for its first payment, is paid on Stripe's page."""
    rows = list(request.customer.subscriptions.all())
    one = _chosen(rows, request.GET.get("subscription", ""))
    if one and states.way(one, states.Act.PAY) == states.Way.INVOICE:
        return redirect(one.open_invoice_url)
    going_on = [row for row in rows if not row.has_ended]
    reasons = [(row.product_name, states.refusal(row, states.Act.CARD)) for row in going_on]
    context = {
        "nothing_live": True,
        "reason": states.refusal(one, states.Act.CARD) if one else "",
        "reasons": [(name, reason) for name, reason in reasons if reason],
        "pays_beside": bool(open_invoices.owners_of_one_offs(request.customer)),
    }
    return render(request, "hub/card.html", context)


def _initial(request: CustomerRequest, chosen: Subscription | None) -> dict[str, str]:
    """Back from a bank's own page (3-D Secure by redirect) the choice is what it was."""
    setup_intent = request.GET.get("setup_intent", "")
    if setup_intent and chosen is None:
        try:
            chosen = card_forms.chosen(request.customer, setup_intent)
        except BillingError:
            setup_intent = ""
    return {"scope": str(chosen.pk) if chosen else "all", "setup_intent": setup_intent}


def _page(
    request: CustomerRequest,
    form: CardForm,
    live: list[Subscription],
    together: list[Subscription],
    chosen: Subscription | None,
) -> HttpResponse:
    overdue = open_invoices.overdue_of(request.customer, subscription=chosen)
    due = [s for s in overdue if s in together]
    context = {
        "form": form,
        "current": keeps([chosen] if chosen else together),
        "card_act": card_act([chosen] if chosen else together),
        "due": dues_of(due),
        "payable_with": payable_with(overdue),
        "chosen": chosen,
        "elsewhere": names_of(s for s in live if s not in together),
        "is_next_account": "done" in request.GET,
        "covers": names_of(together),
        "is_back_from_bank": "setup_intent" in request.GET and request.method != "POST",
        "stripe_js_url": settings.STRIPE_JS_URL,
        "locale": get_language(),
        "country": request.customer.country.code or "",
        "sentences": card_forms.sentences_by_code(),
        "return_url": request.vendor.url(reverse("hub:card")),
    }
    try:
        context["setup"] = card_forms.start(
            request.customer, subscription=chosen, account=together[0].stripe_customer_id
        )
    except BillingError as error:
        context["problem"] = str(error)
    return render(request, "hub/card.html", context)


def _finish(request: CustomerRequest, form: CardForm, together: list[Subscription]) -> str:
    """Where to go next; nowhere, if the card could not be put to work."""
    one = _chosen(together, form.cleaned_data["scope"])
    try:
        new = card_forms.finish(
            request.customer, setup_intent_id=form.cleaned_data["setup_intent"], subscription=one
        )
    except BillingError as error:
        form.add_error(None, str(error))
        return ""
    live = cards.live_subscriptions(request.customer)
    tell_of_card(request, new, live=live, for_all=one is None)
    tell_of_payment(request, new.payment)
    if new.payment.with_outcome(Outcome.WAITS_FOR_OWNER):
        return reverse("hub:approve")
    if new.payment.with_outcome(Outcome.REFUSED):
        return f"{reverse('hub:card')}?subscription={one.pk}" if one else reverse("hub:card")
    return _next_account(request, live, together) if one is None else reverse("hub:home")


def _next_account(
    request: CustomerRequest, live: list[Subscription], together: list[Subscription]
) -> str:
    """Everything is in several Stripe customers: the card is asked for once for each."""
    done = [*request.GET.get("done", "").split(","), str(together[0].stripe_customer_id)]
    done = [account for account in done if account.isdecimal()]
    left = [str(s.stripe_customer_id) for s in live if str(s.stripe_customer_id) not in done]
    if not left:
        return reverse("hub:home")
    return f"{reverse('hub:card')}?{urlencode({'account': left[0], 'done': ','.join(done)})}"


def _chosen(live: list[Subscription], subscription_id: str) -> Subscription | None:
    return next((s for s in live if str(s.pk) == subscription_id), None)


def _scopes(together: list[Subscription], chosen: Subscription | None) -> list[tuple[str, str]]:
    """Everything, said in numbers; and the one the customer came from, or each there is."""
    counts = Counter(kind_of(subscription) for subscription in together)
    kinds = {
        "subscriptions": ngettext(
            "%(count)d subscription", "%(count)d subscriptions", counts["subscriptions"]
        ),
        "trials": ngettext("%(count)d trial", "%(count)d trials", counts["trials"]),
        "split-pay": ngettext(
            "%(count)d split-pay plan", "%(count)d split-pay plans", counts["split-pay"]
        ),
    }
    parts = [words % {"count": counts[kind]} for kind, words in kinds.items() if counts[kind]]
    everything = ("all", _("Everything: %s") % ", ".join(parts))
    ones = [chosen] if chosen else together
    return [everything, *((str(s.pk), _("%s only") % s.product_name) for s in ones)]
