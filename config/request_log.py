"""A line for each request, and an id that stands in every line, in the answer and on error
pages."""

from __future__ import annotations

import logging
import secrets
from collections.abc import Callable
from functools import lru_cache
from ipaddress import ip_address, ip_network
from time import perf_counter

import structlog
from django.http import HttpRequest, HttpResponseBase

from accounts.http import client_address

logger = logging.getLogger("hub.requests")

HEADER = "X-Request-Id"
QUIET_PATHS = ("/static/", "/livez", "/readyz")


class RequestLogMiddleware:
    """Outermost. The route is logged and not the path, because paths carry tokens."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        began = perf_counter()
        request_id = secrets.token_hex(6)
        with structlog.contextvars.bound_contextvars(request_id=request_id):
            response = self.get_response(request)
            response.headers[HEADER] = request_id
            if not request.path_info.startswith(QUIET_PATHS):
                _log(request, response, perf_counter() - began)
        return response


def _log(request: HttpRequest, response: HttpResponseBase, seconds: float) -> None:
    match, vendor = request.resolver_match, getattr(request, "vendor", None)
    said = {
        "method": request.method,
        "route": f"/{match.route}" if match else "none",
        "status": response.status_code,
        "ms": round(seconds * 1000),
        "client": network_of(client_address(request)),
        **({"vendor": vendor.subdomain} if vendor else {}),
    }
    with structlog.contextvars.bound_contextvars(**said):
        logger.info("request")


@lru_cache(maxsize=1024)
def network_of(client: str) -> str:
    """Enough to see where a flood comes from, and too little to know a person by."""
    try:
        address = ip_address(client)
    except ValueError:
        return ""
    return str(ip_network((address, 24 if address.version == 4 else 48), strict=False)[0])
