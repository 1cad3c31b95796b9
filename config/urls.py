"""A vendor's hub: everything under https://<vendor>.<hub domain>/."""

from django.urls import include, path

from config import policy_reports

handler400 = "hub.problems.bad_request"
handler403 = "hub.problems.forbidden"
handler500 = "hub.problems.server_error"

urlpatterns = [
    path("policy-reports/", policy_reports.receive, name="policy_reports"),
    path("", include("hub.urls")),
    path("", include("accounts.urls")),
    path("", include("billing.urls")),
]
