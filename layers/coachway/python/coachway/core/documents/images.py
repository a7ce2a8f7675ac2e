"""Checks PNG and JPEG files, and removes what is not part of the picture: comments, places, data after the end.

Pure, with the standard library only. The pixels of a JPEG are not decoded.
"""

import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

MAX_PIXELS_PER_SIDE: Final = 2000

_PNG_SIGNATURE: Final = b"\x89PNG\r\n\x1a\n"
_JPEG_START: Final = b"\xff\xd8"
_PNG_CHUNKS: Final = frozenset(
    {b"IHDR", b"PLTE", b"tRNS", b"IDAT", b"IEND", b"sRGB", b"gAMA", b"cHRM", b"iCCP", b"sBIT", b"pHYs"}
)
"""The chunks that decide how a PNG looks."""
_CHANNELS: Final = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}
"""The values per pixel, by the color type of a PNG."""
_DEPTHS: Final = {0: {1, 2, 4, 8, 16}, 2: {8, 16}, 3: {1, 2, 4, 8}, 4: {8, 16}, 6: {8, 16}}
"""The bits per value that a PNG may have, by its color type."""
_PALETTE: Final = 3
_ADAM7: Final = ((0, 8, 0, 8), (4, 8, 0, 8), (0, 4, 4, 8), (2, 4, 0, 4), (0, 2, 2, 4), (1, 2, 0, 2), (0, 1, 1, 2))
"""The passes of an interlaced PNG: first column, step, first row, step."""
_JPEG_FRAMES: Final = frozenset({0xC0, 0xC1, 0xC2})
"""Baseline, extended and progressive."""
_OTHER_JPEG_FRAMES: Final = frozenset({0xC3, 0xC5, 0xC6, 0xC7, 0xC9, 0xCA, 0xCB, 0xCD, 0xCE, 0xCF})
_REMOVED_JPEG_SEGMENTS: Final = frozenset({0xE1, *range(0xE3, 0xEE), 0xEF, 0xFE})
"""Camera data and places, thumbnails, editing histories and comments; not color profiles."""
_JPEG_END: Final = 0xD9
_JPEG_SCAN: Final = 0xDA


@dataclass(frozen=True, slots=True)
class Image:
    """A checked picture. `content` is the file without what is not part of it."""

    media_type: str
    width: int
    height: int
    content: bytes


def clean_image(content: bytes) -> Image:
    """Check a file, and remove what is not part of the picture. Raises ValueError with what is wrong."""
    if content.startswith(_PNG_SIGNATURE):
        return _clean_png(content)
    if content.startswith(_JPEG_START):
        return _clean_jpeg(content)
    raise ValueError("must be a PNG or JPEG file")


def _require_size(width: int, height: int) -> None:
    if not 0 < width <= MAX_PIXELS_PER_SIDE or not 0 < height <= MAX_PIXELS_PER_SIDE:
        limit = f"{MAX_PIXELS_PER_SIDE} × {MAX_PIXELS_PER_SIDE}"
        raise ValueError(f"must have from 1 × 1 to {limit} pixels, not {width} × {height}")


def _clean_png(content: bytes) -> Image:
    chunks = list(_iterate_png_chunks(content))
    if not chunks or chunks[0][0] != b"IHDR" or len(chunks[0][1]) != 13:
        raise ValueError("is a PNG file without a header")
    width, height, depth, color, compression, filters, interlace = struct.unpack(">IIBBBBB", chunks[0][1])
    _require_size(width, height)
    if depth not in _DEPTHS.get(color, ()) or (compression, filters) != (0, 0) or interlace > 1:
        raise ValueError("is a PNG file of an unknown kind")
    names = [name for name, _ in chunks]
    if names.count(b"IHDR") != 1 or (color == _PALETTE and b"PLTE" not in names):
        raise ValueError("is a damaged PNG file")
    bits = depth * _CHANNELS[color]
    expected = _count_png_bytes(width, height, bits, is_interlaced=bool(interlace))
    _require_png_pixels(b"".join(data for name, data in chunks if name == b"IDAT"), expected)
    kept = b"".join(_build_png_chunk(name, data) for name, data in chunks if name in _PNG_CHUNKS)
    return Image("image/png", width, height, _PNG_SIGNATURE + kept)


