"""Where browsers report what our content policy refused, and the header that tells them where.

On every host, beside the policy of each page; the admin shows operators what came.
"""

from __future__ import annotations

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.http.request import split_domain_port
from django.http.response import HttpResponseBase
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from accounts.access import public
from accounts.http import HubRequest
from accounts.services import policy_reports


@csrf_exempt
@public
@never_cache
@require_POST
def receive(request: HubRequest) -> HttpResponse:
    """The answer is the same whatever came: nobody reads it."""
    host, _port = split_domain_port(request.get_host())
    if policy_reports.allows(host=host, client=request.client):
        body = request.read(policy_reports.LARGEST_BODY + 1)
        if len(body) <= policy_reports.LARGEST_BODY:
            policy_reports.keep(policy_reports.read(body, host=host), host=host)
    return HttpResponse(status=204)


class ReportingEndpointsMiddleware:
    """Gives the name that the policy's `report-to` uses an address on the page's own host."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        endpoint = f'{settings.POLICY_REPORTS_NAME}="{settings.POLICY_REPORTS_PATH}"'
        response.headers["Reporting-Endpoints"] = endpoint
        return response
