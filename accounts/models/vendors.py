"""Someone who sells through Stripe: its hub's address, its looks, its words."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, ClassVar

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator, RegexValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

colour_validator = RegexValidator(r"^#[0-9a-fA-F]{6}$", _("Write a colour as #rrggbb."))

SESSION_HOURS = 14 * 24
IDLE_HOURS = 7 * 24
"""The most; a vendor may shorten both."""


def hub_languages() -> list[tuple[str, StrOrPromise]]:
    """A function, so that a new language is no migration."""
    return list(settings.LANGUAGES)


def logo_path(vendor: Vendor, _filename: str) -> str:
    """A random name in the vendor's own folder: what the uploader called it stays unknown."""
    return f"vendors/{vendor.pk}/logo/{uuid.uuid4().hex}.png"


def origin_of(host: str) -> str:
    return f"{settings.PUBLIC_SCHEME}://{host}{settings.PUBLIC_PORT_SUFFIX}"


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

    session_hours = models.PositiveSmallIntegerField(
        _("signed in for at most, hours"),
        default=SESSION_HOURS,
        validators=[MinValueValidator(1), MaxValueValidator(SESSION_HOURS)],
    )
    idle_hours = models.PositiveSmallIntegerField(
        _("signed out when unused for, hours"),
        default=IDLE_HOURS,
        validators=[MinValueValidator(1), MaxValueValidator(IDLE_HOURS)],
    )

    support_may_view = models.BooleanField(
        _("support may view as customer"),
        default=False,
        help_text=_(
            "Owners and support may then look at a customer’s hub, read only, for half an hour."
            " The customer is shown that they did."
        ),
    )

    legal_name = models.CharField(_("legal name"), max_length=200, blank=True)
    legal_address = models.TextField(_("legal address"), blank=True)
    tax_id = models.CharField(_("tax id"), max_length=40, blank=True)

    canonical_domain = models.CharField(max_length=253, blank=True, editable=False)
    """One of its own domains that serves now; accounts/services/domains.py sets and clears it."""

    class Meta:
        ordering: ClassVar[list[str]] = ["name"]
        verbose_name = _("vendor")
        verbose_name_plural = _("vendors")

    def __str__(self) -> str:
        return self.name

    @property
    def subdomain_host(self) -> str:
        """`acme.hub.example`, without a port: served whatever becomes of the vendor's domains."""
        return f"{self.subdomain}.{settings.HUB_DOMAIN}"

    @property
    def host(self) -> str:
        """Where customers are sent, without a port."""
        return self.canonical_domain or self.subdomain_host

    @property
    def origin(self) -> str:
        """The one true start of every link to this hub; never taken from a request."""
        return origin_of(self.host)

    def url(self, path: str) -> str:
        return f"{self.origin}{path}"

    @property
    def reply_address(self) -> str:
        return self.reply_to or self.support_email
