"""Fields in units of their spread, against numpy and scikit-learn."""

from __future__ import annotations

import numpy as np
from sklearn.preprocessing import StandardScaler

from diabolo.jobs.anomalies.detector.ruler import Ruler, binary_fields
from diabolo.records import Column, Layout

X = np.random.default_rng(0).normal(3, 2, size=(50, 3))
NUMBERS = Layout(("a", "b", "c"))
MIXED = Layout(
    ("age", "age:missing", "red", "unseen", "missing"), columns=(Column("age", 0, 2), Column("color", 2, 5, levels=2))
)


def test_plain_numbers_are_standardized() -> None:
    ruler = Ruler.plain(X, NUMBERS)
    np.testing.assert_allclose(ruler.measured(X), StandardScaler().fit_transform(X), atol=1e-6)


def test_far_numbers_are_bent_in() -> None:
    x = X.copy()
    x[0, 0] = 1e6
    ruler = Ruler.bending(x, NUMBERS)
    found = ruler.measured(x)
    low, middle, high = np.quantile(x[:, 0], (0.25, 0.5, 0.75))
    u = np.arcsinh((x[:, 0] - middle) / (high - low) * 1.3489795)
    np.testing.assert_allclose(found[:, 0], (u - u.mean()) / u.std(), rtol=1e-4)
    assert Ruler.plain(x, NUMBERS).measured(x)[1:, 0].std() < 1e-3 < found[1:, 0].std()


def test_where_most_cells_agree_the_others_count() -> None:
    x = np.zeros((50, 1))
    x[:5, 0] = np.arange(1, 6)
    u = np.arcsinh(x / 3)
    np.testing.assert_allclose(Ruler.bending(x, Layout(("a",))).measured(x), (u - u.mean()) / u.std(), rtol=1e-5)


def test_a_constant_number_keeps_its_unit() -> None:
    x = X.copy()
    x[:, 1] = 0.1
    for make in (Ruler.plain, Ruler.bending):
        ruler = make(x, NUMBERS)
        np.testing.assert_array_equal(ruler.measured(x)[:, 1], 0)
    np.testing.assert_allclose(Ruler.plain(x, NUMBERS).measured([[0, 2.1, 0]])[0, 1], 2, rtol=1e-6)


def test_missing_numbers_are_in_no_spread() -> None:
    v = np.zeros((400, 5))
    v[:, 0], v[:, 2] = np.random.default_rng(0).normal(3, 2, 400), 1
    v[:300, :2] = 3.1, 1  # missing cells have the median of the others in the column's units
    there = v[300:, 0]
    plain, bent = Ruler.plain(v, MIXED), Ruler.bending(v, MIXED)
    np.testing.assert_allclose([plain.center[0], plain.scale[0]], [there.mean(), there.std()])
    alone = Ruler.bending(there[:, None], Layout(("a",)))
    np.testing.assert_allclose(bent.measured(v)[300:, 0], alone.measured(there[:, None])[:, 0], rtol=1e-6)
    v[:, 1] = 1  # nobody has it
    assert np.isfinite(Ruler.bending(v, MIXED).measured(v)).all()


def test_what_was_never_seen_is_far() -> None:
    np.testing.assert_array_equal(binary_fields(MIXED), [False, True, True, True, True])
    x = np.zeros((99, 5))
    x[:, 0], x[:, 2] = np.arange(99), 1
    chance = 0.5 / 100
    for make in (Ruler.plain, Ruler.bending):
        ruler = make(x, MIXED)
        np.testing.assert_allclose(ruler.scale[[1, 3, 4]], 1 / np.sqrt(-2 * np.log(chance)))
        np.testing.assert_array_equal(ruler.measured(x)[:, [1, 3, 4]], 0)
        assert ruler.measured([[0.0, 1, 1, 0, 0]])[0, 1] > 3


def test_a_missing_cell_counts_only_where_none_was() -> None:
    """Rows with gaps are no anomalies where training has gaps; where it has none they are."""
    v = np.zeros((200, 5))
    v[:, 0], v[:, 2] = np.random.default_rng(0).normal(size=200), 1
    v[:12, 1] = 1
    for make in (Ruler.plain, Ruler.bending):
        np.testing.assert_array_equal(make(v, MIXED).measured(v)[:, 1], 0)
        assert make(v, MIXED).measured([[0.0, 0, 0, 0, 1]])[0, 4] > 3


def test_a_category_of_many_states_counts_as_one_column() -> None:
    levels = 40
    names = ("age", "age:missing", *map(str, range(levels)), "unseen", "missing")
    layout = Layout(names, columns=(Column("age", 0, 2), Column("job", 2, len(names), levels=levels + 1)))
    random = np.random.default_rng(0)
    x = np.zeros((20_000, len(names)))
    x[:, 0], x[np.arange(len(x)), 2 + random.integers(levels, size=len(x))] = random.normal(3, 2, len(x)), 1
    for make in (Ruler.plain, Ruler.bending):
        variances = make(x, layout).measured(x).var(axis=0)
        np.testing.assert_allclose(variances[0], 1, rtol=1e-3)
        np.testing.assert_allclose(variances[2:].sum(), 1, rtol=0.01)
        never = x[:1].copy()
        never[0, 2:] = np.eye(levels + 2)[levels]
        assert np.square(make(x, layout).measured(never)[0, 2:]).sum() > 9


def test_it_is_kept() -> None:
    ruler = Ruler.bending(X, NUMBERS)
    np.testing.assert_array_equal(Ruler.from_companion(ruler.companion()).measured(X), ruler.measured(X))
