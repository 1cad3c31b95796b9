from django.apps import AppConfig
from django.contrib.admin import apps as admin_apps
from django.db.models import fields
from django.utils.translation import gettext_lazy as _


class HubConfig(AppConfig):
    name = "hub"
    default = True

    def ready(self) -> None:
        """Django's own words for what is not chosen yet have no German."""
        fields.BLANK_CHOICE_LABEL = _("Nothing chosen")


class StaffSiteConfig(admin_apps.AdminConfig):
    """Django's admin with our groups and words; stands in INSTALLED_APPS in its place."""

    default = False
    default_site = "hub.staff_site.StaffSite"
