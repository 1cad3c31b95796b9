"""The models by noun. Django looks for them here, so this one package file is not empty."""

from accounts.models.customers import Customer, EmailAddress
from accounts.models.domains import VendorDomain
from accounts.models.links import LINK_LIFETIME, MagicLink
from accounts.models.records import (
    AuditChain,
    AuditEntry,
    PlatformChain,
    PlatformEntry,
    SentMail,
)
from accounts.models.reports import PolicyReport
from accounts.models.sessions import CustomerSession, SupportView
from accounts.models.staff import TeamMember, User
from accounts.models.vendors import Vendor, colour_validator

__all__ = [
    "LINK_LIFETIME",
    "AuditChain",
    "AuditEntry",
    "Customer",
    "CustomerSession",
    "EmailAddress",
    "MagicLink",
    "PlatformChain",
    "PlatformEntry",
    "PolicyReport",
    "SentMail",
    "SupportView",
    "TeamMember",
    "User",
    "Vendor",
    "VendorDomain",
    "colour_validator",
]
