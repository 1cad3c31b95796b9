"""./hub.sh on a machine that lacks something: it says what, and how to get it."""

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
NEEDED = ["sh", "dirname", "cat", "cksum", "find", "printf"]


@pytest.fixture
def clone(tmp_path):
    """A copy nobody has set up, that anybody may read."""
    folder = tmp_path / "clone"
    shutil.copytree(ROOT / "requirements", folder / "requirements")
    shutil.copytree(ROOT / "scripts", folder / "scripts")
    shutil.copy(ROOT / "hub.sh", folder)
    return folder


@pytest.fixture
def bare_machine(tmp_path):
    """A PATH with a Python and little else, on which we are an ordinary user."""
    programs = tmp_path / "bin"
    programs.mkdir()
    for name in NEEDED:
        (programs / name).symlink_to(shutil.which(name))
    (programs / "python3.13").symlink_to(sys.executable)
    (programs / "id").write_text("#!/bin/sh\necho 1000\n")
    (programs / "id").chmod(0o755)
    return {"PATH": str(programs), "HOME": str(tmp_path)}


def hub(folder, *arguments, environment, **options):
    return subprocess.run(
        [folder / "hub.sh", *arguments],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        **options,
    )


def test_missing_system_packages_are_named_for_each_system(clone, bare_machine):
    result = hub(clone, "run", environment=bare_machine)

    assert result.returncode == 1
    assert result.stderr.startswith("System packages are missing. Install them and run this again:")
    for line in ["sudo apt-get install", "sudo dnf install", "brew install"]:
        assert any(line in said and said.endswith("gettext") for said in result.stderr.split("\n"))


def test_the_tests_need_more_than_the_product(clone, bare_machine):
    wanted = hub(clone, "setup", "test", environment=bare_machine).stderr

    assert "chromium" in wanted
    assert "chromium" not in hub(clone, "setup", "run", environment=bare_machine).stderr


def test_a_python_that_does_not_suit_is_refused(clone, bare_machine):
    result = hub(clone, "run", environment={**bare_machine, "PYTHON": "/bin/false"})

    assert result.returncode == 1
    assert result.stderr == "PYTHON=/bin/false is no Python 3.12 or newer with venv.\n"


def test_a_read_only_folder_is_named(clone):
    nobody = {"user": 65534, "group": 65534, "extra_groups": []} if os.geteuid() == 0 else {}

    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        read_only = Path(shutil.copytree(clone, f"{folder}/clone"))
        read_only.chmod(0o555)
        result = hub(read_only, "run", environment={"PATH": os.environ["PATH"]}, **nobody)
        read_only.chmod(0o755)

    assert result.returncode == 1
    assert result.stderr.startswith(f"This folder cannot be written to: {read_only}.")


def test_without_a_command_it_says_what_it_can_do(clone, bare_machine):
    result = hub(clone, environment=bare_machine)

    assert result.returncode == 0
    assert "./hub.sh run [--fresh]" in result.stdout


def test_an_unknown_command_is_refused(clone, bare_machine):
    assert hub(clone, "dance", environment=bare_machine).returncode == 2
