"""What the sandbox's pages are made of: a request as it arrived, a reply as it leaves, templates."""

import json
from dataclasses import dataclass, field
from functools import cache, cached_property
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from django.template import Context, Engine
from django.utils.safestring import SafeString

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


def see_other(target: str) -> Reply:
    return Reply(status=303, headers={"Location": target})


def page(name: str, context: dict[str, Any]) -> SafeString:
    return _engine().get_template(name).render(Context(context))


@cache
def _engine() -> Engine:
    return Engine(
        dirs=[HERE / "templates"],
        libraries={"i18n": "django.templatetags.i18n"},
    )


def _last_values(encoded: str) -> dict[str, str]:
    return {
        name: values[-1] for name, values in parse_qs(encoded, keep_blank_values=True).items()
    }
