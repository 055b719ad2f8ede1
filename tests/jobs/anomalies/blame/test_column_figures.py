"""What is usual of columns: ranks against the normal distribution, and what wrong cells hold against closed forms."""

from __future__ import annotations

import numpy as np
from scipy import stats

from diabolo.jobs.anomalies.blame.column_figures import ANYTHING, LEAST_SIGMA, Usual
from diabolo.jobs.anomalies.blame.surprise import Look
from diabolo.records import Column, Layout
from diabolo.trained import Companion

LAYOUT = Layout(
    ("size", "size:missing", "a", "b", "never", "color:missing"), columns=(Column("size", 0, 2), Column("color", 2, 6, 3))
)
STD, P = 0.5, (0.7, 0.3, 1e-6)


def rows(values: np.ndarray, states: np.ndarray) -> Look:
    """What a model would say that expects N(1, 0.5²) and (0.7, 0.3) of every row; NaN and -1 where cells are missing."""
    n = len(values)
    there = np.column_stack([np.isfinite(values), states >= 0])
    x = np.zeros((n, 6))
    x[:, 0], x[:, 1], x[:, 5] = np.nan_to_num(values), ~there[:, 0], ~there[:, 1]
    x[np.flatnonzero(there[:, 1]), 2 + states[there[:, 1]]] = 1
    number = stats.norm(1, STD)
    log_p = np.where(there, np.column_stack([number.logpdf(np.nan_to_num(values)), np.log(P)[states]]), 0)
    peak = np.tile([number.logpdf(1), np.log(0.7)], (n, 1))
    return Look(x, np.tile([1.0, 0, *P, 0], (n, 1)), log_p, peak, there)


def usual(n: int = 4000, seed: int = 0) -> tuple[Look, Usual]:
    random = np.random.default_rng(seed)
    found = rows(random.normal(1, STD, n), random.choice(2, n, p=(0.7, 0.3)))
    return found, Usual.of(found, LAYOUT, held_out=True)


def test_numbers_deviate_in_standard_deviations_and_categories_by_deviance() -> None:
    found = rows(np.array([1.0, 2.0, -0.5, np.nan]), np.array([0, 1, -1, 2]))
    expected = [[0, 0], [2, np.sqrt(2 * np.log(7 / 3))], [-3, 0], [0, np.sqrt(2 * np.log(0.7e6))]]
    np.testing.assert_allclose(found.deviation(LAYOUT), expected, atol=1e-12)
    again = Look.unpacked(found.packed().numpy(), LAYOUT)
    np.testing.assert_array_equal(again.deviation(LAYOUT), found.deviation(LAYOUT))


def test_sigmas_of_normal_deviations_are_the_deviations() -> None:
    _, known = usual(20_000)
    at = np.array([-5.0, -2.5, -1, 0, 0.5, 2, 3.5, 20])
    sigmas = known.sigmas(np.column_stack([at, np.zeros(8)]))[:, 0]
    np.testing.assert_allclose(sigmas, at, rtol=0.12, atol=0.05)
    assert (np.sign(sigmas) == np.sign(at)).all()


def test_equal_cells_count_as_the_least_of_their_ranks() -> None:
    _, known = usual()
    rare = np.sqrt(2 * np.log(7 / 3))  # what 30 % of the cells deviate by
    usual_state, rare_state, between = known.sigmas(np.array([[0.0, 0.0], [0.0, rare], [0.0, rare / 2]]))[:, 1]
    assert usual_state == 0.0
    np.testing.assert_allclose(rare_state, stats.norm.isf(0.3 / 2), rtol=0.05)
    assert 0 < between < rare_state


def test_the_limit_is_the_deviation_of_so_many_sigmas() -> None:
    _, known = usual()
    for sigmas in (0.5, 2.0, 6.0):
        limit = known.limit(sigmas)
        np.testing.assert_allclose(known.sigmas(limit[None])[0, 0], sigmas, rtol=1e-6)


def test_the_odds_of_a_level_are_those_of_another_being_right() -> None:
    found, known = usual()
    q = (1 - ANYTHING) * np.array(P) + ANYTHING / 3
    expected = []
    for state in (0, 1):
        others = sum(P[v] * q[state] / (1 - q[v]) for v in range(3) if v != state)
        expected.append(np.log(others / ((1 - 1 / 4000) * P[state] + q[state] / 4000)))
    np.testing.assert_allclose(known.odds(found, LAYOUT)[:, 1], np.array(expected)[found.x[:, 3].astype(int)], rtol=1e-6)


