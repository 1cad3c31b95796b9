"""Django's classes that are generic for the type checker alone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import admin
from django.contrib.auth import admin as auth_admin
from django.contrib.auth import forms as auth_forms
from django.forms.models import BaseInlineFormSet

if TYPE_CHECKING:
    ModelAdmin = admin.ModelAdmin[Any]
    ModelForm = forms.ModelForm[Any]
    InlineFormSet = BaseInlineFormSet[Any, Any, Any]
    StackedInline = admin.StackedInline[Any, Any]
    TabularInline = admin.TabularInline[Any, Any]
    UserAdmin = auth_admin.UserAdmin[Any]
    UserCreationForm = auth_forms.AdminUserCreationForm[Any]
    UserChangeForm = auth_forms.UserChangeForm[Any]
else:
    ModelAdmin = admin.ModelAdmin
    ModelForm = forms.ModelForm
    InlineFormSet = BaseInlineFormSet
    StackedInline = admin.StackedInline
    TabularInline = admin.TabularInline
    UserAdmin = auth_admin.UserAdmin
    UserCreationForm = auth_forms.AdminUserCreationForm
    UserChangeForm = auth_forms.UserChangeForm
