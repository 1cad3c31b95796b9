"""Who is who: vendors and their teams, customers and their addresses, and the links between."""

from __future__ import annotations

import uuid
from datetime import timedelta
from typing import TYPE_CHECKING, Any, ClassVar

from django.conf import settings
from django.contrib.auth.base_user import BaseUserManager
from django.contrib.auth.models import AbstractUser
from django.core.validators import RegexValidator
from django.db import models
from django.db.models.functions import Lower
from django.utils.translation import gettext_lazy as _
from django_countries.fields import CountryField

from accounts.tenancy import VendorOwned

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

LINK_LIFETIME = timedelta(minutes=10)
REVERT_LIFETIME = timedelta(days=7)

colour_validator = RegexValidator(r"^#[0-9a-fA-F]{6}$", _("Write a colour as #rrggbb."))


def hub_languages() -> list[tuple[str, StrOrPromise]]:
    """A function, so that a new language is no migration."""
    return list(settings.LANGUAGES)


def logo_path(vendor: Vendor, _filename: str) -> str:
    """A random name in the vendor's own folder: what the uploader called it stays unknown."""
    return f"vendors/{vendor.pk}/logo/{uuid.uuid4().hex}.png"


class Vendor(models.Model):
    """Someone who sells through Stripe: its hub's address, its looks, its words."""

    name = models.CharField(_("name"), max_length=100)
    subdomain = models.SlugField(_("subdomain"), max_length=40, unique=True)
    language = models.CharField(
        _("hub language"),
        max_length=10,
        choices=hub_languages,
        blank=True,
        help_text=_("Empty: each customer's browser decides."),
    )
    time_zone = models.CharField(_("time zone"), max_length=50, default="UTC")

    logo = models.ImageField(_("logo"), upload_to=logo_path, blank=True)
    header_colour = models.CharField(
        _("header colour"), max_length=7, default="#ffffff", validators=[colour_validator]
    )
    accent_colour = models.CharField(
        _("accent colour"), max_length=7, default="#2f3640", validators=[colour_validator]
    )
    message = models.TextField(_("message to customers"), blank=True)

    support_email = models.EmailField(_("support e-mail"))
    support_phone = models.CharField(_("support phone"), max_length=40, blank=True)
    support_url = models.URLField(_("support page"), blank=True)
    support_hours = models.CharField(_("support hours"), max_length=120, blank=True)
    reply_to = models.EmailField(
        _("reply-to of mails"), blank=True, help_text=_("Empty: the support e-mail.")
    )

    legal_name = models.CharField(_("legal name"), max_length=200, blank=True)
    legal_address = models.TextField(_("legal address"), blank=True)
    tax_id = models.CharField(_("tax id"), max_length=40, blank=True)

    class Meta:
        ordering: ClassVar[list[str]] = ["name"]
        verbose_name = _("vendor")
        verbose_name_plural = _("vendors")

    def __str__(self) -> str:
        return self.name

    @property
    def host(self) -> str:
        """`acme.hub.example`, without a port."""
        return f"{self.subdomain}.{settings.HUB_DOMAIN}"

    @property
    def origin(self) -> str:
        """The one true start of every link to this hub; never taken from a request."""
        return f"{settings.PUBLIC_SCHEME}://{self.host}{settings.PUBLIC_PORT_SUFFIX}"

    def url(self, path: str) -> str:
        return f"{self.origin}{path}"

    @property
    def reply_address(self) -> str:
        return self.reply_to or self.support_email


class UserManager(BaseUserManager["User"]):
    """Staff sign in with their e-mail address; there are no user names."""

    def create_user(self, email: str, password: str | None = None, **fields: Any) -> User:
        user = self.model(email=self.normalize_email(email), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, email: str, password: str | None = None, **fields: Any) -> User:
        return self.create_user(email, password, is_staff=True, is_superuser=True, **fields)


class User(AbstractUser):
    """Staff: a platform operator (superuser) or a member of one or more vendors' teams."""

    username = None  # type: ignore[assignment]
    email = models.EmailField(_("e-mail"), unique=True)

    USERNAME_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    objects: ClassVar[UserManager] = UserManager()  # type: ignore[assignment]

    def __str__(self) -> str:
        return self.email

    def vendors(self) -> list[Vendor] | None:
        """The vendors this person works for, as a scope: None means every one."""
        return None if self.is_superuser else list(Vendor.objects.filter(team__user=self))


class TeamMember(models.Model):
    """A user's place in a vendor's team."""

    class Role(models.TextChoices):
        OWNER = "owner", _("Owner")
        SETTINGS = "settings", _("Settings")
        SUPPORT = "support", _("Support")
        READ_ONLY = "read_only", _("Read only")

    vendor = models.ForeignKey(Vendor, models.CASCADE, related_name="team")
    user = models.ForeignKey(User, models.CASCADE, related_name="memberships")
    role = models.CharField(_("role"), max_length=10, choices=Role, default=Role.SUPPORT)

    class Meta:
        verbose_name = _("team member")
        verbose_name_plural = _("team members")
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["vendor", "user"], name="one_role_per_team_member"),
        ]

    def __str__(self) -> str:
        return f"{self.user}, {self.get_role_display()} at {self.vendor}"


