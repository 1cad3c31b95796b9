"""What a proxy asks before it gets a certificate for a host that a browser has named."""

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.http.request import split_domain_port
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from accounts.services import domains


@never_cache
@require_safe
def allowed(request: HttpRequest) -> HttpResponse:
    """200 for the platform's host and for each that a vendor's hub answers at; else 404."""
    host, _port = split_domain_port(request.GET.get("domain", ""))
    is_served = host == settings.PLATFORM_HOST or domains.vendor_at(host) is not None
    return HttpResponse(status=200 if is_served else 404, content_type="text/plain")
