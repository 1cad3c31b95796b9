"""Stripe's own pages that a vendor is sent to: an account is filled in."""

import re
from functools import partial

from django.utils import translation

from billing.sandbox import onboarding
from billing.sandbox.acts import stock
from billing.sandbox.machine import Sandbox
from billing.sandbox.web import Reply, Request, html, page, problem, see_other

LINK = re.compile(r"/setup/e/(?P<account>acct_\w+)/(?P<token>\w+)\Z")


def fill_in(sandbox: Sandbox, request: Request) -> Reply:
    found = LINK.match(request.path)
    if found is None or found["account"] not in sandbox.accounts():
        return problem("No such link.", 404)
    account, token = found["account"], found["token"]
    link = sandbox.at(account, onboarding.link_of)
    if link is None:
        return problem("No such link.", 404)
    with translation.override(request.language):
        if request.method == "POST" and token == link["token"]:
            return _filled_in(sandbox, request, account, link["return_url"])
        if not sandbox.at(account, partial(onboarding.visit, token=token)):
            return see_other(link["refresh_url"])
        context = {"account": account, "language": request.language}
        return html(page("sandbox/onboarding.html", context))


def _filled_in(sandbox: Sandbox, request: Request, account: str, back: str) -> Reply:
    """The way back is a page: the policy lets no form end on another site."""
    outcome = request.form.get("outcome", "")
    if outcome in onboarding.OUTCOMES:
        sandbox.at(account, partial(onboarding.fill_in, outcome=outcome))
        stock(sandbox, account)
    context = {"url": back, "language": request.language}
    reply = html(page("sandbox/onboarded.html", context))
    reply.headers["Refresh"] = f"0; url={back}"
    return reply
