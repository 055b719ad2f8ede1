"""Critics: trained beside the model in one backward pass, kept in checkpoints, and nowhere else."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from diabolo import Autoencoder
from diabolo.data import read_like
from diabolo.data.examples import Examples
from diabolo.data.split import split
from diabolo.jobs.diagnosis.curves import read_curves
from diabolo.jobs.train import Options, train
from diabolo.records import Batch, Context
from diabolo.store.folder import load, save
from diabolo.training import checkpoints
from diabolo.training.engine import _Run
from diabolo.training.events import Epoch, Finished
from diabolo.training.optimizers import OPTIMIZERS, AdamW, Sgd, for_critics
from diabolo.training.plan import Plan
from tests.helpers import low_rank, quick, same_weights, weights

X = low_rank()
NAMES = {"aae": "adversarial", "vae-gan": "adversarial-output"}
BOTH = pytest.mark.parametrize("recipe", NAMES)


class KilledError(Exception):
    """What a killed process looks like from inside."""


def critics(trained: Any) -> dict[str, torch.Tensor]:
    return {f"{n}.{k}": v for n, c in trained.model.critics.items() for k, v in c.state_dict().items()}


def same_critics(a: Any, b: Any) -> bool:
    return critics(a).keys() == critics(b).keys() and all(torch.equal(v, critics(b)[k]) for k, v in critics(a).items())


@BOTH
def test_the_history_has_the_critics_loss_in_a_column_of_its_own(recipe: str) -> None:
    name = NAMES[recipe]
    row = quick(X, recipe).history[-1]
    for part in ("train", "validation"):
        assert row[f"{part}_{name}_critic"] > 0
        parts = row[f"{part}_reconstruction"] + row[f"{part}_cost"] + row[f"{part}_{name}"]
        assert row[f"{part}_loss"] == pytest.approx(parts, rel=1e-5)


@BOTH
def test_critics_learn_and_the_same_seed_gives_the_same_ones(recipe: str) -> None:
    one, other = quick(X, recipe), quick(X, recipe)
    assert same_weights(one, other)
    assert same_critics(one, other)
    untouched = quick(X, recipe, epochs=1, learning_rate=1e-12)
    assert not same_critics(one, untouched)
    assert not same_critics(untouched, quick(X, recipe, epochs=1, learning_rate=1e-12, seed=1))


@BOTH
def test_the_model_knows_nothing_of_its_critics(recipe: str) -> None:
    base = {"aae": "wae", "vae-gan": "vae"}[recipe]
    model, plain = quick(X, recipe, epochs=1).model, quick(X, base, epochs=1).model
    assert set(model.critics) == {NAMES[recipe]}
    assert model.state_dict().keys() == plain.state_dict().keys()
    assert model.products == plain.products
    owned = {id(p) for p in model.parameters()}
    assert not any(id(p) in owned for c in model.critics.values() for p in c.parameters())


@pytest.mark.parametrize("optimizer", [o.name for o in OPTIMIZERS])
def test_a_resumed_run_ends_bit_for_bit_where_an_unbroken_one_ends(optimizer: str, tmp_path: Path, monkeypatch: Any) -> None:
    monkeypatch.setattr("diabolo.training.engine.KEEP_SECONDS", 0.0)
    both = ("adversarial", "adversarial-output")
    options = Options("vae-gan", epochs=5, batch_size=32, optimizer=optimizer, regularizers=both)
    unbroken = train(X, options)

    def reader(event: Any) -> None:
        if isinstance(event, Epoch) and event.row["epoch"] == 4:
            raise KilledError

    with pytest.raises(KilledError):
        train(X, options, readers=[reader], checkpoint_folder=tmp_path)
    assert any(name.startswith("critics.adversarial-output.") for name in checkpoints.read(tmp_path)[0])
    resumed = train(X, options, checkpoint_folder=tmp_path, resume=True)
    assert same_weights(unbroken, resumed)
    assert same_critics(unbroken, resumed)
    assert [r["validation_loss"] for r in resumed.history] == [r["validation_loss"] for r in unbroken.history]


@BOTH
def test_a_saved_folder_holds_no_critic_and_what_is_loaded_goes_on(recipe: str, tmp_path: Path) -> None:
    trained = quick(X, recipe)
    save(trained, tmp_path / "model")
    assert not [p for p in (tmp_path / "model").iterdir() if b"critics" in p.read_bytes()]
    loaded = load(tmp_path / "model")
    assert loaded.model.critics == {}
    assert same_weights(loaded, trained)
    torch.manual_seed(1)
    first = quick(X, recipe, start=loaded, epochs=1)
    torch.manual_seed(2)
    assert same_weights(first, quick(X, recipe, start=loaded, epochs=1))  # the new critic's weights come from the seed alone


def test_going_on_keeps_the_critic() -> None:
    trained = quick(X, "aae")
    still = quick(X, "aae", start=trained, epochs=1, optimizer=Sgd(warmup=0.0, schedule="constant"), learning_rate=1e-12)
    for name, value in critics(trained).items():
        torch.testing.assert_close(critics(still)[name], value)


def test_the_last_epoch_is_kept_and_nothing_ends_early() -> None:
    events: list[Any] = []
    trained = quick(X, "aae", epochs=12, optimizer=AdamW(patience=1, average=0.5), readers=[events.append])
    assert len(trained.history) == 12
    assert all(event.best for event in events if isinstance(event, Epoch))
    finished = next(event for event in events if isinstance(event, Finished))
    assert (finished.reason, finished.best_epoch) == ("complete", 12)
    curves = read_curves(trained)
    assert curves is not None
    assert curves.best == 12
    assert curves.findings[0].key == "curves.critic"


@BOTH
def test_neither_side_hears_the_others_gradient(recipe: str) -> None:
    """The penalty alone moves no critic; the critic's loss alone moves no weight of the model."""
    model = quick(X, recipe, epochs=1).model
    loss = model(Batch(torch.randn(16, 12)), Context(1.0, torch.Generator().manual_seed(0), training=True))
    theirs = list(model.critics[NAMES[recipe]].parameters())
    ours = [p for p in model.parameters() if p.requires_grad]

    def gradients(value: torch.Tensor, of: list[torch.Tensor]) -> list[bool]:
        found = torch.autograd.grad(value, of, retain_graph=True, allow_unused=True)
        return [g is not None and bool(g.abs().sum() > 0) for g in found]

    penalty, critic = loss.total.mean(), loss.critics[NAMES[recipe]].mean()
    assert not any(gradients(penalty, theirs))
    assert not any(gradients(critic, ours))
    assert all(gradients(critic, theirs[:2]))
    assert any(gradients(loss.penalties[NAMES[recipe]].mean(), ours))


