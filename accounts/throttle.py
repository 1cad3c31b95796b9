"""How often a mailbox may be written to and a client may ask, counted from the links themselves."""

from __future__ import annotations

from datetime import timedelta

from django.db.models import Count, Q
from django.db.models.functions import Now
from django.utils.crypto import salted_hmac

from accounts.models import MagicLink

MAILS_IN_15_MINUTES = 3
MAILS_A_DAY = 10
REQUESTS_AN_HOUR = 20


def mailbox_hash(address: str) -> str:
    """The same for every spelling that reaches one mailbox: dots, +alias, case."""
    local, _at, domain = address.casefold().rpartition("@")
    mailbox = local.partition("+")[0].replace(".", "")
    return _keyed("mailbox", f"{mailbox}@{domain}")


def client_hash(client: str) -> str:
    return _keyed("client", client)


def browser_hash(browser_key: str) -> str:
    return _keyed("browser", browser_key) if browser_key else ""


def allows(*, mailbox: str, client: str = "") -> bool:
    """Whether one more link may be asked for; takes hashes, and looks at this vendor only. Staff
    are nobody's client: they ask for all customers, each of whose mailboxes counts for itself.

    Nobody asks for the notice of a change: else who makes changes locks the mailbox's owner out.
    """
    recent = Q(mailbox_hash=mailbox, requested_at__gt=Now() - timedelta(minutes=15))
    today = Q(mailbox_hash=mailbox, requested_at__gt=Now() - timedelta(days=1))
    by_client = Q(client_hash=client, requested_at__gt=Now() - timedelta(hours=1))
    askable = MagicLink.objects.exclude(purpose=MagicLink.Purpose.REVERT_EMAIL)
    asked = askable.filter(today | by_client).aggregate(
        recent=Count("pk", filter=recent),
        today=Count("pk", filter=today),
        by_client=Count("pk", filter=by_client),
    )
    return all(
        (
            asked["recent"] < MAILS_IN_15_MINUTES,
            asked["today"] < MAILS_A_DAY,
            not client or asked["by_client"] < REQUESTS_AN_HOUR,
        )
    )


def _keyed(kind: str, value: str) -> str:
    """Nobody who reads the table learns an address from it, or can try them out."""
    return salted_hmac(f"accounts.throttle.{kind}", value, algorithm="sha256").hexdigest()
