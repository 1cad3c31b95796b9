"""A vendor's team. Owners name people by their address; who is new gets an invitation."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.admin import AdminSite
from django.core.exceptions import ValidationError
from django.db.models import Model
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.shortcuts import redirect
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts.models import TeamMember, User, Vendor
from hub.admin import invitations, roles
from hub.admin.generics import InlineFormSet, ModelForm, StackedInline
from hub.forms import offer
from hub.staff_door import proofs


class TeamMemberForm(ModelForm):
    email = forms.EmailField(label=_("E-mail"))
    is_newcomer = False

    class Meta:
        model = TeamMember
        fields = ["role"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        offer(self, "role", [("", _("Nothing chosen")), *TeamMember.Role.choices])
        if not self.instance.pk:
            self.initial["role"] = ""
        else:
            self.fields["email"].disabled = True
            self.initial["email"] = self.instance.user.email

    @property
    def row_name(self) -> str:
        """Whose place in the team this is; a locked form has no fields."""
        return str(self.cleaned_data.get("email", ""))

    def clean_email(self) -> str:
        return str(self.cleaned_data["email"]).lower()

    def save(self, commit: bool = True) -> TeamMember:
        if not self.instance.user_id:
            self.instance.user, self.is_newcomer = staff_named(self.cleaned_data["email"])
        member: TeamMember = super().save(commit)
        return member


def staff_named(email: str) -> tuple[User, bool]:
    """The person with this address, and whether they are new: who is cannot sign in before choosing
    a password."""
    if known := User.objects.filter(email__iexact=email).first():
        return known, False
    return User.objects.create_user(email, is_staff=True), True


def newcomers(forms: Iterable[Any]) -> list[TeamMember]:
    """Whom a saved form made known to the platform."""
    return [form.instance for form in forms if getattr(form, "is_newcomer", False)]


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
    template = "admin/team.html"
    verbose_name_plural = _("Team")

    def has_view_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return roles.may(request, roles.OWNERS, obj.pk if obj else None)

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return may_change(request, obj)

    has_add_permission = has_change_permission
    has_delete_permission = has_change_permission

    @admin.display(description=_("E-mail"))
    def email(self, member: TeamMember) -> str:
        """For a locked team, which shows no fields."""
        return str(member.user.email)


def may_change(request: HttpRequest, vendor: Model | None) -> bool:
    """Owners, and only after a fresh sign-in: who is in the team decides who sees customers."""
    is_owner = roles.may(request, roles.OWNERS, vendor.pk if vendor else None)
    return is_owner and proofs.opens_form(request)


def invited(vendor: Vendor) -> list[TeamMember]:
    """Whose invitation still waits for an answer."""
    members = TeamMember.objects.filter(vendor=vendor).select_related("user")
    return [member for member in members if not member.user.has_usable_password()]


def invite_again(_site: AdminSite, request: HttpRequest, vendor: Vendor) -> HttpResponse:
    """A new link by mail; the older one works no longer than it said."""
    if request.method != "POST":
        return HttpResponseNotAllowed(["POST"])
    wanted = request.POST.get("member", "")
    waiting = [member for member in invited(vendor) if str(member.pk) == wanted]
    if not waiting:
        raise Http404
    invitations.invite(waiting[0], by=roles.staff_of(request))
    said = gettext("The invitation was sent again to %(email)s.")
    messages.success(request, said % {"email": waiting[0].user.email})
    return redirect("admin:accounts_vendor_change", vendor.pk)
