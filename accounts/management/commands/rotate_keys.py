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
        lost = len(done.not_readable) + len(done.lost_proofs_of)
        if not lost:
            self.stdout.write("The other keys are no longer needed.")
            return
        for sentence in done.not_readable:
            self.stderr.write(f"{sentence} Enter it again in the admin.")
        for email in sorted(done.lost_proofs_of):
            self.stderr.write(
                f"No key opens the second factor of {email}. After"
                f" `manage.py remove_second_factor {email}` they set up a new one."
            )
        raise CommandError(
            f"{lost} secrets could not be opened and stay as they are. Keep every key until that is"
            " done, or restore the key that sealed them."
        )
