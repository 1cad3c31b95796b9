"""What the demo's vendors sell, and at which prices (minor units)."""

from __future__ import annotations

from billing.sandbox.story import Product, Tax

IRELAND = Tax("VAT", 23.0, "IE")
FRANCE = Tax("VAT", 20.0, "FR")
GERMANY = Tax("MwSt.", 19.0, "DE")
AUSTRIA = Tax("USt.", 20.0, "AT")

ACME_PRODUCTS = [
    Product("photography", "Photography Monthly", {"eur": 2900, "usd": 3200}, "month"),
    Product("italian", "Language Lab: Italian", {"eur": 1900, "jpy": 2900}, "month"),
    Product("studio", "Studio Membership", {"eur": 24000, "gbp": 20900}, "year"),
    Product("circle", "Community Circle", {"eur": 900}, "month"),
    Product("drawing", "Drawing Basics Weekly", {"eur": 500}, "week"),
    Product("piano", "Piano in 30 Days", {"eur": 2400, "usd": 2600}, "month"),
    Product("interior", "Certificate in Interior Design", {"eur": 14900}, "month"),
    Product("ceramics", "Ceramics at Home", {"eur": 9900}, "month"),
    Product("watercolour", "Watercolour for Travellers", {"eur": 8900, "jpy": 13800}),
    Product("presets", "Darkroom Preset Pack", {"eur": 3500, "usd": 3900}),
]

GLOBEX_PRODUCTS = [
    Product("ruecken", "Rückenschule online", {"eur": 1490}, "month"),
    Product("jahr", "Jahresmitgliedschaft", {"eur": 18900}, "year"),
    Product("rezepte", "Rezepte der Woche", {"eur": 350}, "week"),
    Product("lauf", "Lauftreff digital", {"eur": 1200}, "month"),
    Product("lizenz", "Ausbildung Übungsleitung mit B-Lizenz", {"eur": 19900}, "month"),
    Product("plan", "Persönlicher Ernährungsplan", {"eur": 7900}),
    Product("rolle", "Faszienrolle mit Kurs", {"eur": 3990}),
]
