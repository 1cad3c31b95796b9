"""What went wrong with Stripe: what it was, where to look at it there, and what helps."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.text import Truncator
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from accounts.errors import AskedTooOften
from accounts.tenancy import vendor_scope
from billing import sentences
from billing.errors import BillingError
from billing.models import Failure
from billing.services import update_links
from hub.admin import events, roles
from hub.admin.base import RecordAdmin
from hub.admin.columns import short_day
from hub.admin.filters import Filter, WhenFilter

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise


class SettledFilter(Filter):
    title = gettext_lazy("state")
    parameter_name = "state"

    def lookups(self, _request: HttpRequest, _admin: Any) -> list[tuple[str, str]]:
        return [("open", _("Open")), ("settled", _("Settled"))]

    def narrow(self, queryset: QuerySet[Any], value: str) -> QuerySet[Any]:
        return queryset.filter(settled_at__isnull=value == "open")


@admin.register(Failure)
class FailureAdmin(RecordAdmin):
    list_display = ["action_words", "who", "subscription", "problem", "at_stripe", "day", "state"]
    list_filter = [SettledFilter, ("happened_at", WhenFilter)]
    list_select_related = ["customer", "action", "event", "subscription"]
    search_fields = [
        "customer__email",
        "customer__name",
        "code",
        "decline_code",
        "request_id",
        "object_id",
    ]
    search_help_text = gettext_lazy("Customer, Stripe's code, request id (req_…) or object")
    fieldsets = [
        (
            None,
            {
                "fields": [
                    "action_words",
                    "customer",
                    "subscription",
                    "reason",
                    "happened_at",
                    "state",
                ]
            },
        ),
        (
            gettext_lazy("At Stripe"),
            {
                "fields": [
                    "code",
                    "decline_code",
                    "detail",
                    "object_id",
                    "event",
                    "at_stripe",
                ]
            },
        ),
    ]
    change_form_template = "admin/failure.html"

    @admin.display(description=gettext_lazy("action"))
    def action_words(self, failure: Failure) -> StrOrPromise:
        return failure.what

    @admin.display(description=gettext_lazy("problem"), ordering="code")
    def problem(self, failure: Failure) -> str:
        """Stripe's codes, or its words where it has none."""
        codes = [code for code in (failure.code, failure.decline_code) if code]
        return " / ".join(codes) or Truncator(failure.detail).chars(60)

    @admin.display(description=gettext_lazy("date"), ordering="happened_at")
    def day(self, failure: Failure) -> str:
        return short_day(failure.happened_at)

    @admin.display(description=gettext_lazy("told the customer"))
    def reason(self, failure: Failure) -> StrOrPromise:
        """The sentence that goes with the code; nothing where nobody was told anything."""
        if failure.action is None:
            return ""
        return sentences.sentence_for(BillingError, failure.code, failure.decline_code)

    @admin.display(description=gettext_lazy("state"), ordering="settled_at")
    def state(self, failure: Failure) -> str:
        return _("Settled") if failure.settled_at else _("Open")

    @admin.display(description=gettext_lazy("in Stripe's dashboard"))
    def at_stripe(self, failure: Failure) -> SafeString:
        return format_html(
            '<a href="{}" target="_blank" rel="noreferrer">{}</a>',
            failure.dashboard_url,
            failure.request_id or failure.object_id or _("In Stripe"),
        )

    def get_urls(self) -> list[URLPattern]:
        pages = {"send_update_link": self.send_update_link, "replay": require_POST(self.replay)}
        return [
            *(
                path(
                    f"<int:failure_id>/{name}/",
                    self.admin_site.admin_view(view),
                    name=f"billing_failure_{name}",
                )
                for name, view in pages.items()
            ),
            *super().get_urls(),
        ]

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        failure: Failure = context["original"]
        may_help = roles.may(request, roles.LINK_SENDERS, failure.vendor_id)
        context["may_send_link"] = may_help and failure.customer is not None
        context["may_replay"] = may_help and failure.event is not None
        return super().render_change_form(request, context, *args, **kwargs)

    def _helped(self, request: HttpRequest, failure_id: int) -> Failure:
        failure: Failure | None = self.get_object(request, str(failure_id))
        if failure is None:
            raise Http404
        if not roles.may(request, roles.LINK_SENDERS, failure.vendor_id):
            raise PermissionDenied
        return failure

    def replay(self, request: HttpRequest, failure_id: int) -> HttpResponse:
        failure = self._helped(request, failure_id)
        if failure.event is None:
            raise Http404
        events.replay_as_staff(request, failure.event)
        messages.success(request, _("The event is being replayed."))
        return redirect("admin:billing_failure_change", failure.pk)

    def send_update_link(self, request: HttpRequest, failure_id: int) -> HttpResponse:
        """Ask first, then mail. The customer alone gets the link; nothing of it comes back here."""
        failure = self._helped(request, failure_id)
        customer = failure.customer
        if customer is None:
            raise Http404
        back = redirect("admin:billing_failure_change", failure.pk)
        if not customer.email:
            messages.error(request, _("This customer has no e-mail address to send a link to."))
            return back
        if request.method != "POST":
            context = {
                **self.admin_site.each_context(request),
                "title": _("Send card update link"),
                "opts": self.opts,
                "original": failure,
            }
            return TemplateResponse(request, "admin/send_update_link.html", context)
        words = {"email": customer.email}
        try:
            with vendor_scope(failure.vendor):
                update_links.send_update_link(
                    customer,
                    by=roles.staff_of(request),
                    subscription=failure.subscription,
                    source=f"failure {failure.pk}",
                )
        except AskedTooOften:
            said = _(
                "No link was sent: three went to %(email)s in the last 24 hours."
                " Try again tomorrow."
            )
            messages.error(request, said % words)
        except BillingError as error:
            sentence = _("The link was not sent: %(reason)s")
            messages.error(request, sentence % {"reason": error.detail or error})
        else:
            messages.success(request, _("Card update link sent to %(email)s") % words)
        return back
