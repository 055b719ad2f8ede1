"""Figures about codes: the scatter and the units."""

import numpy as np
import pytest
from matplotlib.collections import PathCollection

from diabolo.errors import DataError
from diabolo.figures.codes import codes
from diabolo.figures.style import LINE
from diabolo.figures.units import units


def points(n=200):
    return np.random.default_rng(0).normal(size=(n, 2))


def scattered(fig):
    return [c for c in fig.axes[0].collections if isinstance(c, PathCollection)]


def legend_of(fig):
    return [text.get_text() for legend in fig.legends for text in legend.get_texts()]


def test_without_labels_all_points_in_one_color():
    fig = codes(points(), title="cost, $", axis_names=("one", "two"))
    (drawn,) = scattered(fig)
    assert len(drawn.get_offsets()) == 200
    assert fig.legends == []
    assert fig.axes[0].get_title(loc="left") == r"cost, \$"
    assert (fig.axes[0].get_xlabel(), fig.axes[0].get_ylabel()) == ("one", "two")


def test_categories_each_have_a_look_of_their_own():
    labels = np.arange(200) % 20
    fig = codes(points(), labels)
    assert legend_of(fig) == [str(i) for i in range(20)]  # by value: 2 before 10
    handles = fig.legends[0].legend_handles
    assert len({(h.get_color(), h.get_marker()) for h in handles}) == 20
    assert sum(len(part.get_offsets()) for part in scattered(fig)) == 200


def test_a_point_keeps_its_color():
    z = points(40)
    labels = np.array(["cat", "dog"] * 20)
    (drawn,) = scattered(codes(z, labels))
    color = {tuple(xy): tuple(c[:3]) for xy, c in zip(drawn.get_offsets().data, drawn.get_facecolors(), strict=True)}
    cats, dogs = ({color[tuple(xy)] for xy in z[labels == name]} for name in ("cat", "dog"))
    assert len(cats) == len(dogs) == 1
    assert cats != dogs


def test_short_names_stand_in_the_cloud_where_they_have_room():
    apart = np.vstack([points(50), points(50) + 30])
    labels = ["a"] * 50 + ["b"] * 50
    assert {text.get_text() for text in codes(apart, labels).axes[0].texts} == {"a", "b"}
    assert not codes(np.vstack([points(50)] * 2), labels).axes[0].texts


def test_long_names_go_below_and_the_figure_grows():
    short = codes(points(4), list("abcd"))
    long = codes(points(4), [f"a long name of a category {i}" for i in "abcd"])
    assert long.get_figheight() > short.get_figheight()
    assert len(legend_of(long)) == 4


def test_many_numbers_get_a_color_bar():
    fig = codes(points(), np.linspace(0, 5, 200))
    assert len(fig.axes) == 2
    assert fig.legends == []
    np.testing.assert_allclose(scattered(fig)[0].get_array(), np.linspace(0, 5, 200))


def test_of_many_names_the_commonest_are_told_apart():
    names = [f"name {i}" for i in range(30) for _ in range(30 - i)]
    fig = codes(points(len(names)), names)
    assert legend_of(fig) == [f"name {i}" for i in range(19)] + ["other"]


def test_points_without_label_are_grey_and_told():
    fig = codes(points(4), ["a", None, float("nan"), "b"])
    assert legend_of(fig) == ["a", "b", "no label"]
    assert fig.legends[0].legend_handles[-1].get_color() == LINE
    assert legend_of(codes(points(2), [None, None])) == ["no label"]


def test_many_points_become_a_picture_inside_an_svg():
    assert scattered(codes(points(3000)))[0].get_rasterized()
    assert not scattered(codes(points(300)))[0].get_rasterized()


def test_points_and_labels_must_fit():
    with pytest.raises(DataError, match=r"\(n, 2\)"):
        codes(np.zeros((4, 3)))
    with pytest.raises(DataError, match="one label a point"):
        codes(points(4), [1, 2])


def test_units_stand_in_order_under_their_own_numbers():
    fig = units([0.5, 2.0, 0.0, 1.0], [True, True, False, True])
    (ax,) = fig.axes
    assert [label.get_text() for label in ax.get_xticklabels()] == ["1", "3", "0", "2"]
    assert [bar.get_height() for bar in ax.containers[0]] == [2.0, 1.0, 0.5]
    (crosses,) = ax.get_lines()
    assert crosses.get_xdata().tolist() == [3]
    assert legend_of(fig) == ["in use: 3", "not in use: 1"]
    assert ax.get_ylabel() == "KL, nats"


def test_units_without_a_verdict_and_of_a_long_code():
    fig = units(np.linspace(1, 0, 300), quantity="variance")
    assert legend_of(fig) == ["units: 300"]
    assert fig.axes[0].get_ylabel() == "variance"
    assert len(fig.axes[0].patches) == 1


@pytest.mark.parametrize("values", [[], [[1.0]], [np.nan]])
def test_units_that_are_none(values):
    with pytest.raises(DataError, match="one finite number a unit"):
        units(values)
    with pytest.raises(DataError, match="yes or no of each of 2 units"):
        units([1.0, 2.0], [True])