def _iterate_png_chunks(content: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Yield name and data of each chunk, up to the end of the picture."""
    position = len(_PNG_SIGNATURE)
    while position + 12 <= len(content):
        (length,) = struct.unpack_from(">I", content, position)
        name, end = content[position + 4 : position + 8], position + 8 + length
        data = content[position + 8 : end]
        if end + 4 > len(content) or struct.unpack_from(">I", content, end)[0] != zlib.crc32(name + data):
            break
        yield name, data
        if name == b"IEND":
            return
        position = end + 4
    raise ValueError("is a damaged PNG file")


def _build_png_chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def _count_png_bytes(width: int, height: int, bits: int, *, is_interlaced: bool) -> int:
    """The bytes of all rows. Each row begins with a byte for its filter."""
    passes = _ADAM7 if is_interlaced else ((0, 1, 0, 1),)
    total = 0
    for first_column, column_step, first_row, row_step in passes:
        columns = -(-max(0, width - first_column) // column_step)
        rows = -(-max(0, height - first_row) // row_step)
        total += rows * (1 + (columns * bits + 7) // 8) if columns else 0
    return total


def _require_png_pixels(compressed: bytes, expected: int) -> None:
    """Require exactly the bytes of the picture, with nothing after them, and decompress no more than these."""
    decompressor = zlib.decompressobj()
    try:
        pixels = decompressor.decompress(compressed, expected + 1)
    except zlib.error:
        raise ValueError("is a damaged PNG file") from None
    if len(pixels) != expected or not decompressor.eof or decompressor.unused_data:
        raise ValueError("is a damaged PNG file")


def _clean_jpeg(content: bytes) -> Image:
    kept, size, has_scan = [_JPEG_START], None, False
    for marker, segment in _iterate_jpeg_segments(content):
        if marker in _OTHER_JPEG_FRAMES:
            raise ValueError("must be a baseline or progressive JPEG file")
        if marker in _JPEG_FRAMES:
            if size is not None:
                raise ValueError("is a damaged JPEG file")
            size = _read_jpeg_size(segment[4:])
        has_scan = has_scan or marker == _JPEG_SCAN
        if marker not in _REMOVED_JPEG_SEGMENTS:
            kept.append(segment)
    if size is None or not has_scan:
        raise ValueError("is a JPEG file without a picture")
    return Image("image/jpeg", *size, b"".join(kept))


def _iterate_jpeg_segments(content: bytes) -> Iterator[tuple[int, bytes]]:
    """Yield marker and bytes of each segment, up to the end of the picture. That of a scan has the pixels."""
    position = len(_JPEG_START)
    while position + 2 <= len(content) and content[position] == 0xFF:
        marker = content[position + 1]
        if marker == 0xFF:  # fill bytes may come before a marker
            position += 1
            continue
        if marker == _JPEG_END:
            yield marker, content[position : position + 2]
            return
        length = int.from_bytes(content[position + 2 : position + 4], "big")
        end = position + 2 + length
        if length < 2 or end > len(content):
            break
        if marker == _JPEG_SCAN:
            end = _find_end_of_scan(content, end)
        yield marker, content[position:end]
        position = end
    raise ValueError("is a damaged JPEG file")


def _read_jpeg_size(frame: bytes) -> tuple[int, int]:
    if len(frame) < 6:
        raise ValueError("is a damaged JPEG file")
    _, height, width, components = struct.unpack_from(">BHHB", frame)
    if components not in {1, 3}:
        raise ValueError("must be a JPEG file in RGB or gray, not in CMYK")
    _require_size(width, height)
    return width, height


def _find_end_of_scan(content: bytes, position: int) -> int:
    """The position of the marker after the pixels. In the pixels, FF is followed by 00 or a restart marker."""
    while (position := content.find(b"\xff", position)) >= 0:
        following = content[position + 1 : position + 2]
        if following and following[0] != 0 and not 0xD0 <= following[0] <= 0xD7:
            return position
        position += 2
    return len(content)
