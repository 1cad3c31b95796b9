from django.apps import AppConfig
from django.contrib.admin import apps as admin_apps


class HubConfig(AppConfig):
    name = "hub"
    default = True


class StaffSiteConfig(admin_apps.AdminConfig):
    """Django's admin with our groups and words; stands in INSTALLED_APPS in its place."""

    default = False
    default_site = "hub.staff_site.StaffSite"
