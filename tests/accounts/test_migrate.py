"""Migrating where nothing is yet."""

import os
import subprocess
import sys

from django.conf import settings


def test_the_folder_of_a_new_sqlite_file_is_made(tmp_path):
    database = tmp_path / "new" / "hub.sqlite3"

    done = subprocess.run(
        [sys.executable, "manage.py", "migrate", "--plan"],
        cwd=settings.BASE_DIR,
        env=os.environ | {"DATABASE_URL": f"sqlite:///{database}", "DATABASE_OWNER_URL": ""},
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stderr
    assert database.exists()
