"""The linear probe."""

import json

import numpy as np
import pytest
from sklearn.datasets import load_digits

from diabolo.errors import DataError
from diabolo.metrics.probe import linear_probe


def test_digits_are_almost_linear():
    x, y = load_digits(return_X_y=True)
    probe = linear_probe(x[:1200], y[:1200], x[1200:], y[1200:])
    assert probe.train_accuracy > 0.99
    assert 0.88 < probe.test_accuracy < probe.train_accuracy
    assert probe.majority == pytest.approx(0.1, abs=0.03)
    assert probe.converged
    assert json.loads(json.dumps(probe.to_dict()))["converged"] is True


def test_the_scale_of_a_unit_does_not_matter():
    generator = np.random.default_rng(0)
    z = generator.normal(size=(400, 3))
    labels = np.where(z[:, 0] > 0, "right", "left")
    one = linear_probe(z[:200], labels[:200], z[200:], labels[200:])
    other = linear_probe(z[:200] * [1e-6, 1, 1e6], labels[:200], z[200:] * [1e-6, 1, 1e6], labels[200:])
    assert one == other
    assert one.test_accuracy > 0.95


def test_test_rows_are_not_trained_on():
    generator = np.random.default_rng(0)
    z, labels = generator.normal(size=(100, 80)), generator.integers(2, size=100)  # wide noise: train is learned by heart
    probe = linear_probe(z[:50], labels[:50], z[50:], labels[50:])
    assert probe.train_accuracy == 1.0
    assert probe.test_accuracy < 0.75


def test_a_label_never_seen_is_wrong_and_too_few_steps_are_told():
    z = np.arange(8.0)[:, None]
    probe = linear_probe(z, [0, 0, 0, 0, 0, 1, 1, 1], z[:2], [0, 9], max_iter=1)
    assert probe.test_accuracy <= 0.5
    assert probe.majority == 0.5
    assert not probe.converged


def test_what_cannot_be_probed():
    z = np.zeros((4, 2))
    with pytest.raises(DataError, match="two different labels"):
        linear_probe(z, [1, 1, 1, 1], z, [1, 1, 1, 1])
    with pytest.raises(DataError, match="test codes of 2 numbers"):
        linear_probe(z, [1, 1, 0, 0], np.zeros((4, 3)), [1, 1, 0, 0])
