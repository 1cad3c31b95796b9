"""Acme's customers. Alice has one of everything; Bob has cancelled all."""

from __future__ import annotations

from datetime import timedelta

from billing.sandbox.story import Buyer, Purchase, Turn
from hub.demo.calendar import Days
from hub.demo.catalogue import FRANCE, IRELAND

HOUR = timedelta(hours=1)

ALICE = Buyer(
    "alice@example.com",
    "Alice Martin",
    "+33 6 12 34 56 78",
    {
        "line1": "27 rue de la République, apt. 4",
        "postal_code": "69002",
        "city": "Lyon",
        "country": "FR",
    },
    locale="en",
    tax=FRANCE,
)
BOB = Buyer(
    "bob@example.com",
    "Bob O’Sullivan",
    address={"line1": "3 Patrick Street", "city": "Cork", "country": "IE"},
    card="pm_card_mastercard",
    tax=IRELAND,
)
BRIGHTWATER = Buyer(
    "accounts@brightwater-studios.example",
    "Bernadette Featherstonehaugh-Wolverhampton",
    "+44 20 7946 0958",
    {
        "line1": "Brightwater House, 118–122 Great Titchfield Street",
        "line2": "Third Floor, Rear Studio",
        "postal_code": "W1W 6SU",
        "city": "London",
        "country": "GB",
    },
    currency="gbp",
    company="Brightwater Studios International Holdings Limited",
    tax_id=("gb_vat", "GB123456789"),
)
LAYLA = Buyer(
    "layla@example.com",
    "ليلى حداد",
    address={"line1": "12 rue Gouraud", "city": "Beirut", "country": "LB"},
    locale="ar",
)
HANAKO = Buyer(
    "hanako@example.com",
    "山田 花子",
    "+81 3 5555 0132",
    {
        "line1": "神宮前1丁目2-3",
        "postal_code": "150-0001",
        "city": "渋谷区",
        "state": "東京都",
        "country": "JP",
    },
    locale="ja",
    card="pm_card_jcb",
    currency="jpy",
)
SAM = Buyer("sam@example.com", card="pm_card_visa_debit")
JORDAN = Buyer(
    "jordan@example.com",
    "Jordan Whitfield",
    address={
        "line1": "48 Alder Avenue",
        "city": "Portland",
        "state": "OR",
        "postal_code": "97205",
        "country": "US",
    },
    card="pm_card_amex",
    currency="usd",
)
MAEVE = Buyer("maeve@example.com", "Maeve Ní Dhomhnaill", tax=IRELAND)
NIAMH = Buyer("niamh@example.com", "Niamh Byrne", tax=IRELAND, card="pm_card_mastercard")
PIOTR = Buyer(
    "piotr@example.com",
    "Piotr Wiśniewski",
    tax=IRELAND,
    address={
        "country": "PL",
    },
)
CHLOE = Buyer(
    "chloe@example.com",
    "Chloé Lefèvre",
    tax=FRANCE,
    address={
        "country": "FR",
    },
)
TOMAS = Buyer(
    "tomas@example.com",
    "Tomás Ruiz García",
    address={
        "country": "ES",
    },
)
FIONA = Buyer("fiona@example.com", "Fiona Walsh", tax=IRELAND)
FIONA_AGAIN = Buyer("fiona@example.com", "Fiona Walsh", tax=IRELAND, card="pm_card_mastercard")
INES = Buyer(
    "ines@example.com",
    "Inês Carvalho",
    tax=IRELAND,
    address={
        "country": "PT",
    },
)


def purchases(days: Days) -> list[Purchase]:
    return [*_alices(days), *_of_the_others(days)]


def _alices(days: Days) -> list[Purchase]:
    overdue = days.begun(8, after=-2)
    return [
        Purchase(
            ALICE,
            "photography",
            overdue,
            order="PM-110842",
            turns=(Turn(days.ago(2) - HOUR, "payment_fails"),),
        ),
        Purchase(
            ALICE,
            "italian",
            days.begun(12, after=12),
            order="LL-104417",
            turns=(Turn(days.ago(100), "refund", 950),),
        ),
        Purchase(
            ALICE,
            "studio",
            days.begun(1, "year", after=111),
            turns=(Turn(days.ago(30), "end_later"),),
        ),
        Purchase(ALICE, "circle", days.begun(9, after=10), turns=(Turn(days.ago(51), "pause"),)),
        Purchase(ALICE, "drawing", days.ago(400), turns=(Turn(days.ago(342), "cancel"),)),
        Purchase(ALICE, "piano", days.ago(21), trial_days=30),
        Purchase(ALICE, "interior", days.begun(3, after=14), payments=6, order="ID-117730"),
        Purchase(ALICE, "watercolour", days.ago(160), order="WT-118203"),
        Purchase(ALICE, "presets", days.ago(209), turns=(Turn(days.ago(203), "refund"),)),
    ]


def _of_the_others(days: Days) -> list[Purchase]:
    return [
        Purchase(BOB, "photography", days.ago(330), turns=(Turn(days.ago(160), "cancel"),)),
        Purchase(BOB, "italian", days.ago(300), turns=(Turn(days.ago(190), "end_later"),)),
        Purchase(BOB, "presets", days.ago(320)),
        Purchase(BRIGHTWATER, "studio", days.begun(1, "year", after=40), order="BW/2026/017"),
        Purchase(LAYLA, "photography", days.begun(4, after=20)),
        Purchase(HANAKO, "italian", days.begun(3, after=8)),
        Purchase(HANAKO, "watercolour", days.ago(70)),
        Purchase(SAM, "drawing", days.begun(6, "week", after=3)),
        Purchase(JORDAN, "piano", days.ago(5), trial_days=14),
        Purchase(JORDAN, "presets", days.ago(90)),
        Purchase(MAEVE, "ceramics", days.ago(220), payments=3),
        Purchase(NIAMH, "interior", days.begun(1, after=17), payments=6),
        Purchase(
            PIOTR,
            "interior",
            days.begun(2, after=-1),
            payments=6,
            turns=(Turn(days.ago(1) - HOUR, "payment_fails"),),
        ),
        Purchase(CHLOE, "watercolour", days.ago(45), turns=(Turn(days.ago(40), "refund", 1500),)),
        Purchase(
            TOMAS,
            "piano",
            days.ago(9),
            trial_days=14,
            turns=(Turn(days.ago(4), "end_later"),),
        ),
        Purchase(FIONA, "circle", days.begun(5, after=25)),
        Purchase(FIONA_AGAIN, "watercolour", days.ago(15)),
        Purchase(INES, "circle", days.begun(4, after=6), turns=(Turn(days.ago(10), "pause"),)),
    ]
