"""Layers trained one by one: where each stage's weights go, what the stages restore, and where it has no meaning."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from diabolo import Autoencoder, load
from diabolo.errors import ParameterError, UnsupportedError
from diabolo.jobs.inference import codes
from diabolo.jobs.learning import layerwise
from diabolo.jobs.learning.layerwise import train_layerwise
from diabolo.jobs.train import Options, train, untrained
from diabolo.parts.networks import Conv, Mlp, Residual
from diabolo.trained import Trained
from tests.helpers import little_images, low_rank, same_weights

PICTURES = little_images(300)


def options(network: object = None, recipe: str = "plain", **more: object) -> Options:
    settings = {"epochs": 1, "batch_size": 32, "optimizer": "adam", "latent_dim": 3, "seed": 0} | more
    return Options(recipe, network=network or Mlp(widths=(24, 12), activation="sigmoid"), **settings)  # type: ignore[arg-type]


def stages_of(given: Options, data: np.ndarray, monkeypatch: pytest.MonkeyPatch) -> tuple[list[Trained], list[object], Trained]:
    """What each stage came to, what it was trained on, and the model that the last training began with."""
    made, sources, begun = [], [], []
    own_stage, own_train = layerwise._train_stage, layerwise.train

    def stage(*args: object) -> Trained:
        sources.append(args[1])
        made.append(own_stage(*args))  # type: ignore[arg-type]
        return made[-1]

    def rest(*args: object, start: Trained, **named: object) -> Trained:
        begun.append(start)
        return own_train(*args, start=start, **named)  # type: ignore[arg-type]

    monkeypatch.setattr(layerwise, "_train_stage", stage)
    monkeypatch.setattr(layerwise, "train", rest)
    train_layerwise(data, given, stage_epochs=2)
    return made, sources, begun[0]


@pytest.mark.parametrize("data", [PICTURES, low_rank()], ids=["pictures", "table"])
def test_each_stage_is_trained_on_the_codes_of_the_one_before(data: np.ndarray, monkeypatch: pytest.MonkeyPatch) -> None:
    made, sources, begun = stages_of(options(), data, monkeypatch)
    assert [t.model.latent_dim for t in made] == [24, 12, 3]
    for before, source, after in zip(made, sources, sources[1:], strict=False):
        torch.testing.assert_close(after.rows, codes(before, source))  # type: ignore[attr-defined, arg-type]
    own = [*begun.model.encoder.stages, begun.model.encoder.head]  # type: ignore[arg-type, union-attr]
    opposite = [begun.model.decoder.head, *reversed(begun.model.decoder.stages)]  # type: ignore[arg-type, union-attr]
    for layer, back, stage in zip(own, opposite, made, strict=True):
        for mine, trained in ((layer, stage.model.encoder), (back, stage.model.decoder)):
            theirs = list(trained.state_dict().values())
            assert all(torch.equal(a, b) for a, b in zip(mine.state_dict().values(), theirs, strict=True))


def test_stacked_they_give_what_the_whole_model_gives_before_its_last_training(monkeypatch: pytest.MonkeyPatch) -> None:
    made, sources, begun = stages_of(options(), PICTURES, monkeypatch)
    torch.testing.assert_close(codes(made[-1], sources[-1]), codes(begun, sources[0]))  # type: ignore[arg-type]


def test_a_network_that_saturates_learns_sooner() -> None:
    deep = Mlp(widths=(48, 32, 24, 16), activation="sigmoid")
    given = options(deep, latent_dim=8, epochs=4)
    plain, stacked = train(PICTURES, given), train_layerwise(PICTURES, given, stage_epochs=4)
    least = [min(row["validation_mse"] for row in t.history) for t in (plain, stacked)]
    assert least[1] < least[0]
    told = stacked.config.data["stages"]
    assert [(s["inputs"], s["code"]) for s in told] == [(64, 48), (48, 32), (32, 24), (24, 16), (16, 8)]
    assert all(s["epochs"] == 4 and np.isfinite(s["loss"]) for s in told)
    assert len(stacked.history) == 4


@pytest.mark.parametrize("recipe", ["denoising", "vae", "sparse", "contractive"])
def test_recipes(recipe: str) -> None:
    given = options(Mlp(widths=(16,), normalization="batch", skip=True), recipe)
    assert same_weights(*(train_layerwise(PICTURES[:60], given, stage_epochs=1) for _ in range(2)))


def test_the_estimator_s_way(tmp_path: Path) -> None:
    ae = Autoencoder(network=Mlp(widths=(16,)), latent_dim=2, epochs=1, random_state=0)
    codes = ae.fit_layerwise(PICTURES, stage_epochs=1).transform(PICTURES)
    kept = load(ae.save(tmp_path / "model"))
    np.testing.assert_array_equal(kept.transform(PICTURES), codes)
    assert len(kept.trained_.config.data["stages"]) == 2
    assert ae.n_features_in_ == 64


def test_where_it_has_no_meaning() -> None:
    for network, recipe, words in (
        (Conv(channels=(4,)), "plain", "network 'conv'"),
        (Residual(), "plain", "network 'residual'"),
        (Mlp(widths=()), "plain", "no hidden layers"),
        (Mlp(widths=(4,)), "upscaling", "enlarge"),
    ):
        with pytest.raises(UnsupportedError, match=words):
            train_layerwise(PICTURES, options(network, recipe))
    with pytest.raises(UnsupportedError, match="told labels"):
        train_layerwise(PICTURES, options(None, "cvae"), y=np.arange(300) % 2)
    with pytest.raises(ParameterError, match="stage_epochs"):
        train_layerwise(PICTURES, options(), stage_epochs=0)


def test_what_training_begins_with() -> None:
    given = options()
    begun, examples = untrained(PICTURES, given)
    assert same_weights(begun, untrained(PICTURES, given)[0])
    assert len(examples) == 300
    assert begun.history == ()
