"""Which of the hub's languages someone reads, and the order of words in them."""

from unicodedata import combining, normalize

from django.conf import settings
from django.utils.translation import get_supported_language_variant


def first_supported(*wishes: str) -> str:
    """The first wish we speak ("de-AT" is met by "de"), else the hub's own language."""
    return next(filter(None, map(supported, wishes)), settings.LANGUAGE_CODE)


def supported(wish: str) -> str:
    """What we speak that meets it; nothing if we do not."""
    try:
        return get_supported_language_variant(wish) if wish else ""
    except (LookupError, ValueError):
        return ""


def alphabetical(word: str) -> str:
    """What to sort it by: an accent or umlaut stands with its letter."""
    return "".join(c for c in normalize("NFD", word) if not combining(c)).casefold()
