"""A vendor's hub: everything under https://<vendor>.<hub domain>/."""

from django.urls import include, path

urlpatterns = [
    path("", include("hub.urls")),
    path("", include("accounts.urls")),
    path("", include("billing.urls")),
]
