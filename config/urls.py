"""A vendor's hub: everything under https://<vendor>.<hub domain>/."""

from django.urls import URLPattern, URLResolver

urlpatterns: list[URLPattern | URLResolver] = []
