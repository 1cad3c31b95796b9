"""Accounts made by a platform (Connect), and the page on which their owners fill them in."""

from typing import Any

from billing.sandbox.account import shown
from billing.sandbox.accounts import Account
from billing.sandbox.errors import forbidden, invalid
from billing.sandbox.ids import new_id, secret
from billing.sandbox.routing import Call, route
from billing.sandbox.store import Obj
from billing.sandbox.values import merged_metadata

GOOD_FOR = 300
LINK_TYPES = ("account_onboarding", "account_update")

OUTCOMES = ("complete", "document")


@route("POST", "/v1/accounts", "AccountCreateParams")
def create_account(call: Call) -> Obj:
    """For its owner to fill in. Of the controller's properties, only those of an account with all
    of Stripe's dashboard are served."""
    params = call.params
    controller: Any = params.get("controller") or {}
    dashboard = controller.get("stripe_dashboard", {}).get("type", "full")
    if dashboard != "full" or controller.get("requirement_collection", "stripe") != "stripe":
        raise invalid("The sandbox only serves accounts with the full dashboard.", "controller")
    made = call.account.platform_of(
        new_id("account"),
        standing="new",
        email=params.get("email"),
        name=(params.get("business_profile") or {}).get("name"),
        metadata=merged_metadata({}, params.get("metadata")),
    )
    return shown(made)


@route("POST", "/v1/account_links", "AccountLinkCreateParams")
def create_account_link(call: Call) -> Obj:
    """Good for one visit; a new one ends the old."""
    params = call.params
    params.ignore("collection_options", "collect")
    if params["type"] not in LINK_TYPES:
        raise invalid(f"Invalid type: must be one of {', '.join(LINK_TYPES)}", "type")
    if params["type"] != "account_onboarding":
        raise invalid("You can only create account_onboarding links for this account.", "type")
    account = call.account.connected(params["account"])
    if account is None:
        raise forbidden(
            f"The provided key does not have access to account '{params['account']}' (or that "
            "account does not exist). Application access may have been revoked.",
            "account_invalid",
        )
    for name in ("return_url", "refresh_url"):
        if not str(params.get(name, "")).startswith(("https://", "http://")):
            raise invalid(f"Not a valid URL: {name}", name, "url_invalid")
    now = call.account.now()
    link = {
        "token": secret(24),
        "expires_at": now + GOOD_FOR,
        "return_url": params["return_url"],
        "refresh_url": params["refresh_url"],
        "visited": False,
    }
    account.keep(link=link)
    return {
        "object": "account_link",
        "created": now,
        "expires_at": link["expires_at"],
        "url": f"{account.pages}/setup/e/{account.id}/{link['token']}",
    }


def link_of(account: Account) -> Obj | None:
    """The newest."""
    found: Obj | None = account.record.get("link")
    return found


def visit(account: Account, token: str) -> bool:
    """Open the page, which a link does once. False: it is too old, or was used before."""
    link = link_of(account)
    if link is None or token != link["token"] or link["visited"]:
        return False
    account.keep(link=link | {"visited": True})
    return bool(account.now() <= link["expires_at"])


def fill_in(account: Account, outcome: str) -> None:
    """Its owner gives all that Stripe asks for, or ("document") is asked for one more thing."""
    before = account.record.get("standing")
    account.keep(standing=outcome)
    if before != outcome:
        account.emit("account.updated", shown(account))


def disconnect(account: Account) -> None:
    """Its owner takes the platform's access away, in the dashboard."""
    account.emit(
        "account.application.deauthorized",
        {"id": f"ca_{secret(24)}", "object": "application", "name": "Customer Hub"},
    )
    account.keep(disconnected=True)
