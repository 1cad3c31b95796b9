"""The staff's pages. Django imports this package to find them, so it is not empty."""

from hub.admin import customers, documents, logs, purchases, staff, transactions, vendors

__all__ = ["customers", "documents", "logs", "purchases", "staff", "transactions", "vendors"]
