"""The demo's mailbox: every mail that left, to be read in the browser (django-mail-preview)."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest
from django.urls import URLPattern
from django.utils.csp import CSP
from django.views.decorators.csp import csp_override
from django_mail_preview import urls as library

# Its page shows a mail in a frame and has its icon inside; the mail itself has a policy of its own.
POLICY: dict[str, list[str]] = {
    **settings.SECURE_CSP,
    "frame-src": [CSP.SELF],
    "img-src": [CSP.SELF, "data:"],
}


def is_open(_request: HttpRequest) -> bool:
    """Whatever the addresses say: outside the demo there is no mailbox."""
    return bool(settings.DEMO)


app_name = library.app_name
urlpatterns = [
    URLPattern(page.pattern, csp_override(POLICY)(page.callback), page.default_args, page.name)
    for page in library.urlpatterns
]
