"""The staff's pages. Django imports this package to find them, so it is not empty."""

from hub.admin import (
    comparisons,
    customers,
    documents,
    events,
    failures,
    logs,
    policy_reports,
    purchases,
    staff,
    transactions,
    vendors,
)

__all__ = [
    "comparisons",
    "customers",
    "documents",
    "events",
    "failures",
    "logs",
    "policy_reports",
    "purchases",
    "staff",
    "transactions",
    "vendors",
]
