"""The vendor's message: its names are filled in, its HTML stays harmless."""

import re
from html.parser import HTMLParser

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from accounts.message import TAGS, render_message
from accounts.models import Customer, Vendor
from accounts.templatetags.wording import plain_text

ATTACKS = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "<svg/onload=alert(1)>",
    "<svg><script>alert(1)</script></svg>",
    "<iframe src=javascript:alert(1)></iframe>",
    "<body onload=alert(1)>",
    "<style>*{background:url(//evil.example)}</style>",
    "<link rel=stylesheet href=//evil.example>",
    "<meta http-equiv=refresh content='0;url=//evil.example'>",
    "<base href=//evil.example>",
    "<form action=//evil.example><button>Sign in</button></form>",
    "<a href='javascript:alert(1)'>x</a>",
    "<a href=' java\nscript:alert(1)'>x</a>",
    "<a href='&#106;avascript:alert(1)'>x</a>",
    "<a href='data:text/html,<script>alert(1)</script>'>x</a>",
    "<a href='http://plain.example'>x</a>",
    "<a href='//evil.example'>x</a>",
    "<a href='/sign-out/'>x</a>",
    "<a href='https://ok.example' onclick=alert(1) style='position:fixed' target=_top>x</a>",
    "<p style='background:url(javascript:alert(1))' class=skip id=main>x</p>",
    "<math><mtext></table><mglyph><style><img src=x onerror=alert(1)>",
    "<noscript><p title='</noscript><img src=x onerror=alert(1)>'>",
    "<template><script>alert(1)</script></template>",
    "<object data=//evil.example></object><embed src=//evil.example>",
    "<video><source onerror=alert(1)></video>",
    "<input autofocus onfocus=alert(1)>",
    "<details open ontoggle=alert(1)>",
    "<!--><img src=x onerror=alert(1)>-->",
    "<![CDATA[<script>alert(1)</script>]]>",
    "<scr<script>ipt>alert(1)</scr</script>ipt>",
    "<p/onmouseover=alert(1)>x",
    "<A HREF=JAVASCRIPT:alert(1)>x</A>",
    "<xmp><script>alert(1)</script></xmp>",
    "<textarea><script>alert(1)</script></textarea>",
    "</p><script>alert(1)</script>",
    '"><script>alert(1)</script>',
    "{first_name}<script>alert('{email}')</script>",
    "<a href='{hub_url}'>x</a>",
    '<a href="https://ok.example/?{first_name}">x</a>',
    "<{first_name}>",
    "<a href=https://ok.example title='{name}'>x</a>",
]


def vendor(message: str, name: str = "Acme Courses") -> Vendor:
    return Vendor(name=name, subdomain="acme", support_email="help@acme.example", message=message)


ALICE = Customer(name="Alice Martin", email="alice@example.com")


class Strict(HTMLParser):
    """Fails on anything outside the safe list."""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert tag in TAGS, tag
        for name, value in attrs:
            assert (tag, name) in {("a", "href"), ("a", "rel")}, name
            if name == "href":
                assert (value or "").lower().startswith(("https://", "mailto:")), value

    def handle_comment(self, data: str) -> None:
        raise AssertionError(data)

    def handle_decl(self, decl: str) -> None:
        raise AssertionError(decl)


def assert_harmless(html: str) -> None:
    Strict().feed(html)


def test_names_are_filled_in() -> None:
    text = "{first_name} | {name} | {email} | {vendor_name} | {support_email} | {hub_url}"

    assert render_message(vendor(text), ALICE) == (
        "<p>Alice | Alice Martin | alice@example.com | Acme Courses | help@acme.example"
        " | https://acme.test</p>"
    )


def test_who_has_no_name_is_called_by_address() -> None:
    nameless = Customer(email="bob@example.com")

    assert (
        render_message(vendor("Hello {first_name}."), nameless) == "<p>Hello bob@example.com.</p>"
    )


