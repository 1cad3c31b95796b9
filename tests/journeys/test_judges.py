"""A judge who never objects is worth nothing."""

from tests.journeys.judges import COLOURS, accessibility_violations, html_errors

SOUND = (
    '<!doctype html><html lang="en"><head><title>Sound</title></head>'
    "<body><main><h1>Sound</h1></main></body></html>"
)


def test_axe_objects_to_a_field_without_a_name(page):
    page.set_content(SOUND.replace("</h1>", "</h1><input>"))

    assert any(violation.startswith("label:") for violation in accessibility_violations(page))


def test_axe_has_nothing_against_a_sound_page(page):
    page.set_content(SOUND)

    assert accessibility_violations(page) == []


def test_axe_objects_to_what_cannot_be_read_by_its_colours_alone(page):
    page.set_content(SOUND.replace("<h1>", '<h1 style="color: #eee">'))

    [violation] = accessibility_violations(page, COLOURS)
    assert violation.startswith("color-contrast:")


def test_html_validate_objects_to_an_open_element():
    errors = html_errors({"sound": SOUND, "open": SOUND.replace("</h1>", "")})

    assert errors
    assert all(error.startswith("open: ") for error in errors)


def test_html_validate_has_nothing_against_a_sound_page():
    assert html_errors({"sound": SOUND}) == []


def test_an_exception_and_a_console_error_are_complaints(page, complaints):
    complaints.expect("on purpose")

    page.set_content(SOUND)
    page.evaluate("console.error('on purpose'); setTimeout(() => { throw Error('unforeseen') })")
    page.wait_for_timeout(100)

    assert [said for said in complaints.heard if "unforeseen" in said] == complaints.unexpected()
    complaints.expect("unforeseen")


def test_content_that_the_policy_refuses_is_a_complaint(page, complaints):
    policy = '<meta http-equiv="Content-Security-Policy" content="script-src \'none\'">'
    complaints.expect("Content Security Policy")

    page.set_content(SOUND.replace("</title>", f"</title>{policy}<script>1</script>"))

    assert any("Content Security Policy" in said for said in complaints.heard)
