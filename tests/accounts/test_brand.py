"""Whatever two colours a vendor picks, every text stays readable."""

from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from accounts.brand import Brand, black_or_white, brand_from, contrast, luminance

PAPER, TINT = "#ffffff", "#f5f5f2"
DARK_PAPER, DARK_TINT = "#171b1e", "#0f1214"

STEPS = ("00", "2a", "55", "80", "aa", "d5", "ff")
GRID = ["#" + "".join(channels) for channels in product(STEPS, repeat=3)]

colours = st.integers(0, 0xFFFFFF).map(lambda number: f"#{number:06x}")


def assert_readable(brand: Brand) -> None:
    assert contrast(brand.on_header, brand.header) >= 4.5
    assert contrast(brand.on_accent, brand.accent) >= 4.5
    assert contrast(brand.dark_on_accent, brand.dark_accent) >= 4.5
    assert min(contrast(brand.accent_ink, ground) for ground in (PAPER, TINT)) >= 4.5
    assert min(contrast(brand.dark_accent_ink, ground) for ground in (DARK_PAPER, DARK_TINT)) >= 4.5
    # A button's edge must be seen as well: 3:1 from the page around it.
    assert contrast(brand.rim, PAPER) >= 3
    assert contrast(brand.dark_accent, DARK_PAPER) >= 3


def test_343_colours_all_read_in_light_and_dark() -> None:
    assert len(GRID) == 343
    for colour in GRID:
        assert_readable(brand_from(colour, colour))


@given(colours, colours)
def test_any_two_colours_read(header: str, accent: str) -> None:
    assert_readable(brand_from(header, accent))


def test_contrast_is_what_wcag_says() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.005)
    assert contrast("#ffffff", "#777777") == contrast("#777777", "#ffffff")
    assert luminance("#ff0000") == pytest.approx(0.2126)


def test_text_on_a_colour_is_whichever_of_black_and_white_reads_better() -> None:
    for ground in GRID:
        chosen = contrast(black_or_white(ground), ground)
        assert chosen >= max(contrast("#000000", ground), contrast("#ffffff", ground)) - 0.02


def test_a_colour_that_reads_already_is_left_alone() -> None:
    brand = brand_from("#11363d", "#0f6b7a")

    assert (brand.header, brand.accent, brand.accent_ink) == ("#11363d", "#0f6b7a", "#0f6b7a")
    assert (brand.on_header, brand.on_accent) == ("#ffffff", "#ffffff")


def test_yellow_buttons_get_black_words_and_links_a_darker_yellow() -> None:
    brand = brand_from("#ffffff", "#ffd23f")

    assert brand.on_accent == "#000000"
    red, green, blue = (int(brand.accent_ink[at : at + 2], 16) for at in (1, 3, 5))
    assert red > green > blue
    assert luminance(brand.accent_ink) < luminance(brand.accent)


def test_the_stylesheet_names_every_colour_and_its_version_follows_it() -> None:
    acme, globex = brand_from("#11363d", "#0f6b7a"), brand_from("#efecfb", "#4c3fb1")

    assert "--header:#11363d;--on-header:#ffffff;--accent:#0f6b7a" in acme.stylesheet
    assert f"--accent-ink:{acme.dark_accent_ink}" in acme.stylesheet.partition("dark")[2]
    assert acme.version != globex.version
    assert acme.version == brand_from("#11363d", "#0f6b7a").version
