"""Photographs: what was in the file is in the file that is written."""

from __future__ import annotations

import dataclasses
import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageCms

from diabolo.data.deep_files import deep_png, deep_tiff
from diabolo.data.photographs import Photograph, read_photograph, write_photograph
from diabolo.errors import ParameterError, SourceError, StoreError
from tests.data.test_pictures import png

HEIGHT, WIDTH = 11, 13


def noise(channels: int, dtype: str = "uint8", seed: int = 0) -> np.ndarray:
    """(H, W) for one channel, else (H, W, C)."""
    shape = (HEIGHT, WIDTH, channels)[: 2 if channels == 1 else 3]
    return np.random.default_rng(seed).integers(0, np.iinfo(dtype).max, shape, dtype, endpoint=True)


def same(a: Photograph, b: Photograph) -> bool:
    alphas = (a.alpha is None) == (b.alpha is None) and (a.alpha is None or np.array_equal(a.alpha, b.alpha))
    return a.pixels.dtype == b.pixels.dtype and np.array_equal(a.pixels, b.pixels) and alphas


@pytest.mark.parametrize("ending", [".png", ".tif", ".TIFF"])
@pytest.mark.parametrize("dtype", ["uint8", "uint16"])
@pytest.mark.parametrize("clear", [False, True])
@pytest.mark.parametrize("channels", [1, 3])
def test_everything_comes_back(tmp_path: Path, channels: int, clear: bool, dtype: str, ending: str) -> None:
    given = Photograph(noise(channels, dtype), noise(1, dtype, 1) if clear else None)
    notes = write_photograph(given, tmp_path / f"a{ending}")
    back = read_photograph(tmp_path / f"a{ending}")
    if notes:  # Pillow itself does not read the form that is meant
        assert (channels, clear, dtype, ending.lower()) == (1, True, "uint16", ".tif" + "f" * ending.isupper())
        back = dataclasses.replace(back, pixels=back.pixels[..., 1])
    assert same(back, given)
    assert back.name == f"a{ending}"
    assert back.top == np.iinfo(dtype).max


@pytest.mark.parametrize("ending", [".png", ".tif", ".bmp", ".webp", ".jpg"])
def test_pillow_reads_what_is_written(tmp_path: Path, ending: str) -> None:
    smooth = np.add.outer(np.arange(40), np.arange(30)).astype(np.uint8)[..., None].repeat(3, axis=2)
    write_photograph(Photograph(smooth), tmp_path / f"a{ending}")
    with Image.open(tmp_path / f"a{ending}") as image:
        np.testing.assert_allclose(np.asarray(image), smooth, atol=3 if ending in (".webp", ".jpg") else 0)


@pytest.mark.parametrize("clear", [False, True])
def test_sixteen_bit_files_are_what_pillow_takes_them_for(clear: bool) -> None:
    """It reads the upper byte of colors, and all of gray."""
    colors, alpha = noise(3, "uint16"), noise(1, "uint16", 1) if clear else None
    whole = colors if alpha is None else np.dstack([colors, alpha])
    for content in (deep_png(colors, alpha, None, None), deep_tiff(colors, alpha, None)):
        with Image.open(io.BytesIO(content)) as image:
            np.testing.assert_array_equal(np.asarray(image), whole >> 8)
    for content in (deep_png(noise(1, "uint16"), None, None, None), deep_tiff(noise(1, "uint16"), None, None)):
        with Image.open(io.BytesIO(content)) as image:
            np.testing.assert_array_equal(np.asarray(image), noise(1, "uint16"))


def test_sixteen_bit_colors_of_another_writer(tmp_path: Path) -> None:
    deep = noise(3, "uint16")
    (tmp_path / "a.png").write_bytes(png(deep.astype(">u2")))
    np.testing.assert_array_equal(read_photograph(tmp_path / "a.png").pixels, deep)


