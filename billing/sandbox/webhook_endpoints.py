"""Where an account wants its events sent, and the events themselves."""

from typing import Any

from billing.sandbox.accounts import Account
from billing.sandbox.checks import API_VERSION
from billing.sandbox.errors import invalid
from billing.sandbox.ids import new_id, secret
from billing.sandbox.paging import page
from billing.sandbox.routing import Call, Page, route
from billing.sandbox.store import Obj
from billing.sandbox.values import merged_metadata

MUST_BE_URL = "Invalid URL: An explicit scheme (such as https) must be provided."


@route("POST", "/v1/webhook_endpoints", "WebhookEndpointCreateParams")
def create_webhook_endpoint(call: Call) -> Obj:
    """The answer to the creation alone shows the signing secret."""
    params = call.params
    if params.get("api_version", API_VERSION) != API_VERSION:
        raise invalid(f"The sandbox only speaks {API_VERSION}.", "api_version")
    signing = f"whsec_{secret(32)}"
    endpoint = {
        "id": new_id("webhook_endpoint"),
        "object": "webhook_endpoint",
        "api_version": params.get("api_version"),
        "application": None,
        "created": call.account.now(),
        "description": params.get("description") or None,
        "enabled_events": params["enabled_events"],
        "livemode": False,
        "metadata": merged_metadata({}, params.get("metadata")),
        "status": "enabled",
        "url": _url(params["url"]),
        "_secret": signing,
        "_connect": params.get("connect", False),
    }
    call.account.create(endpoint)
    return endpoint | {"secret": signing}


def listen_to_connected(account: Account, *, url: str, secret: str, events: list[str]) -> None:
    """A platform's endpoint, with a secret that is known before it. Twice changes nothing."""
    for endpoint in account.all("webhook_endpoint", _connect=True):
        if endpoint["url"] == url:
            endpoint.update(_secret=secret, enabled_events=events, status="enabled")
            account.save(endpoint)
            return
    made: Obj = {
        "id": new_id("webhook_endpoint"),
        "object": "webhook_endpoint",
        "api_version": API_VERSION,
        "application": None,
        "created": account.now(),
        "description": None,
        "enabled_events": events,
        "livemode": False,
        "metadata": {},
        "status": "enabled",
        "url": _url(url),
        "_secret": secret,
        "_connect": True,
    }
    account.create(made)


def _url(url: str) -> str:
    if not url.startswith(("https://", "http://")):
        raise invalid(MUST_BE_URL, "url", "url_invalid")
    return url


@route("GET", "/v1/webhook_endpoints", "WebhookEndpointListParams")
def list_webhook_endpoints(call: Call) -> Page:
    return page(call, "webhook_endpoint", "/v1/webhook_endpoints")


@route("GET", "/v1/webhook_endpoints/{key}", "WebhookEndpointRetrieveParams")
def retrieve_webhook_endpoint(call: Call, key: str) -> Obj:
    return call.account.get("webhook_endpoint", key)


@route("POST", "/v1/webhook_endpoints/{key}", "WebhookEndpointUpdateParams")
def update_webhook_endpoint(call: Call, key: str) -> Obj:
    endpoint = call.account.get("webhook_endpoint", key)
    params = call.params
    changes: dict[str, Any] = {}
    if "url" in params:
        changes["url"] = _url(params["url"])
    if "enabled_events" in params:
        changes["enabled_events"] = params["enabled_events"]
    if "description" in params:
        changes["description"] = params["description"] or None
    if "disabled" in params:
        changes["status"] = "disabled" if params["disabled"] else "enabled"
    changes["metadata"] = merged_metadata(endpoint["metadata"], params.get("metadata"))
    endpoint.update(changes)
    call.account.save(endpoint)
    return endpoint


@route("DELETE", "/v1/webhook_endpoints/{key}", "WebhookEndpointDeleteParams")
def delete_webhook_endpoint(call: Call, key: str) -> Obj:
    endpoint = call.account.get("webhook_endpoint", key)
    call.account.remove(endpoint)
    return {"id": key, "object": "webhook_endpoint", "deleted": True}


@route("GET", "/v1/events", "EventListParams")
def list_events(call: Call) -> Page:
    params = call.params
    types = params.get("types")
    prefix = params.get("type", "")

    def wanted(event: Obj) -> bool:
        if types is not None:
            return event["type"] in types
        if prefix.endswith("*"):
            return bool(event["type"].startswith(prefix[:-1]))
        return not prefix or event["type"] == prefix

    return page(call, "event", "/v1/events", extra=wanted)


@route("GET", "/v1/events/{key}", "EventRetrieveParams")
def retrieve_event(call: Call, key: str) -> Obj:
    return call.account.get("event", key)
