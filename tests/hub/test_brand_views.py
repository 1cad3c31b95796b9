"""A vendor's colours, logo and icon: served to anyone, kept for good, never another vendor's."""

from io import BytesIO
from pathlib import Path

import pytest
from django.core.files.base import ContentFile
from django.test import Client
from PIL import Image

from accounts.brand import brand_of
from accounts.logos import clean_logo, logo_of
from accounts.models import Vendor

ASSETS = Path(__file__).parents[2] / "hub" / "demo_assets"

pytestmark = pytest.mark.django_db


def make_vendor(name: str, header: str, accent: str) -> Vendor:
    vendor = Vendor.objects.create(
        name=f"{name} & Söhne",
        subdomain=name,
        header_colour=header,
        accent_colour=accent,
        support_email=f"help@{name}.example",
    )
    png = clean_logo(BytesIO((ASSETS / f"{name}.png").read_bytes()))
    vendor.logo.save("logo.png", ContentFile(png))
    return vendor


@pytest.fixture
def vendors() -> tuple[Vendor, Vendor]:
    return make_vendor("acme", "#11363d", "#0f6b7a"), make_vendor("globex", "#efecfb", "#4c3fb1")


def visitor(vendor: Vendor) -> Client:
    return Client(headers={"host": vendor.host})


def test_the_colours_are_a_stylesheet_a_browser_keeps(vendors: tuple[Vendor, Vendor]) -> None:
    acme, _globex = vendors

    answer = visitor(acme).get(f"/brand/{brand_of(acme).version}.css", secure=True)

    assert answer.status_code == 200
    assert answer["Content-Type"] == "text/css"
    assert "--header:#11363d" in answer.text
    assert "immutable" in answer["Cache-Control"]
    assert "public" in answer["Cache-Control"]
    assert not answer.cookies


def test_the_logo_is_the_uploaded_one(vendors: tuple[Vendor, Vendor]) -> None:
    acme, _globex = vendors
    logo = logo_of(acme)
    assert logo

    answer = visitor(acme).get(f"/brand/{logo.version}.png", secure=True)

    assert answer["Content-Type"] == "image/png"
    assert answer.content == logo.png
    assert Image.open(BytesIO(answer.content)).size == (logo.width * 2, logo.height * 2)
    assert "immutable" in answer["Cache-Control"]


def test_the_icon_shows_the_initial_on_the_accent_colour(vendors: tuple[Vendor, Vendor]) -> None:
    acme, _globex = vendors

    answer = visitor(acme).get(f"/brand/{brand_of(acme).version}.svg", secure=True)

    assert answer["Content-Type"] == "image/svg+xml"
    assert ">A</text>" in answer.text
    assert 'fill="#0f6b7a"' in answer.text


def test_an_initial_that_is_markup_is_escaped(vendors: tuple[Vendor, Vendor]) -> None:
    acme, _globex = vendors
    acme.name = "<script>"
    acme.save()

    answer = visitor(acme).get(f"/brand/{brand_of(acme).version}.svg", secure=True)

    assert "&lt;</text>" in answer.text


@pytest.mark.parametrize("kind", ["css", "png", "svg"])
def test_a_version_of_yesterday_or_of_another_vendor_is_404(
    vendors: tuple[Vendor, Vendor], kind: str
) -> None:
    acme, globex = vendors
    logo = logo_of(globex)
    assert logo
    foreign = logo.version if kind == "png" else brand_of(globex).version
    assert visitor(globex).get(f"/brand/{foreign}.{kind}", secure=True).status_code == 200

    for version in (foreign, "0" * 16):
        answer = visitor(acme).get(f"/brand/{version}.{kind}", secure=True)
        assert answer.status_code == 404
        assert "immutable" not in answer.get("Cache-Control", "")


def test_a_new_colour_has_a_new_address(vendors: tuple[Vendor, Vendor]) -> None:
    acme, _globex = vendors
    before = brand_of(acme).version
    acme.accent_colour = "#7a0f2b"
    acme.save()

    assert visitor(acme).get(f"/brand/{before}.css", secure=True).status_code == 404
    now = visitor(acme).get(f"/brand/{brand_of(acme).version}.css", secure=True)
    assert "--accent:#7a0f2b" in now.text


def test_a_vendor_without_a_logo_has_none_to_show(vendors: tuple[Vendor, Vendor]) -> None:
    acme, _globex = vendors
    found = logo_of(acme)
    assert found
    acme.logo.delete()

    assert visitor(acme).get(f"/brand/{found.version}.png", secure=True).status_code == 404
