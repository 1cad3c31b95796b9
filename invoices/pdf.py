"""From a template to a PDF. The only module that knows WeasyPrint.

Everything a page is made of is known beforehand: one stylesheet, the vendor's colours, its logo.
The fetcher has nothing else to give, so nothing written in a document can reach a file or a host.
"""

from __future__ import annotations

from functools import lru_cache
from threading import Lock
from typing import Any

from django.conf import settings
from django.template.loader import render_to_string
from django.utils import timezone, translation
from weasyprint import CSS, HTML
from weasyprint.text.fonts import FontConfiguration
from weasyprint.urls import URLFetcher, URLFetcherResponse

from accounts.brand import Brand, brand_of
from accounts.logos import Logo, logo_of
from accounts.models import Vendor

LOGO = "logo:jpeg"

# What a browser knows of the elements our templates use. WeasyPrint's own stylesheet knows all of
# HTML, and trying its rules on every element is a fifth of the work.
ELEMENTS = """
    head, title, meta { display: none }
    html, body, main, div, p, h1, h2 { display: block }
    table { display: table; box-sizing: border-box; border-spacing: 0 }
    caption { display: table-caption }
    thead { display: table-header-group }
    tbody { display: table-row-group }
    tr { display: table-row }
    th, td { display: table-cell }
    strong { font-weight: bold }
    h1 { bookmark-level: 1 }
    br::before { content: "\\A"; white-space: pre-line }
    [dir=rtl] { direction: rtl }
"""

# Layout is not safe in two threads that share a font configuration, and gains nothing from them.
_press = Lock()


class KnownAssets(URLFetcher):  # type: ignore[misc]
    """Hands out the given bytes and refuses every other address, whatever its scheme.

    WeasyPrint's own start is left out on purpose: it builds openers for files and hosts.
    """

    _fail_on_errors = False

    def __init__(self, assets: dict[str, bytes]) -> None:
        self._assets = assets

    def fetch(self, url: str, headers: object = None) -> URLFetcherResponse:
        if url not in self._assets:
            raise ValueError("A document fetches nothing.")
        return URLFetcherResponse(url, self._assets[url], {"Content-Type": "image/jpeg"})


class Paper(HTML):  # type: ignore[misc]
    def _ua_stylesheets(self, forms: bool = False) -> list[CSS]:
        return [_elements()]


def render(template: str, context: dict[str, Any]) -> bytes:
    """The template as a tagged PDF (PDF/UA-1), in the look of `vendor`, in `language`."""
    vendor: Vendor = context["vendor"]
    assets = _assets(vendor)
    with translation.override(context["language"]), timezone.override(vendor.time_zone):
        html = render_to_string(template, {**context, "logo": LOGO if assets else ""})
    with _press:
        page = Paper(string=html, url_fetcher=KnownAssets(assets))
        content: bytes = page.write_pdf(
            stylesheets=[_stylesheet(), _colours(brand_of(vendor))],
            font_config=_fonts(),
            pdf_variant="pdf/ua-1",
            pdf_tags=True,
        )
    return content


def _assets(vendor: Vendor) -> dict[str, bytes]:
    logo = logo_of(vendor)
    return {LOGO: _as_jpeg(logo, vendor.header_colour)} if logo else {}


@lru_cache(maxsize=64)
def _as_jpeg(logo: Logo, ground: str) -> bytes:
    return logo.jpeg(ground)


@lru_cache(maxsize=1)
def _fonts() -> FontConfiguration:
    return FontConfiguration()


@lru_cache(maxsize=1)
def _elements() -> CSS:
    return CSS(string=ELEMENTS, url_fetcher=KnownAssets({}))


@lru_cache(maxsize=1)
def _stylesheet() -> CSS:
    text = (settings.BASE_DIR / "static/css/document.css").read_text()
    return CSS(string=text, font_config=_fonts(), url_fetcher=KnownAssets({}))


@lru_cache(maxsize=64)
def _colours(brand: Brand) -> CSS:
    text = (
        f":root {{ --header: {brand.header}; --on-header: {brand.on_header};"
        f" --accent: {brand.accent}; --on-accent: {brand.on_accent} }}"
    )
    return CSS(string=text, font_config=_fonts(), url_fetcher=KnownAssets({}))