class Customer(VendorOwned):
    """A person who bought from a vendor. Mails go to `email`, one of the EmailAddresses."""

    email = models.EmailField(_("e-mail"))
    name = models.CharField(_("name"), max_length=200, blank=True)
    phone = models.CharField(_("phone"), max_length=40, blank=True)
    line1 = models.CharField(_("street and number"), max_length=200, blank=True)
    line2 = models.CharField(_("address line 2"), max_length=200, blank=True)
    postcode = models.CharField(_("postcode"), max_length=20, blank=True)
    city = models.CharField(_("city"), max_length=100, blank=True)
    region = models.CharField(_("state or region"), max_length=100, blank=True)
    country = CountryField(_("country"), blank=True)
    company = models.CharField(_("company"), max_length=150, blank=True)
    tax_id = models.CharField(_("tax id"), max_length=40, blank=True)
    language = models.CharField(_("language"), max_length=10, blank=True)
    signed_out_at = models.DateTimeField(null=True, blank=True, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering: ClassVar[list[str]] = ["-created_at"]
        verbose_name = _("customer")
        verbose_name_plural = _("customers")

    def __str__(self) -> str:
        return f"{self.name} <{self.email}>" if self.name else self.email

    @property
    def first_name(self) -> str:
        return self.name.partition(" ")[0]


class EmailAddress(VendorOwned):
    """An address a customer signs in with; unique within the vendor, whatever the case."""

    customer = models.ForeignKey(Customer, models.CASCADE, related_name="addresses")
    address = models.EmailField(_("address"))
    verified_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("e-mail address")
        verbose_name_plural = _("e-mail addresses")
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint("vendor", Lower("address"), name="one_customer_per_address"),
        ]

    def __str__(self) -> str:
        return self.address

    @classmethod
    def matching(cls, address: str) -> models.QuerySet[EmailAddress]:
        """Its one row, whatever the case: compared as the constraint compares."""
        folded = Lower(models.Value(address))
        return cls.objects.alias(folded=Lower("address")).filter(folded=folded)


class MagicLink(VendorOwned):
    """A wish to be let in and, once its mail is made, a one-time way in.

    The row comes first, the same for known and unknown addresses; token and code are made inside
    the task that mails them, and only their hashes stay.
    """

    class Purpose(models.TextChoices):
        SIGN_IN = "sign_in", _("sign-in link")
        PROFILE = "profile", _("profile link")
        CONFIRM_EMAIL = "confirm_email", _("e-mail confirmation")
        REVERT_EMAIL = "revert_email", _("e-mail change undone")

    purpose = models.CharField(max_length=15, choices=Purpose, default=Purpose.SIGN_IN)
    email = models.EmailField()
    mailbox_hash = models.CharField(max_length=64)
    client_hash = models.CharField(max_length=64, blank=True)
    browser_hash = models.CharField(max_length=64, blank=True)
    customer = models.ForeignKey(Customer, models.CASCADE, null=True, related_name="magic_links")
    language = models.CharField(max_length=10, blank=True)
    next_path = models.CharField(max_length=200, blank=True)
    token_hash = models.CharField(max_length=64, null=True, unique=True)
    code_hash = models.CharField(max_length=64, blank=True)
    code_attempts = models.PositiveSmallIntegerField(default=0)
    requested_by = models.ForeignKey(User, models.SET_NULL, null=True, related_name="+")
    requested_from = models.CharField(max_length=80, blank=True)
    requested_at = models.DateTimeField(auto_now_add=True)
    handled_at = models.DateTimeField(null=True)
    expires_at = models.DateTimeField(null=True)
    used_at = models.DateTimeField(null=True)

    class Meta:
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["vendor", "mailbox_hash", "requested_at"], name="link_by_mailbox"),
            models.Index(fields=["vendor", "client_hash", "requested_at"], name="link_by_client"),
            models.Index(fields=["vendor", "browser_hash"], name="link_by_browser"),
            models.Index(
                fields=["requested_at"],
                name="link_unhandled",
                condition=models.Q(handled_at=None),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_purpose_display()} for {self.email}"

    @property
    def lifetime(self) -> timedelta:
        return REVERT_LIFETIME if self.purpose == self.Purpose.REVERT_EMAIL else LINK_LIFETIME

    @property
    def masked_email(self) -> str:
        """Enough for its owner to know it by: a••••@example.com."""
        local, _at, domain = self.email.rpartition("@")
        return f"{local[:1]}••••@{domain}"


class SentMail(VendorOwned):
    """That a mail left, to whom and about what; never its content."""

    message = models.CharField(_("message"), max_length=40)
    customer = models.ForeignKey(Customer, models.CASCADE, null=True, related_name="mails")
    to = models.EmailField(_("to"))
    subject = models.CharField(_("subject"), max_length=250)
    sent_at = models.DateTimeField(_("sent at"), auto_now_add=True)

    class Meta:
        ordering: ClassVar[list[str]] = ["-sent_at"]
        verbose_name = _("mail sent")
        verbose_name_plural = _("mails sent")

    def __str__(self) -> str:
        return f"{self.message} to {self.to}"


class AuditEntry(VendorOwned):
    """Who did what, and when. Written once, never changed."""

    action = models.CharField(_("action"), max_length=60)
    subject = models.CharField(_("subject"), max_length=200, blank=True)
    customer = models.ForeignKey(Customer, models.SET_NULL, null=True, related_name="audit")
    by_customer = models.BooleanField(_("by the customer"), default=False)
    by_user = models.ForeignKey(User, models.SET_NULL, null=True, related_name="+")
    detail = models.JSONField(_("detail"), default=dict, blank=True)
    at = models.DateTimeField(_("at"), auto_now_add=True)

    class Meta:
        ordering: ClassVar[list[str]] = ["-at"]
        verbose_name = _("audit entry")
        verbose_name_plural = _("audit log")

    def __str__(self) -> str:
        return f"{self.action} {self.subject}"
