"""The models by noun. Django looks for them here, so this one package file is not empty."""

from billing.models.failures import Failure
from billing.models.notices import ExpiryNotice
from billing.models.purchases import OneTimePurchase, Subscription
from billing.models.runs import Difference, SyncRun
from billing.models.stripe_customers import CardOnFile, StripeCustomer
from billing.models.traffic import Action, StripeEvent
from billing.models.transactions import Transaction
from billing.models.vendor import CancellationRules, Onboarding, StripeAccount

__all__ = [
    "Action",
    "CancellationRules",
    "CardOnFile",
    "Difference",
    "ExpiryNotice",
    "Failure",
    "Onboarding",
    "OneTimePurchase",
    "StripeAccount",
    "StripeCustomer",
    "StripeEvent",
    "Subscription",
    "SyncRun",
    "Transaction",
]
