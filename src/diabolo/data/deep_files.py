"""Picture files with 16 bits a channel: Pillow reads their colors in 8, and writes gray ones only.

Reading: Pillow keeps the first of a channel's two bytes; told that the bytes stand the other way round, it keeps the second.
Writing: PNG (https://www.w3.org/TR/png-3) and TIFF (Revision 6.0, Adobe 1992), both packed with zlib, rows of a PNG as
differences to the row above.
"""

from __future__ import annotations

import re
import struct
import sys
import zlib
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, ImageOps

from diabolo.data.pictures import opened
from diabolo.errors import SourceError

_INCH = 0.0254  # in meters
_SIXTEEN = re.compile(r";16([BLN])$")
_OTHER = {"B": "L", "L": "B", "N": "B" if sys.byteorder == "little" else "L"}
_READABLE = re.compile(r"(RGB|RGBA|RGBX|LA);16[BLN]$")
_PNG = {(1, False): 0, (3, False): 2, (1, True): 4, (3, True): 6}


def raw_mode(image: Image.Image) -> str:
    """How Pillow unpacks the pixels of an open file that was not decoded yet, such as ``"RGB;16B"``."""
    tiles = getattr(image, "tile", ())
    args = tiles[0][3] if tiles else ""
    return str(args[0] if isinstance(args, tuple) else args)


def read_deep_colors(path: Path) -> np.ndarray:
    """The pixels of a file with several channels of 16 bits, upright: (H, W, C) uint16; C is 2 with gray and alpha, 3 or 4.

    Raises SourceError where not all bits can be had.
    """
    with opened(path) as image:
        mode = raw_mode(image)
        if not _READABLE.match(mode):
            raise SourceError(
                f"{path.name} holds pixels of the form {mode!r}, of which no more than 8 bits a channel can be read. Save it "
                "as 16-bit RGB or with 8 bits a channel."
            )
        if mode.startswith("LA"):  # four bytes a pixel, as in RGBA
            four = _decoded(image, "RGBA")
            return four[..., 0::2] * np.uint16(256) + four[..., 1::2]
        first = _decoded(image, mode)
    with opened(path) as image:
        second = _decoded(image, _SIXTEEN.sub(lambda found: f";16{_OTHER[found[1]]}", mode))
    return first * np.uint16(256) + second


def _decoded(image: Image.Image, mode: str) -> np.ndarray:
    """(H, W, C) uint16 of 0 to 255: what Pillow makes of the file's bytes when they are said to be of this mode."""
    file: Any = image
    tiles = [(*rest, (mode, *args[1:]) if isinstance(args, tuple) else mode) for *rest, args in file.tile]
    file.tile = [type(old)(*new) if hasattr(old, "_fields") else new for old, new in zip(file.tile, tiles, strict=True)]
    return np.asarray(ImageOps.exif_transpose(image)).astype(np.uint16)


def deep_png(
    pixels: np.ndarray,
    alpha: np.ndarray | None,
    icc: bytes | None,
    exif: bytes | None,
    dpi: tuple[float, float] | None = None,
) -> bytes:
    """pixels (H, W) or (H, W, 3), alpha (H, W) or None, all uint16 -> a PNG file. dpi: pixels an inch."""
    rows = _rows(pixels, alpha).astype(">u2").view(np.uint8).reshape(len(pixels), -1)
    filtered = np.empty((len(rows), rows.shape[1] + 1), np.uint8)
    filtered[:, 0] = 2  # the filter called up
    filtered[0, 1:], filtered[1:, 1:] = rows[0], rows[1:] - rows[:-1]
    kind = _PNG[1 if pixels.ndim == 2 else 3, alpha is not None]
    chunks = [(b"IHDR", struct.pack(">IIBBBBB", pixels.shape[1], pixels.shape[0], 16, kind, 0, 0, 0))]
    chunks += [(b"iCCP", b"ICC profile\0\0" + zlib.compress(icc))] if icc else []
    chunks += [(b"eXIf", exif.removeprefix(b"Exif\0\0"))] if exif else []
    chunks += [(b"pHYs", struct.pack(">IIB", *(round(d / _INCH) for d in dpi), 1))] if dpi else []
    chunks += [(b"IDAT", zlib.compress(filtered.tobytes(), 6)), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(*c) for c in chunks)


def deep_tiff(pixels: np.ndarray, alpha: np.ndarray | None, icc: bytes | None, dpi: tuple[float, float] | None = None) -> bytes:
    """pixels (H, W) or (H, W, 3), alpha (H, W) or None, all uint16 -> a TIFF file of one strip. dpi: pixels an inch."""
    rows = _rows(pixels, alpha)
    (height, width), channels = rows.shape[:2], rows.shape[2]
    data = zlib.compress(rows.astype("<u2").tobytes(), 6)
    shorts: dict[int, tuple[int, ...]] = {258: (16,) * channels, 259: (8,), 262: (1 if pixels.ndim == 2 else 2,)}
    shorts |= {277: (channels,), 284: (1,)} | ({338: (2,)} if alpha is not None else {}) | ({296: (2,)} if dpi else {})
    longs = {256: width, 257: height, 273: 8, 278: height, 279: len(data)}
    fields = [(tag, 3, len(v), struct.pack(f"<{len(v)}H", *v)) for tag, v in shorts.items()]
    fields += [(tag, 4, 1, struct.pack("<I", v)) for tag, v in longs.items()]
    fields += [(282 + i, 5, 1, struct.pack("<II", round(d * 1000), 1000)) for i, d in enumerate(dpi or ())]
    fields += [(34675, 7, len(icc), icc)] if icc else []
    body, entries = bytearray(struct.pack("<2sHI", b"II", 42, 0) + data), b""
    for tag, kind, count, value in sorted(fields):
        body += b"\0" * (len(body) % 2)
        entries += struct.pack("<HHI", tag, kind, count) + (value.ljust(4, b"\0") if len(value) <= 4 else _offset(body))
        body += value if len(value) > 4 else b""
    body += b"\0" * (len(body) % 2)
    body[4:8] = _offset(body)
    return bytes(body) + struct.pack("<H", len(fields)) + entries + b"\0" * 4


def _rows(pixels: np.ndarray, alpha: np.ndarray | None) -> np.ndarray:
    """All channels in one array, (H, W, C)."""
    channels = pixels.reshape(*pixels.shape[:2], -1)
    return channels if alpha is None else np.concatenate([channels, alpha[..., None]], axis=2)


def _offset(body: bytearray) -> bytes:
    return struct.pack("<I", len(body))


def _chunk(name: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))
