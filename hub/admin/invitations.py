"""Who joins or leaves a team is told by mail; who is new chooses a password through its link."""

from __future__ import annotations

from django.conf import settings
from django.contrib.auth.tokens import default_token_generator
from django.urls import reverse
from django.utils.encoding import force_bytes
from django.utils.http import urlsafe_base64_encode

from accounts import mail
from accounts.models import TeamMember, User
from accounts.tenancy import vendor_scope


def invite(member: TeamMember, *, by: User) -> None:
    """The link works once, for as long as PASSWORD_RESET_TIMEOUT says."""
    context = {
        "role": member.get_role_display(),
        "invited_by": by.email,
        "url": f"{settings.PLATFORM_ORIGIN}{_way_in(member.user)}",
        "is_new": not member.user.has_usable_password(),
    }
    with vendor_scope(member.vendor):
        mail.send("staff_invitation", vendor=member.vendor, to=member.user.email, context=context)


def part(member: TeamMember, *, by: User) -> None:
    """Somebody was removed: they are told, and an invitation still on its way opens nothing, unless
    another team waits for them as well: the link of all their invitations is the account's."""
    user = member.user
    is_awaited = user.memberships.exclude(vendor=member.vendor).exists()
    if not (user.has_usable_password() or is_awaited):
        user.set_unusable_password()  # another one, on which the link depends
        user.save(update_fields=["password"])
    with vendor_scope(member.vendor):
        context = {"removed_by": by.email}
        mail.send("staff_removal", vendor=member.vendor, to=user.email, context=context)


def _way_in(user: User) -> str:
    if user.has_usable_password():
        return reverse("admin:index", urlconf="config.platform_urls")
    key = urlsafe_base64_encode(force_bytes(user.pk))
    token = default_token_generator.make_token(user)
    return reverse("join", args=[key, token], urlconf="config.platform_urls")
