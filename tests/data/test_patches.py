"""Patches: squares of pictures at full size, and whole pictures held out."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from diabolo import Autoencoder
from diabolo.data import pictures, read, read_like
from diabolo.data.patches import corners, covering, cut, group_of
from diabolo.data.split import split
from diabolo.errors import ParameterError, SourceError
from diabolo.jobs.train import Options, train
from diabolo.report.language import language
from diabolo.report.reasons import translated
from tests.helpers import little_images


def write(path: Path, height: int, width: int, channels: int = 3, seed: int = 0) -> np.ndarray:
    shape = (height, width, channels)[: 2 if channels == 1 else 3]
    pixels = np.random.default_rng(seed).integers(0, 256, shape, dtype=np.uint8)
    Image.fromarray(pixels).save(path)
    return pixels


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    for i in range(8):
        write(tmp_path / f"{i}.png", 20 + i, 35 - i, seed=i)
    return tmp_path


def test_squares_lie_side_by_side_in_the_middle() -> None:
    (found,) = corners([(10, 13)], 4)
    assert found.tolist() == [[1, 0], [1, 4], [1, 8], [5, 0], [5, 4], [5, 8]]
    pixels = np.arange(130).reshape(10, 13)
    np.testing.assert_array_equal(cut(pixels, found, 4)[4], pixels[5:9, 4:8])


def test_of_too_many_an_even_share_is_drawn() -> None:
    sizes = [(400, 400), (3, 900), (200, 400)]
    found = corners(sizes, 4, most=3000)
    assert [len(f) for f in found] == pytest.approx([2000, 0, 1000], rel=0.1)
    assert sum(map(len, found)) == 3000
    again = corners(sizes, 4, most=3000)
    assert all(np.array_equal(a, b) for a, b in zip(found, again, strict=True))
    assert abs(found[0].mean() - 198) < 10  # from all over the picture


def test_patches_are_the_files_own_pixels(tmp_path: Path) -> None:
    pixels = write(tmp_path / "a.png", 21, 30)
    reading = read(tmp_path, patch=8)
    rows = reading.array()
    assert rows.shape == (6, 8, 8, 3)
    assert reading.labels is None
    for row, name in zip(rows, reading.ids, strict=True):
        top, left = map(int, name.removeprefix("a.png@").split(","))
        np.testing.assert_array_equal(row, pixels[top : top + 8, left : left + 8])
    assert reading.reason.startswith("images of 8×8, 3 channels: 6 patches of 1 picture from ")
    one = read(tmp_path / "a.png", patch=8)
    np.testing.assert_array_equal(one.array(), rows)


def test_whole_pictures_are_held_out(photos: Path) -> None:
    reading = read(photos, patch=8)
    rows, validation = split(len(reading.source), 0.3, reading.groups)
    pictures = np.array([name.split("@")[0] for name in reading.ids])
    assert set(pictures[rows.numpy()]) | set(pictures[validation.numpy()]) == {f"{i}.png" for i in range(8)}
    assert not set(pictures[rows.numpy()]) & set(pictures[validation.numpy()])
    assert len(rows)
    assert len(validation)
    held_out = set(pictures[validation.numpy()])
    write(photos / "00.png", 40, 40)  # one more does not move the others
    more = read(photos, patch=8)
    _, validation = split(len(more.source), 0.3, more.groups)
    assert {str(n).split("@")[0] for n in more.ids[validation.numpy()]} - {"00.png"} == held_out


def test_groups_are_split_like_rows() -> None:
    groups = np.repeat(np.arange(2000), 3)
    rows, validation = split(6000, 0.1, groups)
    assert len(validation) / 6000 == pytest.approx(0.1, abs=0.02)
    assert set(groups[validation.numpy()]) == set(split(2000, 0.1)[1].tolist())
    torch.testing.assert_close(torch.cat([rows, validation]).sort().values, torch.arange(6000))
    alone = split(100, 0.1, np.full(100, group_of("a.png")))
    assert all(torch.equal(a, b) for a, b in zip(alone, split(100, 0.1), strict=True))
    assert len(split(6, 0.0, np.arange(6))[1]) == 0
    assert len(split(6, 0.01, np.repeat([3, 9], 3))[1]) == 3


def test_what_is_left_out_is_said(photos: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(photos / "tiny.png", 7, 100)
    monkeypatch.setattr(pictures, "MOST", 20)
    reading = read(photos, patch=8)
    assert "1 of 9 pictures are smaller than 8×8 and were left out" in reading.notes
    assert any(n.endswith("patches 20 were drawn evenly") for n in reading.notes)
    assert len(reading.source) == 20
    assert not [n for n in reading.notes if translated(n, language("ru")).foreign]
    with pytest.raises(SourceError, match=r"as large as a patch of 99×99: the largest is 27×28"):
        read(photos, patch=99)


def test_broken_pictures(photos: Path) -> None:
    (photos / "fake.png").write_text("this is no picture")
    with pytest.raises(SourceError, match=r"fake\.png is no picture.*skip_broken"):
        read(photos, patch=8)
    reading = read(photos, patch=8, skip_broken=True)
    assert any("fake.png" in n for n in reading.notes)


def test_gray_pictures_and_colors(tmp_path: Path) -> None:
    write(tmp_path / "a.png", 16, 16, 1)
    assert read(tmp_path, patch=8).array().shape == (4, 8, 8)
    write(tmp_path / "b.png", 16, 16)
    assert read(tmp_path, patch=8).array().shape == (8, 8, 8, 3)


def test_patch_or_side_and_only_of_files(photos: Path) -> None:
    with pytest.raises(ParameterError, match="without side"):
        read(photos, patch=8, side=8)
    with pytest.raises(ParameterError, match="at least 1"):
        read(photos, patch=0)
    with pytest.raises(ParameterError, match="patch= is for pictures from files"):
        read(little_images(), patch=4)


def test_a_model_of_patches_reads_folders_as_patches(photos: Path) -> None:
    reading = read(photos, patch=8)
    trained = train(reading, Options(epochs=1, batch_size=32))
    assert trained.config.data["asked"] == {"patch": 8}
    again = read_like(trained.kind, photos)
    np.testing.assert_array_equal(again.array(), reading.array())
    assert again.groups is not None
    assert type(trained.kind).from_json(*trained.kind.to_json()) == trained.kind
    _, validation = split(len(reading.source), 0.1, reading.groups)
    assert trained.config.data["held_out"] == len(validation)


def test_kinds_stored_before_there_were_patches() -> None:
    kind = read(little_images()).kind
    data, tensors = kind.to_json()
    del data["patch"]
    assert type(kind).from_json(data, tensors) == kind


def test_the_estimator_takes_patches(photos: Path, tmp_path: Path) -> None:
    model = Autoencoder(patch=8, epochs=1, random_state=0).fit(str(photos))
    assert model.trained_.kind.patch
    assert len(model.transform(str(photos))) == len(read(photos, patch=8).source)


@pytest.mark.parametrize(("height", "width", "side"), [(8, 8, 8), (9, 17, 8), (30, 16, 8), (31, 50, 7), (3, 5, 1), (5, 6, 2)])
def test_squares_cover_a_picture_once_side_by_side_and_more_often_with_the_rest(height: int, width: int, side: int) -> None:
    places, apart = covering((height, width), side)
    assert len(np.unique(places, axis=0)) == len(places)
    assert apart.sum() == -(-height // side) * -(-width // side)
    for chosen in (places, places[apart]):
        count = np.zeros((height, width), int)
        for row, column in chosen:
            assert 0 <= row <= height - side
            assert 0 <= column <= width - side
            count[row : row + side, column : column + side] += 1
        assert count.min() >= 1
    steps = np.diff(np.unique(places[:, 1]))
    assert not len(steps) or steps.max() <= max(1, -(-side // 2))
