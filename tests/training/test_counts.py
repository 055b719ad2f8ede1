"""What an epoch of training costs, in counts: gathers, conversions, synchronizations, copies of the data."""

from __future__ import annotations

from collections import Counter
from typing import Any

import numpy as np
import pytest
import torch

from diabolo.data import read
from diabolo.data.kinds import ImageKind
from diabolo.data.sources import ArraySource
from diabolo.jobs.train import Options, train
from diabolo.training.engine import _Run

IMAGES = np.random.default_rng(0).integers(0, 256, (640, 8, 8), dtype=np.uint8)
OPTIONS = Options(epochs=3, batch_size=32, optimizer="adam", validation_fraction=0.0, latent_dim=2)


@pytest.fixture
def counts(monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """Calls of a run, by name; those of the companions, which come after it, are left out."""
    found: Counter[str] = Counter()

    def count(owner: type, name: str, key: str) -> None:
        real = getattr(owner, name)

        def counted(*given: Any, **named: Any) -> Any:
            found[key] += 1
            return real(*given, **named)

        monkeypatch.setattr(owner, name, counted)

    count(ArraySource, "take", "gathers")
    count(ImageKind, "encode", "conversions")
    count(_Run, "_step", "steps")
    for name in ("item", "tolist", "__bool__", "__float__", "cpu", "numpy"):
        count(torch.Tensor, name, "synchronizations")
    monkeypatch.setattr("diabolo.jobs.train.add_companions", lambda trained, *rest: trained)
    monkeypatch.setattr("diabolo.jobs.train.with_seen", lambda trained, *rest, **named: trained)
    monkeypatch.setattr("diabolo.jobs.train._start_at_mean", lambda *given: None)
    return found


def test_a_batch_is_one_gather_and_one_conversion(counts: Counter[str]) -> None:
    train(read(IMAGES), OPTIONS)
    assert counts["steps"] == 60
    assert counts["gathers"] == counts["conversions"] == counts["steps"]


def test_synchronizations_do_not_grow_with_steps(counts: Counter[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """A few an epoch; twice the steps in as many epochs, and chunks of one step each, make no more."""
    train(read(IMAGES), OPTIONS)
    few, steps = counts["synchronizations"], counts["steps"]
    counts.clear()
    monkeypatch.setattr("diabolo.training.engine.CHUNK_SECONDS", 0.0)
    train(read(np.concatenate([IMAGES, IMAGES])), OPTIONS)
    assert counts["steps"] == 2 * steps
    assert counts["synchronizations"] == few
    assert few <= 6 * 3


def test_the_data_are_not_copied() -> None:
    """The engine gathers from the caller's own bytes."""
    reading = read(IMAGES)
    seen: list[int] = []
    real = ArraySource.take

    def take(self: ArraySource, index: torch.Tensor) -> torch.Tensor:
        seen.append(self.rows.data_ptr())
        return real(self, index)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ArraySource, "take", take)
        train(reading, OPTIONS)
    assert set(seen) == {IMAGES.ctypes.data}
