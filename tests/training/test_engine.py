"""The engine: the same bits for the same seed, broken or not; early ends; what it does when things go wrong."""

from __future__ import annotations

import os
import signal
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from diabolo.errors import DataError, DivergedError, ParameterError, StoreError
from diabolo.jobs.train import Options, train
from diabolo.training import checkpoints
from diabolo.training.events import Epoch, Finished, Notice, Progress, Saved, Started
from diabolo.training.optimizers import OPTIMIZERS, Adam, AdamW, Sgd
from tests.helpers import low_rank, quick, same_weights, weights

X = low_rank()


class KilledError(Exception):
    """What a killed process looks like from inside."""


def break_after(epochs: int) -> Any:
    def reader(event: Any) -> None:
        if isinstance(event, Epoch) and event.row["epoch"] == epochs + 1:
            raise KilledError

    return reader


def test_same_seed_same_bits_other_seed_other_bits() -> None:
    assert same_weights(quick(X, "vae"), quick(X, "vae"))
    assert not same_weights(quick(X, "vae"), quick(X, "vae", seed=1))


def test_global_randomness_is_neither_used_nor_touched() -> None:
    torch.manual_seed(1)
    before = torch.random.get_rng_state()
    first = quick(X, "denoising", settings=(("network.dropout", "0.2"),))
    assert torch.equal(before, torch.random.get_rng_state())
    torch.manual_seed(2)
    assert same_weights(first, quick(X, "denoising", settings=(("network.dropout", "0.2"),)))


@pytest.mark.parametrize("optimizer", [o.name for o in OPTIMIZERS])
def test_a_resumed_run_ends_bit_for_bit_where_an_unbroken_one_ends(optimizer: str, tmp_path: Path, monkeypatch: Any) -> None:
    monkeypatch.setattr("diabolo.training.engine.KEEP_SECONDS", 0.0)
    options = Options(
        "vae",
        epochs=6,
        batch_size=32,
        optimizer=optimizer,
        settings=(("network.dropout", "0.1"), ("network.normalization", "batch")),
    )
    unbroken = train(X, options)
    with pytest.raises(KilledError):
        train(X, options, readers=[break_after(3)], checkpoint_folder=tmp_path)
    resumed = train(X, options, checkpoint_folder=tmp_path, resume=True)
    assert same_weights(unbroken, resumed)
    assert [r["validation_loss"] for r in resumed.history] == [r["validation_loss"] for r in unbroken.history]


def test_resuming_keeps_the_average_and_the_best_weights(tmp_path: Path) -> None:
    options = Options("plain", epochs=6, batch_size=32, optimizer=AdamW(average=0.9))
    unbroken = train(X, options)
    with pytest.raises(KilledError):
        train(X, options, readers=[break_after(1)], checkpoint_folder=tmp_path)
    assert same_weights(unbroken, train(X, options, checkpoint_folder=tmp_path, resume=True))


def test_resuming_with_other_options_is_refused(tmp_path: Path) -> None:
    with pytest.raises(KilledError):
        train(X, Options(epochs=4), readers=[break_after(1)], checkpoint_folder=tmp_path)
    with pytest.raises(ParameterError, match=r"another plan.*same options"):
        train(X, Options(epochs=5), checkpoint_folder=tmp_path, resume=True)
    for other, what in (({"latent_dim": 2}, "model"), ({"recipe": "denoising"}, "model")):
        with pytest.raises(ParameterError, match=what):
            train(X, Options(epochs=4, **other), checkpoint_folder=tmp_path, resume=True)
    with pytest.raises(ParameterError, match="data"):
        train(X[:-30], Options(epochs=4), checkpoint_folder=tmp_path, resume=True)


def test_nothing_to_resume_says_so(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="nothing to resume"):
        train(X, Options(epochs=2), checkpoint_folder=tmp_path, resume=True)


def test_a_damaged_checkpoint_says_so(tmp_path: Path) -> None:
    (tmp_path / checkpoints.FILE).write_bytes(b"\x08\x00\x00\x00\x00\x00\x00\x00{}broken")
    with pytest.raises(StoreError, match="damaged"):
        train(X, Options(epochs=2), checkpoint_folder=tmp_path, resume=True)


def test_a_full_disk_during_a_checkpoint_keeps_the_last_good_one(tmp_path: Path, monkeypatch: Any) -> None:
    """The second checkpoint fails half way; training ends well and the first one can be read."""
    events: list[Any] = []
    good: list[bytes] = []
    real_fsync = os.fsync

    def full(number: int) -> None:
        if good:
            raise OSError(28, "No space left on device")
        real_fsync(number)

    def reader(event: Any) -> None:
        events.append(event)
        if isinstance(event, Saved):
            good.append(event.path.read_bytes())

    monkeypatch.setattr("diabolo.writing.os.fsync", full)
    monkeypatch.setattr("diabolo.training.engine.KEEP_SECONDS", 0.0)
    trained = train(X, Options(epochs=4, batch_size=32), readers=[reader], checkpoint_folder=tmp_path)
    assert len(trained.history) == 4
    assert any(isinstance(e, Notice) and "No space left" in e.text for e in events)
    assert (tmp_path / checkpoints.FILE).read_bytes() == good[0]
    assert [p.name for p in tmp_path.iterdir()] == [checkpoints.FILE]
    assert checkpoints.read(tmp_path)[1]["epoch"] == 1


