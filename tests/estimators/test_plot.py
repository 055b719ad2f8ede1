"""ae.plot: every method draws for every kind of model, and what cannot be drawn says why."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import pytest
import torch
from matplotlib.figure import Figure

from diabolo import Autoencoder
from diabolo.errors import DataError, ParameterError, UnsupportedError
from diabolo.estimators.plot import Plot
from diabolo.figures.export import to_svg
from diabolo.jobs.codes.cluster import cluster
from diabolo.jobs.codes.embed import decoded
from diabolo.jobs.codes.index import build_index
from diabolo.jobs.codes.reconstruct import encode_all
from diabolo.jobs.codes.search import judge_search
from diabolo.jobs.generation.judge_samples import judge_samples
from diabolo.jobs.generation.sample import sample_codes
from diabolo.parts.networks import Mlp
from diabolo.trained import Trained
from tests.helpers import little_images, low_rank, quick

IMAGES, TABLE = little_images(60), low_rank(80)
CASES: dict[str, tuple[Any, Any, Any]] = {
    "image": (IMAGES, None, lambda: quick(IMAGES, "plain", epochs=2)),
    "table": (TABLE, None, lambda: quick(TABLE, "plain", epochs=2)),
    "vae": (TABLE, None, lambda: quick(TABLE, "vae", latent_dim=2, epochs=2)),
    "conditional": (TABLE, np.arange(80) % 3, lambda: quick(TABLE, "cvae", y=np.arange(80) % 3, epochs=2)),
    "one number": (TABLE, None, lambda: quick(TABLE, latent_dim=1, epochs=2)),
    "pairs": (TABLE, None, lambda: quick(TABLE, target=TABLE + 1, epochs=2)),
}


@pytest.fixture(scope="module", params=CASES)
def case(request: pytest.FixtureRequest) -> tuple[Any, Any, Trained]:
    data, y, make = CASES[request.param]
    return data, y, make()


def test_studies_are_made_or_those_that_travel_with_the_model_are_drawn() -> None:
    y = np.arange(60) % 2
    ae = Autoencoder(network=Mlp(widths=(8,)), latent_dim=2, epochs=2, random_state=0).fit(IMAGES)
    for draw in (ae.plot.sweep, ae.plot.sweep_pictures, ae.plot.labels, ae.plot.layerwise):
        with pytest.raises(UnsupportedError, match="carries no such study"):
            draw()
    assert isinstance(ae.plot.sweep(IMAGES, [1, 2]), Figure)
    assert isinstance(ae.plot.layerwise(IMAGES, activations=["silu"], epochs=3), Figure)
    quick_too = Autoencoder(network=Mlp(widths=(8,)), latent_dim=2, epochs=3, random_state=0)
    studies = (quick_too.sweep(IMAGES, [1, 2]), ae.label_curve(IMAGES, y, counts=(4,), seeds=1))
    for study in (*studies, quick_too.layerwise(IMAGES, activations=["silu"])):
        ae.keep(study)
    for draw in (ae.plot.sweep, ae.plot.sweep_pictures, ae.plot.labels, ae.plot.layerwise):
        assert isinstance(draw(), Figure)
    assert sorted(ae.trained_.studies) == ["labels", "layerwise", "sweep"]
    with pytest.raises(ParameterError, match="keep takes what sweep, label_curve or layerwise gave, got str"):
        ae.keep("sweep")  # type: ignore[arg-type]
    with pytest.raises(UnsupportedError, match="no pictures"):
        Plot(quick(TABLE, epochs=1)).sweep_pictures(TABLE, [1, 2])


def test_every_method_draws(case: tuple[Any, Any, Trained]) -> None:
    data, y, trained = case
    plot = Plot(trained)
    drawn = (
        plot.history(),
        plot.reconstructions(data, y),
        plot.codes(data, y),
        plot.codes(data, y, method="pca"),
        plot.units(),
        plot.units(data, y),
        plot.model(),
        plot.errors(data, y, target=TABLE + 1 if trained.target_kind else None),
        plot.interpolation(data[0], data[1], steps=3, y=None if y is None else y[0]),
        plot.interpolation_through(data[:3], steps=3, y=None if y is None else y[0], cycle=True),
    )
    for fig in drawn:
        assert isinstance(fig, Figure)
        assert to_svg(fig).startswith("<svg")


def test_codes_are_colored_by_whatever_is_asked(case: tuple[Any, Any, Trained]) -> None:
    data, y, trained = case
    plot = Plot(trained)
    for color in (np.arange(len(data)), np.arange(len(data)) % 2, *(() if trained.target_kind else ("error",))):
        assert to_svg(plot.codes(data, y, color=color)).startswith("<svg")
    with pytest.raises(DataError, match="no column 'weight'"):
        plot.codes(data, y, color="weight")
    with pytest.raises(DataError, match="one value a row"):
        plot.codes(data, y, color=[1, 2])


def test_clusters_are_pictures() -> None:
    plot = Plot(quick(IMAGES, "plain", epochs=1))
    shown = plot.clusters(IMAGES, np.arange(60) % 3, clusters=3)
    assert {text.get_text().split("\n")[0] for text in shown.texts} > {
        "typical, nearest to the center first",
        "odd, farthest first",
    }
    assert 3 * 2 <= len(shown.axes) <= 3 * 16
    table = Plot(quick(TABLE, epochs=1)).clusters(TABLE, clusters=3)
    drawn = table.axes[0].images[0].get_array()
    assert drawn.shape == (12, 3)
    assert [text.get_text().split(":")[0] for text in table.axes[0].get_xticklabels()] == ["0", "1", "2"]


def test_samples_are_pictures() -> None:
    assert len(Plot(quick(IMAGES, "vae", epochs=1)).samples(4).axes) == 1
    trained = quick(TABLE, "vae", epochs=1)
    drawn = Plot(trained).samples(4, random_state=3).axes[0].images[0].get_array()
    np.testing.assert_allclose(drawn, decoded(trained, sample_codes(trained, 4, random_state=3)).flatten(1).T, rtol=1e-6)


def test_the_plane_and_the_walks_are_named_sheets() -> None:
    plot = Plot(quick(IMAGES, "vae", latent_dim=3, epochs=1))
    plane = plot.latent_grid(4, numbers=(2, 0))
    ax = plane.axes[0]
    assert ax.images[0].get_array().shape == (4 * 9 - 1, 4 * 9 - 1)
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("code number 2", "code number 0")
    assert [t.get_text() for t in ax.get_xticklabels()] == ["-1.2", "-0.3", "0.3", "1.2"]
    assert [t.get_text() for t in ax.get_yticklabels()] == ["1.2", "0.3", "-0.3", "-1.2"]
    assert to_svg(plane).startswith("<svg")
    plain = Plot(quick(IMAGES, latent_dim=3, epochs=1))
    walks = plain.walks(5, most=2).axes[0]
    assert walks.images[0].get_array().shape == (2 * 9 - 1, 5 * 9 - 1)
    assert [t.get_text() for t in walks.get_xticklabels()] == ["-3σ", "-1.5σ", "mean", "+1.5σ", "+3σ"]
    order = np.argsort(-plain.trained.companions["codes"].arrays["z"].var(0))[:2]
    assert [int(t.get_text().split(" (")[0]) for t in walks.get_yticklabels()] == order.tolist()
    assert plain.holes(IMAGES, n=4).axes[0].images[0].get_array().shape == (2 * 9 - 1, 2 * 9 - 1)
    table = Plot(quick(TABLE, epochs=1))
    for draw in (table.latent_grid, table.walks, lambda: table.holes(TABLE)):
        with pytest.raises(UnsupportedError, match="no pictures"):
            draw()


def test_each_query_stands_beside_its_nearest() -> None:
    fig = Plot(quick(IMAGES, "vae", epochs=1)).neighbors(IMAGES, IMAGES[:3], k=4)
    assert len(fig.axes) == 3 * (1 + 4)
    assert [fig.axes[i].get_title() for i in (0, 1, 5, 6)] == ["", "0", "", "0"]  # each finds itself first
    assert len(Plot(quick(IMAGES, "cvae", y=[1, 2] * 30, epochs=1)).neighbors(IMAGES, IMAGES[:1], k=2, y=2).axes) == 3
    table = Plot(quick(TABLE, epochs=1)).neighbors(TABLE, TABLE[:3], k=4).axes[0]
    drawn = table.images[0].get_array()
    assert drawn.shape == (12, 3 * 5)
    np.testing.assert_array_equal(drawn[:, 5], drawn[:, 6])  # a query is its own nearest


def bars(fig: Figure) -> dict[str, list[float]]:
    """The values of each panel by its title."""
    return {ax.get_title(loc="left"): [bar.get_width() for bar in ax.patches] for ax in fig.axes}


def names(fig: Figure) -> list[str]:
    return [label.get_text().replace("\n", " ") for label in fig.axes[0].get_yticklabels()]


def test_new_rows_stand_beside_the_nearest_of_the_training() -> None:
    trained = quick(IMAGES, "vae", epochs=1)
    fig = Plot(trained).nearest_training(IMAGES, n=3, random_state=1)
    made = decoded(trained, sample_codes(trained, 3, random_state=1)).flatten(1).double()
    away = torch.cdist(made, encode_all(trained, trained.kind.read(IMAGES)).flatten(1).double()).min(1).values
    assert [fig.axes[i].get_title() for i in (1, 3, 5)] == [f"{d:.3g}" for d in away.tolist()]
    table = Plot(quick(TABLE, epochs=1)).nearest_training(TABLE, n=3).axes[0]
    assert table.images[0].get_array().shape == (12, 6)


def test_everything_stands_beside_what_is_simpler() -> None:
    trained, y = quick(TABLE, epochs=2), np.arange(80) % 2
    plot = Plot(trained)
    found = cluster(trained, TABLE, y, clusters=2)
    fig = plot.clusters_beside(TABLE, y, clusters=2)
    assert names(fig) == ["this model's codes", "PCA, as many numbers", "the data themselves"]
    assert bars(fig)["NMI with the labels"] == [line.nmi for line in found.table]
    assert list(bars(plot.clusters_beside(TABLE, clusters=2))) == ["silhouette"]
    index = build_index(trained, TABLE, y)
    judged = judge_search(trained, index, trained.kind.read(TABLE), 3)
    assert judged is not None
    assert bars(plot.search_beside(TABLE, y, k=3))["same label, of 3"] == list(judged.shares.values())
    with pytest.raises(DataError, match="Give them as y"):
        plot.search_beside(TABLE)
    samples = judge_samples(trained, TABLE[:40], training=TABLE[40:]).table
    assert bars(plot.samples_beside(TABLE[:40], training=TABLE[40:]))["copies"] == [line.copies for line in samples]
    fig = plot.neighborhoods(TABLE, y, method="pca")
    assert names(fig)[0] == "the data themselves"
    assert bars(fig)["trustworthiness"][0] == 0  # of the data themselves there is none
    with pytest.raises(DataError, match="at least 4 rows"):
        plot.neighborhoods(TABLE[:3])


def test_a_way_through_pictures_has_a_line_from_each_to_the_next() -> None:
    plot = Plot(quick(IMAGES, "plain", epochs=1))
    sheet = plot.interpolation_through(IMAGES[:3], steps=5, cycle=True).axes[0].images[0].get_array()
    assert sheet.shape == (3 * 9 - 1, 5 * 9 - 1)  # 3 lines of 5 pictures of 8×8, a pixel between them


def test_as_many_rows_as_asked() -> None:
    plot = Plot(quick(IMAGES, "plain", epochs=1))
    pictures = [len(plot.reconstructions(IMAGES, rows=n).axes) for n in (1, 3)]
    assert pictures == [2, 6]
    with pytest.raises(ParameterError, match="at least 1"):
        plot.reconstructions(IMAGES, rows=0)


def test_labels_are_colors() -> None:
    plot = Plot(quick(TABLE, latent_dim=2, epochs=1))
    labels = np.where(np.arange(80) % 2, "odd", "even")
    legend = plot.codes(TABLE, labels).legends[0]
    assert [text.get_text() for text in legend.get_texts()] == ["even", "odd"]


def test_units_are_kl_where_codes_are_distributions() -> None:
    plot = Plot(quick(TABLE, "vae", latent_dim=2, epochs=1))
    assert "KL" in plot.units(TABLE).axes[0].get_ylabel()
    assert "variance" in plot.units().axes[0].get_ylabel()


def test_a_model_without_history_or_codes_says_so() -> None:
    bare = dataclasses.replace(quick(TABLE, epochs=1), history=(), companions={})
    with pytest.raises(UnsupportedError, match="no history"):
        Plot(bare).history()
    with pytest.raises(UnsupportedError, match="Give data"):
        Plot(bare).units()
