"""What people read when a request cannot be answered: in words, in the look of the hub."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import TYPE_CHECKING

from django.core.exceptions import RequestDataTooBig, TooManyFieldsSent, TooManyFilesSent
from django.db import OperationalError
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.template.loader import get_template
from django.utils.translation import gettext_lazy as _
from django.views import defaults

from accounts.http import HubRequest

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

LARGEST_REQUEST = 8 * 1024 * 1024
"""In bytes. A logo of 5 MB fits; what is larger is refused before it is read."""

RETRY_SECONDS = 120

PLATFORM_METHODS = ("GET", "HEAD", "POST")

TOO_LARGE = (RequestDataTooBig, TooManyFieldsSent, TooManyFilesSent)

WORDS: dict[int, tuple[StrOrPromise, StrOrPromise]] = {
    400: (
        _("We could not read that"),
        _(
            "What arrived was incomplete or broken. Nothing was changed. Go back, load the page"
            " again, and send it once more."
        ),
    ),
    403: (
        _("This is not open to you"),
        _(
            "Your place in the team does not include this page. Nothing was changed. An owner of"
            " the team can give you another role."
        ),
    ),
    405: (
        _("This address does not work like that"),
        _("Nothing was changed. Go back and use the button on the page."),
    ),
    413: (
        _("That is too much at once"),
        _(
            "What you sent is larger than we take. Nothing was changed. Send less at a time, or"
            " a smaller file."
        ),
    ),
    429: (
        _("Too many tries"),
        _("Nothing was changed. Wait a little, then try again."),
    ),
}


def problem(request: HttpRequest, status: int) -> HttpResponse:
    """A page for this status; for 429 the caller adds `Retry-After`."""
    title, words = WORDS[status]
    context = {"title": title, "words": words, "status": status}
    return render(request, "problem.html", context, status=status)


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """handler400 of both hosts."""
    return problem(request, 413 if isinstance(exception, TOO_LARGE) else 400)


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    """handler403 of both hosts; customers meet 404 instead."""
    return problem(request, 403)


def server_error(request: HttpRequest) -> HttpResponse:
    """handler500 of both hosts. A database that is down, full or restarting comes back: whoever
    asks (Stripe, too) is told to ask again."""
    if not isinstance(sys.exception(), OperationalError):
        return defaults.server_error(request)
    page = get_template("503.html").render()
    return HttpResponse(page, status=503, headers={"Retry-After": str(RETRY_SECONDS)})


class ProblemMiddleware:
    """Refuses what is far too large unread and what no page takes, and gives words to answers that
    have none."""

    def __init__(self, get_response: Callable[[HubRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HubRequest) -> HttpResponseBase:
        length = request.META.get("CONTENT_LENGTH") or "0"
        if length.isdecimal() and int(length[:20]) > LARGEST_REQUEST:
            return problem(request, 413)
        # A hub's pages each say what they take; the libraries' pages take whatever comes as a GET.
        if request.vendor is None and request.method not in PLATFORM_METHODS:
            answer = problem(request, 405)
            answer.headers["Allow"] = ", ".join(PLATFORM_METHODS)
            return answer
        # Nobody types a NUL, and PostgreSQL refuses a query that holds one. Forms see to theirs.
        request.META["QUERY_STRING"] = request.META.get("QUERY_STRING", "").replace("%00", "")
        response = self.get_response(request)
        if response.status_code in (405, 429) and not getattr(response, "content", b"?"):
            response.content = problem(request, response.status_code).content  # type: ignore[attr-defined]
        return response
