"""Folders of pictures: every mode and orientation, one size, sub-folders as labels, broken ones named."""

import struct
import zlib

import numpy as np
import pytest
import torch
from PIL import Image

from diabolo.data import read
from diabolo.data.pictures import read_whole
from diabolo.errors import DataError, ParameterError, SourceError

RNG = np.random.default_rng(0)


def color(width=12, height=10):
    return Image.fromarray(RNG.integers(0, 256, (height, width, 3), dtype=np.uint8))


def gray(width=12, height=10):
    return color(width, height).convert("L")


def png(pixels):
    """(H, W, 3) big-endian uint16 as a PNG file, which Pillow cannot write."""

    def part(name, content):
        return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))

    height, width, _ = pixels.shape
    head = struct.pack(">IIBBBBB", width, height, 16, 2, 0, 0, 0)
    rows = zlib.compress(b"".join(b"\0" + row.tobytes() for row in pixels))
    return b"\x89PNG\r\n\x1a\n" + part(b"IHDR", head) + part(b"IDAT", rows) + part(b"IEND", b"")


def values(reading):
    return reading.source.take(torch.arange(len(reading.source))).numpy()


@pytest.mark.parametrize("ending", ["jpg", "jpeg", "png", "bmp", "gif", "webp", "tif", "tiff", "PNG"])
def test_every_ending(tmp_path, ending):
    color(8, 8).save(tmp_path / f"x.{ending}")
    assert values(read(tmp_path)).shape == (1, 8, 8, 3)


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "CMYK", "I;16"])
def test_every_mode(tmp_path, mode):
    picture = Image.fromarray(np.asarray(gray()).astype(np.uint16) * 257) if mode == "I;16" else color().convert(mode)
    picture.save(tmp_path / f"x.{'tif' if mode == 'CMYK' else 'png'}")
    rows = values(read(tmp_path))
    assert rows.dtype == np.uint8
    assert rows.shape == ((1, 10, 10) if mode in ("1", "L", "LA", "I;16") else (1, 10, 10, 3))


def test_gray_stays_gray_only_if_every_picture_is(tmp_path):
    gray().save(tmp_path / "a.png")
    gray().quantize(16).save(tmp_path / "b.png")
    assert read(tmp_path).kind.channels == 1
    color().save(tmp_path / "c.png")
    assert read(tmp_path).kind.channels == 3


def test_pixels_are_the_files(tmp_path):
    picture = color(9, 9)
    picture.save(tmp_path / "a.png")
    np.testing.assert_array_equal(values(read(tmp_path))[0], np.asarray(picture))


def test_sixteen_bits_become_eight(tmp_path):
    deep = RNG.integers(0, 65536, (8, 8), dtype=np.uint16)
    Image.fromarray(deep).save(tmp_path / "a.png")
    reading = read(tmp_path)
    np.testing.assert_array_equal(values(reading)[0], np.round(deep / 257))
    assert reading.notes == ("1 of 1 pictures had more than 8 bits a channel and were brought to 8",)


def test_sixteen_bits_of_color_become_eight(tmp_path):
    """Pillow decodes them to 8 bits by itself; the note is there all the same."""
    deep = RNG.integers(0, 65536, (8, 8, 3)).astype(">u2")
    (tmp_path / "a.png").write_bytes(png(deep))
    color(8, 8).save(tmp_path / "b.png")
    reading = read(tmp_path)
    np.testing.assert_allclose(values(reading)[0], deep / 257, atol=1)
    assert reading.notes == ("1 of 2 pictures had more than 8 bits a channel and were brought to 8",)


def test_float_pictures(tmp_path):
    light = RNG.random((8, 8)).astype(np.float32)
    Image.fromarray(light).save(tmp_path / "a.tif")
    np.testing.assert_array_equal(values(read(tmp_path))[0], np.round(light * 255.0))


def test_transparent_parts_lie_on_white(tmp_path):
    pixels = np.zeros((8, 8, 4), np.uint8)
    pixels[:4, :, 3] = 255  # the upper half is black, the lower is not there
    Image.fromarray(pixels).save(tmp_path / "a.png")
    rows = values(read(tmp_path))[0]
    assert (rows[:4] == 0).all()
    assert (rows[4:] == 255).all()


@pytest.mark.parametrize("orientation", range(1, 9))
def test_pictures_are_turned_as_exif_says(tmp_path, orientation):
    upright = np.zeros((8, 8, 3), np.uint8)
    upright[:4, :4] = 255  # white above on the left
    back = {2: 0, 3: 3, 4: 1, 5: 5, 6: 2, 7: 6, 8: 4}  # what undoes each orientation, as Image.Transpose numbers
    stored = Image.fromarray(upright)
    if orientation in back:
        stored = stored.transpose(
            {6: Image.Transpose.ROTATE_90, 8: Image.Transpose.ROTATE_270}.get(orientation, Image.Transpose(back[orientation]))
        )
    exif = Image.Exif()
    exif[0x0112] = orientation
    stored.save(tmp_path / "a.png", exif=exif)
    np.testing.assert_array_equal(values(read(tmp_path))[0], upright)


def test_turned_sizes_count(tmp_path):
    exif = Image.Exif()
    exif[0x0112] = 6
    color(20, 12).save(tmp_path / "a.jpg", exif=exif)
    color(12, 20).save(tmp_path / "b.jpg")
    assert values(read(tmp_path)).shape == (2, 12, 12, 3)


