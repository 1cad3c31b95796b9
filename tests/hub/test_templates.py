"""The parts every page is made of: icons, form fields, error pages, dates."""

import re
from datetime import date
from pathlib import Path

import pytest
from django import forms
from django.conf import settings
from django.template import Context, Template
from django.template.loader import get_template
from django.utils import translation
from django.utils.formats import date_format

from accounts.models import Vendor
from hub.templatetags.hub import icon

ROOT = Path(settings.BASE_DIR)
SPRITE = (ROOT / "static" / "icons.svg").read_text()


def test_every_icon_a_template_names_is_drawn() -> None:
    drawn = set(re.findall(r'<symbol id="([\w-]+)"', SPRITE))
    named = {
        name
        for template in (ROOT / "templates").rglob("*.html")
        for name in re.findall(r'\{% icon "([\w-]+)" %\}', template.read_text())
    }

    assert named
    assert named <= drawn


def test_only_arrows_turn_from_right_to_left() -> None:
    assert 'class="icon turns"' in icon("back")
    assert 'class="icon"' in icon("check")
    assert 'aria-hidden="true"' in icon("check")


class Details(forms.Form):
    name = forms.CharField(label="Name")
    email = forms.EmailField(label="E-mail", help_text="A new address counts once confirmed.")
    company = forms.CharField(label="Company", required=False)
    reason = forms.ChoiceField(
        label="Why", widget=forms.RadioSelect, choices=[("a", "Price"), ("b", "Time")]
    )
    agree = forms.BooleanField(label="I agree")


def render(source: str, **context: object) -> str:
    return Template("{% load hub %}" + source).render(Context(context))


def test_a_field_has_its_label_hint_and_direction() -> None:
    html = render('{% field form.email "half" %}', form=Details())

    assert '<div class="field half">' in html
    assert '<label for="id_email">E-mail</label>' in html
    assert 'aria-describedby="id_email_helptext"' in html
    assert '<p class="hint" id="id_email_helptext">A new address counts' in html
    assert 'dir="ltr"' in html
    assert 'dir="auto"' in render("{% field form.name %}", form=Details())


def test_what_may_stay_empty_says_so() -> None:
    assert "(optional)" in render("{% field form.company %}", form=Details())
    assert "(optional)" not in render("{% field form.name %}", form=Details())


def test_a_wrong_field_comes_back_filled_and_says_what_is_wrong() -> None:
    html = render("{% field form.email %}", form=Details({"email": "alice@"}))

    assert 'value="alice@"' in html
    assert 'aria-invalid="true"' in html
    assert 'aria-describedby="id_email_helptext id_email_error"' in html
    assert re.search(r'id="id_email_error">.*Enter a valid email address\.', html, re.DOTALL)


def test_choices_are_a_group_with_a_name() -> None:
    html = render("{% field form.reason %}", form=Details())

    assert "<legend>Why</legend>" in html
    assert html.count('<label class="choice"') == 2


def test_the_summary_leads_to_each_wrong_field() -> None:
    html = str(Details({"email": "alice@"}))

    assert "5 things" not in html
    assert "4 things to correct" in html
    for target in ("id_name", "id_email", "id_reason_0", "id_agree"):
        assert f'href="#{target}"' in html
        assert f'id="{target}"' in html
    assert 'tabindex="-1"' in html


def test_a_form_without_errors_has_no_summary() -> None:
    assert "to correct" not in str(Details())


def test_markup_in_an_answer_is_text() -> None:
    html = str(Details({"name": "<script>", "email": '"><script>alert(1)</script>'}))

    assert "<script>" not in html


def test_the_page_for_our_own_errors_needs_no_request_and_no_database() -> None:
    html = get_template("500.html").render()

    assert "Something went wrong on our side" in html
    assert "/static/css/hub.css" in html


def test_the_footer_names_who_sells() -> None:
    vendor = Vendor(
        name="Acme",
        subdomain="acme",
        support_email="help@acme.example",
        support_phone="+353 1 555 0142",
        legal_name="Acme Courses Ltd",
        legal_address="14 Harcourt Street\nDublin 2,\nIreland",
    )
    request = type("Request", (), {"vendor": vendor, "customer": None, "get_full_path": "/?a=1"})

    html = get_template("components/footer.html").render({"request": request})

    assert "Acme Courses Ltd, 14 Harcourt Street, Dublin 2, Ireland" in html
    assert 'href="tel:+35315550142"' in html
    assert 'name="next" value="/?a=1"' in html
    assert '<option value="de" lang="de">Deutsch</option>' in html


@pytest.mark.parametrize(
    ("language", "long", "short"),
    [("en", "3 November 2026", "3 Nov 2026"), ("de", "3. November 2026", "03.11.2026")],
)
def test_dates_read_as_in_the_country(language: str, long: str, short: str) -> None:
    with translation.override(language):
        assert date_format(date(2026, 11, 3), "DATE_FORMAT") == long
        assert date_format(date(2026, 11, 3), "SHORT_DATE_FORMAT") == short


def test_no_heading_leaves_the_pages_side_for_the_direction_of_a_name() -> None:
    """`dir="auto"` aligns the whole heading by its text; `bdi` only orders the letters."""
    pages = (ROOT / "templates").rglob("*.html")

    assert [str(page) for page in pages if '<h1 dir="auto"' in page.read_text()] == []
