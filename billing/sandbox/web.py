"""What the sandbox's pages are made of: requests, replies, templates, and names for things."""

import json
from contextlib import suppress
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cache, cached_property
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from babel.numbers import format_currency, get_currency_precision
from django.template import Context, Engine
from django.utils.safestring import SafeString
from django.utils.translation import (
    get_language,
    get_supported_language_variant,
    to_locale,
)
from django.utils.translation.trans_real import parse_accept_lang_header

HERE = Path(__file__).parent
LOOPBACK = "http://localhost:* http://*.localhost:* http://127.0.0.1:*"
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors {ancestors}"
)


@dataclass(frozen=True, kw_only=True)
class Request:
    method: str
    target: str
    headers: dict[str, str]
    """Names in lower case."""
    body: bytes

    @cached_property
    def path(self) -> str:
        return urlsplit(self.target).path

    @cached_property
    def query(self) -> dict[str, str]:
        return _last_values(urlsplit(self.target).query)

    @cached_property
    def form(self) -> dict[str, str]:
        return _last_values(self.body.decode())

    @cached_property
    def json(self) -> dict[str, Any]:
        """The body as a JSON object; ValueError where it is none."""
        value = json.loads(self.body or b"{}")
        if not isinstance(value, dict):
            raise ValueError("The body must be a JSON object.")
        return value

    @property
    def language(self) -> str:
        """The first of the browser's languages that we have, English for the rest."""
        for wanted, _weight in parse_accept_lang_header(self.headers.get("accept-language", "")):
            with suppress(LookupError):
                return get_supported_language_variant(wanted)
        return "en"

    @property
    def is_ours(self) -> bool:
        """Whether the request comes from our own pages or from no page at all (a script)."""
        origin = self.headers.get("origin")
        if origin is not None and urlsplit(origin).netloc != self.headers.get("host"):
            return False
        return self.headers.get("sec-fetch-site", "none") in ("none", "same-origin")


@dataclass(frozen=True, kw_only=True)
class Reply:
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""


def html(text: str, *, status: int = 200, frameable: bool = False) -> Reply:
    ancestors = LOOPBACK if frameable else "'none'"
    headers = {
        "Content-Type": "text/html; charset=utf-8",
        "Cache-Control": "no-store",
        "Content-Security-Policy": POLICY.format(ancestors=ancestors),
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "same-origin",
    }
    return Reply(status=status, headers=headers, body=text.encode())


def json_reply(value: object, *, status: int = 200) -> Reply:
    headers = {"Content-Type": "application/json", "Cache-Control": "no-store"}
    return Reply(status=status, headers=headers, body=json.dumps(value, default=str).encode())


def problem(message: str, status: int) -> Reply:
    return json_reply({"error": {"message": message}}, status=status)


def see_other(target: str) -> Reply:
    return Reply(status=303, headers={"Location": target})


def page(name: str, context: dict[str, Any]) -> SafeString:
    return _engine().get_template(name).render(Context(context))


@cache
def _engine() -> Engine:
    return Engine(
        dirs=[str(HERE / "templates")],
        libraries={"i18n": "django.templatetags.i18n"},
    )


def merchant(account: str) -> str:
    """The name of the account "acct_acme": "Acme"."""
    name = account.removeprefix("acct_")
    return name[:1].upper() + name[1:]


def money(minor: int, currency: str) -> str:
    """An amount as it is written in the active language."""
    code = currency.upper()
    amount = Decimal(minor).scaleb(-get_currency_precision(code))
    return format_currency(amount, code, locale=to_locale(get_language() or "en"))


def supported(locale: str) -> str:
    """The nearest language we have, English for the rest."""
    try:
        return get_supported_language_variant(locale)
    except LookupError:
        return "en"


def _last_values(encoded: str) -> dict[str, str]:
    return {name: values[-1] for name, values in parse_qs(encoded, keep_blank_values=True).items()}
