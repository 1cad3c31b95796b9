"""Whatever is marked for translation is translated, in every language of the hub."""

import ast
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import polib
import pytest
from django.conf import settings

ROOT = Path(__file__).resolve().parent.parent
SOURCES = ["accounts", "billing", "config", "hub", "invoices", "templates"]
_WAYS = ["gettext", "ngettext", "pgettext", "npgettext"]
MARKS = {"_", *_WAYS, *(f"{way}_lazy" for way in _WAYS)}
LANGUAGES = [code for code, _ in settings.LANGUAGES if code != settings.LANGUAGE_CODE]


def keys(entries):
    return {(entry.msgctxt, entry.msgid, entry.msgid_plural) for entry in entries}


@pytest.fixture(scope="module")
def marked(tmp_path_factory):
    """What makemessages finds, on a copy: it puts files of its own beside the templates."""
    copy = tmp_path_factory.mktemp("sources")
    for name in SOURCES:
        shutil.copytree(ROOT / name, copy / name)
    (copy / "locale").mkdir()
    command = [sys.executable, "-m", "django", "makemessages", "--locale", "de"]
    outside = {name: os.environ[name] for name in os.environ if name != "DJANGO_SETTINGS_MODULE"}
    subprocess.run(command, cwd=copy, check=True, capture_output=True, env=outside)
    return keys(polib.pofile(str(copy / "locale" / "de" / "LC_MESSAGES" / "django.po")))


@pytest.fixture(params=LANGUAGES)
def catalogue(request):
    return polib.pofile(str(ROOT / "locale" / request.param / "LC_MESSAGES" / "django.po"))


def test_nothing_is_marked_inside_an_f_string():
    """makemessages does not look there: the sentence would stay English."""
    found = [
        f"{path.relative_to(ROOT)}:{call.lineno}"
        for name in SOURCES
        for path in (ROOT / name).rglob("*.py")
        for text in ast.walk(ast.parse(path.read_text()))
        if isinstance(text, ast.JoinedStr)
        for call in ast.walk(text)
        if isinstance(call, ast.Call) and ast.unparse(call.func) in MARKS
    ]
    assert found == []


def test_every_marked_string_is_translated(marked, catalogue):
    assert marked - keys(entry for entry in catalogue if entry.translated()) == set()


def test_german_has_one_name_for_a_hub():
    """Kundenbereich; only the product is called Customer Hub."""
    german = polib.pofile(str(ROOT / "locale" / "de" / "LC_MESSAGES" / "django.po"))
    said = [text for entry in german for text in (entry.msgstr, *entry.msgstr_plural.values())]

    assert [text for text in said if re.search(r"(?<!Customer )\bHubs?\b", text)] == []


def test_nothing_is_translated_that_nobody_says(marked, catalogue):
    assert keys(catalogue) - marked == set()


def test_translations_keep_the_placeholders(catalogue):
    result = subprocess.run(
        ["msgfmt", "--check", "--output-file=-", catalogue.fpath], capture_output=True, check=False
    )

    assert result.returncode == 0, result.stderr.decode()
