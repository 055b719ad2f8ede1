"""Small moves: how far they go, whose spread they are measured in, and how steady the outputs are."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from diabolo.errors import DataError, ParameterError
from diabolo.jobs.codes.embed import decode, embed
from diabolo.jobs.codes.reconstruct import encode_all, reconstruct
from diabolo.jobs.codes.units import units_of
from diabolo.jobs.companions import linear_twin
from diabolo.jobs.generation.vary import steadiness, vary
from diabolo.trained import Trained
from tests.helpers import little_images, low_rank, quick

ROWS = low_rank(200)


@pytest.fixture(scope="module")
def trained() -> Trained:
    return quick(ROWS, latent_dim=3, epochs=20)


def test_codes_are_moved_by_their_own_spread(trained: Trained) -> None:
    z = embed(trained, ROWS[:2])
    random = np.random.default_rng(int(np.random.default_rng(5).integers(2**31)))
    moved = np.repeat(z, 4, 0) + 0.2 * units_of(trained).std * random.standard_normal((8, 3))
    np.testing.assert_allclose(vary(trained, ROWS[:2], 4, spread=0.2, random_state=5), decode(trained, moved), rtol=1e-5)


def test_a_small_move_stays_near_and_a_seed_repeats_it(trained: Trained) -> None:
    back = reconstruct(trained, ROWS[:3]).repeat(50, 0)
    for by in ("code", "input"):
        near, far = (vary(trained, ROWS[:3], 50, spread=s, by=by, random_state=1) for s in (1e-4, 0.5))
        assert near.shape == (150, 12)
        np.testing.assert_allclose(near, back, rtol=1e-2, atol=1e-2)
        assert np.abs(far - back).mean() > 100 * np.abs(near - back).mean()
        np.testing.assert_array_equal(far, vary(trained, ROWS[:3], 50, spread=0.5, by=by, random_state=1))
        assert np.abs(far - vary(trained, ROWS[:3], 50, spread=0.5, by=by)).max() > 0


def test_noise_on_columns_is_in_their_deviations(trained: Trained, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[torch.Tensor] = []
    encode = trained.model.encode

    def watched(x: torch.Tensor, *rest: Any) -> torch.Tensor:
        seen.append(x)
        return encode(x, *rest)

    monkeypatch.setattr(trained.model, "encode", watched)
    vary(trained, ROWS[:1], 2000, spread=0.3, by="input", random_state=0)
    x = torch.cat(seen)[:2000]
    np.testing.assert_allclose(x.mean(0), encode_all(trained, trained.kind.read(ROWS[:1]))[0], atol=0.05)
    np.testing.assert_allclose(x.std(0), 0.3, atol=0.03)


def test_pictures_stay_in_their_range() -> None:
    images = little_images(60)
    trained = quick(images, epochs=1)
    made = vary(trained, images[:2], 3, spread=2.0, by="input", random_state=0)
    assert (made.shape, made.dtype) == ((6, 8, 8), np.uint8)


def test_change_is_measured_by_what_lies_between_two_rows(trained: Trained) -> None:
    found = steadiness(trained, ROWS[:50], spread=0.3, training=ROWS, seed=2)
    made, back = (trained.kind.read(x) for x in (vary(trained, ROWS[:50], 4, random_state=2), reconstruct(trained, ROWS[:50])))
    moved, still = (encode_all(trained, source).numpy() for source in (made, back))
    twin = linear_twin(trained)
    assert twin is not None
    expected = np.sqrt(np.square(moved - still.repeat(4, 0)).sum(1).mean() / (2 * twin.total))
    assert found.change == pytest.approx(expected, rel=1e-3)
    known = encode_all(trained, trained.kind.read(ROWS)).numpy()
    near = [np.median(np.sqrt(np.square(x[:, None] - known[None]).sum(2)).min(1)) for x in (moved, still)]
    assert found.nearness == pytest.approx(near[0] / near[1], rel=1e-3)
    assert found.to_dict() == {
        "by": "code", "spread": 0.3, "rows": 50, "moves": 4, "change": found.change, "nearness": found.nearness
    }  # fmt: skip
    assert steadiness(trained, ROWS[:50], spread=3.0).change > found.change
    assert steadiness(trained, ROWS[:1]).nearness is None


def test_labels_go_with_their_rows() -> None:
    y = np.arange(200) % 2
    trained = quick(ROWS, "cvae", y=y, latent_dim=2, epochs=5)
    assert vary(trained, ROWS[:3], 2, y[:3], random_state=0).shape == (6, 12)
    assert steadiness(trained, ROWS[:3], y[:3], by="input").change > 0


def test_wrong_input_says_what_was_expected(trained: Trained) -> None:
    with pytest.raises(ParameterError, match=r"spread must be a number above 0, such as 0\.3, got -1"):
        vary(trained, ROWS, spread=-1)
    with pytest.raises(ParameterError, match="n must be a whole number of at least 1, got 0"):
        vary(trained, ROWS, 0)
    with pytest.raises(ParameterError, match="Did you mean 'code'"):
        vary(trained, ROWS, by="codes")
    with pytest.raises(DataError, match="at least two rows"):
        steadiness(quick(ROWS, target=ROWS + 1, epochs=1), ROWS[:1])
