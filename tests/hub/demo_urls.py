"""The platform's addresses as they are in the demo."""

from django.urls import include, path

from config import platform_urls

urlpatterns = [*platform_urls.urlpatterns, path("mailbox/", include("hub.mailbox"))]
