"""What else is set on a vendor's page: documents and self-cancellation."""

from __future__ import annotations

import re
from copy import copy
from typing import Any, ClassVar

from django.core.exceptions import ValidationError
from django.db.models import Model
from django.http import HttpRequest
from django.utils.formats import number_format
from django.utils.translation import gettext_lazy as _

from billing.models import CancellationRules
from hub.admin import roles
from hub.admin.generics import InlineFormSet, StackedInline
from hub.admin.own_changes import OwnChangesForm
from hub.admin.text_areas import FOR_TEXTS, keep_to_a_page
from invoices.models import DocumentSettings
from invoices.services import lowest_next_number

# Far below what a database's integer holds: counting on from here never gets there.
HIGHEST_NUMBER = 9_999_999
PREFIX = re.compile(r"(?!.*\.\.)(?:[^\W_]|[-/.])*")


class OneRowFormSet(InlineFormSet):
    """Its fields are named after the model; the relation has no name of its own to lend."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """A form drawn before there was a row, and sent when there is one, is for that row."""
        super().__init__(*args, **kwargs)
        drawn_with = f"{self.prefix}-INITIAL_FORMS"
        row = self.get_queryset().first()
        if self.is_bound and row and self.data.get(drawn_with) == "0":
            data: Any = copy(self.data)
            data[drawn_with] = "1"
            data[f"{self.add_prefix(0)}-{row._meta.pk.name}"] = str(row.pk)
            self.data = data

    @classmethod
    def get_default_prefix(cls) -> str:
        return cls.model.__name__.lower() if cls.model else super().get_default_prefix()


class VendorInline(StackedInline):
    """At most one row, made when first saved; who may change the vendor's page may change it."""

    viewers: ClassVar[frozenset[roles.Role]] = roles.SETTINGS_VIEWERS
    editors: ClassVar[frozenset[roles.Role]] = roles.SETTINGS_EDITORS
    formset = OneRowFormSet
    formfield_overrides = FOR_TEXTS
    extra = 1
    max_num = 1
    can_delete = False

    def has_view_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return roles.may(request, self.viewers, obj.pk if obj else None)

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return roles.may(request, self.editors, obj.pk if obj else None)

    has_add_permission = has_change_permission

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False


class DocumentSettingsForm(OwnChangesForm):
    moves_by_itself = frozenset({"next_number"})

    def clean_prefix(self) -> str:
        """It goes into file names, into headers of mails and answers, and into links."""
        prefix: str = self.cleaned_data["prefix"]
        if not PREFIX.fullmatch(prefix):
            raise ValidationError(
                _("Use letters, digits, hyphens, slashes and dots only, and no two dots in a row."),
                code="prefix_characters",
            )
        return prefix

    def clean_footer(self) -> str:
        return keep_to_a_page(self.cleaned_data["footer"], characters=600, lines=8)

    def clean_next_number(self) -> int:
        """Asked of what is issued by now: receipts go on being issued while someone types."""
        number: int = self.cleaned_data["next_number"]
        if "next_number" not in self.changed_data:
            return number
        if number > HIGHEST_NUMBER:
            raise ValidationError(
                _("The next number is at most %(highest)s."),
                code="number_too_high",
                params={"highest": number_format(HIGHEST_NUMBER, force_grouping=True)},
            )
        lowest = lowest_next_number(self.instance.vendor) if self.instance.pk else 1
        if number < lowest:
            raise ValidationError(
                _("Numbers are never used twice: the next one is at least %(lowest)s."),
                code="number_used",
                params={"lowest": lowest},
            )
        return number


class DocumentSettingsInline(VendorInline):
    model = DocumentSettings
    form = DocumentSettingsForm
    fields = ["mail_receipts", "prefix", "next_number", "footer"]
    verbose_name_plural = _("Documents")


class CancellationRulesInline(VendorInline):
    model = CancellationRules
    form = OwnChangesForm
    fields = ["ongoing", "split_pay"]
    verbose_name_plural = _("What customers may cancel by themselves")
