"""Globex's customers, who read German. Carol is the one to sign in as."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from billing.sandbox.story import Buyer, Purchase, Turn
from hub.demo.calendar import Days
from hub.demo.catalogue import AUSTRIA, GERMANY

HOUR = timedelta(hours=1)
GERMAN = Buyer("", locale="de", card="pm_card_de", tax=GERMANY)

CAROL = replace(
    GERMAN,
    email="carol@example.com",
    name="Carol Lindemann",
    phone="+49 341 555 0119",
    address={
        "line1": "Karl-Liebknecht-Straße 88",
        "postal_code": "04275",
        "city": "Leipzig",
        "country": "DE",
    },
)
KANZLEI = replace(
    GERMAN,
    email="buchhaltung@hartwig-soehne.example",
    name="Karl-Theodor Freiherr von und zu Hohenstein-Wittelsbach",
    address={
        "line1": "Donaudampfschifffahrtsgesellschaftsweg 3",
        "postal_code": "93047",
        "city": "Regensburg",
        "country": "DE",
    },
    company="Hartwig & Söhne Wirtschaftsprüfungsgesellschaft mbH",
    tax_id=("eu_vat", "DE123456789"),
)
YUSUF = replace(GERMAN, email="yusuf@example.com", name="Yusuf Özdemir")
GRETA = replace(
    GERMAN,
    email="greta@example.com",
    name="Greta Österreicher",
    tax=AUSTRIA,
    address={
        "line1": "Mariahilfer Straße 10",
        "postal_code": "1070",
        "city": "Wien",
        "country": "AT",
    },
)
JOERG = replace(GERMAN, email="joerg@example.com", name="Jörg Maßmann", card="pm_card_mastercard")
HEIDI = replace(GERMAN, email="heidi@example.com", name="Heidi Zürcher", tax=None)
LENA = replace(GERMAN, email="lena@example.com", name="Lena Schäfer")
OLAF = replace(GERMAN, email="olaf@example.com", name="Olaf Grün", card="pm_card_mastercard")
ANNE = replace(GERMAN, email="anne@example.com", name="Anne-Kathrin Weiß")
DIETER = replace(GERMAN, email="dieter@example.com", name="Dieter Kühn")


def purchases(days: Days) -> list[Purchase]:
    return [
        Purchase(CAROL, "jahr", days.begun(1, "year", after=64), order="GX-20881"),
        Purchase(CAROL, "ruecken", days.begun(7, after=9)),
        Purchase(CAROL, "lizenz", days.begun(2, after=19), payments=4),
        Purchase(CAROL, "rolle", days.ago(118)),
        Purchase(KANZLEI, "jahr", days.begun(1, "year", after=200)),
        Purchase(YUSUF, "lauf", days.ago(6), trial_days=14),
        Purchase(GRETA, "rezepte", days.begun(5, "week", after=4)),
        Purchase(GRETA, "plan", days.ago(50)),
        Purchase(
            JOERG,
            "ruecken",
            days.begun(3, after=-2),
            turns=(Turn(days.ago(2) - HOUR, "payment_fails"),),
        ),
        Purchase(HEIDI, "lauf", days.begun(3, after=16), turns=(Turn(days.ago(3), "end_later"),)),
        Purchase(LENA, "lizenz", days.ago(250), payments=4),
        Purchase(OLAF, "lauf", days.ago(200), turns=(Turn(days.ago(130), "cancel"),)),
        Purchase(ANNE, "rolle", days.ago(33), turns=(Turn(days.ago(20), "refund"),)),
        Purchase(DIETER, "ruecken", days.begun(4, after=11), turns=(Turn(days.ago(24), "pause"),)),
    ]
