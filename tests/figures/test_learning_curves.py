"""Learning curves."""

import numpy as np
import pytest

from diabolo.errors import DataError
from diabolo.figures.curves import learning_curves

HISTORY = [
    {"epoch": 1, "train_mse": 0.4, "train_loss": 3.0, "validation_loss": 3.1, "validation_mse": 0.5, "kl": 1.0, "seconds": 2.0},
    {"epoch": 2, "train_mse": 0.3, "train_loss": 2.0, "validation_loss": 2.5, "validation_mse": 0.4, "kl": 2.0, "seconds": 4.0},
    {"epoch": 3, "train_mse": 0.2, "train_loss": 1.0, "validation_loss": 2.7, "validation_mse": 0.3, "kl": 3.0, "seconds": 6.0},
]


def curves(ax):
    return {line.get_label(): line for line in ax.get_lines()}


def test_a_panel_a_measure_loss_first_kl_last():
    fig = learning_curves(HISTORY)
    assert [ax.get_title(loc="left") for ax in fig.axes] == ["loss", "mean squared error", "KL to the prior, nats"]
    loss, _, kl = (curves(ax) for ax in fig.axes)
    assert loss["training"].get_ydata().tolist() == [3.0, 2.0, 1.0]
    assert loss["validation"].get_ydata().tolist() == [3.1, 2.5, 2.7]
    assert kl["training"].get_ydata().tolist() == [1.0, 2.0, 3.0]
    assert "validation" not in kl


def test_the_best_epoch_is_that_of_the_validation_or_the_one_given():
    def marked(**options):
        lines = [curves(ax) for ax in learning_curves(**options).axes]
        (label,) = {name for drawn in lines for name in drawn if name.startswith("best")}
        return label, {drawn[label].get_xdata()[0] for drawn in lines}

    assert marked(history=HISTORY) == ("best: epoch 2", {2.0})
    assert marked(history=HISTORY, best_epoch=3) == ("best: epoch 3", {3.0})
    unjudged = [{k: v for k, v in row.items() if not k.startswith("validation")} for row in HISTORY]
    assert marked(history=unjudged) == ("best: epoch 3", {3.0})


def test_one_legend_says_each_thing_once():
    (legend,) = learning_curves(HISTORY).legends
    assert [text.get_text() for text in legend.get_texts()] == ["training", "validation", "best: epoch 2"]


def test_gaps_and_columns_that_are_empty():
    rows = [{"epoch": 1, "train_loss": 2.0, "validation_loss": None, "train_kl": None}]
    rows += [{"epoch": 2, "train_loss": float("nan"), "validation_loss": 1.0, "train_kl": float("nan")}]
    (ax,) = learning_curves(rows).axes
    np.testing.assert_array_equal(curves(ax)["training"].get_ydata(), [2.0, np.nan])
    assert curves(ax)["training"].get_marker() == "o"  # one point makes no line


def test_a_wide_range_is_drawn_on_a_logarithmic_scale_and_a_negative_one_is_not():
    wide = [{"epoch": i, "train_loss": 10.0**-i} for i in range(4)]
    assert learning_curves(wide).axes[0].get_yscale() == "log"
    assert learning_curves([{**row, "train_loss": row["train_loss"] - 0.5} for row in wide]).axes[0].get_yscale() == "linear"


@pytest.mark.parametrize("history", [[], [{"epoch": 1, "seconds": 2.0}], [{"epoch": 1, "train_loss": None}]])
def test_nothing_to_draw(history):
    with pytest.raises(DataError, match="train_loss"):
        learning_curves(history)
