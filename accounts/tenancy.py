"""Which vendor are we working for? Every query answers to this module."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, ClassVar, Self

from django.db import models
from django.utils.translation import gettext_lazy as _
from django_scopes import ScopedManager, get_scope, scope
from django_scopes.manager import DisabledQuerySet

from accounts.postgresql.roles import EVERY_VENDOR

if TYPE_CHECKING:
    from accounts.models import Vendor


class OutsideVendorScope(RuntimeError):
    """A vendor's row was about to be written while another vendor, or none, was in scope."""


@contextmanager
def vendor_scope(vendor: Vendor | list[Vendor] | None) -> Iterator[None]:
    """Work for this vendor. A list: for all of these (staff); None: for every one (superusers)."""
    with scope(vendor=vendor):
        yield


def current_vendor() -> Vendor:
    """The one vendor in scope; raises OutsideVendorScope where there is none or more than one."""
    vendor = get_scope().get("vendor")
    if vendor is None or isinstance(vendor, list):
        raise OutsideVendorScope("No single vendor is in scope: wrap this in vendor_scope(vendor).")
    return vendor  # type: ignore[no-any-return]


def in_scope(vendor_id: int) -> bool:
    """Whether rows of this vendor may be written now."""
    current = get_scope()
    if "vendor" not in current:
        return False
    vendors = current["vendor"]
    if vendors is None:
        return True
    return vendor_id in [v.pk for v in (vendors if isinstance(vendors, list) else [vendors])]


def vendors_in_scope() -> str:
    """As the database is told (accounts/postgresql); nothing outside any scope."""
    current = get_scope()
    if "vendor" not in current:
        return ""
    vendors = current["vendor"]
    if vendors is None:
        return EVERY_VENDOR
    listed = vendors if isinstance(vendors, list) else [vendors]
    return ",".join(str(int(vendor.pk)) for vendor in listed)


def cache_key(key: str, key_prefix: str, version: int) -> str:
    """For settings.CACHES: what one vendor's pages keep, no other's can come upon. What staff's
    keep is nobody's: a session ends in whatever scope it ends."""
    vendor = get_scope().get("vendor")
    whose = "platform" if vendor is None or isinstance(vendor, list) else f"vendor-{vendor.pk}"
    return f"{key_prefix}:{whose}:{version}:{key}"


class NoScopeQuerySet(DisabledQuerySet):  # type: ignore[misc]
    """What a manager hands out outside a scope: also the ways round that django-scopes forgot."""

    exists = DisabledQuerySet.error
    exclude = DisabledQuerySet.error
    in_bulk = DisabledQuerySet.error
    alias = DisabledQuerySet.error
    bulk_create = DisabledQuerySet.error
    bulk_update = DisabledQuerySet.error
    explain = DisabledQuerySet.error
    resolve_expression = DisabledQuerySet.error
    aiterator = DisabledQuerySet.error
    _fetch_all = DisabledQuerySet.error


_Scoped: Any = type(ScopedManager(vendor="vendor"))


class VendorOwnedManager(_Scoped):  # type: ignore[misc]
    def get_queryset(self) -> models.QuerySet[Any]:
        rows = super().get_queryset()
        if isinstance(rows, DisabledQuerySet):
            return NoScopeQuerySet(self.model, using=self._db, missing_scopes=["vendor"])
        return rows  # type: ignore[no-any-return]


class VendorOwned(models.Model):
    """A row that belongs to one vendor and cannot be read or saved for another."""

    vendor = models.ForeignKey(
        "accounts.Vendor",
        models.PROTECT,
        related_name="+",
        editable=False,
        verbose_name=_("vendor"),
    )

    if TYPE_CHECKING:
        objects: ClassVar[models.Manager[Self]]
    else:
        objects = VendorOwnedManager()

    class Meta:
        abstract = True

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Refuse another vendor's row, and a row that points at another vendor's row."""
        if not self.vendor_id:
            self.vendor = current_vendor()
        loaded = self._state.fields_cache.values()
        for row in [self, *(row for row in loaded if isinstance(row, VendorOwned))]:
            if row.vendor_id != self.vendor_id or not in_scope(row.vendor_id):
                raise OutsideVendorScope(f"{type(row).__name__} {row.pk} is another vendor's.")
        super().save(*args, **kwargs)

    def refresh_from_db(self, *args: Any, **kwargs: Any) -> None:
        """Who holds a row may read it again, and what was deferred, wherever that happens."""
        vendors: Any = self._meta.get_field("vendor").related_model
        with scope(vendor=vendors(pk=self.vendor_id)):
            super().refresh_from_db(*args, **kwargs)
