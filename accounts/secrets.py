"""Fields whose content the database never sees in clear, each sealed for one vendor.

A token that is copied to another vendor's row, or to another field, does not open there.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings
from django.db import models
from django.db.models.query_utils import DeferredAttribute

STAFF_PROOFS = "staff's second factors"
"""Where authenticator secrets of staff are sealed for, who belong to no one vendor."""


class SecretNotReadable(RuntimeError):
    """A stored secret cannot be opened: sealed with other keys, or for somewhere else."""


class Sealed(str):
    """A token, as it is stored."""

    __slots__ = ()


@lru_cache(maxsize=8)
def _fernet(keys: tuple[str, ...]) -> MultiFernet:
    return MultiFernet([Fernet(key) for key in keys])


def _all_keys() -> MultiFernet:
    return _fernet(tuple(settings.FIELD_ENCRYPTION_KEYS))


def seal(clear: str, *, place: str) -> Sealed:
    """With the first of FIELD_ENCRYPTION_KEYS. `place` is where alone it may be opened."""
    return Sealed(_all_keys().encrypt(f"{place}\n{clear}".encode()).decode())


def unseal(token: str, *, place: str) -> str:
    """With any of FIELD_ENCRYPTION_KEYS. Raises SecretNotReadable, which tells nothing of it."""
    try:
        sealed_for, _newline, clear = _all_keys().decrypt(token.encode()).decode().partition("\n")
    except InvalidToken:
        raise SecretNotReadable(f"No key opens the secret of {place}.") from None
    if sealed_for != place:
        raise SecretNotReadable(f"The secret of {place} was sealed for somewhere else.")
    return clear


def is_sealed_with_first_key(token: str) -> bool:
    try:
        _fernet((settings.FIELD_ENCRYPTION_KEYS[0],)).decrypt(token.encode())
    except InvalidToken:
        return False
    return True


class OpenedWhenRead(DeferredAttribute):
    """The field on a row: stored content is opened when somebody asks for it, not before."""

    field: EncryptedTextField

    def __get__(self, row: Any, cls: Any = None) -> Any:
        value = super().__get__(row, cls)
        if isinstance(value, Sealed):
            value = unseal(value, place=self.field.place(row)) if value else ""
            row.__dict__[self.field.attname] = value
        return value

    def __set__(self, row: Any, value: Any) -> None:
        """Without this Python would not ask `__get__` for what a row holds."""
        row.__dict__[self.field.attname] = value


class EncryptedTextField(models.TextField):  # type: ignore[type-arg]
    """Text of a VendorOwned row, encrypted for this field of this row's vendor.

    Written by `save()` alone; a query can ask only whether it is empty.
    """

    descriptor_class = OpenedWhenRead

    def place(self, row: Any) -> str:
        return f"{self.model._meta.label}.{self.attname} of vendor {row.vendor_id}"

    def from_db_value(self, value: str | None, *_: Any) -> Sealed:
        return Sealed(value or "")

    def pre_save(self, row: Any, add: bool) -> Sealed:
        """What nobody has read is stored as it is."""
        value = row.__dict__.get(self.attname) or ""
        if isinstance(value, Sealed) or not value:
            return Sealed(value)
        return seal(value, place=self.place(row))

    def get_prep_value(self, value: Any) -> str:
        if value and not isinstance(value, Sealed):
            raise TypeError("A secret is written by save(), and found by nothing but being there.")
        return str(value or "")
