"""Where a row leads to. Django looks the address up anew for each row; here it is done once."""

from __future__ import annotations

from functools import cache
from uuid import UUID

from django.conf import settings
from django.urls import reverse

NOBODYS = UUID(int=0)


def path_to(view_name: str, of: UUID) -> str:
    """A hub's page about one subscription or purchase."""
    return _path_to_nobodys(view_name).replace(str(NOBODYS), str(of))


@cache
def path(view_name: str) -> str:
    """A hub's page that is about nothing in particular."""
    return reverse(view_name, urlconf=settings.ROOT_URLCONF)


@cache
def _path_to_nobodys(view_name: str) -> str:
    return reverse(view_name, urlconf=settings.ROOT_URLCONF, args=[NOBODYS])
