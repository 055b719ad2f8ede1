"""Photographs of any size are judged as wholes by a model of squares, with a threshold from whole photographs."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from sklearn.metrics import roc_auc_score

from diabolo import Autoencoder
from diabolo.data import read
from diabolo.data.patches import covering, cut
from diabolo.errors import DataError, SourceError, UnfamiliarWarning, UnsupportedError
from diabolo.jobs.anomalies.calibration import NAME, calibration, p_values
from diabolo.jobs.anomalies.detect import detect
from diabolo.jobs.anomalies.judge import Judge
from diabolo.jobs.anomalies.photographs import detect_photographs, maxima
from diabolo.jobs.anomalies.traits import Traits
from diabolo.jobs.mending.given_photographs import photographs_of
from diabolo.trained import Companion, Trained
from tests.helpers import low_rank, quick

SIDE = 8


def waves(height: int, width: int, seed: int) -> np.ndarray:
    """A smooth gray picture, (height, width) uint8."""
    random = np.random.default_rng(seed)
    y, x = np.mgrid[:height, :width]
    a, b, c = random.uniform(0, 6, 3)
    return np.round(127 + 60 * np.sin(x / 5 + a) + 60 * np.cos(y / 6 + b + c)).astype(np.uint8)


def spotted(picture: np.ndarray, top: int, left: int) -> np.ndarray:
    """The picture with a checkerboard of 6 pixels a side."""
    found = picture.copy()
    found[top : top + 6, left : left + 6] = 255 * (np.indices((6, 6)).sum(0) % 2)
    return found


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("normal")
    for i in range(60):
        Image.fromarray(waves(40, 48, i)).save(place / f"{i}.png")
    return place


@pytest.fixture(scope="module")
def trained(folder: Path) -> Trained:
    return quick(read(folder, patch=SIDE), "denoising", network="mlp", latent_dim=6, epochs=20, validation_fraction=0.4)


def test_odd_photographs_of_several_sizes_are_found_and_where(trained: Trained) -> None:
    normal = [waves(*size, seed) for seed, size in enumerate([(40, 48), (37, 51), (40, 40), (29, 48)], start=100)]
    odd = [spotted(picture, 11 + i, 20 + i) for i, picture in enumerate(normal)]
    found = detect(trained, [*normal, *odd], anomalous=[0] * 4 + [1] * 4, quantile=0.9)
    assert found.auc is not None
    assert found.auc["model"] == 1.0
    assert {"pca", "code neighbors"} < set(found.auc)
    assert found.is_outlier.tolist() == [False] * 4 + [True] * 4
    for i, (heat, picture) in enumerate(zip(found.heat, [*normal, *odd], strict=True)):
        assert heat.shape == picture.shape
        if i >= 4:
            where = np.zeros(picture.shape, bool)
            where[7 + i : 13 + i, 16 + i : 22 + i] = True
            assert roc_auc_score(where.ravel(), heat.ravel()) > 0.95
    assert "whole photographs held out" in found.notes[0]


def test_the_score_is_that_of_the_strangest_square_and_the_heat_a_mean(trained: Trained) -> None:
    picture = spotted(waves(21, 30, 7), 5, 9)
    found, judge = detect(trained, picture), Judge.of(trained)
    places, apart = covering((21, 30), SIDE)
    squares = cut(picture, places, SIDE)
    traits = Traits.of(trained, trained.kind.read(squares), None)
    assert found.scores[0] == pytest.approx(judge.scores(traits)[apart].max(), rel=1e-6)
    assert found.squares is not None
    assert found.squares.tolist() == [apart.sum()] == [12]
    total, count = np.zeros((21, 30)), np.zeros((21, 30))
    for (row, column), heat in zip(places, judge.known.heat(traits.misfits), strict=True):
        total[row : row + SIDE, column : column + SIDE] += heat
        count[row : row + SIDE, column : column + SIDE] += 1
    assert count.min() >= 1
    np.testing.assert_allclose(found.heat[0], total / count, rtol=1e-5)


def test_p_values_are_those_of_whole_photographs(trained: Trained) -> None:
    known = calibration(trained)
    assert known is not None
    assert known.pictures is not None
    usual, each = maxima(Judge.of(trained).usual_scores, known.pictures)
    assert (len(usual), each) == (len(np.unique(known.pictures)), 30)
    same, larger = (waves(40, 48, 200), waves(80, 96, 201))
    found = detect(trained, [same, larger])
    expected = p_values(found.scores, usual) * [1, 120 / 30]
    np.testing.assert_allclose(found.p_values, np.minimum(1, expected))
    assert "up to 4 times as many" in found.notes[0]
    assert found.rows == len(usual)


def test_false_alarms_stay_below_what_is_promised(trained: Trained) -> None:
    found = detect(trained, [waves(40, 48, seed) for seed in range(300, 400)], quantile=0.8)
    assert 0 < found.false_alarms < 0.25
    assert found.is_outlier.mean() <= found.false_alarms + 0.12


def test_without_whole_photographs_it_says_so_and_is_cautious(trained: Trained) -> None:
    kept = trained.companions[NAME]
    arrays = {k: v for k, v in kept.arrays.items() if k != "pictures"}
    old = dataclasses.replace(trained, companions={**trained.companions, NAME: Companion(kept.data, arrays)})
    found, usual = detect(old, [waves(40, 48, 5)]), Judge.of(old).usual_scores
    assert "no whole photographs were kept" in found.notes[0]
    assert found.p_values[0] == min(1.0, 30 * p_values(found.scores, usual)[0])


def test_parts_of_one_photograph_are_no_whole_photographs(tmp_path: Path) -> None:
    Image.fromarray(waves(80, 96, 0)).save(tmp_path / "only.png")
    known = calibration(quick(read(tmp_path, patch=SIDE), "denoising", network="mlp", epochs=1))
    assert known is not None
    assert (known.held_out, known.pictures) == (True, None)


def test_folders_files_and_arrays_are_the_same(trained: Trained, tmp_path: Path) -> None:
    pictures = [waves(40, 48, 1), waves(24, 33, 2)]
    for i, picture in enumerate(pictures):
        Image.fromarray(picture).save(tmp_path / f"{i}.png")
    expected = detect(trained, pictures)
    found = detect(trained, tmp_path)
    np.testing.assert_array_equal(found.scores, expected.scores)
    assert found.names == ("0.png", "1.png")
    assert detect(trained, tmp_path / "1.png").scores == expected.scores[1]
    assert detect(trained, [str(tmp_path / "1.png")]).scores == expected.scores[1]
    ae = Autoencoder.from_trained(trained)
    assert ae.detect(pictures[0]).heat.shape == (1, 40, 48)
    np.testing.assert_array_equal(ae.detect(np.stack([pictures[0]] * 2)).scores, expected.scores[[0, 0]])
    assert ae.detect(cut(pictures[0], covering((40, 48), SIDE)[0], SIDE)).squares is None


def test_many_photographs_need_not_be_kept(trained: Trained) -> None:
    seen = []
    photographs = photographs_of(trained.kind, [waves(40, 48, 1), waves(24, 33, 2)])
    assert photographs is not None
    found = detect_photographs(trained, photographs, watch=lambda *given: seen.append(given))
    assert [(name, pixels.shape, heat.shape) for name, pixels, heat in seen] == [
        ("0", (40, 48), (40, 48)),
        ("1", (24, 33), (24, 33)),
    ]
    assert found.heat.size == 0


def test_bad_photographs(trained: Trained, tmp_path: Path) -> None:
    Image.fromarray(waves(40, 48, 1)).save(tmp_path / "a.png")
    Image.fromarray(waves(5, 48, 1)).save(tmp_path / "b.png")
    (tmp_path / "c.png").write_bytes(b"no picture")
    photographs = photographs_of(trained.kind, tmp_path)
    assert photographs is not None
    with pytest.raises(SourceError, match=r"b.png is 5×48, and the model looks at squares of 8×8"):
        detect_photographs(trained, photographs)
    found = detect_photographs(trained, photographs, skip_broken=True)
    assert (found.names, found.notes[1]) == (("a.png",), "photographs that are broken or too small were left out, 2 in all")
    (tmp_path / "a.png").unlink()
    photographs = photographs_of(trained.kind, tmp_path)
    assert photographs is not None
    with pytest.raises(DataError, match="None of the 2 photographs"):
        detect_photographs(trained, photographs, skip_broken=True)
    with pytest.raises(DataError, match="one value a row"):
        detect(trained, [waves(40, 48, 1)], anomalous=[0, 1])
    with pytest.raises(UnsupportedError, match="nothing to judge rows by"):
        detect(dataclasses.replace(trained, companions={}), [waves(40, 48, 1)])


def test_another_domain_is_told(trained: Trained) -> None:
    board = (255 * (np.indices((64, 64)).sum(0) // 4 % 2)).astype(np.uint8)
    with pytest.warns(UnfamiliarWarning):
        detect(trained, [board, board])


def test_other_models_take_rows() -> None:
    table = quick(low_rank())
    assert photographs_of(table.kind, low_rank()) is None
    assert photographs_of(quick(np.zeros((40, 8, 8), np.uint8)).kind, [np.zeros((9, 9))]) is None


def test_largest_of_each() -> None:
    found, each = maxima(np.array([1.0, 5.0, 2.0, 0.0]), None)
    assert (found.tolist(), each) == ([1.0, 5.0, 2.0, 0.0], 1.0)
