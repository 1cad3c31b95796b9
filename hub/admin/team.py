"""A vendor's team. Owners name people by their address; who is new gets an invitation."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import Model
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from accounts.models import TeamMember, User
from hub.admin import roles
from hub.admin.generics import InlineFormSet, ModelForm, StackedInline


class TeamMemberForm(ModelForm):
    email = forms.EmailField(label=_("E-mail"))

    class Meta:
        model = TeamMember
        fields = ["role"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk:
            self.fields["email"].disabled = True
            self.fields["email"].initial = self.instance.user.email

    def clean_email(self) -> str:
        return str(self.cleaned_data["email"]).lower()

    def save(self, commit: bool = True) -> TeamMember:
        if not self.instance.user_id:
            self.instance.user = staff_named(self.cleaned_data["email"])
        member: TeamMember = super().save(commit)
        return member


def staff_named(email: str) -> User:
    """The person with this address; who is new cannot sign in before choosing a password."""
    known = User.objects.filter(email__iexact=email).first()
    return known or User.objects.create_user(email, is_staff=True)


class TeamFormSet(InlineFormSet):
    def clean(self) -> None:
        super().clean()
        kept = [
            form.cleaned_data
            for form in self.forms
            if form.is_valid() and form.cleaned_data.get("email") and not self._goes(form)
        ]
        emails = [member["email"] for member in kept]
        if len(set(emails)) < len(emails):
            raise ValidationError(_("Somebody is named twice."), code="twice")
        had_owner = any(form.instance.pk for form in self.forms)
        if had_owner and not any(member["role"] == TeamMember.Role.OWNER for member in kept):
            raise ValidationError(_("A team keeps at least one owner."), code="no_owner")

    def _goes(self, form: Any) -> bool:
        return bool(self.can_delete and form.cleaned_data.get("DELETE"))


class TeamInline(StackedInline):
    model = TeamMember
    form = TeamMemberForm
    formset = TeamFormSet
    fields = [("email", "role")]
    extra = 0
    verbose_name_plural = _("Team")

    def has_view_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return roles.may(request, roles.OWNERS, obj.pk if obj else None)

    has_add_permission = has_view_permission
    has_change_permission = has_view_permission
    has_delete_permission = has_view_permission
