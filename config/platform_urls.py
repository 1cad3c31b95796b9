"""The platform's own host: staff, and whoever watches over the processes."""

from django.conf import settings
from django.contrib import admin
from django.urls import include, path
from django.views.generic import RedirectView

from accounts.webhooks import mail_events
from billing import webhooks
from config import certificates, health, policy_reports

handler400 = "hub.problems.bad_request"
handler403 = "hub.problems.forbidden"
handler500 = "hub.problems.server_error"

urlpatterns = [
    path("", RedirectView.as_view(pattern_name="admin:index")),
    path("admin/", include("hub.staff_door.urls")),
    path("admin/", admin.site.urls),
    path("billing/webhook/", webhooks.platform_webhook, name="platform_webhook"),
    path("policy-reports/", policy_reports.receive, name="policy_reports"),
    path("domains/allowed/", certificates.allowed),
    path("livez", health.livez),
    path("readyz", health.readyz),
]
if settings.MAIL_WEBHOOK:
    urlpatterns.append(path("mail-events/", mail_events, name="mail_events"))
if settings.DEMO:
    urlpatterns.append(path("mailbox/", include("hub.mailbox")))
