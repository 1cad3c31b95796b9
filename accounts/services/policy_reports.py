"""What browsers report of the content policy: read with suspicion, for anybody can send one."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

from django.core.cache import cache
from django.db.models import F
from django.urls import Resolver404, resolve
from django.utils import timezone

from accounts.models import PolicyReport
from accounts.throttle import client_hash

LARGEST_BODY = 32 * 1024
MOST_IN_ONE_BODY = 20
REQUESTS_A_MINUTE = 30
MOST_KINDS_OF_A_HOST = 300
KEPT_FOR = timedelta(days=30)

DIRECTIVES = frozenset(
    {
        *("base-uri", "child-src", "connect-src", "default-src", "font-src", "form-action"),
        *("frame-ancestors", "frame-src", "img-src", "manifest-src", "media-src", "object-src"),
        *("script-src", "script-src-attr", "script-src-elem", "worker-src"),
        *("style-src", "style-src-attr", "style-src-elem"),
    }
)
# An extension's doings are the reader's own affair, and none of the page's: customarily dropped.
EXTENSIONS = ("chrome-extension", "moz-extension", "safari-extension", "safari-web-extension")
KEYWORDS = frozenset({"eval", "inline", "wasm-eval"})


@dataclass(frozen=True, slots=True)
class Breach:
    page: str
    directive: str
    blocked: str


def allows(*, host: str, client: str) -> bool:
    """Whether this client may report once more in this minute."""
    key = f"policy-reports:{host}:{client_hash(client)}"
    cache.add(key, 0, timeout=60)
    try:
        return cache.incr(key) <= REQUESTS_A_MINUTE
    except ValueError:  # it ran out between the two
        return True


def read(body: bytes, *, host: str) -> list[Breach]:
    """The breaches on pages of this host. What is no report, or an extension's, is left out."""
    try:
        said = json.loads(body)
    except (ValueError, RecursionError):
        return []
    reports = said if isinstance(said, list) else [said]
    return [breach for report in reports[:MOST_IN_ONE_BODY] for breach in _breaches(report, host)]


def keep(breaches: list[Breach], *, host: str) -> None:
    """One more of its kind; a new kind only while this host has not too many."""
    now = timezone.now()
    for breach in breaches:
        kind = PolicyReport.objects.filter(host=host, **asdict(breach))
        if kind.update(count=F("count") + 1, last_seen_at=now):
            continue
        if PolicyReport.objects.filter(host=host).count() < MOST_KINDS_OF_A_HOST:
            moments = {"first_seen_at": now, "last_seen_at": now}
            PolicyReport.objects.get_or_create(host=host, **asdict(breach), defaults=moments)
            kind.update(count=F("count") + 1)


def forget_old() -> None:
    PolicyReport.objects.filter(last_seen_at__lt=timezone.now() - KEPT_FOR).delete()


def _breaches(report: Any, host: str) -> Iterator[Breach]:
    """As CSP 3 has them: `report-to` sends a `body` in camel case, `report-uri` kebab case."""
    if not isinstance(report, dict):
        return
    body = report.get("body", report.get("csp-report"))
    if not isinstance(body, dict):
        return
    address = _text(body, "documentURL", "document-uri")
    directive = _text(body, "effectiveDirective", "effective-directive", "violated-directive")
    blocked = _text(body, "blockedURL", "blocked-uri")
    source = _text(body, "sourceFile", "source-file")
    directive = directive.partition(" ")[0]
    if any(_scheme(each) in EXTENSIONS for each in (blocked, source)):
        return
    if directive in DIRECTIVES and _host(address) == host:
        yield Breach(_page(address), directive, _origin(blocked))


def _text(body: dict[str, Any], *names: str) -> str:
    found = next((body[name] for name in names if isinstance(body.get(name), str)), "")
    return found[:2000]


def _page(address: str) -> str:
    """`/sign-in/<str:token>/`: the pattern, for the address itself may be a secret."""
    try:
        return f"/{resolve(urlsplit(address).path).route}"[:200]
    except Resolver404:
        return ""


def _host(address: str) -> str:
    try:
        return urlsplit(address).hostname or ""
    except ValueError:
        return ""


def _scheme(address: str) -> str:
    return address.partition(":")[0].lower()


def _origin(blocked: str) -> str:
    """Who was kept out: a host, a kind of content ("inline"), or a scheme ("data")."""
    scheme = _scheme(blocked)
    if scheme in ("http", "https", "ws", "wss"):
        return f"{scheme}://{_host(blocked)}"[:200]
    return scheme if scheme in KEYWORDS or scheme in ("blob", "data", "file", "javascript") else ""
