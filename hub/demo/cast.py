"""The demo's vendors and their staff: what a person would set up by hand before the first sale."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from accounts.models import TeamMember
from hub.demo import sign_ins

ASSETS = Path(__file__).resolve().parent.parent / "demo_assets"
Role = TeamMember.Role


@dataclass(frozen=True)
class VendorSetup:
    """`fields` are the Vendor's own; a receipt's number begins with `prefix`."""

    fields: dict[str, Any]
    logo: Path
    team: dict[str, Role]
    prefix: str
    footer: str
    secret_key: str
    publishable_key: str


ACME = VendorSetup(
    fields={
        "name": "Acme Courses",
        "subdomain": "acme",
        "language": "en",
        "time_zone": "Europe/Dublin",
        "support_may_view": True,
        "header_colour": "#11363d",
        "accent_colour": "#0f6b7a",
        "message": (
            "<p>Thank you for learning with us, {first_name}. Winter workshops open on 1&nbsp;"
            "December; members get two days’ head start. Questions about a course go to your"
            " tutor; anything about billing comes to us, and we answer within a day.</p>"
        ),
        "support_email": "help@acme-courses.example",
        "support_phone": "+353 1 555 0142",
        "support_hours": "Monday to Friday, 9:00 to 17:00 Dublin time",
        "legal_name": "Acme Courses Ltd",
        "legal_address": "14 Harcourt Street\nDublin 2, D02 XK38\nIreland",
        "tax_id": "IE 3489201KH",
    },
    logo=ASSETS / "acme.png",
    team={sign_ins.ACME_OWNER: Role.OWNER, sign_ins.ACME_SUPPORT: Role.SUPPORT},
    prefix="AC-",
    footer="Acme Courses Ltd, registered in Ireland under 712345. VAT through the One-Stop Shop.",
    secret_key="sk_test_acme_demo",  # noqa: S106  opens the sandbox on this machine
    publishable_key="pk_test_acme_demo",
)

GLOBEX = VendorSetup(
    fields={
        "name": "Globex",
        "subdomain": "globex",
        "language": "de",
        "time_zone": "Europe/Berlin",
        "header_colour": "#ffffff",
        "accent_colour": "#4a3db5",
        "message": (
            "<p>Schön, dass Sie mit uns trainieren, {first_name}! Ab Januar gibt es neue Kurse in"
            " Hamburg und Leipzig. Fragen zu Ihrem Vertrag beantworten wir werktags innerhalb"
            ' von 24&nbsp;Stunden: <a href="mailto:hilfe@globex.example">{support_email}</a>.</p>'
        ),
        "support_email": "hilfe@globex.example",
        "support_phone": "+49 40 555 0178",
        "support_hours": "Montag bis Freitag, 8 bis 18 Uhr",
        "legal_name": "Globex Gesundheit und Bewegung GmbH",
        "legal_address": "Große Elbstraße 47\n22767 Hamburg\nDeutschland",
        "tax_id": "DE 811234567",
    },
    logo=ASSETS / "globex.png",
    team={sign_ins.GLOBEX_OWNER: Role.OWNER, sign_ins.GLOBEX_SUPPORT: Role.SUPPORT},
    prefix="GX-",
    footer=(
        "Globex Gesundheit und Bewegung GmbH, Sitz Hamburg, Amtsgericht Hamburg HRB 123456,"
        " Geschäftsführerin: Dr. Annegret Petersen"
    ),
    secret_key="sk_test_globex_demo",  # noqa: S106  opens the sandbox on this machine
    publishable_key="pk_test_globex_demo",
)

VENDORS = [ACME, GLOBEX]
