"""The operator's list of staff; teams manage their own members on their vendor's page."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.contrib.admin.utils import unquote
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _

from accounts.models import TeamMember, User
from accounts.services import staff_log
from hub.admin import roles
from hub.admin.changes import changes_in
from hub.admin.filters import SaysWhatIsNotKnown
from hub.admin.generics import (
    InlineFormSet,
    TabularInline,
    UserAdmin,
    UserChangeForm,
    UserCreationForm,
)

Role = TeamMember.Role


class NewStaffForm(UserCreationForm):
    class Meta:
        model = User
        fields = ("email",)


class StaffForm(UserChangeForm):
    class Meta:
        model = User
        fields = "__all__"


class OperatorsOnly:
    """For pages that reach across vendors."""

    def _may(self, request: HttpRequest, obj: Model | None = None) -> bool:
        person = roles.staff_of(request)
        return person.is_active and person.is_superuser

    has_view_permission = has_add_permission = has_change_permission = _may

    def has_module_permission(self, request: HttpRequest) -> bool:
        return self._may(request)


class MembershipFormSet(InlineFormSet):
    def clean(self) -> None:
        """An operator as well leaves every team an owner."""
        super().clean()
        for form in self.initial_forms:
            if form.is_valid() and self._takes_owner(form):
                others = TeamMember.objects.exclude(pk=form.instance.pk)
                if not others.filter(vendor=form.initial["vendor"], role=Role.OWNER).exists():
                    raise ValidationError(_("A team keeps at least one owner."), code="no_owner")

    def _takes_owner(self, form: Any) -> bool:
        given = form.cleaned_data
        stays = given["role"] == Role.OWNER and given["vendor"].pk == form.initial["vendor"]
        return form.initial["role"] == Role.OWNER and (given.get("DELETE") or not stays)


class MembershipInline(OperatorsOnly, TabularInline):
    model = TeamMember
    formset = MembershipFormSet
    fields = ["vendor", "role"]
    extra = 0
    has_delete_permission = OperatorsOnly._may


@admin.register(User)
class StaffAdmin(OperatorsOnly, SaysWhatIsNotKnown, UserAdmin):
    form = StaffForm
    add_form = NewStaffForm
    list_display = ["email", "first_name", "last_name", "is_superuser", "is_active", "last_login"]
    list_filter = ["is_superuser", "is_active"]
    search_fields = ["email", "first_name", "last_name"]
    ordering = ["email"]
    filter_horizontal = []
    fieldsets = [
        (None, {"fields": ["email", "password", "first_name", "last_name"]}),
        (_("Access"), {"fields": ["is_active", "is_superuser", "last_login", "date_joined"]}),
    ]
    add_fieldsets = [(None, {"fields": ["email", "usable_password", "password1", "password2"]})]
    readonly_fields = ["last_login", "date_joined"]
    inlines = [MembershipInline]

    def get_queryset(self, request: HttpRequest) -> QuerySet[User]:
        """To others there is nobody: a history would tell whether somebody exists."""
        people = super().get_queryset(request)
        return people if self._may(request) else people.none()

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Who did what stays known: people are made inactive, not deleted."""
        return False

    def save_model(self, request: HttpRequest, obj: User, form: Any, change: bool) -> None:
        obj.is_staff = True
        super().save_model(request, obj, form, change)

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        person: User = form.instance
        before = staff_log.roles_of(person)
        super().save_related(request, form, formsets, change)
        detail = changes_in([form])
        if not change:
            detail["with_password"] = person.has_usable_password()
        if detail or staff_log.roles_of(person) != before:
            staff_log.record(
                "staff_changed" if change else "staff_added",
                person,
                by_user=roles.staff_of(request),
                detail=detail,
                roles_before=before,
            )

    def user_change_password(
        self,
        request: HttpRequest,
        id: str,  # noqa: A002
        form_url: str = "",
    ) -> HttpResponse:
        person = self.get_object(request, unquote(id))
        before = person.password if person else ""
        with transaction.atomic():
            answer = super().user_change_password(request, id, form_url)
            if person and answer.status_code == 302:
                person.refresh_from_db(fields=["password"])
                if person.password != before:
                    detail = {"usable": person.has_usable_password()}
                    by = roles.staff_of(request)
                    staff_log.record("staff_password_set", person, by_user=by, detail=detail)
        return answer
