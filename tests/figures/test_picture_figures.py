"""Figures made of pictures and rows: pairs, grids, strips."""

import numpy as np
import pytest

from diabolo.errors import DataError
from diabolo.figures.mosaic import grid, interpolation
from diabolo.figures.pairs import reconstructions
from diabolo.figures.panels import panels
from diabolo.figures.pictures import pictures
from diabolo.figures.rows import table_rows


def image_of(ax):
    return np.asarray(ax.get_images()[0].get_array())


@pytest.mark.parametrize(
    ("given", "drawn"),
    [
        ((2, 5, 4), (2, 5, 4)),
        ((2, 5, 4, 1), (2, 5, 4)),
        ((2, 1, 5, 6), (2, 5, 6)),
        ((2, 3, 5, 6), (2, 5, 6, 3)),
        ((2, 5, 6, 3), (2, 5, 6, 3)),
        ((2, 3, 5, 3), (2, 3, 5, 3)),
        ((1, 1, 1), (1, 1, 1)),
    ],
)
def test_channels_are_found_the_last_axis_wins(given, drawn):
    assert pictures(np.zeros(given), (0, 1)).shape == drawn


def test_the_value_range_becomes_black_and_white():
    found = pictures(np.array([[[-1.0, 0.0, 1.0, 3.0]]]), (-1, 1))
    assert found.tolist() == [[[0.0, 0.5, 1.0, 1.0]]]


@pytest.mark.parametrize("shape", [(5, 4), (2, 5, 6, 2), (0, 5, 4), (2, 0, 4)])
def test_what_is_no_picture(shape):
    with pytest.raises(DataError, match="Expected pictures"):
        pictures(np.zeros(shape), (0, 1))


def test_a_range_without_width():
    with pytest.raises(DataError, match="low < high"):
        grid(np.zeros((1, 2, 2)), value_range=(1, 1))


def test_inputs_stand_above_their_outputs():
    x = np.stack([np.full((4, 4), i / 10) for i in range(10)])
    fig = reconstructions(x, 1 - x, image=True, titles=[f"e{i}" for i in range(10)])
    assert len(fig.axes) == 20
    for i in range(10):
        above, below = fig.axes[2 * i], fig.axes[2 * i + 1]
        assert image_of(above)[0, 0] == pytest.approx(i / 10)
        assert image_of(below)[0, 0] == pytest.approx(1 - i / 10)
        assert above.get_title() == f"e{i}"
        assert above.get_position().y0 > below.get_position().y1
        assert above.get_position().x0 == below.get_position().x0
    assert fig.axes[0].get_ylabel() == fig.axes[16].get_ylabel() == "input"  # a second line begins after eight
    assert fig.axes[1].get_ylabel() == "output"
    assert fig.axes[2].get_ylabel() == ""


def test_an_output_may_be_larger_than_its_input():
    fig = reconstructions(np.zeros((2, 4, 4)), np.ones((2, 8, 8)), image=True)
    assert image_of(fig.axes[0]).shape == (4, 4)
    assert image_of(fig.axes[1]).shape == (8, 8)


@pytest.mark.parametrize("shape", [(3, 200, 10), (3, 10, 200), (40, 1, 1)])
def test_pictures_of_any_proportion_fit_a_page(shape):
    x = np.zeros(shape)
    for fig in (reconstructions(x, x, image=True), grid(x), interpolation(x, image=True)):
        assert fig.get_figwidth() <= 6.01
        assert fig.get_figheight() < 10
        pixels = fig.axes[0].get_position().size * fig.get_size_inches() / image_of(fig.axes[0]).shape[1::-1]
        assert pixels[0] == pytest.approx(pixels[1], rel=0.12)  # pixels stay square, but for a strip's gaps


def test_a_narrow_table_is_drawn_as_bars_in_the_scale_asked_for():
    x, x_hat = np.array([[1.0, 200.0], [3.0, 400.0]]), np.array([[2.0, 300.0], [2.0, 300.0]])
    fig = reconstructions(
        x, x_hat, image=False, names=["age", "pay, $"], center=[2, 300], spread=[1, 100], titles=["best", "worst"]
    )
    assert [ax.get_title(loc="left") for ax in fig.axes] == ["best", "worst"]
    inputs, outputs = fig.axes[0].containers
    assert [bar.get_height() for bar in inputs] == [-1.0, -1.0]
    assert [bar.get_height() for bar in outputs] == [0.0, 0.0]
    assert [label.get_text() for label in fig.axes[-1].get_xticklabels()] == ["age", r"pay, \$"]
    assert fig.get_supylabel() == "in standard deviations"


