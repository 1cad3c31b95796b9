"""Sealing every stored secret with the newest key."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from allauth.mfa.models import Authenticator
from django.apps import apps
from django.db import models, transaction

from accounts.secrets import (
    STAFF_PROOFS,
    EncryptedTextField,
    Sealed,
    SecretNotReadable,
    is_sealed_with_first_key,
    seal,
    unseal,
)
from accounts.tenancy import vendor_scope

A_BATCH = 200
SEALED_IN_PROOFS = {"secret", "seed"}
"""Of an authenticator app, and of recovery codes."""


@dataclass(kw_only=True)
class Rotation:
    """How many secrets were sealed anew and how many already were; which nobody can open, and
    whose second factors."""

    sealed: int = 0
    were_sealed: int = 0
    not_readable: list[str] = field(default_factory=list)
    lost_proofs_of: set[str] = field(default_factory=set)


def rotate() -> Rotation:
    """Every vendor's, and staff's. Each batch is a transaction, so that an interruption loses
    nothing and the next run goes on from there."""
    done = Rotation()
    with vendor_scope(None):
        for model, fields in _models_with_secrets():
            for keys in _batches(model):
                with transaction.atomic():
                    rows = model._default_manager.select_for_update(of=("self",))
                    for row in rows.filter(pk__in=keys).order_by("pk"):
                        _rotate_row(row, fields, done)
    for keys in _batches(Authenticator):
        with transaction.atomic():
            proofs = Authenticator.objects.select_for_update(of=("self",)).select_related("user")
            for proof in proofs.filter(pk__in=keys):
                _rotate_proof(proof, done)
    return done


def _models_with_secrets() -> Iterator[tuple[type[models.Model], list[EncryptedTextField]]]:
    for model in apps.get_models():
        fields = [one for one in model._meta.concrete_fields if isinstance(one, EncryptedTextField)]
        if fields:
            yield model, fields


def _batches(model: type[models.Model]) -> Iterator[list[Any]]:
    last = 0
    rows = model._default_manager.order_by("pk").values_list("pk", flat=True)
    while keys := list(rows.filter(pk__gt=last)[:A_BATCH]):
        yield keys
        last = keys[-1]


def _rotate_row(row: models.Model, fields: list[EncryptedTextField], done: Rotation) -> None:
    changed = {}
    for one in fields:
        try:
            if anew := _sealed_anew(row.__dict__[one.attname], one.place(row), done):
                changed[one.attname] = anew
        except SecretNotReadable as error:
            done.not_readable.append(str(error))
    if changed:
        type(row)._default_manager.filter(pk=row.pk).update(**changed)


def _rotate_proof(proof: Authenticator, done: Rotation) -> None:
    for name in SEALED_IN_PROOFS & proof.data.keys():
        try:
            if anew := _sealed_anew(proof.data[name], STAFF_PROOFS, done):
                proof.data[name] = anew
        except SecretNotReadable:
            done.lost_proofs_of.add(proof.user.email)
    proof.save(update_fields=["data"])


def _sealed_anew(token: str, place: str, done: Rotation) -> Sealed | None:
    """With the first key; None where there is nothing to do."""
    if not token:
        return None
    clear = unseal(token, place=place)
    if is_sealed_with_first_key(token):
        done.were_sealed += 1
        return None
    done.sealed += 1
    return seal(clear, place=place)
