"""From Host to vendor, from session to customer, from both to a language."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextvars import copy_context
from functools import cache
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.http import FileResponse, HttpResponseBase, HttpResponseRedirect, StreamingHttpResponse
from django.http.request import split_domain_port
from django.shortcuts import redirect, render
from django.urls import resolve, reverse
from django.utils import timezone, translation
from django.utils.cache import patch_vary_headers
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.utils.translation.trans_real import parse_accept_lang_header

from accounts import sessions
from accounts.access import View, is_post_only, is_public
from accounts.http import HubRequest, client_address
from accounts.languages import first_supported
from accounts.lately import lately
from accounts.models import User, Vendor
from accounts.services import audit, domains, support_views
from accounts.tenancy import vendor_scope

PLATFORM_URLCONF = "config.platform_urls"
PROBED_PATHS = ("/livez", "/readyz", "/domains/allowed/")
"""The platform's, on every host: a proxy beside us asks by the address of the process."""
MACHINE_PATHS = ("/billing/webhook/",)
"""On every host; a view there is public and needs no token."""

type GetResponse = Callable[[HubRequest], HttpResponseBase]


class VendorMiddleware:
    """The Host names the vendor, and all that follows works in that vendor's scope."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HubRequest) -> HttpResponseBase:
        host, _port = split_domain_port(request.get_host())
        if host == settings.PLATFORM_HOST or request.path_info in PROBED_PATHS:
            request.vendor = None
            request.urlconf = PLATFORM_URLCONF
            return self.get_response(request)

        vendor = _lately_at(host) if _is_machines(request) else domains.vendor_at(host)
        if vendor is None:
            with translation.override(first_supported(*_browser_languages(request))):
                return render(request, "unknown_vendor.html", {"host": host}, status=404)

        request.vendor = vendor
        if vendor.canonical_domain and host != vendor.host and _is_page(request):
            return HttpResponseRedirect(vendor.url(request.get_full_path()))
        with vendor_scope(vendor):
            response = self.get_response(request)
        if not host.endswith(f".{settings.HUB_DOMAIN}"):
            _speak_for_this_host_only(response)
        return response


def _is_page(request: HubRequest) -> bool:
    return request.method in ("GET", "HEAD")


def _is_machines(request: HubRequest) -> bool:
    return request.method == "POST" and request.path_info in MACHINE_PATHS


def _lately_at(host: str) -> Vendor | None:
    return lately(("vendor at", host), lambda: domains.vendor_at(host))


def _speak_for_this_host_only(response: HttpResponseBase) -> None:
    """A vendor's own domain has subdomains that are none of ours: no promise of HTTPS for those."""
    if settings.SECURE_HSTS_SECONDS:
        promise = f"max-age={settings.SECURE_HSTS_SECONDS}"
        response.headers["Strict-Transport-Security"] = promise


class MachineMiddleware:
    """What machines post goes straight to its view: all that comes below is for people, who have a
    session, a language, and forms that others may forge."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response
        self.resolve = cache(resolve)  # there are but a few such paths

    def __call__(self, request: HubRequest) -> HttpResponseBase:
        if not _is_machines(request):
            return self.get_response(request)
        urlconf = settings.ROOT_URLCONF if request.vendor else PLATFORM_URLCONF
        request.resolver_match = match = self.resolve(request.path_info, urlconf)
        view: View = match.func
        return view(request, *match.args, **match.kwargs)


class ClientMiddleware:
    """The internet address asks, and stands beside whatever the audit log takes down meanwhile."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HubRequest) -> HttpResponseBase:
        request.client = client_address(request)
        with audit.acting_from(request.client):
            return self.get_response(request)


