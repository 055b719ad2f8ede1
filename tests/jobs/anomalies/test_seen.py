"""Seen: the rows a model was trained by are known again, over several trainings, and beyond those that are kept."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from diabolo import store
from diabolo.data.sources import ArraySource
from diabolo.data.split import split
from diabolo.jobs.anomalies import seen as module
from diabolo.jobs.anomalies.detector.known_rows import row_keys
from diabolo.jobs.anomalies.seen import NAME, Seen
from diabolo.jobs.train import Options, train
from tests.helpers import low_rank, quick

X = low_rank(120, 5, 2).astype(np.float64)
ROWS = ArraySource(X)
KEYS = row_keys(ROWS)


def test_training_rows_and_no_others_are_kept_with_the_model(tmp_path: Path) -> None:
    trained = quick(X)
    learned, _ = split(120, 0.1)
    for model in (trained, store.load(store.save(trained, tmp_path / "m"))):
        found = Seen.of(model)
        assert found is not None
        assert np.array_equal(np.flatnonzero(found.has(KEYS)), learned.numpy())
        assert np.array_equal(found.lacks(KEYS), ~found.has(KEYS))
        assert found.once(KEYS[learned.numpy()])
        assert not found.once(KEYS)
        assert found.fraction == 0.1


def test_pictures() -> None:
    images = np.random.default_rng(0).integers(0, 256, (60, 8, 8), dtype=np.uint8)
    trained = train(images, Options("plain", epochs=1, batch_size=32))
    found = Seen.of(trained)
    assert found is not None
    learned = found.has(row_keys(trained.kind.read(images)))
    assert np.array_equal(np.flatnonzero(learned), split(60, 0.1)[0].numpy())


def test_trainings_add_up() -> None:
    first = quick(X[:60])
    second = train(X[40:], Options(epochs=1, validation_fraction=0.0), start=first)
    found = Seen.of(second)
    assert found is not None
    expected = np.unique(np.concatenate([split(60, 0.1)[0].numpy(), np.arange(40, 120)]))
    assert np.array_equal(np.flatnonzero(found.has(KEYS)), expected)
    assert found.fraction == 0
    assert not found.once(KEYS)
    forgetful = train(X[40:], Options(epochs=1), start=first.without_companion(NAME))
    assert Seen.of(forgetful) is None


def test_of_many_rows_the_smallest_keys_are_known(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_ROWS", 30)
    found = Seen.by(ROWS, torch.arange(80), 0.0)
    assert found is not None
    assert len(found.keys) == 30
    assert np.array_equal(found.keys, np.sort(KEYS[:80])[:30])
    lacks = found.lacks(KEYS)
    assert lacks.any()
    assert not lacks[:80].any()
    assert np.array_equal(lacks[80:], KEYS[80:] <= found.keys[-1])
    both = Seen.by(ROWS, torch.arange(80, 100), 0.0)
    assert both is not None
    after = both.after(found)
    assert np.array_equal(after.keys, np.sort(KEYS[:100])[:30])
    assert not after.lacks(KEYS)[:100].any()
    assert found.once(KEYS[:80])
    assert not found.once(KEYS[:81])
    monkeypatch.setattr(module, "MOST_CELLS", 100)
    assert Seen.by(ROWS, torch.arange(80), 0.0) is None
