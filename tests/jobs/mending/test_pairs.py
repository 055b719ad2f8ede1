"""Pairs: pictures of two folders go together by name, everything else in its order."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from diabolo import Autoencoder
from diabolo.data import Reading, read
from diabolo.errors import DataError
from diabolo.jobs.mending.pairs import aim_by_name, matched
from diabolo.jobs.train import Options, train
from tests.helpers import little_images, low_rank

NAMES = ("b", "a-1", "a", "deep/c", "x.y")


def folder(path: Path, ending: str, names: tuple[str, ...] = NAMES, side: int = 12, add: int = 0) -> Path:
    """A picture a name, gray, of one value: the position of the name among NAMES, times ten."""
    for name in names:
        place = path / f"{name}{ending}"
        place.parent.mkdir(parents=True, exist_ok=True)
        pixels = np.full((side, side + 4), 10 * NAMES.index(name) + add, np.uint8)
        pixels[0, 0] = 255
        Image.fromarray(pixels).save(place)
    return path


def shown(path: Path) -> np.ndarray:
    with Image.open(path) as image:
        return np.asarray(image)


def middles(reading: Reading) -> list[int]:
    return reading.array()[:, -1, -1].astype(int).tolist()


def test_pictures_go_together_by_name_whatever_their_endings(tmp_path: Path) -> None:
    noisy, clean = read(folder(tmp_path / "noisy", ".png")), read(folder(tmp_path / "clean", ".bmp", add=1))
    shuffled = dataclasses.replace(clean, ids=clean.ids[::-1], source=read(clean.array()[::-1].copy()).source)  # type: ignore[index]
    for wanted in (clean, shuffled):
        before, after = matched(noisy, wanted)
        assert len(before.source) == 5
        assert middles(after) == [v + 1 for v in middles(before)]
    assert matched(*matched(noisy, clean))[1].array().tolist() == matched(noisy, clean)[1].array().tolist()


def test_patches_lie_at_the_same_places(tmp_path: Path) -> None:
    random = np.random.default_rng(0)
    for name in ("noisy", "clean"):
        (tmp_path / name).mkdir()
    for i, size in enumerate(((40, 33), (21, 50))):
        pixels = random.integers(0, 200, size, dtype=np.uint8)
        for name, ending, add in (("noisy", "bmp", 0), ("clean", "png", 7)):
            Image.fromarray(pixels + np.uint8(add)).save(tmp_path / name / f"{i}.{ending}")
    noisy, clean = (read(tmp_path / name, patch=8) for name in ("noisy", "clean"))
    before, after = matched(noisy, clean)
    assert len(before.source) == 5 * 4 + 2 * 6
    assert np.array_equal(after.array(), before.array() + 7)
    Image.fromarray(np.zeros((48, 33), np.uint8)).save(tmp_path / "clean" / "0.png")
    with pytest.raises(DataError, match=r"pictures of one size.*: 0"):
        matched(noisy, read(tmp_path / "clean", patch=8))


def test_pictures_without_a_partner_are_named(tmp_path: Path) -> None:
    noisy, clean = folder(tmp_path / "noisy", ".png"), folder(tmp_path / "clean", ".png", ("a", "a-1", "x.y"))
    with pytest.raises(DataError, match="no partner: in noisy/: b, deep/c"):
        matched(read(noisy), read(clean))
    with pytest.raises(DataError, match="no partner: in noisy/: b, deep/c"):
        train(str(noisy), Options(epochs=1), target=str(clean))
    before, after = matched(read(noisy, skip_broken=True), read(clean, skip_broken=True))
    assert middles(before) == middles(after)
    assert len(before.source) == 3
    assert before.notes[-1] == "pictures without a partner were left out, in noisy/: b, deep/c"
    folder(clean, ".bmp", ("a",))
    with pytest.raises(DataError, match=r"a\.bmp and a\.png in clean/ have one name"):
        matched(read(noisy), read(clean))
    others = folder(tmp_path / "others", ".png", ("b",))
    with pytest.raises(DataError, match="no partner"):
        matched(read(clean.parent / "noisy" / "deep"), read(folder(tmp_path / "two", ".png", ("a", "b"))))
    assert len(matched(read(others / "b.png"), read(noisy / "a.png"))[0].source) == 1  # two single pictures


def test_everything_else_keeps_its_order() -> None:
    x, table = read(little_images()), read(low_rank())
    assert matched(x, x) == (x, x)
    assert matched(table, table) == (table, table)
    with pytest.raises(DataError, match="X has 120, target 200"):
        matched(x, table)


def test_estimators_pair_folders_too(tmp_path: Path) -> None:
    random = np.random.default_rng(0)
    for name in ("noisy", "clean"):
        (tmp_path / name).mkdir()
    for i, image in enumerate(little_images(60)):
        Image.fromarray(image).save(tmp_path / "clean" / f"{i}.png")
        noise = random.normal(0, 20, image.shape)
        Image.fromarray((image + noise).clip(0, 255).astype(np.uint8)).save(tmp_path / "noisy" / f"{i}.bmp")
    noisy, clean = tmp_path / "noisy", tmp_path / "clean"
    ae = Autoencoder("denoising", latent_dim=4, epochs=2, random_state=0).fit(noisy, target=clean)
    assert ae.model_.composition.corruption is None
    error = ae.reconstruction_error(noisy, target=clean)
    stems = sorted(path.stem for path in clean.iterdir())
    expected = np.stack([shown(clean / f"{n}.png") for n in stems]) / 255
    restored = ae.reconstruct(np.stack([shown(noisy / f"{n}.bmp") for n in stems])) / 255
    np.testing.assert_allclose(error, ((restored - expected) ** 2).mean((1, 2)), atol=2e-3)
    found = ae.evaluate(noisy, target=clean)
    assert found.table[0].errors["mse"] == pytest.approx(error.mean(), rel=1e-4)
    assert aim_by_name(ae.trained_, expected, "clean") == "clean"
