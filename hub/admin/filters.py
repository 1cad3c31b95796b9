"""What a list is narrowed to. Where an address asks for what there is not, the list says so."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from django.contrib import admin
from django.contrib.admin.views.main import ERROR_FLAG
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts.models import Customer
from hub.admin import roles

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

LONGEST_ID = 18
"""Digits: more than that no row's number has, and no database's column holds."""

Choices = list[tuple[str, str]]


def row_id(typed: str | None) -> int | None:
    """The number in an address, if a row could have it."""
    return int(typed) if typed and typed.isdecimal() and len(typed) <= LONGEST_ID else None


class Filter(admin.SimpleListFilter):
    """With one choice more where the address names none of them: it stands for an empty list."""

    nothing: ClassVar[StrOrPromise] = _("There is no such choice.")

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        asked = self.value()
        self.is_unknown = asked is not None and asked not in dict(self.lookup_choices)
        if self.is_unknown:
            self.lookup_choices = [*self.lookup_choices, (str(asked), self.nothing)]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        value = self.value()
        if self.is_unknown:
            return queryset.none()
        return queryset if value is None else self.narrow(queryset, value)

    def narrow(self, queryset: QuerySet[Any], value: str) -> QuerySet[Any]:
        raise NotImplementedError


class VendorFilter(Filter):
    """Only the vendors this person works for, and only where there is more than one."""

    title = _("vendor")
    parameter_name = "vendor"
    nothing = _("There is no such vendor, or none that you may see.")

    def lookups(self, request: HttpRequest, _admin: Any) -> Choices:
        vendors = roles.vendors_of(request)
        is_asked = self.value() is not None
        return [(str(v.pk), v.name) for v in vendors if len(vendors) > 1 or is_asked]

    def narrow(self, queryset: QuerySet[Any], value: str) -> QuerySet[Any]:
        return queryset.filter(vendor_id=value)


class CustomerFilter(Filter):
    """Says whose rows these are when a list was reached from a customer, and leads back to all."""

    title = _("customer")
    parameter_name = "customer"
    nothing = _("There is no such customer, or none that you may see.")

    def lookups(self, request: HttpRequest, _admin: Any) -> Choices:
        """Of a vendor whose customers this person may not see, there are none."""
        asked = row_id(self.value())
        if asked is None:
            return []
        vendors = roles.vendors_where(request, roles.CUSTOMER_VIEWERS)
        found = Customer.objects.filter(pk=asked)
        if vendors is not None:
            found = found.filter(vendor_id__in=vendors)
        return [(str(self.value()), str(customer)) for customer in found]

    def narrow(self, queryset: QuerySet[Any], value: str) -> QuerySet[Any]:
        return queryset.filter(customer_id=value)


class WhenFilter(admin.DateFieldListFilter):
    """Says "date", whichever moment it is about."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.title = gettext("date")


class SaysWhatIsNotKnown:
    """For a list: Django would show all of it to who asks for what it does not know."""

    admin_site: admin.AdminSite

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        answer: HttpResponse = super().changelist_view(request, extra_context)  # type: ignore[misc]
        gives_up = f"{request.path}?{ERROR_FLAG}=1"
        if isinstance(answer, HttpResponseRedirect) and answer.url == gives_up:
            context = self.admin_site.each_context(request)
            return TemplateResponse(request, "admin/invalid_setup.html", context, status=400)
        return answer
