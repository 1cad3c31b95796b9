"""The control pages: a person plays the story of an account in a browser."""

import re
import secrets
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from django.utils import translation
from django.utils.translation import gettext as _

from billing.sandbox.acts import Acts, NotDone
from billing.sandbox.machine import Sandbox
from billing.sandbox.offers import cards, catalogue
from billing.sandbox.shown import Shown
from billing.sandbox.store import Obj
from billing.sandbox.web import Reply, Request, html, merchant, page, see_other
from billing.sandbox.wording import countries, later, moment

PAGE = re.compile(r"/accounts/(?P<account>acct_\w+)/(?P<rest>[\w/]*)\Z")
CUSTOMER = re.compile(r"customers/(?P<key>cus_\w+)/\Z")
ACT = re.compile(r"(?P<act>fail|pay|refund|dispute|win|lose|cancel|pause|resume)/(?P<key>\w+)/\Z")
BACK = re.compile(r"/(accounts/[\w/]*)?\Z")
STEPS = ("hour", "day", "week", "month", "year")


class Pages:
    """`hub_url_template` says where the customers of {account} sign in."""

    def __init__(self, sandbox: Sandbox, *, hub_url_template: str) -> None:
        self._sandbox = sandbox
        self._hub_url_template = hub_url_template
        self._said: dict[str, Obj] = {}

    def __call__(self, request: Request) -> Reply:
        with translation.override(request.language):
            if request.method == "POST":
                return self._act(request)
            return self._show(request)

    # What a person does

    def _act(self, request: Request) -> Reply:
        found = PAGE.match(request.path)
        back = request.form.get("back", "/")
        if not BACK.match(back):
            back = "/"
        try:
            if request.path == "/clock/":
                return self._say(back, self._move_clock(request.form.get("step", "")))
            if found is None or found["account"] not in self._sandbox.accounts():
                return self._nothing(request)
            return self._act_on(found["account"], found["rest"], request, back)
        except NotDone as error:
            return self._say(back, str(error), tone="bad")

    def _act_on(self, account: str, rest: str, request: Request, back: str) -> Reply:
        acts = Acts(self._sandbox, account)
        if rest == "buy/":
            return self._buy(acts, account, request)
        if act := ACT.match(rest):
            return self._say(back, acts(act["act"], act["key"], request.form), account=account)
        return self._nothing(request)

    def _buy(self, acts: Acts, account: str, request: Request) -> Reply:
        try:
            sentence, customer = acts.buy(request.form)
        except NotDone as error:
            said = {"text": str(error), "tone": "bad"}
            form = request.form | ({"customer": error.customer} if error.customer else {})
            shop = self._shop(account, form) | {"said": said}
            return self._page(request, "customers", shop, status=422)
        return self._say(f"/accounts/{account}/customers/{customer}/", sentence, account=account)

    def _move_clock(self, step: str) -> str:
        if step not in STEPS:
            raise NotDone(_("The clock moves by an hour, a day, a week, a month or a year."))
        self._sandbox.advance(later(self._sandbox.clock.now(), step))
        return _("It is now %s.") % moment(self._sandbox.clock.now())

    def _say(self, target: str, text: str, *, tone: str = "good", account: str = "") -> Reply:
        """Back to a page, which says once what happened and where the customer would see it."""
        token = secrets.token_urlsafe(8)
        hub = self._hub_of(account) if account else None
        self._said[token] = {"text": text, "tone": tone, "hub": hub}
        return see_other(f"{target}?said={token}")

    def _record(self, account: str) -> Obj:
        return self._sandbox.at(account, lambda found: found.record) if account else {}

    def _shops(self) -> list[str]:
        """Nobody buys at a platform itself, which listens to the accounts connected to it."""
        return [
            key
            for key in self._sandbox.accounts()
            if not self._sandbox.at(key, lambda found: found.all("webhook_endpoint", _connect=True))
        ]

    def _name_of(self, account: str) -> str:
        return self._record(account).get("name") or merchant(account)

    def _hub_of(self, account: str) -> str:
        """A connected account says itself which hub it belongs to."""
        if hub := self._record(account).get("metadata", {}).get("hub"):
            return str(hub)
        return self._hub_url_template.replace("{account}", quote(account.removeprefix("acct_")))

    # What a person sees

    def _show(self, request: Request) -> Reply:
        accounts = self._shops()
        if request.path == "/":
            if accounts:
                said = request.query.get("said")
                return see_other(f"/accounts/{accounts[0]}/" + (f"?said={said}" if said else ""))
            return self._page(request, "empty", {})
        found = PAGE.match(request.path)
        if found is None or found["account"] not in accounts:
            return self._nothing(request)
        return self._show_account(request, found["account"], found["rest"])

    def _show_account(self, request: Request, account: str, rest: str) -> Reply:
        if rest == "":
            form = {"country": "IE", "customer": request.query.get("customer", "")}
            return self._page(request, "customers", self._shop(account, form))
        shown = Shown(self._sandbox, account)
        context: dict[str, Any] = {"account": account}
        if rest == "events/":
            return self._page(request, "events", context | {"events": shown.events()})
        if rest == "requests/":
            return self._page(request, "requests", context | {"requests": shown.requests()})
        match = CUSTOMER.match(rest)
        customer = shown.customer(match["key"]) if match else None
        if customer is None:
            return self._nothing(request)
        return self._page(request, "customer", context | {"customer": customer})

    def _shop(self, account: str, form: Mapping[str, str]) -> dict[str, Any]:
        """The form in which a customer buys, as it was filled in, and those who bought."""
        shown = Shown(self._sandbox, account)
        return {
            "account": account,
            "customers": shown.customers(),
            "offers": catalogue(shown),
            "cards": cards(),
            "countries": countries(),
            "form": form,
        }

    def _nothing(self, request: Request) -> Reply:
        return self._page(request, "nothing", {}, status=404)

    def _page(
        self, request: Request, name: str, context: dict[str, Any], *, status: int = 200
    ) -> Reply:
        account = context.get("account", "")
        frame = {
            "name": name,
            "hub": self._hub_of(account),
            "accounts": [(key, self._name_of(key)) for key in self._shops()],
            "merchant": self._name_of(account),
            "now": moment(self._sandbox.clock.now()),
            "steps": self._steps(),
            "back": f"/accounts/{account}/" if request.method == "POST" else request.path,
            "language": request.language,
            "said": self._said.pop(request.query.get("said", ""), None),
            "waiting": self._sandbox.undelivered(),
        }
        return html(page(f"sandbox/{name}.html", frame | context), status=status)

    def _steps(self) -> list[tuple[str, str]]:
        words = (_("an hour"), _("a day"), _("a week"), _("a month"), _("a year"))
        return list(zip(STEPS, words, strict=True))
