"""A hostile logo is refused with a reason, quickly and without filling the memory."""

from __future__ import annotations

import json
import subprocess
import sys
import zlib
from io import BytesIO

import pytest
from django.conf import settings
from django.core.exceptions import ValidationError
from PIL import Image

from accounts.logos import KEPT_AT_MOST, clean_logo
from tests.accounts.test_logos import image_of, png_that_claims
from tests.figures import Report

SECONDS, MEGABYTES = 1, 200

# What a child does with a limit on its memory, and tells of it. The first image is not counted:
# it is what loads the library.
CHILD = """
import json, os, resource, sys, time
import django
from io import BytesIO
os.environ["DJANGO_SETTINGS_MODULE"] = "tests.settings"
django.setup()
from PIL import Image
from accounts.logos import clean_logo
small = BytesIO()
Image.new("RGB", (9, 9)).save(small, "PNG")
clean_logo(small)
content = sys.stdin.buffer.read()
peak = lambda: int(open("/proc/self/status").read().split("VmHWM:")[1].split()[0]) / 1024
before = peak()
have = int(open("/proc/self/statm").read().split()[0]) * resource.getpagesize()
resource.setrlimit(resource.RLIMIT_AS, (have + MEGABYTES * 2**20,) * 2)
resource.setrlimit(resource.RLIMIT_CPU, (30, 30))
started = time.process_time()
try:
    clean_logo(BytesIO(content))
    said = "kept"
except Exception as error:
    said = type(error).__name__ + ": " + " ".join(getattr(error, "messages", []))
seconds = time.process_time() - started
print(json.dumps([said, seconds, peak() - before]))
""".replace("MEGABYTES", str(MEGABYTES))


def bomb(kind: str) -> bytes:
    """30,000 x 30,000 pixels of one colour, whole and honest: a few hundred kilobytes of PNG."""
    if kind == "claims":
        return png_that_claims(30_000, 30_000)
    row = b"\x00" + bytes(30_000 // 8)
    packer = zlib.compressobj(9)
    pixels = b"".join(packer.compress(row) for _ in range(30_000)) + packer.flush()
    return png_of_bits(30_000, 30_000, pixels)


def png_of_bits(width: int, height: int, pixels: bytes) -> bytes:
    def chunk(name: bytes, data: bytes) -> bytes:
        check = zlib.crc32(name + data)
        return len(data).to_bytes(4) + name + data + check.to_bytes(4)

    header = width.to_bytes(4) + height.to_bytes(4) + bytes([1, 0, 0, 0, 0])
    start = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header)
    return start + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")


def webp_animation() -> bytes:
    """Frames of 3,000 x 3,000: within the limit each, far beyond it together."""
    out = BytesIO()
    frames = [Image.new("RGB", (3_000, 3_000), colour) for colour in ("red", "blue")] * 10
    frames[0].save(out, "WEBP", save_all=True, append_images=frames[1:])
    return out.getvalue()


def in_a_child(content: bytes) -> tuple[str, float, float]:
    child = [sys.executable, "-c", CHILD]
    run = subprocess.run(
        child, input=content, capture_output=True, check=False, cwd=settings.BASE_DIR
    )
    said, seconds, grown = json.loads(run.stdout or b'["it died", 99, 999]')
    return said, seconds, grown


@pytest.mark.parametrize("kind", ["claims", "honest"])
def test_a_bomb_costs_neither_time_nor_memory(kind: str, report: Report) -> None:
    content = bomb(kind)
    said, seconds, grown = in_a_child(content)

    assert "more than 16 million pixels" in said
    assert seconds < SECONDS
    assert grown < MEGABYTES
    report(f"30,000 x 30,000 ({kind}): refused in {seconds:.2f} s, {grown:.0f} MB")


@pytest.mark.slow
def test_an_animation_is_read_to_its_first_picture_only(report: Report) -> None:
    said, seconds, grown = in_a_child(webp_animation())

    assert said == "kept"
    assert grown < MEGABYTES
    report(f"20 frames of 3,000 x 3,000: kept in {seconds:.2f} s, {grown:.0f} MB")


def test_a_page_behind_a_picture_is_gone() -> None:
    """Valid as a PNG and as HTML: what is kept is drawn anew."""
    page = b"<html><script>alert('canary')</script></html>"
    clean = clean_logo(BytesIO(image_of((40, 20), "PNG") + page))

    assert b"canary" not in clean
    with Image.open(BytesIO(clean)) as kept:
        assert kept.format == "PNG"
        assert kept.info == {}


@pytest.mark.parametrize("first", [b"<html>", b"GIF89a", b"%PDF-1.7\n", b"<svg/>", b"\x00" * 8])
def test_a_picture_behind_a_page_is_refused(first: bytes) -> None:
    with pytest.raises(ValidationError, match="not a PNG, JPEG or WebP"):
        clean_logo(BytesIO(first + image_of((40, 20), "PNG")))


@pytest.mark.parametrize("mode", ["CMYK", "L", "YCbCr"])
def test_a_jpeg_from_a_print_shop_is_kept_in_screen_colours(mode: str) -> None:
    out = BytesIO()
    Image.new(mode, (2_400, 1_200)).save(out, "JPEG")
    with Image.open(BytesIO(clean_logo(out))) as kept:
        assert (kept.format, kept.mode) == ("PNG", "RGBA")
        assert kept.height <= KEPT_AT_MOST[1]


@pytest.mark.parametrize("kind", ["GIF", "BMP", "TIFF", "ICO", "PPM", "TGA", "PDF", "ICNS"])
def test_what_pillow_could_read_besides_is_refused(kind: str) -> None:
    with pytest.raises(ValidationError, match="not a PNG, JPEG or WebP"):
        clean_logo(BytesIO(image_of((32, 32), kind)))
