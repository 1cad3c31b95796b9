"""What happens after the page is answered. A lost task is no lost link: the sweep finds its row."""

from django.core.management import call_command
from django.tasks import task

from accounts import sessions
from accounts.models import MagicLink, VendorDomain
from accounts.priorities import SOMEBODY_WAITS
from accounts.services import domains, links, policy_reports
from accounts.tenancy import vendor_scope


@task(priority=SOMEBODY_WAITS)
def send_link(link_id: int) -> None:
    """Mail a link that was asked for, to whoever it belongs to; to nobody if it is nobody's."""
    with vendor_scope(None):
        link = MagicLink.objects.select_related("vendor").filter(pk=link_id).first()
    if link and link.handled_at is None:
        with vendor_scope(link.vendor):
            links.deliver(link)


@task
def sweep_links() -> None:
    """Send what was left behind, forget what is long past."""
    with vendor_scope(None):
        for link_id in links.left_behind():
            send_link.enqueue(link_id)
        links.forget_old()


@task
def prune_sessions() -> None:
    """Forget sessions that have run out."""
    call_command("clearsessions")
    with vendor_scope(None):
        sessions.forget_old()


@task
def prune_policy_reports() -> None:
    """Forget what no browser has reported for a month: it has been mended."""
    policy_reports.forget_old()


@task
def check_domains() -> None:
    """Whether the vendors' own domains still have their records; one's trouble stops no other."""
    with vendor_scope(None):
        served = list(VendorDomain.objects.exclude(verified_at=None).values_list("pk", flat=True))
    for domain_id in served:
        check_domain.enqueue(domain_id)


@task
def check_domain(domain_id: int) -> None:
    with vendor_scope(None):
        domain = VendorDomain.objects.select_related("vendor").filter(pk=domain_id).first()
    if domain and domain.is_served:
        with vendor_scope(domain.vendor):
            domains.check_again(domain)