class CustomerMiddleware:
    """The session names the customer; without one, only public pages answer. Nobody keeps a copy of
    what is not public: no cache on the way, and no browser after signing out."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HubRequest) -> HttpResponseBase:
        request.customer = sessions.signed_in_customer(request)
        request.support_view = None
        response = self.get_response(request)
        match = request.resolver_match
        is_private = request.vendor and not (match and is_public(match.func))
        # On the platform's host every page is staff's; what a view says there itself stays.
        is_known = request.customer or request.vendor is None
        if is_private or (is_known and "Cache-Control" not in response.headers):
            response.headers["Cache-Control"] = "private, no-store"
        return response

    def process_view(
        self, request: HubRequest, view: View, args: Any, kwargs: Any
    ) -> HttpResponseBase | None:
        if request.vendor is None or request.customer or is_public(view):
            return None
        if request.path_info == "/":
            door: View = resolve(reverse("accounts:updateinfo")).func
            return door(request)
        return _to_the_door(request, view)


def _to_the_door(request: HubRequest, view: View) -> HttpResponseBase:
    """And back to this page afterwards, if it is one that can be opened again."""
    if not _is_page(request):
        lost = _("You were signed out, and nothing was saved. Sign in again to go on.")
        messages.warning(request, lost)
        return redirect("/")
    back = urlencode({"next": "/" if is_post_only(view) else request.get_full_path()})
    return redirect(f"/?{back}")


class SupportViewMiddleware:
    """Somebody of the team who looks at a customer's hub reads these pages and changes nothing.

    One wall before all views: what is not named here is refused, and so is every other method.
    """

    OPEN = {
        *("home", "subscriptions", "subscription", "cancelled", "purchase", "profile", "activity"),
        *("documents", "document", "document_pdf", "brand_colours", "brand_icon", "brand_logo"),
    }
    WAYS = {"accounts:begin_support_view", "accounts:end_support_view"}

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HubRequest) -> HttpResponseBase:
        if view_id := sessions.support_view_id(request):
            request.support_view = support_views.running(view_id)
        if request.support_view:
            request.customer = request.support_view.customer
        return self.get_response(request)

    def process_view(
        self, request: HubRequest, _view: View, _args: Any, _kwargs: Any
    ) -> HttpResponseBase | None:
        match = request.resolver_match
        if request.support_view is None or match is None or match.view_name in self.WAYS:
            return None
        if _is_page(request) and match.namespace == "hub" and match.url_name in self.OPEN:
            return None
        return render(request, "accounts/support_view.html", status=403)


class LanguageMiddleware:
    """The customer's own choice, else the vendor's language, else the browser's."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HubRequest) -> HttpResponseBase:
        vendor = request.vendor
        language = first_supported(
            request.customer.language if request.customer else "",
            request.COOKIES.get(settings.LANGUAGE_COOKIE_NAME, ""),
            vendor.language if vendor else "",
            *_browser_languages(request),
        )
        time_zone = vendor.time_zone if vendor else settings.TIME_ZONE
        with translation.override(language), timezone.override(time_zone):
            request.LANGUAGE_CODE = language
            response = _keep_context(self.get_response(request))
        patch_vary_headers(response, ["Accept-Language"])
        response.headers.setdefault("Content-Language", language)
        return response


class StaffScopeMiddleware:
    """On the platform's host staff work for their own vendors only, in the time of the one."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HubRequest) -> HttpResponseBase:
        if request.vendor or not (isinstance(user := request.user, User) and user.is_staff):
            return self.get_response(request)
        vendors = user.vendors()
        only = vendors[0] if vendors and len(vendors) == 1 else None
        time_zone = only.time_zone if only else settings.TIME_ZONE
        with vendor_scope(vendors), timezone.override(time_zone):
            return _keep_context(self.get_response(request))


def _browser_languages(request: HubRequest) -> list[str]:
    accepted = parse_accept_lang_header(request.headers.get("Accept-Language", ""))
    return [language for language, _quality in accepted if language != "*"]


def _keep_context(response: HttpResponseBase) -> HttpResponseBase:
    """A streamed body is made after we have left: let it keep scope, language and time zone."""
    if isinstance(response, StreamingHttpResponse) and not isinstance(response, FileResponse):
        response.streaming_content = _in_context(response.streaming_content)  # type: ignore[arg-type]
    return response


def _in_context(chunks: Iterable[bytes]) -> Iterator[bytes]:
    context, rest = copy_context(), iter(chunks)
    return iter(lambda: context.run(next, rest, None), None)
