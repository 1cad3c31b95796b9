"""The browser's side of the stand-in: /stripe.js, the card's frame, the bank's frame."""

import json
import re
from functools import cache
from pathlib import Path
from typing import Any

from django.utils import translation

from billing.sandbox.machine import Sandbox
from billing.sandbox.web import (
    HERE,
    Reply,
    Request,
    html,
    merchant,
    money,
    page,
    problem,
    supported,
)

ASSETS = HERE / "stripejs"
TYPES = {
    ".js": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".svg": "image/svg+xml",
}
CHALLENGE = re.compile(r"/elements/challenge/((?:seti|pi)_\w+)\Z")


@cache
def _assets() -> dict[str, Path]:
    """Files by address: /stripe.js where Stripe has it, all else under /elements/."""
    found = {f"/elements/{file.name}": file for file in ASSETS.iterdir()}
    return found | {"/stripe.js": ASSETS / "stripe.js"}


def asset(path: str) -> Reply | None:
    file = _assets().get(path)
    if file is None:
        return None
    headers = {
        "Content-Type": TYPES[file.suffix],
        "Cache-Control": "no-cache",
        "Access-Control-Allow-Origin": "*",
        "X-Content-Type-Options": "nosniff",
    }
    return Reply(headers=headers, body=file.read_bytes())


def payment(sandbox: Sandbox, request: Request) -> Reply:
    """The card's frame. It asks the sandbox's clock, as dates are checked against it."""
    context = {"now": sandbox.clock.now(), "merchant": merchant(request.query.get("account", ""))}
    return html(page("sandbox/payment.html", context), frameable=True)


def challenge(sandbox: Sandbox, request: Request) -> Reply:
    """The bank's question to its customer; the answer goes to the API."""
    intent_id = CHALLENGE.match(request.path)
    intent = _intent(sandbox, request, intent_id[1]) if intent_id else None
    if intent is None:
        return problem("No such intent.", 404)
    locale = supported(request.query.get("locale", ""))
    with translation.override(locale):
        context = {
            "merchant": merchant(sandbox.owner(intent["id"]).id),
            "amount": money(intent["amount"], intent["currency"]) if "amount" in intent else None,
            "language": locale,
            "waits": intent["status"] == "requires_action",
        }
        return html(page("sandbox/challenge.html", context), frameable=True)


def _intent(sandbox: Sandbox, request: Request, key: str) -> dict[str, Any] | None:
    """The intent, for whoever has its client secret."""
    kind = "setup_intents" if key.startswith("seti_") else "payment_intents"
    headers = {"Authorization": f"Bearer {request.query.get('key', '')}"}
    if account := request.query.get("account"):
        headers["Stripe-Account"] = account
    secret = request.query.get("client_secret", "")
    answer = sandbox.request("GET", f"/v1/{kind}/{key}?client_secret={secret}", headers=headers)
    found: dict[str, Any] = json.loads(answer.body or "{}")
    return found if answer.status == 200 else None
