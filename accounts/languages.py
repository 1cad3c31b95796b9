"""Which of the hub's languages someone reads."""

from django.conf import settings
from django.utils.translation import get_supported_language_variant


def first_supported(*wishes: str) -> str:
    """The first wish we speak ("de-AT" is met by "de"), else the hub's own language."""
    for wish in filter(None, wishes):
        try:
            return get_supported_language_variant(wish)
        except (LookupError, ValueError):
            continue
    return settings.LANGUAGE_CODE
