"""Where the customer is signed in, and what was done in their hub."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from accounts import sessions
from accounts.access import post_only
from accounts.http import CustomerRequest
from accounts.services import audit
from hub.paging import page_of
from hub.presentation.activity import acts, devices

ACTS_A_PAGE = 20


@require_safe
def activity(request: CustomerRequest) -> HttpResponse:
    before = request.GET.get("before", "")
    log = request.customer.audit.select_related("by_user")
    page = page_of(log, moment="at", before=before, size=ACTS_A_PAGE)
    context = {
        "devices": devices(request),
        "acts": acts(page.rows),
        "older": page.older,
    }
    return render(request, "hub/activity.html", context)


@post_only
def end_sessions(request: CustomerRequest) -> HttpResponse:
    """The one that is named, or all but this one."""
    named = request.POST.get("session")
    if named is None:
        if sessions.end_others(request):
            audit.record("sessions_ended", customer=request.customer)
        messages.success(request, _("All other devices are signed out."))
    elif _is_id(named) and sessions.end(request.customer, int(named)):
        audit.record("session_ended", customer=request.customer)
        messages.success(request, _("That device is signed out."))
    else:
        messages.info(request, _("That device was not signed in any more. Nothing has changed."))
    return redirect("hub:activity")


def _is_id(text: str) -> bool:
    return text.isascii() and text.isdecimal() and len(text) < 19
