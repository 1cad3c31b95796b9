"""The vendor's own fields, checked."""

from __future__ import annotations

from typing import Any
from zoneinfo import available_timezones

from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator
from django.forms.widgets import ClearableFileInput
from django.utils.formats import number_format
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from accounts.logos import LogoField
from accounts.message import PLACEHOLDERS, unfilled_names
from accounts.models import Vendor
from hub.admin.own_changes import OwnChangesForm
from hub.admin.text_areas import TextArea, keep_to_a_page
from hub.forms import callable_number

RESERVED_SUBDOMAINS = {
    *("admin", "api", "app", "assets", "auth", "billing", "blog", "cdn", "demo", "dev", "docs"),
    *("help", "hub", "mail", "media", "platform", "smtp", "static", "status", "stripe", "support"),
    *("test", "webhook", "webhooks", "www"),
}

LONGEST_MESSAGE = 2_000
ON_EVERY_DOCUMENT = {
    "legal_name": _("Enter the seller's legal name: it stands on every receipt."),
    "legal_address": _("Enter the seller's address: it stands on every receipt."),
}


class LogoInput(ClearableFileInput):
    """Without Django's link to the file: what was uploaded has no address of its own."""

    template_name = "admin/widgets/logo.html"


class ColourInput(forms.TextInput):
    input_type = "color"


class VendorForm(OwnChangesForm):
    subdomain = forms.CharField(
        label=_("Subdomain"),
        max_length=40,
        validators=[
            RegexValidator(
                r"^[a-z0-9]([a-z0-9-]*[a-z0-9])?$",
                _("Use small letters, digits and hyphens; begin and end with a letter or digit."),
            )
        ],
        help_text=_("The first part of the hub's address."),
    )
    time_zone = forms.ChoiceField(label=_("Time zone"), initial="UTC")
    logo = LogoField(
        label=_("Logo"),
        required=False,
        widget=LogoInput(attrs={"accept": "image/png,image/jpeg,image/webp"}),
        help_text=_("PNG, JPEG or WebP, at most 5 MB. Shown at most 500 by 70 pixels."),
    )

    class Meta:
        model = Vendor
        fields = [
            "name",
            "subdomain",
            "language",
            "time_zone",
            "logo",
            "header_colour",
            "accent_colour",
            "message",
            "support_email",
            "support_phone",
            "support_url",
            "support_hours",
            "reply_to",
            "session_hours",
            "idle_hours",
            "support_may_view",
            "legal_name",
            "legal_address",
            "tax_id",
        ]
        widgets = {
            "header_colour": ColourInput,
            "accent_colour": ColourInput,
            "legal_address": TextArea(attrs={"rows": 4}),
        }
        help_texts = {
            "message": format_lazy(
                _(
                    "Stands under the greeting and in mails. Plain text, or HTML with p, br,"
                    " strong, em, ul, ol, li, a, h2 and h3. These are filled in: {names}"
                ),
                names=", ".join(f"{{{name}}}" for name in PLACEHOLDERS),
            ),
            "legal_name": _("Stands on every document, with the address and the tax id."),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in ON_EVERY_DOCUMENT.keys() & self.fields.keys():
            self.fields[name].required = True
            self.fields[name].error_messages["required"] = ON_EVERY_DOCUMENT[name]
        if "time_zone" in self.fields:
            zones = sorted(zone for zone in available_timezones() if "/" in zone or zone == "UTC")
            self.fields["time_zone"].choices = [(zone, zone) for zone in zones]  # type: ignore[attr-defined]

    def clean_message(self) -> str:
        message: str = self.cleaned_data["message"]
        if len(message) > LONGEST_MESSAGE:
            raise ValidationError(
                _("Write at most %(most)s characters: this stands on top of pages and mails."),
                code="too_long",
                params={"most": number_format(LONGEST_MESSAGE, force_grouping=True)},
            )
        if names := unfilled_names(message):
            words = ngettext(
                "%(names)s is not filled in here. Write it in the text, not inside a link's"
                " address, and as it stands in the list below.",
                "These are not filled in here: %(names)s. Write them in the text, not inside a"
                " link's address, and as they stand in the list below.",
                len(names),
            )
            listed = ", ".join(f"{{{name}}}" for name in names)
            raise ValidationError(words % {"names": listed}, code="placeholder")
        return message

    def clean_support_phone(self) -> str:
        """As typed where it was saved before."""
        typed: str = self.cleaned_data["support_phone"]
        is_new = bool(typed) and "support_phone" in self.changed_data
        return callable_number(typed) if is_new else typed

    def clean_legal_address(self) -> str:
        return keep_to_a_page(self.cleaned_data["legal_address"], characters=300, lines=6)

    def clean(self) -> dict[str, Any] | None:
        given = super().clean()
        longest = self.cleaned_data.get("session_hours")
        idle = self.cleaned_data.get("idle_hours")
        if longest and idle and idle > longest:
            words = ngettext(
                "Nobody stays signed in that long: sign-ins end after %(hours)s hour at most.",
                "Nobody stays signed in that long: sign-ins end after %(hours)s hours at most.",
                longest,
            )
            self.add_error("idle_hours", words % {"hours": longest})
        return given

    def clean_subdomain(self) -> str:
        subdomain: str = self.cleaned_data["subdomain"]
        platform = settings.PLATFORM_HOST.partition(".")[0]
        if subdomain in RESERVED_SUBDOMAINS or subdomain == platform:
            raise ValidationError(_("This name is reserved. Choose another."), code="reserved")
        return subdomain