def test_early_stopping_restores_the_best_weights() -> None:
    """Pure noise can only be learned by heart: held-out rows get worse after the first epochs."""
    noise = np.random.default_rng(0).normal(size=(60, 30)).astype(np.float32)
    events: list[Any] = []
    wide = (("network.widths", "256"),)
    options: dict[str, Any] = {"latent_dim": 20, "settings": wide, "batch_size": 8, "learning_rate": 3e-3}
    trained = quick(noise, epochs=200, optimizer=Adam(patience=5), readers=[events.append], **options)
    finished = events[-1]
    assert isinstance(finished, Finished)
    assert finished.reason == "early stopping"
    assert finished.best_epoch == len(trained.history) - 5
    losses = [r["validation_loss"] for r in trained.history]
    assert losses[finished.best_epoch - 1] == min(losses)
    still = Sgd(schedule="constant", warmup=0.0)
    again = quick(noise, start=trained, epochs=1, optimizer=still, learning_rate=1e-12, batch_size=8)
    assert again.history[-1]["validation_loss"] == pytest.approx(min(losses), rel=1e-5)


def test_a_reader_ends_training_and_the_model_is_whole() -> None:
    def reader(event: Any) -> None:
        if isinstance(event, Epoch) and event.row["epoch"] == 2:
            event.stop()

    events: list[Any] = []
    trained = quick(X, epochs=50, readers=[reader, events.append])
    assert events[-1].reason == "stopped"
    assert len(trained.history) == 2


def test_ctrl_c_keeps_the_best_model_and_gives_the_signal_back() -> None:
    before = signal.getsignal(signal.SIGINT)

    def reader(event: Any) -> None:
        if isinstance(event, Epoch) and event.row["epoch"] == 2:
            os.kill(os.getpid(), signal.SIGINT)

    events: list[Any] = []
    trained = quick(X, epochs=50, readers=[reader, events.append])
    assert events[-1].reason == "stopped"
    assert 2 <= len(trained.history) < 50
    assert all(np.isfinite(w).all() for w in weights(trained).values())
    assert signal.getsignal(signal.SIGINT) is before


def test_a_loss_that_becomes_nan_names_its_cause() -> None:
    with pytest.raises(
        DivergedError, match=r"epoch 1.*reconstruction.*learning rate was 1e\+25: try 'auto', which is 0\.3.*clip"
    ):
        quick(X, optimizer=Sgd(warmup=0.0, schedule="constant"), learning_rate=1e25)


def test_a_time_budget_becomes_a_number_of_steps() -> None:
    events: list[Any] = []
    trained = quick(X, epochs="auto", time_budget=1.0, optimizer=Adam(patience=1_000_000), readers=[events.append])
    steps = trained.config.plan["steps"]
    assert steps == trained.history[-1]["step"]
    assert events[-1].seconds < 10
    assert any(isinstance(e, Progress) and e.steps == steps for e in events)


def test_epochs_limit_a_generous_time_budget() -> None:
    assert len(quick(X, epochs=2, time_budget=100.0).history) == 2


def test_the_events_come_in_order() -> None:
    events: list[Any] = []
    quick(X, epochs=2, readers=[events.append])
    assert isinstance(events[0], Started)
    assert isinstance(events[-1], Finished)
    assert sum(isinstance(e, Epoch) for e in events) == 2
    assert events[0].rows + events[0].validation_rows == len(X)


def test_the_history_speaks_of_everyday_figures() -> None:
    row = quick(X, "vae").history[-1]
    for part in ("train", "validation"):
        assert {f"{part}_{name}" for name in ("loss", "reconstruction", "kl", "mse")} <= set(row)
        assert row[f"{part}_loss"] == pytest.approx(row[f"{part}_reconstruction"] + row[f"{part}_cost"], rel=1e-5)


def test_validation_uses_the_final_weight_of_the_kl_from_the_first_epoch() -> None:
    """A warm-up lowers what training pays for the KL divergence, never what validation counts."""
    row = quick(X, "vae", epochs=4, settings=(("bottleneck.warmup", "1"),)).history[0]
    assert row["validation_cost"] == pytest.approx(row["validation_kl"], rel=1e-5)
    assert row["train_cost"] < 0.5 * row["train_kl"]


def test_averaged_weights_are_the_exponential_mean() -> None:
    from diabolo.training.averaging import Average

    layer = torch.nn.Linear(1, 1, bias=False)
    with torch.no_grad():
        layer.weight.fill_(1.0)
        average = Average(layer, 0.5)
        layer.weight.fill_(3.0)
    average.update(1000)
    average.swap()
    assert layer.weight.item() == pytest.approx(0.5 * 1 + 0.5 * 3)
    average.swap()
    assert layer.weight.item() == 3.0


def test_going_on_draws_new_noise(monkeypatch: Any) -> None:
    """Three passes with one seed see three different damages of the same rows."""
    seeds: list[int] = []
    monkeypatch.setattr("diabolo.training.engine.seed_all", lambda seed, generator: seeds.append(seed))
    trained = quick(X, "denoising", epochs=1, validation_fraction=0.0)
    for _ in range(2):
        trained = quick(X, start=trained, epochs=1, validation_fraction=0.0)
    assert len(seeds) == len(set(seeds)) == 3 * (len(X) // 32)


def test_going_on_wants_the_same_kind_of_data() -> None:
    trained = quick(X)
    with pytest.raises(DataError, match="12 features"):
        quick(X[:, :5], start=trained)
    assert quick(X[:40], start=trained).companions["pca"].data["rows"] > 100


def test_clipping_bounds_the_step() -> None:
    """With plain gradient descent and no momentum the weights move at most rate · clip a step."""
    start = quick(X, epochs=1)
    optimizer = Sgd(momentum=0.0, clip=1e-3, warmup=0.0, schedule="constant")
    one = quick(X, start=start, epochs=1, batch_size=1000, optimizer=optimizer, learning_rate=1.0)
    moved = sum(float(((weights(one)[k] - v) ** 2).sum()) for k, v in weights(start).items()) ** 0.5
    assert 0 < moved <= 1e-3 * 1.01