def test_one_size_by_a_crop_around_the_center(tmp_path):
    wide = np.zeros((10, 30), np.uint8)
    wide[:, 10:20] = 200
    Image.fromarray(wide).save(tmp_path / "a.png")
    reading = read(tmp_path)
    assert (values(reading) == 200).all()
    assert reading.notes == (
        "pictures were cropped around the center and scaled from 10×30 to 10×10 "
        "(the smallest side, at most 64; side= changes it)",
    )


def test_the_side(tmp_path):
    color(100, 90).save(tmp_path / "a.png")
    assert values(read(tmp_path)).shape == (1, 64, 64, 3)
    color(100, 40).save(tmp_path / "b.png")
    assert values(read(tmp_path)).shape == (2, 40, 40, 3)
    reading = read(tmp_path, side=16)
    assert values(reading).shape == (2, 16, 16, 3)
    assert "asked for" in reading.notes[0]
    with pytest.raises(ParameterError, match="side"):
        read(tmp_path, side=0)


def test_sub_folders_are_labels_and_files_are_ids(tmp_path):
    for name in ("dog/b", "cat/deep/a", "cat/c"):
        path = tmp_path / "photos" / f"{name}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        color().save(path)
    reading = read(tmp_path / "photos")
    assert reading.ids.tolist() == ["cat/c.png", "cat/deep/a.png", "dog/b.png"]
    assert reading.labels.tolist() == ["cat", "cat", "dog"]
    assert reading.name == "photos/"
    assert str(tmp_path) not in reading.reason
    color().save(tmp_path / "photos" / "loose.png")
    assert read(tmp_path / "photos").labels is None


def test_other_files_are_counted_and_left_out(tmp_path):
    color().save(tmp_path / "a.png")
    for name in ("b.txt", "c.txt", "d.csv", ".hidden"):
        (tmp_path / name).write_text("x")
    assert "files that are no pictures were left out: 2 .txt, 1 .csv" in read(tmp_path).notes


def test_a_folder_that_cannot_be_looked_into(tmp_path, monkeypatch):
    def closed(path):
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr("os.scandir", closed)
    with pytest.raises(SourceError, match=f"{tmp_path.name}/ cannot be looked into: Permission denied"):
        read(tmp_path)


def test_a_folder_without_pictures(tmp_path):
    with pytest.raises(SourceError, match=r"no pictures in .*nor any other files"):
        read(tmp_path)
    (tmp_path / "a.csv").write_text("x")
    with pytest.raises(SourceError, match=r"1 \.csv"):
        read(tmp_path)


def test_broken_pictures_are_named_and_skipped_only_if_asked(tmp_path):
    for name in ("a", "b"):
        color(30, 30).save(tmp_path / f"{name}.jpg")
    (tmp_path / "cut.jpg").write_bytes((tmp_path / "a.jpg").read_bytes()[:600])
    (tmp_path / "fake.png").write_text("this is no picture")
    with pytest.raises(SourceError, match=r"cut\.jpg cannot be read .*fake\.png is no picture.*skip_broken=True") as caught:
        read(tmp_path)
    assert str(tmp_path) not in str(caught.value)
    reading = read(tmp_path, skip_broken=True)
    assert reading.ids.tolist() == ["a.jpg", "b.jpg"]
    assert any("2 in all" in note and "cut.jpg" in note and "fake.png" in note for note in reading.notes)


def test_when_all_are_broken_none_can_be_skipped(tmp_path):
    (tmp_path / "fake.png").write_text("this is no picture")
    with pytest.raises(SourceError, match=r"fake\.png"):
        read(tmp_path, skip_broken=True)


@pytest.mark.parametrize("limit", [60, 100])
def test_pictures_too_large_to_be_opened_safely(tmp_path, monkeypatch, limit):
    color().save(tmp_path / "a.png")  # 120 pixels: above the limit, or above twice the limit
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", limit - 1)
    with pytest.raises(SourceError, match=r"a\.png is larger than can be opened safely"):
        read(tmp_path)


def test_further_pictures_are_brought_to_the_models_size_and_mode(tmp_path):
    color(20, 20).save(tmp_path / "a.png")
    kind = read(tmp_path, side=8).kind
    gray(31, 17).save(tmp_path / "b.png")
    assert kind.read(tmp_path / "b.png").take(torch.arange(1)).shape == (1, 8, 8, 3)
    clear = read(RNG.integers(0, 256, (4, 6, 5, 4), dtype=np.uint8)).kind
    assert clear.read(tmp_path).take(torch.arange(2)).shape == (2, 6, 5, 4)


def test_pictures_are_no_table(tmp_path):
    color().save(tmp_path / "a.png")
    kind = read(np.eye(3)).kind
    with pytest.raises(DataError, match="Expected a table of 3 columns"):
        kind.read(tmp_path)


def test_animations_are_no_pictures(tmp_path):
    color(8, 8).save(tmp_path / "good.png")
    color(8, 8).save(tmp_path / "moving.gif", save_all=True, append_images=[color(8, 8)])
    with pytest.raises(SourceError, match=r"moving\.gif holds 2 frames of an animation.*skip_broken=True"):
        read(tmp_path)
    reading = read(tmp_path, skip_broken=True)
    assert len(reading.source) == 1
    assert "moving.gif" in reading.notes[-1]
    with pytest.raises(SourceError, match=r"2 frames of an animation"):
        read_whole(tmp_path / "moving.gif", 3)
