"""The plan: every automatic choice has a value and a reason, every wrong one an error."""

from __future__ import annotations

import itertools
from typing import Any

import pytest
import torch

from diabolo.errors import ParameterError
from diabolo.training.device import choose_device, choose_precision
from diabolo.training.optimizers import Adam
from diabolo.training.plan import Plan, make_plan, steps_per_epoch
from diabolo.training.schedules import SCHEDULES, multiplier


def test_every_choice_is_explained_and_survives_json() -> None:
    plan = make_plan(54_000)
    text = " ".join(plan.reasons)
    words = ("device", "precision", "batch size", "optimizer", "learning rate", "schedule", "epochs", "threads", "compile")
    for word in words:
        assert word in text
    assert Plan.from_json(plan.to_json()) == plan


def test_what_is_given_is_taken() -> None:
    plan = make_plan(1000, epochs=7, batch_size=50, optimizer=Adam(clip=1.0), learning_rate=0.1, device="cpu", seed=3)
    assert (plan.epochs, plan.batch_size, plan.optimizer.clip, plan.learning_rate, plan.seed) == (7, 50, 1.0, 0.1, 3)
    assert plan.steps == 7 * 20 == 7 * steps_per_epoch(1000, 50)


def test_what_is_asked_for_is_told_too() -> None:
    plan = make_plan(100, epochs=7, batch_size=500, optimizer="adam", learning_rate=0.1, device="cpu", threads=2)
    assert plan.reasons[1] == "batch size 100: all rows, as 500 were asked for"
    told = [r.split(":")[0] for r in plan.reasons if r.endswith("as asked")]
    assert told == ["device cpu", "optimizer adam", "threads 2", "epochs 7", "learning rate 0.1"]


def test_a_batch_is_never_larger_than_the_data() -> None:
    assert make_plan(10, batch_size=64).batch_size == 10
    assert make_plan(1).batch_size == 1


@pytest.mark.parametrize(
    ("rows", "given", "size"),
    [
        (54_000, {}, 1024),
        (54_000, {"epochs": 1}, 512),
        (54_000, {"epochs": 2}, 1024),
        (54_000, {"kernels": True, "matrices": False}, 64),
        (1_617, {}, 64),
        (90, {}, 32),
        (20, {}, 20),
    ],
)
def test_the_automatic_batch_leaves_enough_steps(rows: int, given: dict[str, Any], size: int) -> None:
    """A hundred in all and 25 an epoch where there are rows enough; few rows of convolutions."""
    assert make_plan(rows, device="cpu", **given).batch_size == size


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"epochs": 0}, "epochs"),
        ({"epochs": "many"}, "epochs"),
        ({"epochs": True}, "epochs"),
        ({"batch_size": 0}, "batch_size"),
        ({"learning_rate": -1.0}, "learning_rate"),
        ({"learning_rate": "fast"}, "learning_rate"),
        ({"time_budget": 0.0}, "time_budget"),
        ({"optimizer": "adm"}, "Did you mean 'adam'"),
        ({"optimizer": 3}, "optimizer"),
        ({"device": "gpu9"}, "device"),
        ({"precision": "half"}, "precision"),
        ({"compile": "yes"}, "compile"),
        ({"threads": 0}, "threads"),
        ({"device": "meta"}, "device"),
        ({"device": None}, "device"),
    ],
)
def test_wrong_options_are_named(wrong: dict[str, Any], says: str) -> None:
    with pytest.raises(ParameterError, match=says):
        make_plan(100, **wrong)


def test_muons_rate_falls_with_the_root_of_the_length_of_long_runs() -> None:
    short, long = (make_plan(51_200, device="cpu", batch_size=1024, optimizer="muon", epochs=e) for e in (60, 240))
    assert (short.steps, long.steps) == (3_000, 12_000)
    assert short.learning_rate == 0.02
    assert long.learning_rate == pytest.approx(0.01)
    assert make_plan(51_200, device="cpu", batch_size=1024, optimizer="muon", time_budget=9.0).learning_rate == 0.02
    assert make_plan(51_200, device="cpu", batch_size=1024, optimizer="adamw", epochs=240).learning_rate == 0.004


def test_threads_are_as_asked() -> None:
    assert make_plan(100, threads=3).threads == 3


def test_compiling_is_asked_for() -> None:
    assert not make_plan(100).compiled
    assert make_plan(100, compile=True).compiled
    assert "a quarter of a step" in " ".join(make_plan(100, device="cpu").reasons)


@pytest.mark.parametrize("name", SCHEDULES)
def test_schedules_begin_at_one_and_never_rise(name: str) -> None:
    values = [multiplier(name, 0.0, f / 20) for f in range(21)]
    assert values[0] == 1.0
    assert all(a >= b for a, b in itertools.pairwise(values))
    assert all(0 <= v <= 1 for v in values)


def test_the_device_and_precision_are_explained() -> None:
    device, why = choose_device("cpu")
    assert device == torch.device("cpu")
    assert "asked" in why
    dtype, why = choose_precision("bfloat16", device)
    assert dtype == torch.bfloat16
    assert "asked" in why
