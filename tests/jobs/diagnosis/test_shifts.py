"""Codes under noise: PCA in closed form beside what noise really does, and a linear model that is PCA."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from diabolo.jobs.companions import linear_twin
from diabolo.jobs.diagnosis.shifts import OWN, code_shifts
from tests.helpers import little_images, low_rank, quick
from tests.jobs.diagnosis.test_diagnose import changed, layers

X = low_rank(600)


def test_pca_in_closed_form_is_what_noise_does_to_pca() -> None:
    """A model whose encoder is PCA moves as far as the closed form says, up to chance."""
    trained = quick(X, "simple", latent_dim=3, epochs=1)
    twin = linear_twin(trained)
    assert twin is not None

    def as_pca(model: torch.nn.Module) -> None:
        encoder = layers(model.encoder)[0]  # type: ignore[arg-type]
        encoder.weight.copy_(torch.from_numpy(twin.components))
        encoder.bias.copy_(torch.from_numpy(-twin.components @ twin.mean))

    found = code_shifts(changed(trained, as_pca), trained.kind.read(X))
    assert [line.strength for line in found.table] == [0.1, 0.25, 0.5, 1.0]
    for line in found.table:
        assert line.pca is not None
        assert line.model == pytest.approx(line.pca, rel=0.06)
    x = trained.kind.encode(torch.from_numpy(X)).numpy()
    assert found.spread == pytest.approx(np.sqrt(x.var(axis=0).mean()), rel=1e-4)
    expected = np.sqrt((0.5 * found.spread) ** 2 * 3 / twin.transform(x).var(axis=0).sum())
    assert found.table[2].pca == pytest.approx(expected, rel=1e-4)


def test_the_recipe_s_own_damage() -> None:
    trained = quick(little_images(60), "denoising", epochs=1)
    line = code_shifts(trained, trained.kind.read(little_images(60))).table[-1]
    assert line.noise == OWN
    assert line.model is not None
    assert line.pca is not None
    x = little_images(60).reshape(60, -1) / 255
    assert line.strength == pytest.approx(0.3 / np.sqrt(x.var(axis=0).mean()), rel=0.1)  # noise of 0.3 on [0, 1]


def test_codes_that_never_vary_and_the_same_noise_each_time() -> None:
    trained = quick(X, "simple", latent_dim=3, epochs=1)
    source = trained.kind.read(X[:50])
    assert code_shifts(trained, source) == code_shifts(trained, source)
    still = changed(trained, lambda m: layers(m.encoder)[0].weight.zero_())  # type: ignore[arg-type]
    assert code_shifts(still, source).table[0].model is None
    assert code_shifts(quick(X, target=X + 1, epochs=1), source).table[0].pca is None