def test_a_column_that_never_varies_keeps_its_units():
    fig = reconstructions(np.array([[5.0]]), np.array([[6.0]]), image=False, center=[5.0], spread=[0.0])
    assert [bar[0].get_height() for bar in fig.axes[0].containers] == [0.0, 1.0]


def test_a_wide_table_is_drawn_as_lines():
    x = np.random.default_rng(0).normal(size=(2, 100))
    fig = reconstructions(x, x + 1, image=False, names=[f"a rather long column name {i}" for i in range(100)])
    for ax, row in zip(fig.axes, x, strict=True):
        given, back = ax.get_lines()
        np.testing.assert_array_equal(given.get_ydata(), row)
        np.testing.assert_array_equal(back.get_ydata(), row + 1)
    assert len(fig.axes[-1].get_xticks()) < 8


@pytest.mark.parametrize(
    ("x", "x_hat", "options", "message"),
    [
        (np.zeros((2, 3)), np.zeros((3, 3)), {"image": False}, "as many"),
        (np.zeros((0, 3)), np.zeros((0, 3)), {"image": False}, "at least one"),
        (np.zeros((2, 3)), np.zeros((2, 4)), {"image": False}, "of one shape"),
        (np.zeros((2, 3)), np.zeros((2, 3)), {"image": False, "names": ["a"]}, "names"),
        (np.zeros((2, 3, 3)), np.zeros((2, 3, 3)), {"image": True, "titles": ["a"]}, "a title a pair"),
    ],
)
def test_pairs_that_are_none(x, x_hat, options, message):
    with pytest.raises(DataError, match=message):
        reconstructions(x, x_hat, **options)


def test_a_grid_is_one_sheet():
    x = np.arange(5.0)[:, None, None] / 10 * np.ones((1, 4, 6))
    (ax,) = grid(x, columns=2).axes
    sheet = image_of(ax)
    assert sheet.shape == (3 * 5 - 1, 2 * 7 - 1)
    assert sheet[0, 0] == 0.0
    assert sheet[-1, 0] == pytest.approx(0.4)  # the fifth picture begins the third line
    assert sheet[-1, -1] == 1.0  # where no sixth is, paper
    with pytest.raises(DataError, match="columns=0"):
        grid(x, columns=0)


def test_a_strip_of_pictures_is_numbered_from_left_to_right():
    fig = interpolation(np.linspace(0, 1, 5)[:, None, None] * np.ones((1, 3, 3)), image=True)
    assert [ax.get_title() for ax in fig.axes] == ["1", "2", "3", "4", "5"]
    assert [float(image_of(ax)[0, 0]) for ax in fig.axes] == [0, 0.25, 0.5, 0.75, 1]
    assert np.diff([ax.get_position().x0 for ax in fig.axes]).min() > 0


def test_a_strip_of_rows_spreads_each_column_over_its_own_range():
    fig = interpolation(np.array([[0.0, 100.0, 7.0], [1.0, 300.0, 7.0], [2.0, 200.0, 7.0]]), image=False, names=list("abc"))
    np.testing.assert_allclose(image_of(fig.axes[0]), [[0, 0.5, 1], [0, 1, 0.5], [0, 0, 0]])
    assert [label.get_text() for label in fig.axes[0].get_yticklabels()] == ["a", "b", "c"]
    with pytest.raises(DataError, match="d names"):
        interpolation(np.zeros((3, 2)), image=False, names=["a"])


def test_rows_of_a_wide_table_are_those_columns_that_differ():
    values = np.zeros((2, 50))
    values[0, 7], values[1, 30] = 2.0, -9.0
    ax = table_rows(values, [f"c{i}" for i in range(50)]).axes[0]
    drawn = np.asarray(ax.images[0].get_array())
    names = [label.get_text() for label in ax.get_yticklabels()]
    assert drawn.shape == (40, 2)
    assert drawn[names.index("c7"), 0] == 2.0
    assert drawn[names.index("c30"), 1] == -9.0
    with pytest.raises(DataError, match="d names"):
        table_rows(values, ["a"])
    with pytest.raises(DataError, match="a head a row"):
        table_rows(values, heads=["a"])


def test_panels_say_where_there_is_no_figure():
    fig = panels(["a", "b"], [("known", [1.0, None]), ("unknown", [None, None])])
    assert [ax.get_title(loc="left") for ax in fig.axes] == ["known"]
    assert [text.get_text() for text in fig.axes[0].texts] == ["1", "–"]
    with pytest.raises(DataError, match="a value a line"):
        panels(["a"], [("unknown", [None])])