def test_a_16_bit_value_that_is_clear(tmp_path: Path) -> None:
    deep = noise(3, "uint16")
    content = deep_png(deep, None, None, None)
    import struct
    import zlib

    hole = b"tRNS" + deep[2, 3].astype(">u2").tobytes()
    at = content.index(b"IDAT") - 4
    (tmp_path / "a.png").write_bytes(
        content[:at] + struct.pack(">I", 6) + hole + struct.pack(">I", zlib.crc32(hole)) + content[at:]
    )
    alpha = read_photograph(tmp_path / "a.png").alpha
    assert alpha is not None
    assert alpha[2, 3] == 0
    assert (alpha == 0).sum() == 1


@pytest.mark.parametrize("deep", [False, True])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_pictures_are_turned_as_exif_says_and_only_once(tmp_path: Path, orientation: int, deep: bool) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    exif[0x010F] = "a maker"
    pixels = noise(3, "uint16" if deep else "uint8")
    write_photograph(Photograph(pixels, exif=exif.tobytes()), tmp_path / "a.png")
    turned = {1: pixels, 2: pixels[:, ::-1], 3: pixels[::-1, ::-1], 4: pixels[::-1]}
    turned |= {o: v.swapaxes(0, 1) for o, v in {5: pixels, 6: pixels[::-1], 7: pixels[::-1, ::-1], 8: pixels[:, ::-1]}.items()}
    upright = read_photograph(tmp_path / "a.png")
    np.testing.assert_array_equal(upright.pixels, turned[orientation])
    write_photograph(upright, tmp_path / "b.png")
    again = read_photograph(tmp_path / "b.png")
    np.testing.assert_array_equal(again.pixels, turned[orientation])
    with Image.open(tmp_path / "b.png") as image:
        assert image.getexif().get(0x010F) == "a maker"


@pytest.mark.parametrize("ending", [".png", ".jpg", ".webp", ".tif"])
@pytest.mark.parametrize("dtype", ["uint8", "uint16"])
def test_the_color_profile_goes_along(tmp_path: Path, ending: str, dtype: str) -> None:
    icc = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    write_photograph(Photograph(noise(3, dtype), icc=icc), tmp_path / f"a{ending}")
    assert read_photograph(tmp_path / f"a{ending}").icc == icc


@pytest.mark.parametrize(
    ("mode", "channels", "clear"),
    [
        ("1", 1, False),
        ("L", 1, False),
        ("LA", 1, True),
        ("P", 3, False),
        ("RGB", 3, False),
        ("RGBA", 3, True),
        ("CMYK", 3, False),
    ],
)
def test_every_mode(tmp_path: Path, mode: str, channels: int, clear: bool) -> None:
    path = tmp_path / f"a.{'tif' if mode == 'CMYK' else 'png'}"
    Image.fromarray(noise(3)).convert(mode).save(path)
    read = read_photograph(path)
    assert read.pixels.shape == noise(channels).shape
    assert (read.alpha is not None) == clear
    assert any("CMYK to RGB" in n for n in read.notes) == (mode == "CMYK")


def test_a_palette_with_a_hole(tmp_path: Path) -> None:
    image = Image.fromarray(noise(1)).quantize(8)
    image.save(tmp_path / "a.png", transparency=0)
    read = read_photograph(tmp_path / "a.png")
    assert read.pixels.ndim == 2  # a gray palette
    assert read.alpha is not None
    np.testing.assert_array_equal(read.alpha == 0, np.asarray(image) == 0)


@pytest.mark.parametrize("dtype", ["uint8", "uint16"])
@pytest.mark.parametrize("ending", [".png", ".jpg", ".tif", ".bmp"])
def test_the_resolution_goes_along(tmp_path: Path, ending: str, dtype: str) -> None:
    place = tmp_path / f"a{ending}"
    write_photograph(Photograph(noise(3, dtype), dpi=(300.0, 150.0)), place)
    with Image.open(place) as image:
        assert image.info["dpi"] == pytest.approx((300, 150), abs=0.1)
    assert read_photograph(place).dpi == pytest.approx((300, 150), abs=0.1)
    write_photograph(Photograph(noise(3, dtype)), place)
    assert read_photograph(place).dpi in (None, pytest.approx((96, 96), abs=0.1))  # what Pillow puts into each BMP


