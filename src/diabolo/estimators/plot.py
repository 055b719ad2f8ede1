"""Plot: pictures of an estimator's results, for notebooks (``ae.plot``)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, final

import numpy as np
import torch
from torch import Tensor

from diabolo.data.sources import Source
from diabolo.data.subset import Subset
from diabolo.errors import DataError, ParameterError, UnsupportedError
from diabolo.jobs.codes.cluster import cluster
from diabolo.jobs.codes.coloring import coloring
from diabolo.jobs.codes.embed import decoded, embed, made_of, posterior
from diabolo.jobs.codes.index import build_index
from diabolo.jobs.codes.interpolate import codes_between, codes_through, lines_of
from diabolo.jobs.codes.maps import map_codes
from diabolo.jobs.codes.neighborhoods import neighborhoods
from diabolo.jobs.codes.reconstruct import restored
from diabolo.jobs.codes.search import judge_search, search
from diabolo.jobs.codes.viewers import pictures_of
from diabolo.jobs.companions import CODES
from diabolo.jobs.diagnosis.curves import read_curves, telling
from diabolo.jobs.diagnosis.layers import layer_table
from diabolo.jobs.evaluation.contenders import weights_of
from diabolo.jobs.evaluation.evaluate import evaluate
from diabolo.jobs.generation.holes import find_holes
from diabolo.jobs.generation.judge_samples import BESIDE, judge_samples
from diabolo.jobs.generation.new_rows import nearest_rows
from diabolo.jobs.generation.plane import latent_plane
from diabolo.jobs.generation.sample import sample_codes
from diabolo.jobs.generation.walks import latent_walks
from diabolo.jobs.labels import rows_and_labels
from diabolo.jobs.learning.label_curve import COUNTS, label_curve
from diabolo.maths.divergences import kl_normal
from diabolo.metrics.codes import active_units, dead_units, kl_per_unit, unit_variance
from diabolo.metrics.errors import mse
from diabolo.trained import Trained

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_SHARES = ("precision", "recall", "copies")


@final
@dataclass(frozen=True)
class Plot:
    """Each method returns a matplotlib Figure, which a notebook shows by itself.

    >>> from diabolo import Autoencoder
    >>> from sklearn.datasets import load_iris
    >>> ae = Autoencoder("plain", latent_dim=2, epochs=2, random_state=0).fit(load_iris().data)
    >>> ae.plot.codes(load_iris().data, load_iris().target)
    <Picture size ...>
    """

    trained: Trained

    def history(self) -> Figure:
        """Learning curves: training against validation, the everyday figure, KL where there is one, and the best epoch."""
        from diabolo.figures.curves import learning_curves

        curves = read_curves(self.trained)
        if curves is None:
            raise UnsupportedError("This model carries no history.")
        return learning_curves(telling(self.trained), best_epoch=curves.best)

    def reconstructions(self, X: Any, y: Any = None, rows: int = 8) -> Figure:
        """The first rows of X beside what the model makes of them, each with its mean squared error inside the model's scale.

        Columns of a table are drawn in standard deviations from their means. y: labels (n,), for conditional recipes.
        For models trained on pairs there is no error to give, since what should have come out is not known here.
        """
        from diabolo.figures.pairs import reconstructions

        if isinstance(rows, bool) or not isinstance(rows, int) or rows < 1:
            raise ParameterError(f"rows must be a whole number of at least 1, got {rows!r}.")
        source, given = rows_and_labels(self.trained, X, y)
        source = source if len(source) <= rows else Subset(source, torch.arange(rows))
        labels = None if given is None else np.asarray(given).ravel()[: len(source)]
        x = self.trained.kind.inside(source)
        x_hat = restored(self.trained, source, self.trained.condition(labels, len(source)))
        titles = None
        if self.trained.target_kind is None:
            flat = x.flatten(1).numpy()
            errors = mse(flat, x_hat.flatten(1).numpy(), weights_of(self.trained.kind.layout, flat))
            titles = [f"{error:.2g}" for error in errors]
        bounds = self.trained.kind.layout.bounds
        if x.ndim == 4 and bounds is not None:
            return reconstructions(_drawable(x), _drawable(x_hat), image=True, value_range=bounds, titles=titles)
        names = self.trained.kind.layout.names
        return reconstructions(x.numpy(), x_hat.numpy(), image=False, titles=titles, names=names, spread=np.ones(x.shape[1]))

    def codes(self, X: Any, labels: Any = None, method: str = "auto", color: Any = None) -> Figure:
        """The codes of X in two dimensions, at most 1000 of them.

        method: ``"pca"``, ``"tsne"``, ``"umap"`` (needs umap-learn), or ``"auto"``: a code of one or two numbers as it is, a
        longer one by t-SNE, whose distances between clusters mean little. labels: (n,), else those that came with the data;
        conditional recipes need them. color: ``"label"`` (what None means where there are any), ``"error"``, the name of a
        column of a table, or values (n,), such as the clusters of :meth:`Autoencoder.cluster`.
        """
        from diabolo.figures.histogram import histogram
        from diabolo.figures.maps import code_map

        source, labels = rows_and_labels(self.trained, X, labels)
        shown = coloring(self.trained, X, source, labels, color)
        found = map_codes(embed(self.trained, source, labels), method)
        if found.points.shape[1] == 1 and color is None:
            return histogram(found.points[:, 0], axis_names=("code number 0", "rows"))
        return code_map(found, shown)

    def clusters(
        self, X: Any, y: Any = None, *, clusters: int | str = "auto", method: str = "kmeans", random_state: int = 0
    ) -> Figure:
        """Typical and odd pictures of each cluster, a line each; options as of :meth:`Autoencoder.cluster`.

        Of a table: the mean row of each cluster, in standard deviations of the columns.
        """
        from diabolo.figures.clusters import members
        from diabolo.figures.rows import table_rows

        source, y = rows_and_labels(self.trained, X, y)
        found = cluster(self.trained, source, y, clusters=clusters, method=method, random_state=random_state)
        if self.trained.kind.name == "image":
            return members(found, lambda rows: pictures_of(self.trained, source, rows), value_range=(0.0, 255.0))
        x = self._inside(source).flatten(1).numpy()
        means = np.stack([x[found.assignments == c].mean(axis=0) for c in range(found.clusters)])
        heads = [f"{c}: {size}" for c, size in enumerate(found.sizes)]
        return table_rows(means, self.trained.kind.layout.names or None, heads)

    def clusters_beside(
        self, X: Any, y: Any = None, *, clusters: int | str = "auto", method: str = "kmeans", random_state: int = 0
    ) -> Figure:
        """Silhouette, and NMI and ARI with labels y, of clusters of codes beside those of PCA and of the data themselves."""
        found = cluster(self.trained, X, y, clusters=clusters, method=method, random_state=random_state)
        return _beside(found.table, {name: f"clusters.{name}" for name in ("silhouette", "nmi", "ari")})

    def neighborhoods(self, X: Any, y: Any = None, method: str = "auto") -> Figure:
        """How well codes and their map keep who is near whom: trustworthiness, and purity with labels y, beside PCA.

        method: of the map, as of :meth:`codes`. DataError for fewer than 4 rows.
        """
        source, y = rows_and_labels(self.trained, X, y)
        z = embed(self.trained, source, y)
        found = neighborhoods(self.trained, source, z, y, map_codes(z, method))
        if not found:
            raise DataError(f"Who is near whom needs at least 4 rows, got {len(source)}.")
        own = [i for i, line in enumerate(found) if line.name == "model"]
        return _beside(found, {"trustworthiness": "codes.trust", "purity": "codes.purity"}, own)

    def errors(self, X: Any, y: Any = None, target: Any = None) -> Figure:
        """The mean squared error on X beside PCA's with as many numbers and the mean's, inside the model's scale.

        X should be rows the model was not trained on. y: labels, for conditional recipes. target: for models of pairs.
        """
        from diabolo.figures.errors import errors_beside

        table = evaluate(self.trained, X, y, target).table
        names = {"pca": "PCA", "mean": "mean of the rows", "input": "input as it is", "model": self.trained.config.recipe}
        return errors_beside([(names[c.name], c.errors["mse"]) for c in table])

    def samples(self, n: int = 25, y: Any = None, *, density: str = "auto", random_state: int | None = 0) -> Figure:
        """n new pictures, line by line; options as of :meth:`Autoencoder.sample`. Rows of a table in standard deviations."""
        from diabolo.figures.mosaic import grid
        from diabolo.figures.rows import table_rows

        z = sample_codes(self.trained, n, density=density, random_state=random_state)
        x = made_of(self.trained, z, y, seed=random_state)
        layout = self.trained.out_kind.layout
        if self.trained.out_kind.name != "image" or layout.bounds is None:
            return table_rows(x.flatten(1).numpy(), layout.names or None, [str(i + 1) for i in range(n)])
        return grid(_drawable(x), value_range=layout.bounds)

    def samples_beside(self, X: Any, y: Any = None, *, training: Any = None, random_state: int = 0) -> Figure:
        """How much new rows are like X, from each origin of codes and from PCA: Fréchet distance, precision, recall.

        X: rows that were not trained on, 20 at least. y: their labels, for conditional recipes. training: rows of the training;
        then also the share of copies. See :func:`diabolo.jobs.generation.judge_samples.judge_samples`.
        """
        from diabolo.figures.panels import panels
        from diabolo.figures.texts import ENGLISH

        found = judge_samples(self.trained, X, y, training=training, seed=random_state).table
        keys = ["samples.linear" if line.origin == BESIDE else f"samples.{line.origin}" for line in found]
        names = [ENGLISH.get(key, line.origin) for key, line in zip(keys, found, strict=True)]
        columns = [(ENGLISH[f"samples.{c}"], [getattr(line, c) for line in found]) for c in ("frechet", *_SHARES)]
        return panels(names, columns, own=[i for i, line in enumerate(found) if line.origin != BESIDE])

    def nearest_training(
        self, X: Any, n: int = 6, y: Any = None, *, density: str = "auto", random_state: int | None = 0
    ) -> Figure:
        """n new rows, each beside the row of X that is nearest to it: whether the model copies.

        X: rows of the training. The rest as of :meth:`Autoencoder.sample`. Rows of a table stand in standard deviations.
        """
        from diabolo.figures.neighbors import neighbors
        from diabolo.figures.rows import table_rows
        from diabolo.figures.texts import ENGLISH

        z = sample_codes(self.trained, n, density=density, random_state=random_state)
        found, layout = (
            nearest_rows(self.trained, made_of(self.trained, z, y, seed=random_state), X),
            self.trained.out_kind.layout,
        )
        new, near = ENGLISH["samples.new"], ENGLISH["samples.near"]
        if self.trained.out_kind.name != "image" or layout.bounds is None:
            both = torch.stack([found.made, found.near], dim=1).flatten(0, 1).flatten(1).numpy()
            heads = [head for i, d in enumerate(found.distances) for head in (f"{new} {i + 1}", f"{d:.3g}")]
            return table_rows(both, layout.names or None, heads, groups=2)
        texts = {"neighbors.query": new, "neighbors.distances": near, "neighbors.nearest": near}
        made, real = _drawable(found.made), _drawable(found.near)
        return neighbors(made, real[:, None], found.distances[:, None], value_range=layout.bounds, texts=texts)

    def holes(self, X: Any, y: Any = None, n: int = 16, *, density: str | None = None, random_state: int = 0) -> Figure:
        """What the decoder makes of the n of 2 000 drawn codes that lie farthest from every training code. Images only.

        X: rows the model has not seen, which say what is far; y: their labels, for conditional recipes. density: what codes are
        drawn from; None: the prior where there is one, else one Gaussian.
        """
        from diabolo.figures.mosaic import grid

        bounds = self._bounds("ae.holes(X)")
        found = find_holes(self.trained, X, y, n, origin=density, seed=random_state)
        return grid(_drawable(decoded(self.trained, found.codes, found.labels)), value_range=bounds)

    def latent_grid(self, steps: int = 15, numbers: Sequence[int] | None = None, y: Any = None) -> Figure:
        """What the decoder makes of a grid over two numbers of the code, each point as probable as any other. Images only.

        numbers: which two; None for those of the largest variance. The rest stand at their means. y: the label of all, for
        conditional recipes. The codes themselves: :meth:`Autoencoder.latent_grid`.
        """
        from diabolo.figures.latent import plane_sheet

        bounds = self._bounds("ae.latent_grid()")
        plane = latent_plane(self.trained, steps, numbers)
        return plane_sheet(_drawable(decoded(self.trained, plane.codes, y)), plane, value_range=bounds)

    def walks(self, steps: int = 9, most: int = 16, y: Any = None) -> Figure:
        """What the decoder makes of each active number of the code from -3 to 3 standard deviations.

        The most active first, a line each, under its number and its variance, of at most so many numbers; the others stand at
        their means. Images only. y: the label of all, for conditional recipes. The codes themselves:
        :meth:`Autoencoder.walks`.
        """
        from diabolo.figures.latent import walk_sheet

        bounds = self._bounds("ae.walks()")
        found = latent_walks(self.trained, steps, most)
        return walk_sheet(_drawable(decoded(self.trained, found.flat, y)), found, value_range=bounds)

    def interpolation(self, start: Any, end: Any, steps: int = 9, y: Any = None, *, spherical: bool = False) -> Figure:
        """The way from one row to another through the code; options as of :meth:`Autoencoder.interpolate`."""
        z, label = codes_between(self.trained, start, end, steps, y, spherical=spherical)
        return self._way(z, label, steps)

    def interpolation_through(
        self, X: Any, steps: int = 9, y: Any = None, *, spherical: bool = False, cycle: bool = False
    ) -> Figure:
        """The way through all rows of X, pictures line by line, a line from each row to the next.

        Options as of :meth:`Autoencoder.interpolate_through`.
        """
        z, label = codes_through(self.trained, X, steps, y, spherical=spherical, cycle=cycle)
        return self._way(z, label, steps)

    def neighbors(self, X: Any, queries: Any, k: int = 5, y: Any = None) -> Figure:
        """Each of the first 12 queries beside the k rows of X that are nearest to it by code, with distances.

        y: one label for all, for conditional recipes. Rows of a table stand in standard deviations, the query first.
        """
        from diabolo.figures.neighbors import LINES, neighbors
        from diabolo.figures.rows import table_rows

        items, labels = rows_and_labels(self.trained, X, y)
        source, of_queries = rows_and_labels(self.trained, queries, y)
        some = Subset(source, torch.arange(min(LINES, len(source))))
        given = None if of_queries is None else np.broadcast_to(of_queries, (len(source),))[: len(some)]
        found = search(self.trained, build_index(self.trained, items, labels), some, k, given)
        x, near = self._inside(some), self._inside(Subset(items, torch.from_numpy(found.rows.ravel())))
        near = near.reshape(*found.rows.shape, *near.shape[1:])
        layout = self.trained.kind.layout
        if self.trained.kind.name != "image" or layout.bounds is None:
            both = torch.cat([x[:, None], near], dim=1).flatten(2).flatten(0, 1).numpy()
            heads = [head for i, line in enumerate(found.distances) for head in (f"q{i}", *(f"{d:.3g}" for d in line))]
            return table_rows(both, layout.names or None, heads, groups=1 + found.rows.shape[1])
        shown = _drawable(near.flatten(0, 1))
        return neighbors(
            _drawable(x), shown.reshape(*found.rows.shape, *shown.shape[1:]), found.distances, value_range=layout.bounds
        )

    def search_beside(self, X: Any, y: Any = None, k: int = 5) -> Figure:
        """Of the k nearest of each row of X, the share that has its label: by code, by PCA, in the data, and by chance.

        y: labels (n,), classes. DataError where there are none.
        """
        from diabolo.figures.panels import panels
        from diabolo.figures.texts import ENGLISH

        source, y = rows_and_labels(self.trained, X, y)
        found = judge_search(self.trained, build_index(self.trained, source, y), source, k)
        if found is None:
            raise DataError("A search is judged by labels that are classes, and these rows have none. Give them as y.")
        names = [ENGLISH[f"beside.{name}"] for name in found.shares]
        return panels(names, [(ENGLISH["search.precision"].format(count=found.k), list(found.shares.values()))])

    def units(self, X: Any = None, y: Any = None) -> Figure:
        """What each number of the code does: its variance, or its KL in nats where X is given and codes are distributions.

        Without X the codes are those of training rows that travel with the model. y: labels, for conditional recipes.
        """
        from diabolo.figures.units import units

        variational = self.trained.model.bottleneck.variational
        z = self._training_codes() if X is None else embed(self.trained, X, y)
        used = active_units(z) if variational else ~dead_units(z)
        if X is not None and variational:
            q = posterior(self.trained, X, y)
            kl = kl_normal(torch.from_numpy(q.mean), torch.from_numpy(q.std))
            return units(kl_per_unit(kl), used, quantity="kl")
        return units(unit_variance(z), used, quantity="variance")

    def labels(
        self, X: Any, y: Any = None, *, counts: Any = COUNTS, seeds: int = 5, test: Any = None, test_y: Any = None
    ) -> Figure:
        """Accuracy against the number of labels, fine-tuned and from scratch; options as of :meth:`Autoencoder.label_curve`."""
        from diabolo.figures.labels import accuracy_by_labels

        return accuracy_by_labels(label_curve(self.trained, X, y, counts=counts, seeds=seeds, test=test, test_y=test_y))

    def model(self) -> Figure:
        """The model from input through the code to the output, each station with its shape, parameters and what it does."""
        from diabolo.figures.architecture import architecture
        from diabolo.figures.stations import stations
        from diabolo.jobs.diagnosis.anatomy import in_english

        return architecture(stations(layer_table(self.trained), in_english))

    def _way(self, z: np.ndarray, label: Any, steps: int) -> Figure:
        """A strip where there is one way; where there are more, a line of pictures each, or one map of a table's columns."""
        from diabolo.figures.mosaic import grid, interpolation

        x = decoded(self.trained, z, label)
        layout = self.trained.out_kind.layout
        if x.ndim != 4 or layout.bounds is None:
            return interpolation(self.trained.out_kind.natural(x).flatten(1).numpy(), image=False, names=layout.names)
        if len(z) == steps:
            return interpolation(_drawable(x), image=True, value_range=layout.bounds)
        return grid(_drawable(x)[lines_of(len(z), steps).ravel()], value_range=layout.bounds, columns=steps)

    def _bounds(self, codes: str) -> tuple[float, float]:
        """The range of pixels. Raises UnsupportedError for tables. codes: what gives the codes to look at there."""
        bounds = self.trained.out_kind.layout.bounds
        if self.trained.out_kind.name != "image" or bounds is None:
            raise UnsupportedError(
                f"Rows of a table are no pictures. {codes} holds codes, and ae.inverse_transform makes rows of them."
            )
        return bounds

    def _inside(self, source: Source) -> Tensor:
        """Rows as the model sees them, (n, F, *P), on the host."""
        return self.trained.kind.inside(source)

    def _training_codes(self) -> np.ndarray:
        companion = self.trained.companions.get(CODES)
        if companion is None:
            raise UnsupportedError("This model carries no training codes. Give data: units(X).")
        return companion.arrays["z"]


def _beside(table: Sequence[Any], columns: Mapping[str, str], own: Sequence[int] = (0,)) -> Figure:
    """Lines with a name and figures: the model's and what is simpler. columns: attributes -> keys of their titles."""
    from diabolo.figures.panels import panels
    from diabolo.figures.texts import ENGLISH

    names = [ENGLISH[f"beside.{line.name}"] for line in table]
    return panels(names, [(ENGLISH[key], [getattr(line, name) for line in table]) for name, key in columns.items()], own=own)


def _drawable(x: Tensor) -> np.ndarray:
    """Pictures (n, F, H, W) with as many channels as can be drawn: all of 1, 3 or 4, else the first."""
    return (x if x.shape[1] in (1, 3, 4) else x[:, :1]).numpy()
