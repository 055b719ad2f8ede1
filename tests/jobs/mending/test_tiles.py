"""Pictures of any size: in tiles, with the result of the whole picture at once."""

from __future__ import annotations

import dataclasses
import tracemalloc

import numpy as np
import pytest
import torch
from torch import Tensor

from diabolo.errors import DataError, UnsupportedError
from diabolo.jobs.mending import tiles
from diabolo.jobs.mending.tiles import restore_any_size
from diabolo.parts.networks import Conv, Residual
from diabolo.parts.networks.reach import Reach, reach_of
from diabolo.trained import Trained
from diabolo.training.device import threads
from tests.helpers import quick

SIDE = 16
WHOLE = 10**6


def pictures(rows: int = 60, side: int = SIDE, channels: int = 3, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (rows, side, side, channels), dtype=np.uint8)


@pytest.fixture(scope="module")
def models() -> dict[str, Trained]:
    small = {"epochs": 1, "latent_dim": 3}
    return {
        "conv": quick(pictures(), network=Conv(code="map", channels=(6, 8)), **small),
        "variational": quick(pictures(), "vae", network=Conv(code="map", channels=(6, 8), kernel=5), **small),
        "residual": quick(pictures(channels=1)[..., 0], network=Residual(code="map", widths=(6, 8)), **small),
        "odd": quick(pictures(side=13), network=Conv(code="map", channels=(4, 4, 4), upsampling="nearest"), **small),
        "larger": quick(
            pictures(), target=pictures(side=2 * SIDE), network=Conv(code="map", channels=(6, 8)), batch_size=20, **small
        ),
        "labels": quick(pictures(), "cvae", y=np.arange(60) % 3, network=Conv(code="map", channels=(6,)), **small),
    }


def noise(trained: Trained, *positions: int) -> Tensor:
    return torch.rand(1, trained.model.source.fields, *positions, generator=torch.Generator().manual_seed(1))


@pytest.mark.parametrize("name", ["conv", "variational", "residual", "odd", "larger", "labels"])
@pytest.mark.parametrize("positions", [(61, 83), (64, 64), (5, 3), (1, 1), (200, 7)])
def test_tiles_are_the_whole_picture(models: dict[str, Trained], name: str, positions: tuple[int, int]) -> None:
    trained = models[name]
    x, condition = noise(trained, *positions), trained.condition(1, 1)
    whole = restore_any_size(trained, x, condition, side=WHOLE)
    scale = 2 if name == "larger" else 1
    assert whole.shape == (1, trained.model.target.fields, scale * positions[0], scale * positions[1])
    for side in (1, 20):
        torch.testing.assert_close(restore_any_size(trained, x, condition, side=side), whole, rtol=0, atol=1e-6)


def test_a_whole_multiple_of_the_stride_is_the_model_itself(models: dict[str, Trained]) -> None:
    trained = models["conv"]
    x = noise(trained, 24, 40)
    with torch.inference_mode(), threads(1):  # some processors add up in another order with more
        model = trained.model.eval()
        expected = model.decode(model.encode(x)).mean
        torch.testing.assert_close(restore_any_size(trained, x, side=8), expected, rtol=0, atol=1e-6)
        assert torch.equal(restore_any_size(trained, x), expected)  # one tile: bit for bit


def test_the_size_of_training_is_what_reconstruct_gives(models: dict[str, Trained]) -> None:
    trained = models["conv"]
    from diabolo.jobs.codes.reconstruct import restored

    source = trained.kind.read(pictures(3))
    x = trained.kind.encode(source.take(torch.arange(3)))
    torch.testing.assert_close(restore_any_size(trained, x), restored(trained, source, None), rtol=0, atol=1e-6)


def test_the_padding_is_the_mirror_image(models: dict[str, Trained]) -> None:
    trained = models["conv"]  # of stride 4
    x = noise(trained, 22, 23)
    mirrored = torch.nn.functional.pad(x, (0, 1, 0, 2), mode="reflect")
    assert torch.equal(restore_any_size(trained, x), restore_any_size(trained, mirrored)[..., :22, :23])
    tiny = noise(trained, 1, 2)
    repeated = torch.nn.functional.pad(tiny, (0, 2, 0, 3), mode="replicate")
    assert torch.equal(restore_any_size(trained, tiny), restore_any_size(trained, repeated)[..., :1, :2])


def test_a_halo_that_is_too_small_would_show(models: dict[str, Trained], monkeypatch: pytest.MonkeyPatch) -> None:
    """The halo is needed: without it the seams appear (with blocks that are still near zero there is little to see)."""
    trained = models["conv"]
    x = noise(trained, 64, 64)
    whole = restore_any_size(trained, x, side=WHOLE)
    reach = reach_of(trained.model.encoder, trained.model.decoder)
    smaller = dataclasses.replace(reach, halo=(0, 0))
    monkeypatch.setattr(tiles, "reach_of", lambda *_: smaller)
    assert (restore_any_size(trained, x, side=16) - whole).abs().max() > 1e-4


def test_tiles_cover_each_position_once() -> None:
    reach = Reach((4, 8), (8, 16), (1, 3), 7)
    for positions in ((1, 1), (9, 40), (33, 64)):
        covered = np.zeros((positions[0], 3 * positions[1]), int)
        for tile in tiles.tiles(positions, reach, 16):
            covered[tile.place] += 1
            shown = [len(i) * s for i, s in zip(tile.seen, reach.scale, strict=True)]
            inner = [len(range(*a.indices(n))) for a, n in zip(tile.answer, shown, strict=True)]
            assert inner == [p.stop - p.start for p in tile.place]
            assert all(len(i) % s == 0 for i, s in zip(tile.seen, reach.stride, strict=True))
        assert (covered == 1).all()


def test_memory_does_not_grow_with_the_picture(models: dict[str, Trained], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tiles, "NUMBERS", 2**14)
    largest = []

    def cut(seen: tuple[np.ndarray, ...]) -> Tensor:
        largest.append(len(seen[0]) * len(seen[1]))
        return torch.zeros(1, 3, len(seen[0]), len(seen[1]))

    trained = models["conv"]
    width = reach_of(trained.model.encoder, trained.model.decoder).width
    tracemalloc.start()
    for _ in tiles.restored_tiles(trained, (400, 900), cut):
        pass
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert max(largest) * width <= 2**14
    assert peak < 2**20


def test_models_that_cannot_say_what_to_train() -> None:
    trained = quick(pictures(channels=1)[..., 0], network=Conv(channels=(4,)), epochs=1)
    with pytest.raises(UnsupportedError, match=r"code is a vector.*--network conv --set network\.code=map"):
        restore_any_size(trained, noise(trained, 40, 40))


def test_no_picture_and_no_two_axes(models: dict[str, Trained]) -> None:
    with pytest.raises(DataError, match="at least one pixel"):
        restore_any_size(models["conv"], noise(models["conv"], 0, 5))
    with pytest.raises(DataError, match="2 positions"):
        restore_any_size(models["conv"], noise(models["conv"], 5))
