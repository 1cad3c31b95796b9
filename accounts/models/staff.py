"""Staff: who works for the platform, and who for which vendor."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib.auth.base_user import BaseUserManager
from django.contrib.auth.models import AbstractUser
from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.models.vendors import Vendor


class UserManager(BaseUserManager["User"]):
    """Staff sign in with their e-mail address; there are no user names."""

    def create_user(self, email: str, password: str | None = None, **fields: Any) -> User:
        user = self.model(email=self.normalize_email(email), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def get_by_natural_key(self, email: str | None) -> User:
        """However it is written, it is the same mailbox."""
        return self.get(email__iexact=email)

    def create_superuser(self, email: str, password: str | None = None, **fields: Any) -> User:
        return self.create_user(email, password, is_staff=True, is_superuser=True, **fields)


class User(AbstractUser):
    """Staff: a platform operator (superuser) or a member of one or more vendors' teams."""

    username = None  # type: ignore[assignment]
    email = models.EmailField(_("e-mail"), unique=True)

    USERNAME_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    objects: ClassVar[UserManager] = UserManager()  # type: ignore[assignment]

    class Meta:
        verbose_name = _("staff member")
        verbose_name_plural = _("staff")

    def __str__(self) -> str:
        return self.email

    def vendors(self) -> list[Vendor] | None:
        """The vendors this person works for, as a scope: None means every one."""
        return None if self.is_superuser else list(Vendor.objects.filter(team__user=self))


class TeamMember(models.Model):
    """A user's place in a vendor's team."""

    class Role(models.TextChoices):
        OWNER = "owner", _("Owner")
        SETTINGS = "settings", _("Settings")
        SUPPORT = "support", _("Support")
        READ_ONLY = "read_only", _("Read only")

    vendor = models.ForeignKey(
        Vendor, models.CASCADE, related_name="team", verbose_name=_("vendor")
    )
    user = models.ForeignKey(User, models.CASCADE, related_name="memberships")
    role = models.CharField(_("role"), max_length=10, choices=Role, default=Role.SUPPORT)

    class Meta:
        verbose_name = _("team member")
        verbose_name_plural = _("team members")
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["vendor", "user"], name="one_role_per_team_member"),
        ]

    def __str__(self) -> str:
        return f"{self.user}, {self.get_role_display()}, {self.vendor}"