def test_the_odds_of_a_number_are_those_of_anothers_number() -> None:
    """Where rows differ in what is expected: x = m + e of standard deviations 1 and 0.5, so others' lie √2.25 from m."""
    random = np.random.default_rng(0)
    m, e = random.normal(0, 1, 20_000), random.normal(0, STD, 20_000)
    found = rows(1 + e, np.zeros(20_000, dtype=int))
    found.x[:, 0] += m
    found.mean[:, 0] += m
    known = Usual.of(found, LAYOUT, held_out=True)
    at = np.array([0.5, 1.5, 3.0])  # deviations, in units of 0.5
    few = rows(1 + STD * at, np.zeros(3, dtype=int))
    wrong = 2 * stats.norm(0, np.sqrt(1 + 1 + STD**2)).pdf(STD * at)  # another's number less this row's mean
    right = 2 * stats.norm(0, STD).pdf(STD * at)
    np.testing.assert_allclose(known.odds(few, LAYOUT)[:, 0], np.log(wrong / right), atol=0.2)


def test_no_odds_exceed_what_held_out_rows_can_tell() -> None:
    _, known = usual(500)
    never = rows(np.array([np.nan]), np.array([2]))
    np.testing.assert_allclose(known.odds(never, LAYOUT), [[-np.inf, np.log(500)]], rtol=0.02)
    assert np.exp(known.wrong).max() <= 501


def test_a_column_that_no_held_out_row_has_is_usual_as_it_is_expected() -> None:
    known = Usual.of(rows(np.full(30, np.nan), np.zeros(30, dtype=int)), LAYOUT, held_out=False)
    sigmas = known.sigmas(np.array([[0.5, 0.0]]))
    last = stats.norm.ppf((1 + known.ranks[-1, 0]) / 2)
    np.testing.assert_allclose(sigmas, [[last + 0.5 / LEAST_SIGMA, 0]])  # never off in 30 rows is no proof of never


def test_ranks_are_resolved_by_the_cells_that_are_there() -> None:
    """A column that a tenth of the rows have says as much as that tenth alone."""
    random = np.random.default_rng(0)
    values, states = random.normal(1, STD, 1000), random.choice(2, 1000, p=(0.7, 0.3))
    few = np.where(np.arange(1000) < 100, values, np.nan)
    part = Usual.of(rows(few, np.where(np.isnan(few), -1, states)), LAYOUT, held_out=True)
    alone = Usual.of(rows(values[:100], states[:100]), LAYOUT, held_out=True)
    np.testing.assert_array_equal(part.counts, [100, 100])
    np.testing.assert_allclose(part.ranks[-1], 1 - 5 / 101)
    at = np.array([[-4.0, 0.5], [1.0, 1.2], [9.0, 7.0]])
    np.testing.assert_allclose(part.sigmas(at), alone.sigmas(at), rtol=1e-12)
    np.testing.assert_allclose(part.limit(2.0), alone.limit(2.0), rtol=1e-12)
    strange = rows(np.array([9.0]), np.array([2]))
    np.testing.assert_allclose(part.odds(strange, LAYOUT), alone.odds(strange, LAYOUT), rtol=1e-6)


def test_models_saved_before_columns_had_counts_are_read() -> None:
    found, known = usual(500)
    kept = known.companion()
    kept = Companion(kept.data, {k: v for k, v in kept.arrays.items() if k != "counts"} | {"ranks": known.ranks[:, 0]})
    again = Usual.from_companion(kept)
    np.testing.assert_allclose(again.sigmas(found.deviation(LAYOUT)), known.sigmas(found.deviation(LAYOUT)), atol=1e-4)


def test_it_travels_as_a_companion() -> None:
    found, known = usual(500)
    again = Usual.from_companion(known.companion())
    assert (again.rows, again.held_out) == (500, True)
    np.testing.assert_allclose(again.sigmas(found.deviation(LAYOUT)), known.sigmas(found.deviation(LAYOUT)), atol=1e-4)
