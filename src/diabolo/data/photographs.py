"""Photographs: one picture file at full size with all that is in it, and back to a file of the same form.

Colors or gray, 8 or 16 bits a channel and transparency are kept, and the color profile, EXIF data and resolution where the
format has a place for them; what is lost is said. The picture is turned as its EXIF orientation says.
"""

from __future__ import annotations

import io
from dataclasses import dataclass, replace
from pathlib import Path
from typing import final

import numpy as np
from PIL import Image, ImageOps

from diabolo.data.deep_files import deep_png, deep_tiff, raw_mode, read_deep_colors
from diabolo.data.pictures import gray_palette, opened, refuse_many
from diabolo.errors import ParameterError, SourceError, StoreError
from diabolo.writing import write_whole

FORMATS = {
    ".png": "PNG",
    ".jpg": "JPEG",
    ".jpeg": "JPEG",
    ".webp": "WEBP",
    ".tif": "TIFF",
    ".tiff": "TIFF",
    ".bmp": "BMP",
}
"""What can be written, by ending."""

QUALITY = 95
"""Of JPEG and WebP files."""

_CARRIED = ("PNG", "JPEG", "MPO", "WEBP")  # formats whose EXIF data are a block of their own
_TAGS = (0x8769, 0x8825, 0x010F, 0x0110)  # the EXIF and GPS directories, maker and model of the camera
_ORIENTATION, _TURNED = 0x0112, (5, 6, 7, 8)
_DEEP_GRAY = ("I", "I;16", "I;16B", "I;16L", "I;16N")


@final
@dataclass(frozen=True)
class Photograph:
    """One picture.

    pixels: (H, W) gray or (H, W, 3) red, green, blue; uint8 or uint16. alpha: (H, W) of the same dtype, 0 where nothing is
    seen, None where the file has none. name: the file's. icc, exif: color profile and EXIF data as they are stored, or
    None. dpi: pixels an inch along a row and a column, or None. notes: what the user should know.
    """

    pixels: np.ndarray
    alpha: np.ndarray | None = None
    name: str = "the picture"
    icc: bytes | None = None
    exif: bytes | None = None
    dpi: tuple[float, float] | None = None
    notes: tuple[str, ...] = ()

    @property
    def top(self) -> int:
        """The value of white: 255 or 65535."""
        return int(np.iinfo(self.pixels.dtype).max)


def read_photograph(path: str | Path) -> Photograph:
    """One picture file.

    Raises SourceError for what is missing, cut short, no picture, animated or of several pages, and for pixels that cannot
    be kept as they are (floating-point, 16-bit CMYK).
    """
    path = Path(path).expanduser()
    with opened(path) as image:
        refuse_many(image, path.name)
        mode, kind = raw_mode(image), image.format
        deep = ";16" in mode and image.mode not in _DEEP_GRAY
        upright = ImageOps.exif_transpose(image)
        upright.load()
        tagged = kind == "TIFF" and any(tag in image.getexif() for tag in _TAGS)
        turned = image.getexif().get(_ORIENTATION) in _TURNED
    photograph = _deep(read_deep_colors(path), upright) if deep else _plain(upright, mode, path.name)
    exif = upright.info.get("exif") if kind in _CARRIED else None
    icc = None if photograph.notes else upright.info.get("icc_profile")  # that of CMYK does not fit RGB
    left = ("EXIF data of TIFF files are left out",) if tagged else ()
    dpi, notes = _dpi(upright.info.get("dpi"), turned), (*photograph.notes, *left)
    return replace(photograph, name=path.name, icc=icc or None, exif=exif or None, dpi=dpi, notes=notes)


def write_photograph(photograph: Photograph, path: str | Path) -> tuple[str, ...]:
    """Write a picture in the format its ending names, whole or not at all; what the format could not keep is returned in words.

    PNG and TIFF keep everything but EXIF data in TIFF; the others have 8 bits a channel, JPEG and BMP no transparency: such
    pictures are laid on white. BMP has no place for EXIF data and color profile, WebP none for the resolution.

    Raises ParameterError for an ending that cannot be written, StoreError where the file cannot be put there.
    """
    path = Path(path).expanduser()
    content, notes = photograph_bytes(photograph, path.suffix)
    try:
        write_whole(path, content)
    except OSError as error:
        raise StoreError(f"{path} cannot be written: {error.strerror or error}.") from error
    return notes


def photograph_bytes(photograph: Photograph, ending: str) -> tuple[bytes, tuple[str, ...]]:
    """The content of a file with this ending, and what its format could not keep."""
    if ending.lower() not in FORMATS:
        raise ParameterError(
            f"A picture cannot be written as {ending or 'a file without ending'!r}. Known: {' '.join(FORMATS)}."
        )
    kind = FORMATS[ending.lower()]
    pixels, alpha, icc, exif = photograph.pixels, photograph.alpha, photograph.icc, photograph.exif
    notes = _left_out(photograph, kind)
    if pixels.dtype == np.uint16 and kind == "PNG":
        return deep_png(pixels, alpha, icc, exif, photograph.dpi), tuple(notes)
    if pixels.dtype == np.uint16 and kind == "TIFF":
        if pixels.ndim == 2 and alpha is not None:
            pixels = np.stack([pixels] * 3, axis=2)
            notes.append("few programs read TIFF with 16-bit gray and transparency: it was written as three equal colors")
        return deep_tiff(pixels, alpha, icc, photograph.dpi), tuple(notes)
    if pixels.dtype == np.uint16:
        pixels, alpha = _to_eight(pixels), None if alpha is None else _to_eight(alpha)
        notes.append(f"{kind} has 8 bits a channel: 16 were brought to 8")
    image = Image.fromarray(pixels)
    if alpha is not None:
        image.putalpha(Image.fromarray(alpha))
    if alpha is not None and kind in ("JPEG", "BMP"):
        color = image.convert("RGBA")
        image = Image.alpha_composite(Image.new("RGBA", image.size, "white"), color).convert(image.mode.removesuffix("A"))
        notes.append(f"{kind} has no transparency: the picture was laid on white")
    buffer = io.BytesIO()
    image.save(buffer, kind, **_kept(kind, icc, exif, photograph.dpi))
    return buffer.getvalue(), tuple(notes)


