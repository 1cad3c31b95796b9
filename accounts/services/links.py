"""A magic link's life: made and mailed, found again, spent, forgotten."""

from __future__ import annotations

import hashlib
import secrets
from datetime import timedelta

from django.db.models import F, Q, QuerySet
from django.db.models.functions import Coalesce, Now
from django.utils.crypto import constant_time_compare, salted_hmac

from accounts import emails
from accounts.errors import LinkNotValid
from accounts.models import LINK_LIFETIME, Customer, EmailAddress, MagicLink

LEASE = timedelta(minutes=1)
MAILED_WITHIN = timedelta(days=1)
KEPT_FOR = timedelta(days=30)
MOST_ATTEMPTS = 5

_ANSWERED = Q(customer__isnull=False) | Q(requested_at__lt=Now() - LEASE)
"""Who has just bought may be here before their purchase: the sweep looks at an unknown address
once more."""

_MAILS = {
    MagicLink.Purpose.SIGN_IN: emails.magic_link,
    MagicLink.Purpose.PROFILE: emails.profile_link,
    MagicLink.Purpose.CONFIRM_EMAIL: emails.confirm_email,
    MagicLink.Purpose.ADD_EMAIL: emails.add_email,
    MagicLink.Purpose.REVERT_EMAIL: emails.email_changed,
}


def token_hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def code_hash(link: MagicLink, code: str) -> str:
    """Keyed, because six digits are soon tried out."""
    return salted_hmac(f"accounts.code.{link.pk}", code, algorithm="sha256").hexdigest()


def deliver(link: MagicLink) -> None:
    """Mail token and code, of which only hashes stay. Twice is as good as once.

    If the mail fails the link is as before, and the error goes to the caller to try again.
    """
    customer = link.customer or _owner(link.email)
    token, code = secrets.token_urlsafe(32), f"{secrets.randbelow(1_000_000):06}"
    if not _claim(link, customer, token, code):
        return
    if customer is not None:
        link.refresh_from_db()
        try:
            _MAILS[MagicLink.Purpose(link.purpose)](link, customer, token=token, code=code)
        except Exception:
            _row(link).update(token_hash=None, code_hash="", expires_at=None)
            raise
    _row(link).filter(_ANSWERED).update(handled_at=Now())


def _owner(address: str) -> Customer | None:
    known = EmailAddress.matching(address).select_related("customer").first()
    return known.customer if known else None


def _claim(link: MagicLink, customer: Customer | None, token: str, code: str) -> bool:
    """One worker at a time: who began less than a LEASE ago is still at it.

    An unknown address gets a link that nothing opens, so that guessing at it looks the same.
    """
    ends_at = Now() + link.lifetime
    free = _row(link).filter(handled_at=None).exclude(expires_at__gt=ends_at - LEASE)
    return bool(
        free.update(
            customer=customer,
            token_hash=customer and token_hash(token),
            code_hash=code_hash(link, code) if customer else "",
            expires_at=ends_at,
        )
    )


def find(token: str, *purposes: MagicLink.Purpose) -> MagicLink:
    """The link as long as it works; looking changes nothing. Raises LinkNotValid."""
    link = (
        MagicLink.objects.select_related("customer")
        .filter(token_hash=token_hash(token), purpose__in=purposes)
        .annotate(has_expired=Q(expires_at__lte=Now()))
        .first()
    )
    if link is None:
        raise LinkNotValid("unknown")
    if link.used_at:
        raise LinkNotValid("used", purpose=link.purpose)
    if link.has_expired:
        raise LinkNotValid("expired", purpose=link.purpose)
    return link


def count_guess(link: MagicLink) -> None:
    """Before what was typed is looked at, so that a burst of guesses is counted too.

    Raises LinkNotValid after too many.
    """
    open_to_guesses = _row(link).filter(code_attempts__lt=MOST_ATTEMPTS)
    if not open_to_guesses.update(code_attempts=F("code_attempts") + 1):
        raise LinkNotValid("locked", purpose=link.purpose)


def is_code(link: MagicLink, typed: str) -> bool:
    return constant_time_compare(link.code_hash, code_hash(link, typed))


def spend(link: MagicLink) -> Customer:
    """Whose it is. Of two who come at once this one UPDATE lets one through."""
    live = _row(link).filter(used_at=None, expires_at__gt=Now())
    if link.customer is None or not live.update(used_at=Now()):
        raise LinkNotValid("used", purpose=link.purpose)
    return link.customer


def expire(to_expire: QuerySet[MagicLink]) -> None:
    """Also those whose mail is still on its way: it will not be made."""
    open_ones = to_expire.filter(Q(expires_at=None) | Q(expires_at__gt=Now()))
    open_ones.update(expires_at=Now(), handled_at=Coalesce("handled_at", Now()))


def earlier_ways_back(link: MagicLink) -> list[MagicLink]:
    """What else the same mailbox can still take back: links of earlier changes, oldest first."""
    if link.purpose != MagicLink.Purpose.REVERT_EMAIL:
        return []
    mailed = MagicLink.objects.filter(
        purpose=MagicLink.Purpose.REVERT_EMAIL,
        customer=link.customer_id,
        email__iexact=link.email,
        used_at=None,
        expires_at__gt=Now(),
    )
    return list(mailed.filter(pk__lt=link.pk).order_by("pk"))


def first_way_back(link: MagicLink) -> MagicLink:
    return [*earlier_ways_back(link), link][0]


def left_behind() -> QuerySet[MagicLink, int]:
    """The ids of links that were asked for and never mailed; a late sign-in link helps nobody."""
    timely = Q(requested_at__gt=Now() - LINK_LIFETIME) | (
        ~Q(purpose=MagicLink.Purpose.SIGN_IN) & Q(requested_at__gt=Now() - MAILED_WITHIN)
    )
    waiting = MagicLink.objects.filter(timely, handled_at=None, requested_at__lt=Now() - LEASE)
    return waiting.values_list("pk", flat=True)


def forget_old() -> None:
    MagicLink.objects.filter(requested_at__lt=Now() - KEPT_FOR).delete()


def _row(link: MagicLink) -> QuerySet[MagicLink]:
    return MagicLink.objects.filter(pk=link.pk)