def test_a_turned_picture_has_its_resolution_turned(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.fromarray(noise(3, "uint8")).save(tmp_path / "a.png", exif=exif, dpi=(300, 150))
    assert read_photograph(tmp_path / "a.png").dpi == pytest.approx((150, 300), abs=0.1)


def test_what_stands_beside_the_pixels_and_is_lost_is_said(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x010F] = "a camera"
    given = Photograph(noise(3, "uint8"), icc=b"profile", exif=exif.tobytes(), dpi=(300.0, 300.0))
    lost = {".png": (), ".jpg": (), ".tif": ("EXIF",), ".bmp": ("color profile", "EXIF"), ".webp": ("300 dpi",)}
    for ending, words in lost.items():
        notes = write_photograph(given, tmp_path / f"a{ending}")
        assert len(notes) == len(words), notes
        assert all(word in note for word, note in zip(words, notes, strict=True))
    Image.fromarray(noise(3, "uint8")).save(tmp_path / "b.tif", exif=exif)
    assert read_photograph(tmp_path / "b.tif").notes == ("EXIF data of TIFF files are left out",)
    assert read_photograph(tmp_path / "a.tif").notes == ()


def test_what_a_format_cannot_keep_is_said(tmp_path: Path) -> None:
    deep = Photograph(np.full((4, 4, 3), 65535 // 2, np.uint16), np.zeros((4, 4), np.uint16))
    notes = write_photograph(deep, tmp_path / "a.bmp")
    assert notes == ("BMP has 8 bits a channel: 16 were brought to 8", "BMP has no transparency: the picture was laid on white")
    assert (read_photograph(tmp_path / "a.bmp").pixels == 255).all()
    solid = Photograph(deep.pixels, np.full((4, 4), 65535, np.uint16))
    write_photograph(solid, tmp_path / "b.bmp")
    assert (read_photograph(tmp_path / "b.bmp").pixels == round(32767 / 257)).all()


def test_telephones_store_a_second_picture(tmp_path: Path) -> None:
    first, second = Image.fromarray(noise(3)), Image.fromarray(noise(3, seed=1))
    first.save(tmp_path / "a.jpg", "MPO", save_all=True, append_images=[second])
    assert read_photograph(tmp_path / "a.jpg").pixels.shape == (HEIGHT, WIDTH, 3)


def test_bad_files_are_named(tmp_path: Path) -> None:
    first, second = Image.fromarray(noise(3)), Image.fromarray(noise(3, seed=1))
    for name in ("moving.gif", "moving.png", "moving.webp", "pages.tif"):
        first.save(tmp_path / name, save_all=True, append_images=[second])
    big = Image.fromarray(np.random.default_rng(0).integers(0, 256, (60, 60, 3), dtype=np.uint8))
    big.save(tmp_path / "a.jpg")
    (tmp_path / "cut.jpg").write_bytes((tmp_path / "a.jpg").read_bytes()[:900])
    content = deep_png(noise(3, "uint16"), None, None, None)
    (tmp_path / "cut.png").write_bytes(content[: len(content) // 2])
    (tmp_path / "fake.png").write_text("this is no picture")
    Image.fromarray(np.random.default_rng(0).random((4, 4)).astype(np.float32)).save(tmp_path / "float.tif")
    Image.fromarray(np.full((4, 4), -7, np.int32)).save(tmp_path / "negative.tif")
    for name, words in {
        "moving.gif": "2 frames of an animation",
        "moving.png": "2 frames",
        "moving.webp": "2 frames",
        "pages.tif": "2 pages",
        "cut.jpg": "cannot be read",
        "cut.png": "cannot be read",
        "fake.png": "is no picture",
        "float.tif": "floating-point",
        "negative.tif": "-7 to -7",
        "missing.png": "There is no file",
    }.items():
        with pytest.raises(SourceError, match=rf"{name}.*{words}|{words}.*{name}"):
            read_photograph(tmp_path / name)


def test_places_that_cannot_be_written(tmp_path: Path) -> None:
    picture = Photograph(noise(1))
    for ending in (".gif", ".xyz", ""):
        with pytest.raises(ParameterError, match=r"Known: \.png"):
            write_photograph(picture, tmp_path / f"a{ending}")
    (tmp_path / "taken").write_text("x")
    with pytest.raises(StoreError, match="cannot be written"):
        write_photograph(picture, tmp_path / "taken" / "a.png")