def format_of(ending: str) -> str:
    """The format of files with this ending. Raises ParameterError where pictures cannot be written so."""
    if ending.lower() not in FORMATS:
        raise ParameterError(
            f"A picture cannot be written as {ending or 'a file without ending'!r}. Known: {' '.join(FORMATS)}."
        )
    return FORMATS[ending.lower()]


def _left_out(photograph: Photograph, kind: str) -> list[str]:
    """What stands beside the pixels and has no place in this format, in words."""
    notes = []
    if photograph.icc and kind == "BMP":
        notes.append("BMP has no place for a color profile: it was left out, and colors may look different")
    if photograph.exif and kind not in _CARRIED:
        notes.append(f"EXIF data are not written into {kind} files: they were left out")
    if photograph.dpi and kind == "WEBP":
        notes.append(f"WEBP has no place for a resolution: {photograph.dpi[0]:.0f} dpi were left out")
    return notes


def _dpi(given: object, turned: bool) -> tuple[float, float] | None:
    """Pixels an inch as Pillow read them, None where they say nothing. turned: whether rows became columns since."""
    if not isinstance(given, tuple) or len(given) != 2:
        return None
    x, y = map(float, given)
    if not (np.isfinite([x, y]).all() and min(x, y) > 1):
        return None
    return (y, x) if turned else (x, y)


def _kept(kind: str, icc: bytes | None, exif: bytes | None, dpi: tuple[float, float] | None) -> dict[str, object]:
    """What goes to Pillow beside the picture."""
    options: dict[str, object] = {"quality": QUALITY} if kind in ("JPEG", "WEBP") else {}
    if icc and kind != "BMP":
        options["icc_profile"] = icc
    if exif and kind in _CARRIED:
        options["exif"] = exif
    if dpi and kind != "WEBP":
        options["dpi"] = dpi
    return options


def _plain(image: Image.Image, raw: str, name: str) -> Photograph:
    """A decoded picture of 8 bits, or of 16 in gray."""
    if image.mode in _DEEP_GRAY:
        return _split(_sixteen(image, raw, name), image)
    if image.mode == "F":
        raise SourceError(f"{name} holds floating-point pixels, which have no white. Save it with 8 or 16 bits a channel.")
    notes: tuple[str, ...] = ()
    if image.mode in ("CMYK", "YCbCr", "LAB", "HSV"):
        notes = (f"{name} was converted from {image.mode} to RGB",)
    clear = image.mode in ("LA", "La", "PA", "RGBA", "RGBa") or "transparency" in image.info
    gray = image.mode in ("1", "L", "LA", "La") or (image.mode in ("P", "PA") and gray_palette(image))
    pixels = np.asarray(image.convert("RGBA") if clear else image.convert("L" if gray else "RGB"))
    if not clear:
        return Photograph(pixels, notes=notes)
    return Photograph(pixels[..., 0] if gray else pixels[..., :3], pixels[..., 3], notes=notes)


def _sixteen(image: Image.Image, raw: str, name: str) -> np.ndarray:
    values = np.asarray(image)
    if raw in ("I;12",) or values.min(initial=0) < 0 or values.max(initial=0) > 65535:
        raise SourceError(
            f"{name} holds gray of {'12 bits' if raw == 'I;12' else f'{values.min()} to {values.max()}'}, and 8 or 16 bits "
            "a channel are expected. Save it with one of these."
        )
    return values.astype(np.uint16)


def _deep(channels: np.ndarray, image: Image.Image) -> Photograph:
    """(H, W, C) uint16: gray and alpha, colors, or colors and alpha."""
    colors, alpha = (channels[..., 0], channels[..., 1]) if channels.shape[2] == 2 else (channels[..., :3], channels[..., 3:])
    if not alpha.size:
        return _split(colors, image)
    return Photograph(colors, alpha.reshape(colors.shape[:2]))


def _split(pixels: np.ndarray, image: Image.Image) -> Photograph:
    """Deep pixels, of which one value may mean that nothing is seen (tRNS in PNG)."""
    hole = image.info.get("transparency")
    if not isinstance(hole, int | tuple):
        return Photograph(pixels)
    same = (pixels.reshape(*pixels.shape[:2], -1) == np.array(hole)).all(axis=2)
    return Photograph(pixels, np.where(same, 0, 65535).astype(np.uint16))


def _to_eight(values: np.ndarray) -> np.ndarray:
    return np.round(values / 257).astype(np.uint8)