def test_clipping_bounds_the_critics_step_apart_from_the_models() -> None:
    seen: list[list[int]] = []
    real = torch.nn.utils.clip_grad_norm_

    def clip(parameters: Any, longest: float) -> torch.Tensor:
        given = list(parameters)
        seen.append([p.numel() for p in given])
        found = real(given, longest)
        assert sum(float(p.grad.square().sum()) for p in given) <= longest**2 * 1.001
        return found

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(torch.nn.utils, "clip_grad_norm_", clip)
        trained = quick(X, "aae", epochs=1, optimizer=AdamW(clip=1e-3))
    both = [[p.numel() for p in side] for side in (trained.model.parameters(), critics(trained).values())]
    assert seen[:2] == both


def test_critics_have_an_optimizer_of_their_own() -> None:
    rows, held_out = split(len(X), 0.1, None)
    trained = quick(X, "aae", epochs=1, optimizer="muon")
    plan = Plan.from_json(trained.config.plan)
    run = _Run(trained, Examples(read_like(trained.kind, X).source, trained.kind), rows, held_out, plan)
    last = {id(p) for group in run.optimizers[-1].param_groups for p in group["params"]}
    assert last == {id(p) for p in trained.model.critics["adversarial"].parameters()}
    assert len(run.optimizers) == 3  # Muon, AdamW for biases, the critics' own
    rates = [for_critics(trained.model.critics.values(), rate)[0].param_groups[0]["lr"] for rate in (1e-5, 10.0)]
    assert rates == [pytest.approx(rates[1] * 1e-5 / AdamW.rate), AdamW.rate]
    assert for_critics([], 1.0) == []


@BOTH
def test_bfloat16_trains_too(recipe: str) -> None:
    row = quick(X, recipe, precision="bfloat16").history[-1]
    assert np.isfinite(list(row.values())).all()
    assert row["train_loss"] == pytest.approx(quick(X, recipe).history[-1]["train_loss"], rel=0.05, abs=0.5)


@pytest.mark.filterwarnings("ignore")  # the tracer of PyTorch warns of its own doings
@BOTH
def test_a_compiled_training_ends_where_another_does(recipe: str, monkeypatch: pytest.MonkeyPatch) -> None:
    compile_ = torch.compile
    monkeypatch.setattr(torch, "compile", lambda module: compile_(module, backend="aot_eager"))
    rows = [
        Autoencoder(recipe, latent_dim=2, epochs=2, compile=compiled, random_state=0).fit(X).history_[-1]
        for compiled in (False, True)
    ]
    for column in ("train_loss", f"train_{NAMES[recipe]}_critic"):
        assert rows[0][column] == pytest.approx(rows[1][column], rel=1e-3)


def test_a_recipe_without_critics_has_none() -> None:
    trained = quick(X, "wae", epochs=1)
    assert trained.model.critics == {}
    assert not [column for column in trained.history[-1] if column.endswith("_critic")]
    assert weights(trained)
