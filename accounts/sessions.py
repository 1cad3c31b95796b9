"""Who is signed in where, from when to when. The browser's session holds no more than which row."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from django.db.models import QuerySet
from django.middleware.csrf import rotate_token
from django.utils.timezone import now

from accounts.models import Customer, CustomerSession, SupportView, Vendor
from accounts.models.sessions import LONGEST_USER_AGENT

if TYPE_CHECKING:
    from accounts.http import CustomerRequest, HubRequest, VendorRequest

FRESH_FOR = timedelta(minutes=15)
_VENDOR = "vendor"
_SESSION = "customer_session"
_SUPPORT_VIEW = "support_view"
_SEEN_EVERY = timedelta(minutes=5)
_KEPT = timedelta(days=30)


def sign_in(request: VendorRequest, customer: Customer) -> None:
    """Begin a new session; whatever the old one held is gone."""
    if old := request.session.get(_SESSION):
        _end(CustomerSession.objects.filter(pk=old))
    request.session.flush()
    moment = now()
    row = CustomerSession.objects.create(
        vendor_id=customer.vendor_id,
        customer=customer,
        user_agent=_user_agent(request),
        client=request.client,
        signed_in_at=moment,
        seen_at=moment,
    )
    request.session[_VENDOR] = customer.vendor_id
    request.session[_SESSION] = row.pk
    request.customer = customer
    rotate_token(request)


def begin_support_view(request: VendorRequest, view: SupportView) -> None:
    """In place of whatever this browser's session was here before."""
    request.session.flush()
    request.session[_VENDOR] = view.vendor_id
    request.session[_SUPPORT_VIEW] = view.pk
    rotate_token(request)


def support_view_id(request: HubRequest) -> int | None:
    """Which row names the customer whom somebody of the team looks at, if so."""
    vendor, session = request.vendor, request.session
    if vendor is None or session.get(_VENDOR) != vendor.pk:
        return None
    return session.get(_SUPPORT_VIEW)


def leave(request: VendorRequest) -> None:
    """This browser alone."""
    request.session.flush()
    request.customer = None


def sign_out(request: VendorRequest) -> None:
    """End this session, and this customer's sessions on every other device."""
    if request.customer:
        end_all(request.customer)
    request.session.flush()
    request.customer = None


def signed_in_customer(request: HubRequest) -> Customer | None:
    """Looked up in the vendor's scope, so that a session of another vendor is nobody's."""
    vendor, session = request.vendor, request.session
    if vendor is None or session.get(_VENDOR) != vendor.pk:
        return None
    running = CustomerSession.objects.select_related("customer").filter(ended_at=None)
    row = running.filter(pk=session.get(_SESSION, 0)).first()
    moment = now()
    if row is None or not _is_in_time(row, vendor, moment):
        return None
    if row.seen_at < moment - _SEEN_EVERY:
        CustomerSession.objects.filter(pk=row.pk).update(
            seen_at=moment, client=request.client, user_agent=_user_agent(request)
        )
    return row.customer


def running(customer: Customer) -> list[CustomerSession]:
    """Where the customer is signed in, last used first."""
    rows = customer.sessions.filter(ended_at=None).order_by("-seen_at")
    vendor, moment = customer.vendor, now()
    return [row for row in rows if _is_in_time(row, vendor, moment)]


def current_id(request: CustomerRequest) -> int:
    """0: it is somebody of the team who looks."""
    return int(request.session.get(_SESSION, 0))


def is_fresh(request: CustomerRequest) -> bool:
    """Whether the person proved the mailbox just now: asked before what would hand the hub over."""
    since = now() - FRESH_FOR
    return CustomerSession.objects.filter(pk=current_id(request), signed_in_at__gt=since).exists()


def end(customer: Customer, session_id: int) -> bool:
    """One of the customer's own; of anybody else's nothing happens. Says whether one ended."""
    return _end(customer.sessions.filter(pk=session_id)) > 0


def end_others(request: CustomerRequest) -> bool:
    """Says whether there were any."""
    return end_all(request.customer, but=current_id(request)) > 0


def end_all(customer: Customer, *, but: int = 0) -> int:
    return _end(customer.sessions.exclude(pk=but))


def forget_old() -> None:
    """Every vendor's, a month after their last use."""
    CustomerSession.objects.filter(seen_at__lt=now() - _KEPT).delete()


def _end(rows: QuerySet[CustomerSession]) -> int:
    return rows.filter(ended_at=None).update(ended_at=now())


def _is_in_time(row: CustomerSession, vendor: Vendor, moment: datetime) -> bool:
    lasts, idles = timedelta(hours=vendor.session_hours), timedelta(hours=vendor.idle_hours)
    return moment < row.signed_in_at + lasts and moment < row.seen_at + idles


def _user_agent(request: HubRequest | VendorRequest) -> str:
    said: str = request.headers.get("User-Agent", "")
    return "".join(filter(str.isprintable, said))[:LONGEST_USER_AGENT]
