"""Pictures from files: one mode, one size, sub-folders as labels.

Every picture is turned as its EXIF orientation says, laid on white where it is transparent, cropped around its center
to the wanted proportions and scaled. All are gray where every one is gray, else RGB; what has more than 8 bits a channel is
brought to 8, with a note. Or squares are cut from them at full size, see :mod:`diabolo.data.patches`.
"""

from __future__ import annotations

import os
import re
import warnings
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar, final

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

from diabolo.data.given import Given, Wants, some
from diabolo.data.patches import MOST, corners, cut, group_of
from diabolo.errors import ParameterError, SourceError

ENDINGS = (".jpg", ".jpeg", ".png", ".bmp", ".gif", ".webp", ".tif", ".tiff")
LARGEST_SIDE = 64
"""The side pictures are scaled to where none is asked for and none is smaller."""

_GRAY = ("1", "L", "LA", "La", "I", "F", "I;16", "I;16B", "I;16L", "I;16N")
_MODES = {1: "L", 3: "RGB", 4: "RGBA"}
_SIXTEEN = re.compile(r";16[BLN]")  # how Pillow unpacks channels of 16 bits, the byte order behind
_ORIENTATION, _TURNED = 0x0112, (5, 6, 7, 8)
_BROKEN = (OSError, SyntaxError, ValueError, EOFError, Image.DecompressionBombError, Image.DecompressionBombWarning)
T = TypeVar("T")


@final
@dataclass(frozen=True)
class _Header:
    width: int
    height: int
    gray: bool
    deep: bool


def read_folder(folder: Path, wants: Wants) -> Given:
    """All pictures below a folder, sorted by path; the first sub-folder is the label where every picture is in one."""
    name = f"{folder.resolve().name}/"
    paths, others = _listed(folder)
    if not paths:
        found = f"other files are: {_counted(others)}" if others else "nor any other files"
        raise SourceError(f"There are no pictures in {name} ({found}). Known endings: {' '.join(ENDINGS)}.")
    names = [path.relative_to(folder).as_posix() for path in paths]
    left = (f"files that are no pictures were left out: {_counted(others)}",) if others else ()
    if wants.patch is not None:
        return _cut(paths, names, name, wants, left)
    given, kept = _read(paths, names, name, wants)
    names = [names[i] for i in kept]
    return _with(given, labels_of(names), np.array(names, dtype=str), left)


def picture_paths(path: Path) -> list[Path]:
    """The pictures at a path: all below a folder, the file itself where its ending is a picture's; none for other files."""
    if path.is_dir():
        return _listed(path)[0]
    return [path] if path.is_file() and path.suffix.lower() in ENDINGS else []


def read_one(path: Path, wants: Wants) -> Given:
    """One picture as a batch of one, or of its patches."""
    if wants.patch is not None:
        return _cut([path], [path.name], path.name, wants, ())
    given, _ = _read([path], [path.name], path.name, wants)
    return _with(given, None, np.array([path.name], dtype=str), ())


def read_whole(path: Path, channels: int) -> np.ndarray:
    """One picture at its own size, as squares are cut from it: uint8, (H, W) where channels is 1, else (H, W, channels).

    Raises SourceError where it cannot be read.
    """
    with strict():
        found = _guarded(lambda p: _whole(p, channels))(path, path.name)
    if isinstance(found, SourceError):
        raise found
    return found


def labels_of(names: Sequence[str]) -> np.ndarray | None:
    """The first sub-folder of each path as its label, (n,) text; None where a picture is in none."""
    parts = [name.split("/") for name in names]
    return np.array([p[0] for p in parts], dtype=str) if parts and all(len(p) > 1 for p in parts) else None


def _with(given: Given, labels: np.ndarray | None, ids: np.ndarray, notes: tuple[str, ...]) -> Given:
    return Given(given.rows, given.name, given.what, "pictures", None, labels, ids, (*given.notes, *notes))


def _read(paths: list[Path], names: list[str], what: str, wants: Wants) -> tuple[Given, list[int]]:
    """The pictures as one array, and which of them could be read."""
    with strict(), ThreadPoolExecutor(min(8, os.cpu_count() or 1)) as pool:
        headers = list(pool.map(_guarded(_header), paths, names))
        usable = [h for h in headers if isinstance(h, _Header)]
        channels = wants.channels or (1 if all(h.gray for h in usable) else 3)
        size = wants.size or _size(usable, wants.side)
        pixels = list(pool.map(_guarded(lambda p: _pixels(p, size, channels)), paths, names))
    broken = _broken(pixels, wants)
    kept = [i for i, x in enumerate(pixels) if not isinstance(x, SourceError)]
    notes = [_size_note(usable, size, wants), *_notes(usable, broken)]
    rows = np.stack([x for x in pixels if not isinstance(x, SourceError)])  # (n, H, W) or (n, H, W, C)
    return Given(
        rows, what, f"{len(rows)} picture{'s' * (len(rows) != 1)} from {what}", notes=tuple(n for n in notes if n)
    ), kept


