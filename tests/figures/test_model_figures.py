"""Figures about the model: its drawing, and its errors beside simpler ones."""

import pytest
from matplotlib.patches import FancyBboxPatch, Polygon

from diabolo.errors import DataError
from diabolo.figures.architecture import COLORS, Stage, architecture
from diabolo.figures.errors import errors_beside
from diabolo.figures.style import text_width, wrapped

SIZES = {"input": 784, "dense": 256, "code": 32, "dense back": 256, "output": 784}
ROLES = ("input", "encoder", "code", "decoder", "output")
STAGES = [Stage(name, "does its work", (n,), 1000 * n, role) for (name, n), role in zip(SIZES.items(), ROLES, strict=True)]


def blocks(fig):
    return [patch for patch in fig.axes[0].patches if isinstance(patch, FancyBboxPatch)]


def test_widths_narrow_to_the_code_and_widen_again():
    widths = [block.get_width() for block in blocks(architecture(STAGES))]
    assert widths[0] > widths[1] > widths[2] < widths[3] < widths[4]
    assert widths == pytest.approx(widths[::-1])
    share = (widths[1] - widths[2]) / (widths[0] - widths[2])  # on a logarithmic scale
    assert share == pytest.approx(3 / 4.614709844, rel=1e-6)  # log2(256 / 32) of log2(784 / 32)


def test_a_funnel_between_every_two_stages():
    fig = architecture(STAGES)
    assert sum(isinstance(patch, Polygon) for patch in fig.axes[0].patches) == 4
    assert len(blocks(fig)) == 5


def test_beside_each_block_its_name_shape_parameters_and_words():
    stages = [Stage("conv, $2", "looks for edges", (32, 14, 14), 12345, "encoder")]
    said = [text.get_text() for text in architecture(stages).axes[0].texts]
    assert said == ["6\u2009272", r"conv, \$2", "32×14×14 = 6\u2009272 · parameters: 12\u2009345", "looks for edges"]


def test_a_stage_that_learns_nothing_says_nothing_about_it():
    said = [text.get_text() for text in architecture([Stage("input", "", (5,), 0, "input")]).axes[0].texts]
    assert said == ["5", "input", "5"]


def test_long_words_make_the_figure_taller_not_wider():
    long = [Stage("a", "word " * 60, (4,), 0, "input")]
    assert architecture(long).get_figheight() > architecture(STAGES[:1]).get_figheight()
    assert architecture(long).get_figwidth() == architecture(STAGES).get_figwidth()


def test_every_role_has_a_color_and_a_size():
    assert set(COLORS) == set(ROLES)
    assert Stage("x", "", (3, 4, 5), 0, "code").numbers == 60
    assert Stage("x", "", (), 0, "code").numbers == 1


def test_no_stages():
    with pytest.raises(DataError, match="at least one stage"):
        architecture([])


def test_bars_in_the_order_given_from_zero_on():
    fig = errors_beside([("vae", 0.0042), ("PCA, 32 numbers", 0.0168), ("mean", 0.0673)])
    (ax,) = fig.axes
    assert [bar.get_width() for bar in ax.patches] == [0.0042, 0.0168, 0.0673]
    assert [text.get_text() for text in ax.texts] == ["0.0042", "0.0168", "0.0673"]
    assert ax.get_xlim()[0] == 0
    assert ax.yaxis_inverted()
    assert ax.patches[0].get_facecolor() != ax.patches[1].get_facecolor() == ax.patches[2].get_facecolor()
    assert ax.get_xlabel() == "mean squared error (lower is better)"


def test_other_metrics_and_values_below_zero():
    fig = errors_beside([("vae", -95.0), ("PCA", -110.0)], metric="ELBO", better="higher")
    assert fig.axes[0].get_xlabel() == "ELBO (higher is better)"
    assert fig.axes[0].get_xlim()[0] < -110


@pytest.mark.parametrize("rows", [[], [("vae", float("nan"))]])
def test_errors_that_are_none(rows):
    with pytest.raises(DataError, match="finite number"):
        errors_beside(rows)


def test_wrapped_lines_fit_and_nothing_is_lost():
    text = "the whole picture in 64 numbers: 12 times smaller than the input"
    lines = wrapped(text, 1.5, 10)
    assert " ".join(lines) == text
    assert max(text_width(line, 10) for line in lines) <= 1.5
    (cut,) = wrapped("x" * 100, 0.5, 10)
    assert cut.endswith("…")
    assert text_width(cut, 10) <= 0.5
