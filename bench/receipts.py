"""What a document costs: made our way, made the naive way, and read once it is made.

    python -m bench.receipts [rounds]

CPU time of this process beside wall time, medians of interleaved rounds. The naive way is
WeasyPrint as the first page of its manual has it, on the same page: HTML(string=...).write_pdf(),
with the stylesheet and the logo (PNG) inside and nothing kept from one document to the next.
"""

# ruff: noqa: E402 (Django is set up before anything of ours is imported)

import os
import platform
import sys
import time
from base64 import b64encode
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from statistics import median

os.environ["DJANGO_SETTINGS_MODULE"] = "tests.settings"
os.environ["DATABASE_URL"] = "sqlite:///:memory:"

import django

django.setup()

import weasyprint
from django.core.files.base import ContentFile
from django.core.management import call_command
from django.template.loader import render_to_string

from accounts.brand import brand_of
from accounts.logos import clean_logo
from accounts.tenancy import vendor_scope
from invoices import pdf, presentation, services
from invoices.models import Document
from tests.factories import make_customer, make_vendor
from tests.invoices.factories import course, make_receipt, workbook

LOGO = Path("hub/demo_assets/acme.png")
STYLESHEET = Path("static/css/document.css")
TARGET = 0.42
READS_A_RENDER = 100


def main(rounds: int) -> None:
    call_command("migrate", verbosity=0)
    document = make_document()
    with vendor_scope(document.vendor):
        measure(document, rounds)


def measure(document: Document, rounds: int) -> None:
    ways: dict[str, Callable[[], object]] = {
        "ours": lambda: pdf.render(
            "invoices/document.html", presentation.document_context(document)
        ),
        "naive": lambda: weasyprint.HTML(string=naive_page(document)).write_pdf(),
        "read": lambda: services.read_pdf(document),
    }
    for way in ways.values():  # imports, templates, fonts: paid once, by all
        way()
    cpu: dict[str, list[float]] = {name: [] for name in ways}
    wall: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(rounds):
        for name, way in ways.items():
            wall_start, cpu_start = time.perf_counter(), time.process_time()
            way()
            cpu[name].append(time.process_time() - cpu_start)
            wall[name].append(time.perf_counter() - wall_start)
    report(document, rounds, cpu, wall)


def make_document() -> Document:
    vendor = make_vendor("Acme", header_colour="#11363d", accent_colour="#0f6b7a")
    vendor.logo.save("logo.png", ContentFile(clean_logo(BytesIO(LOGO.read_bytes()))))
    customer = make_customer(vendor, "Alice", line1="4 rue Noire", city="Lyon", country="FR")
    return make_receipt(customer, lines=[course(), workbook()])


def naive_page(document: Document) -> str:
    """The same page with everything in it."""
    brand = brand_of(document.vendor)
    logo = b64encode(document.vendor.logo.open().read()).decode()
    html = render_to_string(
        "invoices/document.html",
        {**presentation.document_context(document), "logo": f"data:image/png;base64,{logo}"},
    )
    style = f"<style>{brand.stylesheet}{STYLESHEET.read_text()}</style>"
    return html.replace("</head>", f"{style}</head>")


def report(
    document: Document, rounds: int, cpu: dict[str, list[float]], wall: dict[str, list[float]]
) -> None:
    versions = f"Python {platform.python_version()}, WeasyPrint {weasyprint.__version__}"
    print(f"{versions}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}, {rounds} rounds")
    print(f"One receipt of two lines, two tax rates, a logo: {document.pdf.size / 1024:.0f} KB\n")
    print(f"{'':12}{'CPU ms':>10}{'wall ms':>10}")
    for name, times in cpu.items():
        print(f"{name:12}{median(times) * 1000:10.2f}{median(wall[name]) * 1000:10.2f}")
    ratio = median(cpu["ours"]) / median(cpu["naive"])
    reads = median(cpu["ours"]) / median(cpu["read"])
    print(f"\nS3  ours / naive, CPU: {ratio:.2f} (target: at most {TARGET})")
    print(f"S4  reads a render is worth, CPU: {reads:.0f} (target: at least {READS_A_RENDER})")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 40)
