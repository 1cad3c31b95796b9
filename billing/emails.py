"""The mails about money, one function each."""

from __future__ import annotations

from billing.models import Action, Transaction


def send_confirmation(action: Action) -> None:
    raise NotImplementedError


def send_payment_failed(failed: Transaction) -> None:
    raise NotImplementedError
