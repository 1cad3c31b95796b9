"""A logo is what its bytes say, and is kept as a fresh PNG."""

import struct
import time
import zlib
from io import BytesIO

import pytest
from django.core.exceptions import ValidationError
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, PngImagePlugin

from accounts.logos import MAX_BYTES, Logo, LogoField, clean_logo, logo_of, size_shown
from accounts.models import Vendor

SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'


def image_of(size: tuple[int, int], kind: str, colour: str = "#0f6b7a", **options: object) -> bytes:
    out = BytesIO()
    Image.new("RGB", size, colour).save(out, kind, **options)
    return out.getvalue()


def opened(png: bytes) -> Image.Image:
    return Image.open(BytesIO(png))


def refusal(content: bytes) -> str:
    with pytest.raises(ValidationError) as caught:
        clean_logo(BytesIO(content))
    return str(caught.value.messages[0])


def png_that_claims(width: int, height: int) -> bytes:
    """A few bytes that say they unpack to width x height pixels."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return (
            struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        )

    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 6, 0, 0, 0))
    pixels = chunk(b"IDAT", zlib.compress(bytes(100_000)))
    return b"\x89PNG\r\n\x1a\n" + header + pixels + chunk(b"IEND", b"")


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
def test_png_jpeg_and_webp_become_png(kind: str) -> None:
    logo = opened(clean_logo(BytesIO(image_of((300, 60), kind))))

    assert (logo.format, logo.mode, logo.size) == ("PNG", "RGBA", (300, 60))


def test_a_tall_logo_is_kept_512_high_in_its_own_shape() -> None:
    assert opened(clean_logo(BytesIO(image_of((1500, 1024), "PNG")))).size == (750, 512)


def test_transparency_stays() -> None:
    out = BytesIO()
    Image.new("RGBA", (10, 10), (255, 0, 0, 0)).save(out, "PNG")

    assert opened(clean_logo(out)).getpixel((5, 5)) == (255, 0, 0, 0)


def test_nothing_but_pixels_survives() -> None:
    notes = PngImagePlugin.PngInfo()
    notes.add_text("Comment", "canary-in-metadata")
    exif = Image.Exif()
    exif[0x010E] = "canary-in-exif"
    for content in (
        image_of((40, 40), "PNG", pnginfo=notes),
        image_of((40, 40), "JPEG", exif=exif, comment=b"canary-in-comment"),
        image_of((40, 40), "PNG") + b"<script>canary-behind-the-image</script>",
    ):
        assert b"canary" in content
        clean = clean_logo(BytesIO(content))
        assert b"canary" not in clean
        assert not {"Comment", "exif", "comment"} & opened(clean).info.keys()


def test_a_photo_on_its_side_is_set_upright() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6

    assert opened(clean_logo(BytesIO(image_of((80, 40), "JPEG", exif=exif)))).size == (40, 80)


def test_an_animation_becomes_its_first_picture() -> None:
    out = BytesIO()
    red, blue = (Image.new("RGB", (20, 20), colour) for colour in ("red", "blue"))
    red.save(out, "WEBP", save_all=True, append_images=[blue], lossless=True)

    clean = opened(clean_logo(out))
    assert getattr(clean, "n_frames", 1) == 1
    assert clean.getpixel((5, 5)) == (255, 0, 0, 255)


@pytest.mark.parametrize(
    "content",
    [SVG, b"<?xml version='1.0'?>" + SVG, b"GIF89a" + bytes(50), b"%PDF-1.7", b"logo", b"\x89PNG"],
    ids=["svg", "svg with a prolog", "gif", "pdf", "text", "three letters of a png"],
)
def test_what_is_no_png_jpeg_or_webp_is_refused(content: bytes) -> None:
    assert "not a PNG, JPEG or WebP image" in refusal(content)


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
def test_an_image_that_breaks_off_is_refused(kind: str) -> None:
    import weasyprint.images  # noqa: F401  it tells Pillow to accept such images

    out = BytesIO()
    Image.effect_noise((400, 400), 90).convert("RGB").save(out, kind)
    whole = out.getvalue()

    assert refusal(whole[: len(whole) // 2]) in {
        "This image is damaged: it could not be read to its end. Export it again.",
        "This is not a PNG, JPEG or WebP image. Save the logo as PNG, then upload that.",
    }


@pytest.mark.parametrize("size", [(30_000, 30_000), (4_001, 4_000)])
def test_a_bomb_is_refused_before_it_is_unpacked(size: tuple[int, int]) -> None:
    started = time.process_time()

    assert "more than 16 million pixels" in refusal(png_that_claims(*size))
    assert time.process_time() - started < 1


def test_a_file_larger_than_5_mb_is_refused() -> None:
    assert "larger than 5 MB" in refusal(image_of((9, 9), "PNG") + bytes(MAX_BYTES))


@given(
    st.binary(max_size=400),
    st.sampled_from([b"", b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff\xe0", b"RIFF"]),
)
def test_no_bytes_bring_it_down(content: bytes, start: bytes) -> None:
    with pytest.raises(ValidationError):
        clean_logo(BytesIO(start + content))


@pytest.mark.parametrize(
    ("size", "shown"),
    [
        ((120, 30), (120, 30)),
        ((500, 70), (500, 70)),
        ((1000, 140), (500, 70)),
        ((2000, 100), (500, 25)),
        ((140, 140), (70, 70)),
        ((2000, 1), (500, 1)),
    ],
)
def test_it_is_shown_at_most_500_by_70_and_never_larger_than_it_is(
    size: tuple[int, int], shown: tuple[int, int]
) -> None:
    assert size_shown(*size) == shown


def test_for_pdfs_it_is_a_jpeg_on_the_header_colour() -> None:
    out = BytesIO()
    Image.new("RGBA", (40, 20), (0, 0, 0, 0)).save(out, "PNG")

    flat = Image.open(BytesIO(Logo(out.getvalue(), 40, 20).jpeg("#11363d")))

    assert (flat.format, flat.size) == ("JPEG", (40, 20))
    pixel = flat.convert("RGB").getpixel((10, 10))
    assert isinstance(pixel, tuple)
    assert all(abs(a - b) <= 2 for a, b in zip(pixel, (0x11, 0x36, 0x3D), strict=True))


def test_the_form_field_hands_on_the_clean_png() -> None:
    upload = SimpleUploadedFile("evil.svg", image_of((60, 20), "JPEG"), "image/svg+xml")

    cleaned = LogoField().clean(upload)

    assert cleaned.name == "logo.png"
    assert opened(cleaned.read()).format == "PNG"


def test_the_form_field_says_why_it_refuses_an_svg() -> None:
    with pytest.raises(ValidationError, match="not a PNG, JPEG or WebP image"):
        LogoField().clean(SimpleUploadedFile("logo.png", SVG, "image/png"))


def test_a_logo_whose_file_is_gone_is_no_logo() -> None:
    name = default_storage.save("vendors/0/logo/x.png", ContentFile(image_of((8, 8), "PNG")))
    default_storage.delete(name)

    assert logo_of(Vendor(name="Acme", logo=name)) is None
    assert logo_of(Vendor(name="Acme")) is None
