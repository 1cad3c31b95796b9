"""What may be believed of a request."""

import pytest
from django.test import RequestFactory, override_settings

from accounts.http import client_address, own_path


@pytest.mark.parametrize(
    ("proxies", "forwarded", "remote", "believed"),
    [
        (0, None, "192.0.2.1", "192.0.2.1"),
        (0, "203.0.113.9", "192.0.2.1", "192.0.2.1"),
        (1, "203.0.113.9", "10.0.0.1", "203.0.113.9"),
        (1, "6.6.6.6, 203.0.113.9", "10.0.0.1", "203.0.113.9"),
        (2, "6.6.6.6, 203.0.113.9, 10.0.0.2", "10.0.0.1", "203.0.113.9"),
        (2, "203.0.113.9", "10.0.0.1", "10.0.0.1"),
        (1, "", "10.0.0.1", ""),
        (1, "unknown", "10.0.0.1", "unknown"),
        (0, None, "2001:db8:1:2:3:4:5:6", "2001:db8:1:2::"),
        (0, None, "", ""),
    ],
)
def test_a_client_is_whom_our_own_proxies_saw(proxies, forwarded, remote, believed):
    headers = {} if forwarded is None else {"X-Forwarded-For": forwarded}
    request = RequestFactory().get("/", REMOTE_ADDR=remote, headers=headers)

    with override_settings(TRUSTED_PROXIES=proxies):
        assert client_address(request) == believed


@pytest.mark.parametrize("path", ["/", "/card/", "/documents/?year=2026&x=/y", "/a//b"])
def test_a_page_of_the_hub_may_be_gone_on_to(path):
    assert own_path(path) == path


@pytest.mark.parametrize(
    "path",
    ["", "card/", "//evil.example", "///evil.example", "/\\evil.example", "\\\\evil.example",
     "https://evil.example", "https:/evil.example", "javascript:alert(1)", "\t//evil.example",
     " //evil.example", "/" + "x" * 200, "/\0", "/card/\n"],
)  # fmt: skip
def test_nothing_else_is(path):
    assert own_path(path) == ""
