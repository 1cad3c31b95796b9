"""Whatever a receipt says, making it reaches no file and no host, and opening it starts nothing."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from pypdf import PdfReader
from pypdf.generic import ArrayObject, DictionaryObject, IndirectObject

from accounts.models import Customer
from accounts.tenancy import vendor_scope
from invoices import services
from tests.figures import Report
from tests.invoices.factories import course, make_receipt, read_pdf
from tests.safety.world import CORPUS

pytestmark = pytest.mark.django_db

BAIT = "http://127.0.0.1:9/canary"
REACHING = [
    f'<img src="{BAIT}"><object data="{BAIT}"></object><embed src="{BAIT}">',
    f"<style>@import url({BAIT}); @font-face {{ font-family: x; src: url({BAIT}) }}</style>",
    f'<link rel=stylesheet href="{BAIT}"><link rel=attachment href="file:///etc/passwd">',
    f'<a rel=attachment href="file:///etc/passwd">x</a><a href="{BAIT}">x</a>',
    f'<svg><image href="{BAIT}"/><use href="{BAIT}#x"/></svg>',
    f'<base href="{BAIT}"><p style="background: url({BAIT}); list-style: url(file:///etc/passwd)">',
    "<img src=file:///etc/passwd><img src=/etc/passwd><img src=../../.env><iframe src=/proc/self>",
    f'<input type=image src="{BAIT}"><video poster="{BAIT}"><picture><source srcset="{BAIT}">',
    f'<meta http-equiv=refresh content="0;{BAIT}"><script src="{BAIT}"></script>',
    "<img src=ftp://127.0.0.1/x><img src=data:text/html,x><img src=jar:file:///x!/y>",
]
HOSTILE = [*REACHING, *CORPUS]

# Where a process may look while it sets a page: its own code, the fonts, what the tests keep.
OWN = [settings.BASE_DIR, settings.MEDIA_ROOT, *sys.path, "/usr/share", "/etc/fonts", "/var/cache"]
OWN += [sys.prefix, Path.home() / ".cache/fontconfig", "/usr/local/share", sys.base_prefix]

ACTIVE = {"/JavaScript", "/JS", "/Launch", "/SubmitForm", "/ImportData", "/GoToR", "/GoToE"}
ACTIVE |= {"/AA", "/OpenAction", "/EmbeddedFiles", "/EmbeddedFile", "/RichMedia", "/XFA", "/Movie"}


class Seen:
    """What this process does to files and to the network while it is watched."""

    connects: list[str]
    opens: list[str]
    is_on = False


def _notice(event: str, arguments: tuple[Any, ...]) -> None:
    if not Seen.is_on:
        return
    if event in ("socket.connect", "socket.getaddrinfo", "socket.sendto", "urllib.Request"):
        Seen.connects.append(f"{event} {arguments[-1]}")
    elif event in ("subprocess.Popen", "os.system", "os.exec", "os.posix_spawn"):
        Seen.connects.append(f"{event} {arguments[0]}")
    elif event == "open" and isinstance(arguments[0], str | bytes | Path):
        Seen.opens.append(str(arguments[0]))


sys.addaudithook(_notice)


@contextmanager
def watched() -> Iterator[type[Seen]]:
    Seen.connects, Seen.opens, Seen.is_on = [], [], True
    try:
        yield Seen
    finally:
        Seen.is_on = False


def strays(opens: list[str]) -> list[str]:
    """Opened, and neither code, font nor the tests' own file."""
    roots = [str(root) for root in OWN if str(root)]
    return [path for path in opens if not path.startswith(tuple(roots))]


def issue(customer: Customer, words: str) -> PdfReader:
    """With these words wherever a vendor, a customer or Stripe could have put them."""
    vendor = customer.vendor
    for name in ("name", "company", "line1", "line2", "city", "region", "postcode", "tax_id"):
        room = customer._meta.get_field(name).max_length
        setattr(customer, name, words[:room])
    vendor.name, vendor.legal_name, vendor.legal_address = words[:100], words[:200], words
    vendor.tax_id, vendor.support_email = words[:40], f"{words[:200]}@x.example"
    item = dict.fromkeys(("description", "detail", "tax_label"), words[:60])
    lines = [course(**item)]
    how = {"title": words[:200], "reference": words[:80], "paid_with": words[:60]}
    return PdfReader(BytesIO(read_pdf(make_receipt(customer, lines=lines, **how))))


def active_parts(reader: PdfReader) -> set[str]:
    """Names of what could act by itself, wherever in the file."""
    found: set[str] = set()
    for number in range(1, len(reader.xref_objStm) + sum(map(len, reader.xref.values())) + 1):
        try:
            found |= _names(reader.get_object(number))
        except Exception:  # noqa: BLE001  a free number is no object
            continue
    return found & ACTIVE


def _names(thing: Any) -> set[str]:
    if isinstance(thing, IndirectObject):
        return set()
    if isinstance(thing, DictionaryObject):
        inner = [_names(value) for value in thing.values()]
        said = {str(value) for value in thing.values() if isinstance(value, str)}
        return set(thing.keys()).union(said, *inner)
    if isinstance(thing, ArrayObject):
        return set().union(*(_names(value) for value in thing))
    return set()


def links_of(reader: PdfReader) -> set[str]:
    notes = [note.get_object() for page in reader.pages for note in page.get("/Annots", [])]
    return {note["/A"]["/URI"] for note in notes}


def issue_many(customer: Customer, count: int) -> tuple[int, int]:
    """How often something was reached for: connections, and files that are none of its business."""
    make_receipt(customer)  # what is read once in the life of a process is read now
    issue(customer, "warm")
    connects = opens = 0
    for number in range(count):
        words = HOSTILE[number % len(HOSTILE)]
        with watched() as seen, vendor_scope(customer.vendor):
            reader = issue(customer, f"{number} {words}")
        connects += len(seen.connects)
        opens += len(strays(seen.opens))
        assert seen.connects == [], words
        assert strays(seen.opens) == [], words
        assert active_parts(reader) == set(), words
        assert links_of(reader) == {"https://acme.test/?email=alice%40example.com"}
    return connects, opens


def test_twenty_hostile_receipts_reach_for_nothing(alice: Customer, report: Report) -> None:
    connects, opens = issue_many(alice, 20)
    report(f"20 hostile receipts: {connects} connects, {opens} stray opens")


@pytest.mark.slow
def test_a_thousand_hostile_receipts_reach_for_nothing(alice: Customer, report: Report) -> None:
    connects, opens = issue_many(alice, 1_000)
    report(f"1,000 hostile receipts: {connects} connects, {opens} stray opens, 0 active parts")


def test_the_watch_would_notice(alice: Customer, tmp_path: Path, report: Report) -> None:
    """WeasyPrint as it comes reaches for what a receipt holds, and the watch sees it."""
    import weasyprint

    with watched() as seen:
        html = f'<img src="{BAIT}"><img src="file:///etc/passwd">{REACHING[1]}'
        weasyprint.HTML(string=html).write_pdf()
    assert any("127.0.0.1" in each for each in seen.connects)
    assert "/etc/passwd" in strays(seen.opens)

    with vendor_scope(alice.vendor):
        reader = PdfReader(BytesIO(services.read_pdf(make_receipt(alice))))
    assert "/URI" in set().union(*(_names(reader.get_object(n)) for n in range(1, 40)))
    report(f"the watch, on WeasyPrint as it comes: {len(seen.connects)} connects seen")