def _cut(paths: list[Path], names: list[str], what: str, wants: Wants, left: tuple[str, ...]) -> Given:
    """Squares of the pictures at full size, named by picture and corner, grouped by picture."""
    side = wants.patch or 0
    if side < 1 or wants.side is not None:
        raise ParameterError(
            f"patch must be at least 1 pixel, and stand without side=; got patch={wants.patch}, side={wants.side}."
        )
    with strict(), ThreadPoolExecutor(min(8, os.cpu_count() or 1)) as pool:
        headers = list(pool.map(_guarded(_header), paths, names))
        usable = [h for h in headers if isinstance(h, _Header)]
        channels = wants.channels or (1 if all(h.gray for h in usable) else 3)
        sizes = [(h.height, h.width) if isinstance(h, _Header) else (0, 0) for h in headers]
        places = dict(zip(paths, corners(sizes, side, MOST), strict=True))
        squares = list(pool.map(_guarded(lambda p: cut(_whole(p, channels), places[p], side)), paths, names))
    broken = _broken(squares, wants)
    kept = [(n, places[p], x) for p, n, x in zip(paths, names, squares, strict=True) if isinstance(x, np.ndarray) and len(x)]
    if not kept:
        largest = max(usable, key=lambda h: min(h.width, h.height))
        raise SourceError(
            f"No picture in {what} is as large as a patch of {side}×{side}: the largest is {largest.height}×{largest.width}. "
            "Take smaller patches."
        )
    rows = np.concatenate([x for _, _, x in kept])
    all_there = sum((h // side) * (w // side) for h, w in sizes)
    small = sum(min(h.width, h.height) < side for h in usable)
    notes = [
        f"{small} of {len(usable)} pictures are smaller than {side}×{side} and were left out" if small else "",
        f"of {all_there} patches {len(rows)} were drawn evenly" if len(rows) == MOST < all_there else "",
        *_notes(usable, broken),
        *left,
    ]
    return Given(
        rows,
        what,
        f"{len(rows)} patches of {len(kept)} picture{'s' * (len(kept) != 1)} from {what}",
        "pictures",
        ids=np.array([f"{n}@{row},{column}" for n, found, _ in kept for row, column in found], dtype=str),
        notes=tuple(n for n in notes if n),
        groups=np.repeat([group_of(n) for n, _, _ in kept], [len(x) for _, _, x in kept]),
    )


def _broken(results: Sequence[object], wants: Wants) -> list[str]:
    """What is wrong with those that could not be read; a SourceError unless they are to be left out and others are there."""
    broken = [str(x) for x in results if isinstance(x, SourceError)]
    if broken and (not wants.skip_broken or len(broken) == len(results)):
        raise SourceError(
            f"{some(broken, 3)}. Mend or remove {'them' if len(broken) > 1 else 'it'}, or leave broken pictures out with "
            "skip_broken=True (--skip-broken)."
        )
    return broken


def _notes(usable: list[_Header], broken: list[str]) -> tuple[str, str]:
    deep = sum(h.deep for h in usable)
    return (
        f"{deep} of {len(usable)} pictures had more than 8 bits a channel and were brought to 8" if deep else "",
        f"broken pictures were left out, {len(broken)} in all: {some(broken)}" if broken else "",
    )


def _listed(folder: Path) -> tuple[list[Path], Counter[str]]:
    """The pictures below a folder, and how many other files there are of each ending; hidden files are not looked at."""
    paths: list[Path] = []
    others: Counter[str] = Counter()
    for root, folders, files in os.walk(folder, onerror=_closed):
        folders[:] = [f for f in folders if not f.startswith((".", "__MACOSX"))]
        for file in (f for f in files if not f.startswith(".")):
            path = Path(root, file)
            if path.suffix.lower() in ENDINGS:
                paths.append(path)
            else:
                others[path.suffix.lower() or "without ending"] += 1
    return sorted(paths, key=lambda p: p.relative_to(folder).as_posix()), others


def _closed(error: OSError) -> None:
    raise SourceError(f"The folder {Path(error.filename or '').name}/ cannot be looked into: {error.strerror}.") from error


def _counted(endings: Counter[str]) -> str:
    return some([f"{count} {ending}" for ending, count in endings.most_common()])


@contextmanager
def opened(path: Path) -> Iterator[Image.Image]:
    """A picture file, open. What goes wrong with it while it is open, too, is a SourceError that names it."""
    try:
        with strict(), Image.open(path) as image:
            yield image
    except SourceError:
        raise
    except FileNotFoundError as error:
        raise SourceError(f"There is no file {str(path)!r}. Check the path.") from error
    except _BROKEN as error:
        raise SourceError(f"{path.name} {_why(error)}. Mend it, or leave it out.") from error


@contextmanager
def strict() -> Iterator[None]:
    """Pictures far larger than any camera makes are refused, not warned about; damaged EXIF does not matter here."""
    with warnings.catch_warnings():
        warnings.simplefilter("error", Image.DecompressionBombWarning)
        warnings.filterwarnings("ignore", category=UserWarning, module="PIL")
        yield


def _guarded(work: Callable[[Path], T]) -> Callable[[Path, str], T | SourceError]:
    """``work`` on a path, with the error that names the picture in the place of its result where it is broken."""

    def run(path: Path, name: str) -> T | SourceError:
        try:
            return work(path)
        except SourceError as error:
            return error
        except _BROKEN as error:
            return SourceError(f"{name} {_why(error)}")

    return run


def _why(error: Exception) -> str:
    """What is wrong with a picture, without the place it lies at."""
    if isinstance(error, Image.DecompressionBombError | Image.DecompressionBombWarning):
        return f"is larger than can be opened safely ({error})"
    known = not isinstance(error, UnidentifiedImageError)
    return (
        f"cannot be read ({getattr(error, 'strerror', None) or error})" if known else "is no picture, whatever its ending says"
    )


def _header(path: Path) -> _Header:
    """Size, as it will be shown, and whether it is gray; without decoding pixels."""
    with Image.open(path) as image:
        width, height = image.size
        refuse_many(image, path.name)
        deep = _is_deep(image)  # before looking for EXIF, which may decode the picture
        if image.getexif().get(_ORIENTATION) in _TURNED:
            width, height = height, width
        gray = image.mode in _GRAY or (image.mode == "P" and gray_palette(image))
        return _Header(width, height, gray, deep)


def _is_deep(image: Image.Image) -> bool:
    """Whether a channel has more than 8 bits in the file; Pillow reads 16-bit colors as 8-bit ones and says so here only."""
    return image.mode.startswith(("I", "F")) or any(_SIXTEEN.search(str(tile[3])) for tile in getattr(image, "tile", ()))


def refuse_many(image: Image.Image, name: str) -> None:
    """SourceError for animations and files of several pages; the second picture in a telephone's JPEG is no page."""
    count = getattr(image, "n_frames", 1)
    if count > 1 and image.format != "MPO":
        what = "pages" if image.format == "TIFF" else "frames of an animation"
        raise SourceError(f"{name} holds {count} {what}, and one picture is expected. Save the one that is meant by itself")


def gray_palette(image: Image.Image) -> bool:
    """Whether a picture with a palette has no colors in it."""
    palette = np.array(image.getpalette("RGB") or [], dtype=np.int16).reshape(-1, 3)
    return bool(np.all(palette == palette[:, :1]))


def _size(headers: list[_Header], side: int | None) -> tuple[int, int]:
    if side is not None and side < 1:
        raise ParameterError(f"side must be at least 1 pixel, got {side}.")
    side = side or min([LARGEST_SIDE, *(min(h.width, h.height) for h in headers)])
    return side, side


def _size_note(headers: list[_Header], size: tuple[int, int], wants: Wants) -> str:
    height, width = size
    found = {(h.height, h.width) for h in headers}
    if found <= {size}:
        return ""
    before = "from {}×{} ".format(*found.pop()) if len(found) == 1 else ""
    why = (
        ""
        if wants.size
        else " (asked for)"
        if wants.side
        else f" (the smallest side, at most {LARGEST_SIDE}; side= changes it)"
    )
    return f"pictures were cropped around the center and scaled {before}to {height}×{width}{why}"


def _pixels(path: Path, size: tuple[int, int], channels: int) -> np.ndarray:
    """One picture, uint8: (H, W) where channels is 1, else (H, W, channels)."""
    return np.asarray(ImageOps.fit(_shown(path, channels), (size[1], size[0])))


def _whole(path: Path, channels: int) -> np.ndarray:
    """The same at the picture's own size."""
    return np.asarray(_shown(path, channels))


def _shown(path: Path, channels: int) -> Image.Image:
    with Image.open(path) as image:
        refuse_many(image, path.name)
        image.load()
        return _flat(_eight_bit(ImageOps.exif_transpose(image)), _MODES[channels])


def _eight_bit(image: Image.Image) -> Image.Image:
    """16-bit and float gray as 8-bit gray; other modes as they are."""
    if not image.mode.startswith(("I", "F")):
        return image
    values = np.asarray(image, dtype=np.float64)
    top = 65535.0 if image.mode.startswith("I") else 1.0 if values.max(initial=0) <= 1 else 255.0
    return Image.fromarray(np.clip(values * (255 / top), 0, 255).round().astype(np.uint8))


def _flat(image: Image.Image, mode: str) -> Image.Image:
    """The picture in ``mode``, transparent parts laid on white unless alpha is wanted."""
    clear = image.mode in ("LA", "La", "PA", "RGBA", "RGBa") or "transparency" in image.info
    if clear and mode != "RGBA":
        image = image.convert("RGBA")
        image = Image.alpha_composite(Image.new("RGBA", image.size, "white"), image)
    return image.convert(mode)
