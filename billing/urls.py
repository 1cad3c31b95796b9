"""The address on a vendor's host that Stripe calls."""

from django.urls import path

from billing import webhooks

app_name = "billing"

urlpatterns = [
    path("billing/webhook/", webhooks.stripe_webhook, name="stripe_webhook"),
]
