"""For somebody who lost phone, passkeys and recovery codes, and has proved who they are."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from allauth.mfa.models import Authenticator
from django.conf import settings
from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.models import Session
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction

from accounts.models import User
from accounts.services import staff_log


class Command(BaseCommand):
    help = (
        "Remove a member of staff's passkeys, authenticator app and recovery codes, and sign them"
        " out everywhere. At their next sign-in they are asked to set a second factor up anew."
        " Noted down in the platform's log and in that of each of their vendors."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("email", help="the address they sign in with")

    def handle(self, *args: Any, email: str, **options: Any) -> None:
        user = User.objects.filter(email__iexact=email).first()
        if user is None:
            raise CommandError(f"Nobody signs in with {email}.")
        with transaction.atomic():
            removed, _by_model = Authenticator.objects.filter(user=user).delete()
            ended = _end_sessions(user)
            staff_log.record("second_factor_removed", user, by_user=None)
        self.stdout.write(f"{user.email}: {removed} removed, {ended} sessions ended.")


def _end_sessions(user: User) -> int:
    """Django keeps no list of a person's sessions, so all are looked at."""
    store = import_module(settings.SESSION_ENGINE).SessionStore
    theirs = [
        session.session_key
        for session in Session.objects.iterator()
        if session.get_decoded().get(SESSION_KEY) == str(user.pk)
    ]
    for key in theirs:
        store(key).delete()
    return len(theirs)
