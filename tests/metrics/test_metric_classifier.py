"""A network that tells labels apart: what it learns, that its features are its own last layer, that a seed repeats it."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from diabolo.errors import DataError
from diabolo.metrics.classifier import WIDTH, Classifier, fit_classifier

RNG = np.random.default_rng(0)
LABELS = np.arange(300) % 3
ROWS = (RNG.normal(size=(300, 5)) + 4 * np.eye(5)[LABELS]).astype(np.float32)


def bars(rows: int = 200) -> tuple[np.ndarray, np.ndarray]:
    """Pictures (rows, 1, 9, 7) of a bar that stands or lies, and which."""
    lying = np.arange(rows) % 2
    x = RNG.uniform(0, 0.3, size=(rows, 1, 9, 7)).astype(np.float32)
    for picture, flat, at in zip(x, lying, RNG.integers(1, 6, rows), strict=True):
        picture[0, :, at] += 1 - flat
        picture[0, at, :] += flat
    return x, np.where(lying, "lying", "standing")


@pytest.fixture(scope="module")
def found() -> Classifier:
    return fit_classifier(ROWS, LABELS)


def test_it_tells_the_labels_of_rows_it_has_not_seen(found: Classifier) -> None:
    assert (found.rows, found.held_out, found.classes) == (270, 30, (0, 1, 2))
    assert found.accuracy > 0.9 > 0.6 > found.majority
    fresh = (RNG.normal(size=(300, 5)) + 4 * np.eye(5)[LABELS]).astype(np.float32)
    assert (found.predict(fresh) == LABELS).mean() > 0.9


def test_it_tells_pictures_of_any_size() -> None:
    x, y = bars()
    found = fit_classifier(x, y)
    assert found.accuracy > 0.9
    assert set(found.classes) == {"lying", "standing"}
    assert found.features(x).shape == (200, WIDTH)
    np.testing.assert_array_equal(found.features(x), found.features(x.reshape(200, -1)))


def test_its_features_are_what_its_last_layer_sees(found: Classifier) -> None:
    features = found.features(ROWS)
    assert features.min() >= 0
    last = found.network[-1]
    assert isinstance(last, torch.nn.Linear)
    scores = features @ last.weight.detach().double().numpy().T + last.bias.detach().double().numpy()
    np.testing.assert_array_equal(np.asarray(found.classes)[scores.argmax(1)], found.predict(ROWS))


def test_a_seed_repeats_it_and_leaves_other_randomness_alone(found: Classifier) -> None:
    torch.manual_seed(5)
    expected = torch.rand(3)
    torch.manual_seed(5)
    again = fit_classifier(ROWS, LABELS)
    assert torch.equal(torch.rand(3), expected)
    np.testing.assert_array_equal(again.features(ROWS), found.features(ROWS))
    assert np.abs(fit_classifier(ROWS, LABELS, 1).features(ROWS) - found.features(ROWS)).max() > 0.1


def test_columns_that_never_vary_are_no_harm() -> None:
    x = np.concatenate([ROWS, np.full((300, 2), 7.0, dtype=np.float32)], 1)
    assert fit_classifier(x, LABELS).accuracy > 0.9


def test_wrong_input_says_what_was_expected(found: Classifier) -> None:
    with pytest.raises(DataError, match="at least 20 rows with two labels, got 300 rows with 1"):
        fit_classifier(ROWS, np.zeros(300))
    with pytest.raises(DataError, match="at least 20 rows with two labels, got 10 rows with 3"):
        fit_classifier(ROWS[:10], LABELS[:10])
    with pytest.raises(DataError, match="Expected rows of 5 cells, as the network was trained on, got 4"):
        found.features(ROWS[:, :4])
