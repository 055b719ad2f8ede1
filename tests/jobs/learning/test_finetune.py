"""Fine-tuning: what it learns, what its head begins with, what it never touches, and the curve over labels."""

from __future__ import annotations

import dataclasses
from functools import cache

import numpy as np
import pytest
import torch
from sklearn.datasets import load_digits
from sklearn.linear_model import LogisticRegression

from diabolo.data.sources import ArraySource
from diabolo.errors import DataError, ParameterError, UnsupportedError
from diabolo.jobs.codes.embed import embed
from diabolo.jobs.codes.encoder import EncoderModule
from diabolo.jobs.learning import finetune
from diabolo.jobs.learning.finetune import FEW, Tuning, _held_out, fine_tune, regression, targets_of, with_random_weights
from diabolo.jobs.learning.label_curve import LabelCurve, balanced, label_curve
from diabolo.metrics.probe import linear_probe
from diabolo.trained import Trained
from tests.helpers import low_rank, quick, same_weights, weights

X, Y = load_digits().images, load_digits().target
SHORT = Tuning(epochs=12)


@cache
def model() -> Trained:
    return quick(X[:1200], "denoising", network="mlp", latent_dim=16, epochs=25)


def test_a_regression_is_scikit_learns() -> None:
    z = torch.from_numpy(np.random.default_rng(0).normal(size=(90, 4)).astype(np.float32))
    for target in (torch.arange(90) % 3, (z[:, 0] > 0).long()):
        weight, bias = regression(z, target, int(target.max()) + 1)
        known = LogisticRegression(max_iter=1000).fit(z.numpy().astype(float), target.numpy())
        ours = torch.softmax(z @ weight.T + bias, 1).numpy()
        np.testing.assert_allclose(ours, known.predict_proba(z.numpy()), atol=1e-5)


def test_without_a_step_it_is_a_regression_on_the_last_hidden_layer() -> None:
    rows = ArraySource(X[:100])
    found = fine_tune(model(), rows, Y[:100], Tuning(epochs=1, learning_rate=1e-30, weight_decay=0.0))
    h = EncoderModule(model()).hidden(model().kind.encode(torch.from_numpy(X))).detach()
    rest = _held_out(targets_of(Y[:100], 100)[1], 0)[1] if found.epoch == 0 else torch.arange(100)
    mean, std = h[rest].mean(0), h[rest].std(0, correction=0).clamp(min=1e-6)
    known = LogisticRegression(max_iter=1000).fit(((h - mean) / std)[rest].numpy().astype(float), Y[rest.numpy()])
    np.testing.assert_allclose(found.probabilities(X), known.predict_proba(((h - mean) / std).numpy()), atol=1e-3)


def test_what_was_learned_without_labels_helps_and_stays() -> None:
    before = weights(model())
    tuned, scratch = (fine_tune(model(), X[:100], Y[:100], SHORT, random_start=r) for r in (False, True))
    right = [float((f.predict(X[1200:]) == Y[1200:]).mean()) for f in (tuned, scratch)]
    assert right[0] > right[1] + 0.03
    assert right[0] > 0.75
    assert all(np.array_equal(value, before[name]) for name, value in weights(model()).items())
    told = tuned.to_dict()
    assert (told["labels"], told["held_out"], told["random_start"]) == (100, 20, False)
    assert told["options"]["epochs"] == 12
    assert tuned.again == (tuned.epoch > 0)


def test_random_weights_are_a_training_s_first_ones() -> None:
    fresh = with_random_weights(model(), 0)
    assert same_weights(fresh, with_random_weights(model(), 0))
    assert not same_weights(fresh, with_random_weights(model(), 1))
    assert not same_weights(fresh, model())


def test_the_module_takes_rows_as_they_are() -> None:
    found = fine_tune(model(), X[:60], Y[:60], Tuning(epochs=2))
    with torch.no_grad():
        p = torch.softmax(found.module(torch.from_numpy(X[:9])), 1)
    np.testing.assert_allclose(p.numpy(), found.probabilities(X[:9]), atol=1e-5)


def test_labels_held_out_are_of_every_class_and_leave_one_of_each() -> None:
    target = torch.tensor([0] * 50 + [1] * 10 + [2])
    held, rest = _held_out(target, 0)
    assert np.bincount(target[held], minlength=3).tolist() == [10, 2, 0]
    assert sorted([*held.tolist(), *rest.tolist()]) == list(range(61))
    assert not torch.equal(held, _held_out(target, 1)[0])