def test_the_safe_list_stays() -> None:
    html = (
        "<h2>News</h2><p>A <strong>big</strong>, <em>good</em> thing<br>today.</p>"
        "<ul><li>One</li></ul><ol><li>Two</li></ol><h3>More</h3>"
    )

    assert render_message(vendor(html), ALICE) == html


def test_links_to_https_and_mail_stay_and_tell_nothing_of_the_customer() -> None:
    html = render_message(
        vendor('<p><a href="https://ok.example/x">a</a> <a href="mailto:a@ok.example">b</a></p>'),
        ALICE,
    )

    assert 'href="https://ok.example/x" rel="noopener noreferrer"' in html
    assert 'href="mailto:a@ok.example"' in html


def test_plain_text_becomes_paragraphs() -> None:
    written = "Hello {first_name}.\r\nSecond line.\r\n\r\nGoodbye <strong>you</strong>."

    assert render_message(vendor(written), ALICE) == (
        "<p>Hello Alice.<br>Second line.</p><p>Goodbye <strong>you</strong>.</p>"
    )


@pytest.mark.parametrize("attack", ATTACKS)
@pytest.mark.parametrize("shape", ["{}", "<p>{}</p>", "<a href='https://ok.example'>{}</a>"])
def test_an_attack_in_the_message_is_cleaned(attack: str, shape: str) -> None:
    assert_harmless(render_message(vendor(shape.replace("{}", attack)), ALICE))


@pytest.mark.parametrize("attack", ATTACKS)
def test_an_attack_in_a_name_is_only_text(attack: str) -> None:
    mallory = Customer(name=attack, email="mallory@example.com")
    html = render_message(vendor("<p>{name} of {vendor_name}</p>", name=attack), mallory)

    assert_harmless(html)
    assert set(re.findall(r"<(\w+)", html)) == {"p"}


def test_a_name_is_filled_in_once_however_it_reads() -> None:
    nested = Customer(name="{email} {{7*7}} {% debug %}", email="n@example.com")

    assert render_message(vendor("{name}"), nested) == "<p>{email} {{7*7}} {% debug %}</p>"


@pytest.mark.parametrize(
    "written",
    ["{{ 7|add:7 }}", "{% load static %}", "{first_name.__class__}", "{0}", "{name!r}", "{", "{}"],
)
def test_it_is_no_template_and_no_format_string(written: str) -> None:
    assert render_message(vendor(written), ALICE) == f"<p>{written}</p>"


def test_a_placeholder_in_an_attribute_is_left_as_written() -> None:
    html = render_message(vendor('<p><a href="https://ok.example/?{email}">x</a></p>'), ALICE)

    assert "alice" not in html


def test_a_smaller_than_sign_does_not_swallow_a_placeholder() -> None:
    assert render_message(vendor("5 < 6, {first_name}, and 7 > 6"), ALICE) == (
        "<p>5 &lt; 6, Alice, and 7 &gt; 6</p>"
    )


@given(st.text(max_size=200), st.text(max_size=50))
@example("<a <a {name} \" ' >", '"><img src=x>')
def test_no_message_and_no_name_get_past_the_cleaner(message: str, name: str) -> None:
    customer = Customer(name=name, email="x@example.com")

    assert_harmless(render_message(vendor(message + "{name}" + message), customer))


def test_in_a_mail_without_html_words_lists_and_addresses_stay() -> None:
    html = render_message(
        vendor(
            '<p>Hi {first_name} &amp; co.<br>Read <a href="https://ok.example">this</a>'
            ' or <a href="mailto:a@ok.example">a@ok.example</a>.</p>'
            "<ul><li>One</li><li>Two</li></ul>"
        ),
        ALICE,
    )

    assert plain_text(html).splitlines() == [
        "Hi Alice & co.",
        "Read this (https://ok.example) or a@ok.example.",
        "- One",
        "- Two",
    ]
