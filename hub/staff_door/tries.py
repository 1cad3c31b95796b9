"""How often somebody may try a code or a passkey. Counted for each person, as only who knows the
password gets that far, and in the database, so that all processes count together."""

from __future__ import annotations

from datetime import timedelta

from axes.models import AccessFailureLog
from django.db.models import QuerySet
from django.utils import timezone

from accounts.models import User

LIMIT = 5
WINDOW = timedelta(minutes=5)
PLACE = "second factor"


def count(user: User, *, client: str) -> int:
    """Count a try before it is looked at: two at once cannot both be the last one.

    Returns the seconds to wait; 0 if the try may be looked at.
    """
    now = timezone.now()
    rows = _rows(user)
    rows.filter(attempt_time__lte=now - WINDOW).delete()
    row = AccessFailureLog.objects.create(
        username=user.email, ip_address=client, path_info=PLACE, user_agent="", http_accept=""
    )
    if rows.count() <= LIMIT:
        return 0
    row.delete()
    oldest = rows.order_by("attempt_time").values_list("attempt_time", flat=True).first() or now
    return max(1, int((oldest + WINDOW - now).total_seconds()))


def forget(user: User) -> None:
    """The person proved it."""
    _rows(user).delete()


def _rows(user: User) -> QuerySet[AccessFailureLog]:
    rows: QuerySet[AccessFailureLog] = AccessFailureLog.objects.all()
    return rows.filter(username=user.email, path_info=PLACE)