def test_one_label_a_class_is_enough() -> None:
    first = [int(np.flatnonzero(c == Y)[0]) for c in range(10)]
    found = fine_tune(model(), X[first], Y[first], Tuning(epochs=3))
    assert (found.held_out, found.again, found.accuracy, found.epoch) == (0, False, None, 3)


def test_many_labels_are_not_trained_on_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    assert FEW == 5000
    monkeypatch.setattr("diabolo.jobs.learning.finetune.FEW", 99)
    assert not fine_tune(model(), X[:100], Y[:100], Tuning(epochs=2)).again


def test_it_waits_so_long_for_a_better_epoch(monkeypatch: pytest.MonkeyPatch) -> None:
    judged: list[int] = []

    def counted(*given: object) -> tuple[float, float | None]:
        judged.append(len(given[4]))  # type: ignore[arg-type]
        return own(*given)  # type: ignore[arg-type]

    own = finetune._judged
    monkeypatch.setattr(finetune, "_judged", counted)
    random_labels = np.random.default_rng(0).integers(0, 2, 40)
    found = fine_tune(model(), X[:40], random_labels, Tuning(epochs=200, learning_rate=0.01))
    assert found.epoch < 100
    assert len([n for n in judged if n]) == 1 + found.epoch + finetune.PATIENCE


def test_two_classes_of_a_table() -> None:
    rows = low_rank()
    y = np.where(rows[:, 0] > 0, "up", "down")
    found = fine_tune(quick(rows, epochs=5), rows[:100], y[:100], SHORT)
    assert (found.predict(rows[100:]) == y[100:]).mean() > 0.85


def test_labels_that_are_none() -> None:
    rows = X[:20]
    for y, words in (
        (None, "needs labels"),
        (np.zeros(20), "one class only: 0.0"),
        (np.arange(19), "one label a row: there are 20"),
        (np.linspace(0, 1, 20), "not whole"),
        ([None, *range(19)], "1 missing label"),
        (["", *"abcdefghijklmnopqrs"], "1 missing label"),
        ([0.5, *range(19)], "not whole"),
        (np.array(["a", *range(19)], dtype=object), "holds both"),
        (np.array([np.inf, *range(19)]), "infinity"),
        (np.zeros((20, 2)), r"shape \(20, 2\)"),
    ):
        with pytest.raises(DataError, match=words):
            fine_tune(model(), rows, y)
    with pytest.raises(DataError, match="8×8"):
        fine_tune(model(), np.zeros((20, 9, 9)), Y[:20])
    with pytest.raises(ParameterError, match="encoder_rate"):
        fine_tune(model(), rows, Y[:20], Tuning(encoder_rate=-1))
    with pytest.raises(ParameterError, match="seed"):
        fine_tune(model(), rows, Y[:20], Tuning(seed=-1))
    told = quick(X[:60], "cvae", y=Y[:60], epochs=1)
    with pytest.raises(UnsupportedError, match="told the label"):
        fine_tune(told, rows, Y[:20])


# --- the curve -----------------------------------------------------------------------------------------------------


@cache
def curve() -> LabelCurve:
    return label_curve(model(), X, Y, counts=(100, 20, 9999), seeds=2, options=Tuning(epochs=4))


def test_a_balanced_order_gives_each_class_its_turn() -> None:
    target = torch.tensor([0] * 30 + [1] * 5 + [2] * 3)
    order = balanced(target, 0)
    assert sorted(order.tolist()) == list(range(38))
    assert np.bincount(target[order[:9]]).tolist() == [3, 3, 3]
    assert np.bincount(target[order[:20]]).tolist() == [12, 5, 3]
    assert not torch.equal(order, balanced(target, 1))


def test_every_method_at_every_number_of_labels() -> None:
    found = curve()
    assert found.counts == (20, 100)  # 9999 are more than there are
    assert [a.method for a in found.accuracies] == ["fine-tuned", "scratch", "frozen", "raw"] * 2
    assert all(len(a.values) == 2 for a in found.accuracies)
    assert (found.test_rows, found.pool, found.apart) == (539, 1258, False)
    point = found.at("fine-tuned", 100)
    assert point is not None
    assert point.mean == pytest.approx(np.mean(point.values))
    assert point.std == pytest.approx(np.std(point.values, ddof=1))
    assert found.at("raw", 7) is None
    assert found.to_dict()["accuracies"][0]["labels"] == 20
    assert dataclasses.replace(point, values=(0.5,)).std == 0
    assert found.majority == pytest.approx(0.1, abs=0.01)


