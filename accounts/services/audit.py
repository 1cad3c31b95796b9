"""The audit logs, one of each vendor and the platform's own: who did what, when and from where.
Written once, each entry chained to the one before it, never changed."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import UTC
from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from accounts.models import (
    AuditChain,
    AuditEntry,
    Customer,
    PlatformChain,
    PlatformEntry,
    User,
    Vendor,
)
from accounts.tenancy import current_vendor, vendor_scope

_secret_name = re.compile(r"secret|password|token|recovery", re.IGNORECASE)
_secret_text = re.compile(r"\b(?:[rs]k_(?:live|test)|whsec)_\w+")

_client: ContextVar[str] = ContextVar("audit_client", default="")


@contextmanager
def acting_from(client: str) -> Iterator[None]:
    """Whatever is recorded within comes from this internet address."""
    token = _client.set(client)
    try:
        yield
    finally:
        _client.reset(token)


def record(
    action: str,
    *,
    customer: Customer | None = None,
    by_user: User | None = None,
    subject: str = "",
    detail: dict[str, Any] | None = None,
) -> None:
    """What a customer is named for and no user did, the customer did. Secrets are masked."""
    vendor = customer.vendor if customer else current_vendor()
    entry = AuditEntry(
        vendor=vendor,
        action=action,
        subject=_masked(subject)[:200],
        customer=customer,
        by_customer=customer is not None and by_user is None,
        by_user=by_user,
        client=_client.get(),
        detail=_plain(detail or {}),
        at=timezone.now(),
    )
    AuditChain.objects.get_or_create(vendor=vendor)
    with transaction.atomic():
        _append(entry, AuditChain.objects.select_for_update().get(vendor=vendor))


def record_for_platform(
    action: str, *, by_user: User | None, subject: str, detail: dict[str, Any]
) -> None:
    """In the platform's own log, whoever's scope this is in."""
    entry = PlatformEntry(
        action=action,
        subject=_masked(subject)[:200],
        by_user=by_user,
        client=_client.get(),
        detail=_plain(detail),
        at=timezone.now(),
    )
    with vendor_scope(None), transaction.atomic():
        PlatformChain.objects.get_or_create(pk=1)
        _append(entry, PlatformChain.objects.select_for_update().get(pk=1))


def _append(entry: AuditEntry | PlatformEntry, chain: AuditChain | PlatformChain) -> None:
    entry.number, entry.previous_hash = chain.length + 1, chain.last_hash
    entry.hash = _hash(entry)
    entry.save()
    chain.length, chain.last_hash = entry.number, entry.hash
    chain.save()


def _plain(detail: dict[str, Any]) -> dict[str, Any]:
    """As it will come back from the database, so that its hash can be worked out again."""
    plain: dict[str, Any] = _masked(json.loads(json.dumps(detail, default=str)))
    return plain


def _masked(value: Any, name: str = "") -> Any:
    """Nobody needs a secret to know that it was changed: its last four characters tell."""
    if isinstance(value, dict):
        return {key: _masked(each, key) for key, each in value.items()}
    if isinstance(value, list):
        return [_masked(each, name) for each in value]
    if not isinstance(value, str):
        return value
    if _secret_name.search(name):
        return value and f"••••{value[-4:]}"
    return _secret_text.sub(lambda found: f"••••{found.group()[-4:]}", value)


def _hash(entry: AuditEntry | PlatformEntry) -> str:
    """SHA-256 over all that the entry says, in one canonical form."""
    said: list[object] = [
        *(entry.previous_hash, *_whose(entry), entry.number, entry.action, entry.subject),
        *(entry.by_user_id, entry.client, entry.detail),
        entry.at.astimezone(UTC).isoformat(timespec="microseconds"),
    ]
    return hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()


def _whose(entry: AuditEntry | PlatformEntry) -> list[object]:
    if isinstance(entry, AuditEntry):
        return [entry.vendor_id, entry.customer_id, entry.by_customer]
    return ["platform"]


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """`broken_at`: the number of the first entry that is not as it was written; None: all are."""

    entries: int
    last_hash: str
    broken_at: int | None


def verify(vendor: Vendor) -> Verdict:
    """Work the vendor's whole chain out again, in constant memory."""
    chain = AuditChain.objects.filter(vendor=vendor).first()
    return _verdict(AuditEntry.objects.filter(vendor=vendor), chain or AuditChain())


def verify_platform() -> Verdict:
    with vendor_scope(None):
        chain = PlatformChain.objects.first()
        return _verdict(PlatformEntry.objects.all(), chain or PlatformChain())


def _verdict(
    entries: QuerySet[AuditEntry] | QuerySet[PlatformEntry], chain: AuditChain | PlatformChain
) -> Verdict:
    length, last_hash = 0, ""
    for entry in entries.order_by("number").iterator():
        is_next = entry.number == length + 1 and entry.previous_hash == last_hash
        if not is_next or entry.hash != _hash(entry):
            return Verdict(entries=length, last_hash=last_hash, broken_at=length + 1)
        length, last_hash = entry.number, entry.hash
    is_whole = (chain.length, chain.last_hash) == (length, last_hash)
    return Verdict(entries=length, last_hash=last_hash, broken_at=None if is_whole else length + 1)
