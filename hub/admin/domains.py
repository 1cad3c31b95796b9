"""A vendor's own domains: which there are, which record each needs, and what DNS says of it."""

from __future__ import annotations

from collections.abc import Callable

from django.contrib import messages
from django.contrib.admin import AdminSite
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.utils.text import get_text_list
from django.utils.translation import gettext as _

from accounts.errors import DomainNotAllowed, DomainTaken, NoDomain
from accounts.models import Vendor, VendorDomain
from accounts.services import domains as service
from accounts.tenancy import vendor_scope
from accounts.txt_records import NameServersUnreachable
from hub.admin import roles

# Of what stands where the record belongs.
SHOWN_VALUES, SHOWN = 3, 64

type Act = Callable[[HttpRequest, Vendor], None]


def page(site: AdminSite, request: HttpRequest, vendor: Vendor) -> HttpResponse:
    with vendor_scope(vendor):
        if request.method == "POST":
            act = ACTS.get(request.POST.get("act", ""))
            if act is None or _try(act, request, vendor) or act is not _add:
                return redirect("admin:accounts_vendor_domains", vendor.pk)
        context = {
            **site.each_context(request),
            "title": _("Domains"),
            "subtitle": vendor.name,
            "vendor": vendor,
            "domains": list(VendorDomain.objects.filter(vendor=vendor)),
            "subdomain_host": vendor.subdomain_host,
            "typed": request.POST.get("name", ""),
        }
        return TemplateResponse(request, "admin/domains.html", context).render()


def _try(act: Act, request: HttpRequest, vendor: Vendor) -> bool:
    """Whether it was not refused; why it was, the person is told."""
    try:
        act(request, vendor)
        return True
    except DomainNotAllowed as error:
        messages.error(request, _refusal(error.reason))
    except DomainTaken:
        messages.error(
            request,
            _(
                "This domain is in use already. If it is yours, write to whoever runs this"
                " installation."
            ),
        )
    except NameServersUnreachable:
        messages.error(
            request,
            _("The name servers do not answer, so nothing has changed. Try again in a minute."),
        )
    return False


def _refusal(reason: NoDomain) -> str:
    match reason:
        case "no_domain":
            return _(
                "Type the name alone, like portal.example.com: without https://, port or path."
            )
        case "platforms_own":
            return _("This name belongs to the platform. Add a domain of your own.")
        case "too_many":
            return _("There are enough domains already. Remove one that you no longer use.")
        case "not_verified":
            return _("Links can lead there once the record was found.")


def _named(request: HttpRequest, vendor: Vendor) -> VendorDomain:
    wanted = request.POST.get("domain", "")
    key = int(wanted) if wanted.isdecimal() else 0
    mine = VendorDomain.objects.filter(vendor=vendor).select_related("vendor")
    return get_object_or_404(mine, pk=key)


def _add(request: HttpRequest, vendor: Vendor) -> None:
    domain, is_new = service.add(vendor, request.POST.get("name", ""), by=roles.staff_of(request))
    if not is_new:
        messages.info(request, _("The domain %(name)s is there already.") % {"name": domain.name})
        return
    said = _(
        "The domain %(name)s was added. Set the records below where its DNS is kept, then check."
    )
    messages.success(request, said % {"name": domain.name})


def _check(request: HttpRequest, vendor: Vendor) -> None:
    domain = _named(request, vendor)
    seen = service.check(domain, by=roles.staff_of(request))
    if seen.is_there:
        messages.success(request, _("The record was found: the hub answers at this domain."))
        return
    said = _("There is no such record yet at %(record)s. DNS may need an hour to show a new one.")
    if seen.values:
        said = _(
            "At %(record)s stands something else: %(values)s. DNS may need an hour to show a"
            " change."
        )
    values = get_text_list([f"“{value[:SHOWN]}”" for value in seen.values[:SHOWN_VALUES]], _("and"))
    messages.warning(request, said % {"record": domain.record_name, "values": values})


def _use(request: HttpRequest, vendor: Vendor) -> None:
    service.use_in_links(vendor, _named(request, vendor), by=roles.staff_of(request))
    messages.success(request, _("Mails now lead to this domain."))


def _use_subdomain(request: HttpRequest, vendor: Vendor) -> None:
    service.use_in_links(vendor, None, by=roles.staff_of(request))
    messages.success(request, _("Mails now lead to the subdomain."))


def _remove(request: HttpRequest, vendor: Vendor) -> None:
    domain = _named(request, vendor)
    was_served = domain.is_served
    service.remove(domain, by=roles.staff_of(request))
    if was_served:
        messages.success(request, _("The domain was removed. The hub no longer answers there."))
    else:
        messages.success(request, _("The domain was removed."))


ACTS: dict[str, Act] = {
    "add": _add,
    "check": _check,
    "use": _use,
    "use_subdomain": _use_subdomain,
    "remove": _remove,
}