def test_what_stands_beside_is_a_probe(monkeypatch: pytest.MonkeyPatch) -> None:
    found = label_curve(
        model(), X[:500], Y[:500], counts=("all",), seeds=1, options=Tuning(epochs=1), test=X[500:], test_y=Y[500:]
    )
    known = linear_probe(embed(model(), X[:500]), Y[:500], embed(model(), X[500:]), Y[500:]).test_accuracy
    assert [a.labels for a in found.accuracies] == [500] * 4
    frozen = found.at("frozen", 500)
    assert frozen is not None
    assert frozen.mean == pytest.approx(known, abs=0.002)
    assert found.apart
    monkeypatch.setattr("diabolo.jobs.learning.label_curve.PROBED_CELLS", 64 * 499)
    less = label_curve(
        model(), X[:500], Y[:500], counts=("all",), seeds=1, options=Tuning(epochs=1), test=X[500:], test_y=Y[500:]
    )
    assert less.at("raw", 500) is None


def test_test_rows_are_never_trained_on(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each row is told by a mark of its own; what trains and what judges have no mark in common."""
    trained_on, judged = [], []

    def spied(
        trained: Trained, rows: object, labels: object, judges: object, wanted: object, options: object
    ) -> dict[str, float]:
        trained_on.append(rows.take(torch.arange(len(rows)))[:, 0, 0])  # type: ignore
        judged.append(judges.take(torch.arange(len(judges)))[:, 0, 0])  # type: ignore
        return {"fine-tuned": 1.0}

    monkeypatch.setattr("diabolo.jobs.learning.label_curve._accuracies", spied)
    marked = X.copy()
    marked[:, 0, 0] = np.arange(len(X)) / len(X)
    label_curve(model(), marked, Y, counts=(30, "all"), seeds=2)
    assert all(len(t) == n for t, n in zip(trained_on, (30, 1258, 30, 1258), strict=True))
    assert all(torch.equal(j, judged[0]) for j in judged)
    assert not set(torch.cat(trained_on).tolist()) & set(judged[0].tolist())
    assert set(trained_on[0].tolist()) < set(trained_on[1].tolist())
    assert trained_on[0].tolist() != trained_on[2].tolist()


def test_rows_without_a_label_are_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("diabolo.jobs.learning.label_curve._accuracies", lambda *given: {"frozen": float(len(given[4]))})
    some = np.where(np.arange(len(X)) < 400, Y.astype(str), "")
    found = label_curve(model(), X, some, counts=("all",), seeds=1)
    assert (found.pool + found.test_rows, found.classes) == (400, tuple("0123456789"))
    found = label_curve(model(), X[:300], Y[:300], counts=("all",), seeds=1, test=X, test_y=np.where(Y < 2, Y, np.nan))
    assert found.test_rows == (Y < 2).sum()


def test_curves_that_cannot_be() -> None:
    rows, y = X[:100], Y[:100]
    with pytest.raises(DataError, match="5 labels for 10 classes are too few"):
        label_curve(model(), rows, y, counts=(5,))
    with pytest.raises(DataError, match=r"There are .* rows to draw labels from"):
        label_curve(model(), rows, y, counts=(1000,))
    with pytest.raises(DataError, match="no row to train on has: 11"):
        label_curve(model(), rows, y, test=rows[:2], test_y=[1, 11])
    with pytest.raises(DataError, match="test_y="):
        label_curve(model(), rows, y, test=rows)
    with pytest.raises(DataError, match="2 rows, test_y"):
        label_curve(model(), rows, y, test=rows[:2], test_y=[1])
    with pytest.raises(DataError, match="too few"):
        label_curve(model(), rows[:10], np.arange(10), counts=(10,))
    for counts in ((), "all", (0,), (1.5,)):
        with pytest.raises(ParameterError, match="counts"):
            label_curve(model(), rows, y, counts=counts)  # type: ignore[arg-type]
    with pytest.raises(ParameterError, match="seeds"):
        label_curve(model(), rows, y, seeds=0)
