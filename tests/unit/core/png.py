"""Build PNG files of every kind."""

from __future__ import annotations

import struct
import zlib

_CHANNELS = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}
_ADAM7 = ((0, 8, 0, 8), (4, 8, 0, 8), (0, 4, 4, 8), (2, 4, 0, 4), (0, 2, 2, 4), (1, 2, 0, 2), (0, 1, 1, 2))


def build_chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def build_png(
    width: int,
    height: int,
    *,
    depth: int = 8,
    color: int = 2,
    interlaced: bool = False,
    pixels: bytes | None = None,
    compressed: bytes | None = None,
) -> bytes:
    """A PNG with one color. `pixels` are the rows with their filter bytes; `compressed` replaces them as a whole."""
    if pixels is None:
        bits = depth * _CHANNELS.get(color, 1)
        passes = _ADAM7 if interlaced else ((0, 1, 0, 1),)
        pixels = b""
        for first_column, column_step, first_row, row_step in passes:
            columns = len(range(first_column, width, column_step))
            rows = len(range(first_row, height, row_step))
            pixels += (b"\0" + b"\x01" * ((columns * bits + 7) // 8)) * rows if columns else b""
    header = struct.pack(">IIBBBBB", width, height, depth, color, 0, 0, int(interlaced))
    return b"".join(
        [
            b"\x89PNG\r\n\x1a\n",
            build_chunk(b"IHDR", header),
            build_chunk(b"PLTE", bytes(48)) if color == 3 else b"",
            build_chunk(b"IDAT", zlib.compress(pixels) if compressed is None else compressed),
            build_chunk(b"IEND", b""),
        ]
    )
