"""A vendor's logo: what may be uploaded, how it is kept, and how large it is shown."""

from __future__ import annotations

import hashlib
import struct
from dataclasses import dataclass
from functools import lru_cache
from io import BytesIO
from typing import IO, TYPE_CHECKING, Any

from django import forms
from django.core.exceptions import ValidationError
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.utils.translation import gettext_lazy as _
from PIL import Image, ImageFile, ImageOps, UnidentifiedImageError

if TYPE_CHECKING:
    from accounts.models import Vendor

SHOWN_AT_MOST = (500, 70)
KEPT_AT_MOST = (2048, 512)
MAX_BYTES = 5 * 1024 * 1024
MAX_PIXELS = 16_000_000
FORMATS = ("PNG", "JPEG", "WEBP")

_DAMAGED = (OSError, SyntaxError, ValueError, EOFError, IndexError, struct.error)
_BOMB = (Image.DecompressionBombError, Image.DecompressionBombWarning)


@dataclass(frozen=True, slots=True)
class Logo:
    """The kept PNG, and the size in CSS pixels at which it is shown."""

    png: bytes
    width: int
    height: int

    @property
    def version(self) -> str:
        return hashlib.sha256(self.png).hexdigest()[:16]

    def jpeg(self, ground: str) -> bytes:
        """Flattened on this colour (#rrggbb): WeasyPrint is quickest with a JPEG."""
        with Image.open(BytesIO(self.png)) as image:
            flat = Image.new("RGB", image.size, ground)
            flat.paste(image, mask=image.getchannel("A"))
        out = BytesIO()
        flat.save(out, "JPEG", quality=92, subsampling=0)
        return out.getvalue()


def logo_of(vendor: Vendor) -> Logo | None:
    """None where the vendor has no logo, or its file is gone: the name stands in."""
    if not vendor.logo:
        return None
    try:
        return _read(vendor.logo.name)
    except FileNotFoundError:
        return None


@lru_cache(maxsize=64)
def _read(name: str) -> Logo:
    """A name is random and never used twice, so what it holds never changes."""
    with default_storage.open(name) as file:
        return logo_from(file.read())


def logo_from(png: bytes) -> Logo:
    """Of what `clean_logo` made."""
    with Image.open(BytesIO(png)) as image:
        return Logo(png, *size_shown(*image.size))


def size_shown(width: int, height: int) -> tuple[int, int]:
    """At most 500 x 70, never larger than it is, never out of shape."""
    scale = min(1, SHOWN_AT_MOST[0] / width, SHOWN_AT_MOST[1] / height)
    return max(1, round(width * scale)), max(1, round(height * scale))


def clean_logo(upload: IO[bytes]) -> bytes:
    """The image as a fresh PNG: no metadata, no second frame, nothing hidden behind it.

    Judged by content; its dimensions are read before a single pixel is unpacked.
    """
    upload.seek(0, 2)
    if upload.tell() > MAX_BYTES:
        raise ValidationError(_("This file is larger than 5 MB. Save the logo smaller."))
    upload.seek(0)
    ImageFile.LOAD_TRUNCATED_IMAGES = False  # importing WeasyPrint lets broken images pass
    try:
        with Image.open(upload, formats=FORMATS) as image:
            if image.width * image.height > MAX_PIXELS:
                raise ValidationError(_too_many_pixels)
            return _re_encoded(image)
    except _BOMB as error:
        raise ValidationError(_too_many_pixels) from error
    except UnidentifiedImageError as error:
        raise ValidationError(_not_an_image) from error
    except _DAMAGED as error:
        raise ValidationError(_damaged) from error


def _re_encoded(image: Image.Image) -> bytes:
    upright = ImageOps.exif_transpose(image)
    upright = upright.convert("RGBA")
    upright.thumbnail(KEPT_AT_MOST)
    clean = Image.new("RGBA", upright.size)
    clean.paste(upright)
    out = BytesIO()
    clean.save(out, "PNG", optimize=True)
    return out.getvalue()


_not_an_image = _("This is not a PNG, JPEG or WebP image. Save the logo as PNG, then upload that.")
_damaged = _("This image is damaged: it could not be read to its end. Export it again.")
_too_many_pixels = _("This image has more than 16 million pixels. Save the logo smaller.")


class LogoField(forms.FileField):
    """A file field whose cleaned value is the re-encoded PNG."""

    def to_python(self, data: Any) -> Any:
        upload = super().to_python(data)
        return upload and ContentFile(clean_logo(upload), name="logo.png")
