"""After a new key was put first in FIELD_ENCRYPTION_KEYS."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from accounts.services import rotation


class Command(BaseCommand):
    help = (
        "Seal every stored secret with the first of FIELD_ENCRYPTION_KEYS, so that the others can"
        " go. Can be interrupted and run again."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        done = rotation.rotate()
        self.stdout.write(
            f"{done.sealed} secrets sealed with the first key, {done.were_sealed} already were."
        )
        if not done.not_readable:
            self.stdout.write("The other keys are no longer needed.")
            return
        for sentence in done.not_readable:
            self.stderr.write(sentence)
        raise CommandError(
            f"{len(done.not_readable)} secrets could not be opened and stay as they are. Keep every"
            " key, and enter these secrets again in the admin or restore the key that sealed them."
        )
