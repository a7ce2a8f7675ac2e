"""The check of PNG and JPEG files."""

from __future__ import annotations

import struct
import zlib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coachway.core.documents.images import MAX_PIXELS_PER_SIDE, clean_image
from tests.unit.core.png import build_chunk, build_png

JPEG = (Path(__file__).parent / "harbor.jpg").read_bytes()
"""240 × 80 pixels."""
FRAME = b"\xff\xc0" + struct.pack(">HBHHB", 17, 8, 8, 8, 3) + bytes(9)
PNG = build_png(3, 2)
PIXELS = zlib.compress((b"\0" + b"\x01" * 9) * 2)
PLACE = b"Exif\0\0GPS 40.7074 -74.0113"


def insert_segment(marker: int, data: bytes) -> bytes:
    return JPEG[:2] + bytes([0xFF, marker]) + struct.pack(">H", len(data) + 2) + data + JPEG[2:]


@pytest.mark.parametrize(
    ("depth", "color"), [(1, 0), (8, 0), (16, 0), (8, 2), (16, 2), (4, 3), (8, 4), (8, 6), (16, 6)]
)
@pytest.mark.parametrize("interlaced", [False, True])
def test_png_of_every_kind_is_kept(depth: int, color: int, interlaced: bool) -> None:
    content = build_png(13, 7, depth=depth, color=color, interlaced=interlaced)
    image = clean_image(content)
    assert (image.media_type, image.width, image.height, image.content) == ("image/png", 13, 7, content)


def test_jpeg_is_kept() -> None:
    image = clean_image(JPEG)
    assert (image.media_type, image.width, image.height) == ("image/jpeg", 240, 80)
    assert clean_image(image.content) == image


def test_what_is_not_part_of_the_picture_is_removed() -> None:
    png = build_png(3, 2)
    end = build_chunk(b"IEND", b"")
    with_text = png.removesuffix(end) + build_chunk(b"tEXt", b"Comment\0" + PLACE) + end + b"<script>"
    assert clean_image(with_text).content == png
    clean = clean_image(JPEG).content
    for content in (
        insert_segment(0xE1, PLACE),
        insert_segment(0xFE, PLACE),
        insert_segment(0xED, PLACE),
        JPEG + b"PK\x03\x04" + PLACE,
    ):
        assert clean_image(content).content == clean
        assert PLACE not in clean


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"", "must be a PNG or JPEG file"),
        (b"GIF89a" + bytes(20), "must be a PNG or JPEG file"),
        (b'<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>', "must be a PNG or JPEG file"),
        (build_png(3, 2)[:-1], "is a damaged PNG file"),
        (build_png(3, 2)[:40], "is a damaged PNG file"),
        (build_png(3, 2).replace(b"IDAT", b"IDAX"), "is a damaged PNG file"),
        (build_png(3, 2, pixels=bytes(5)), "is a damaged PNG file"),
        (build_png(3, 2, pixels=bytes(100)), "is a damaged PNG file"),
        (build_png(3, 2, compressed=b"not zlib"), "is a damaged PNG file"),
        (build_png(3, 2, depth=3), "is a PNG file of an unknown kind"),
        (build_png(3, 2, color=5), "is a PNG file of an unknown kind"),
        (build_png(3, 2, depth=1), "is a PNG file of an unknown kind"),
        (build_png(3, 2, depth=16, color=3), "is a PNG file of an unknown kind"),
        (build_png(3, 2, color=3).replace(build_chunk(b"PLTE", bytes(48)), b""), "is a damaged PNG file"),
        (PNG[:33] + PNG[8:33] + PNG[33:], "is a damaged PNG file"),
        (build_png(3, 2, compressed=PIXELS + b"<script>"), "is a damaged PNG file"),
        (build_png(3, 2, compressed=PIXELS[:-1]), "is a damaged PNG file"),
        (b"\x89PNG\r\n\x1a\n" + build_chunk(b"IEND", b""), "is a PNG file without a header"),
        (build_png(0, 2, pixels=b""), "must have from 1 × 1 to 2000 × 2000 pixels, not 0 × 2"),
        (build_png(MAX_PIXELS_PER_SIDE + 1, 1), "not 2001 × 1"),
        (build_png(2**31, 2**31, pixels=b""), "not 2147483648 × 2147483648"),
        (JPEG[:2], "is a damaged JPEG file"),
        (JPEG[:-2], "is a damaged JPEG file"),
        (JPEG[:300], "is a damaged JPEG file"),
        (JPEG[:2] + FRAME + JPEG[2:], "is a damaged JPEG file"),
        (JPEG[: JPEG.index(b"\xff\xda")] + b"\xff\xd9", "is a JPEG file without a picture"),
        (b"\xff\xd8\xff\xd9", "is a JPEG file without a picture"),
        (JPEG.replace(b"\xff\xc0", b"\xff\xc3"), "must be a baseline or progressive JPEG file"),
    ],
)
def test_other_files_are_refused(content: bytes, problem: str) -> None:
    with pytest.raises(ValueError, match=problem):
        clean_image(content)


def test_bomb_is_not_decompressed() -> None:
    """A small file whose pixels would need a gigabyte."""
    compressor = zlib.compressobj(9)
    bomb = b"".join(compressor.compress(bytes(2**20)) for _ in range(64)) + compressor.flush()
    with pytest.raises(ValueError, match="damaged"):
        clean_image(build_png(3, 2, compressed=bomb))


@given(st.binary(max_size=60), st.integers(0, len(JPEG)))
def test_any_bytes_are_refused_or_kept_without_another_error(data: bytes, position: int) -> None:
    png = build_png(3, 2)
    for original in (png, JPEG):
        at = position % len(original)
        changed = original[:at] + data + original[at + len(data) :]
        try:
            image = clean_image(changed)
        except ValueError:
            continue
        assert clean_image(image.content) == image
