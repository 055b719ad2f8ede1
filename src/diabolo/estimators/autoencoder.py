"""Autoencoder: the scikit-learn face of everything."""

from __future__ import annotations

import dataclasses
import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Self, final

import numpy as np
from sklearn.base import BaseEstimator, ClassNamePrefixFeaturesOutMixin, TransformerMixin
from sklearn.utils import Tags
from sklearn.utils.validation import check_is_fitted

from diabolo import recipes, store
from diabolo.composition import FAMILIES, as_part
from diabolo.data import Reading, read
from diabolo.data.kinds import MixedTableKind, TableKind
from diabolo.errors import DataError, ParameterError, WideCodeWarning
from diabolo.estimators.features import remember_features
from diabolo.estimators.parameters import asked_of, made_with, refuse_another_model, seed_of
from diabolo.estimators.plot import Plot
from diabolo.estimators.widths import Widths
from diabolo.jobs.anomalies.detect import detect
from diabolo.jobs.anomalies.judge import QUANTILE, Detection
from diabolo.jobs.anomalies.rarity import with_rarity
from diabolo.jobs.codes import discrete
from diabolo.jobs.codes import embed as embedding
from diabolo.jobs.codes import interpolate as interpolating
from diabolo.jobs.codes import reconstruct as reconstructing
from diabolo.jobs.codes.cluster import Clustering, cluster
from diabolo.jobs.codes.disentangle import Disentanglement, disentangle
from diabolo.jobs.codes.encoder import EncoderModule, encoder_module
from diabolo.jobs.codes.index import Index, build_index
from diabolo.jobs.codes.search import Neighbors, search
from diabolo.jobs.diagnosis.copying import wide_code
from diabolo.jobs.diagnosis.diagnose import Diagnosis, diagnose
from diabolo.jobs.diagnosis.remarks import in_english
from diabolo.jobs.diagnosis.sweep import Sweep, sweep
from diabolo.jobs.evaluation.evaluate import Evaluation, evaluate
from diabolo.jobs.evaluation.likelihood import SAMPLES, log_likelihood
from diabolo.jobs.evaluation.score import score, score_unit
from diabolo.jobs.generation import sample as sampling
from diabolo.jobs.generation.holes import Holes, find_holes
from diabolo.jobs.generation.judge_samples import SampleJudgment, judge_samples
from diabolo.jobs.generation.plane import Plane, latent_plane
from diabolo.jobs.generation.vary import Steadiness, steadiness, vary
from diabolo.jobs.generation.walks import Walks, latent_walks
from diabolo.jobs.learning.label_curve import COUNTS, LabelCurve, label_curve
from diabolo.jobs.learning.layer_study import ACTIVATIONS, LayerStudy, layer_study
from diabolo.jobs.learning.layerwise import STAGE_EPOCHS, train_layerwise
from diabolo.jobs.mending import mend as mending
from diabolo.jobs.mending import tasks
from diabolo.jobs.mending.given_photographs import photographs_of
from diabolo.jobs.mending.one_picture import extend_one, is_one, mend_one
from diabolo.jobs.studies import with_study
from diabolo.jobs.train import Options, train
from diabolo.trained import Trained
from diabolo.training.events import Event
from diabolo.training.plan import as_optimizer
from diabolo.training.progress import readers_for

EXAMPLES = {
    "network": "mlp",
    "bottleneck": "gaussian",
    "corruption": "gaussian-noise",
    "likelihood": "gaussian",
    "regularizers": "contractive",
    "optimizer": "adamw",
}
"""A name for each role, for errors that ask for one."""


@final
class Autoencoder(ClassNamePrefixFeaturesOutMixin, TransformerMixin, BaseEstimator):
    """An autoencoder of any recipe, on images and tables.

    Two dials: the recipe says what is asked of the code, the network what suits the data; the rest follows from the data
    and can be overridden. Parts are given by name (``bottleneck="gaussian"``) or as objects
    (``bottleneck=Gaussian(beta=4)``).

    Args:
        recipe: ``"plain"``, ``"denoising"``, ``"noise2self"``, ``"masked"``, ``"upscaling"``, ``"jigsaw"``, ``"sparse"``,
            ``"contractive"``, ``"vae"``, ``"beta-vae"``, ``"wae"``, ``"aae"``, ``"vae-gan"``, ``"iwae"``, ``"vqvae"``,
            ``"fsq"``, ``"cvae"``, and for readers of textbooks ``"simple"``, ``"deep"``, ``"conv"``. ``"auto"`` is ``"plain"``.
        network: ``"mlp"``, ``"conv"``, ``"residual"``, a ``Custom(encoder, decoder)``; ``"auto"``: what suits the data.
        latent_dim: numbers in the code; None: the square root of the numbers in a row (four times that for ``sparse``
            and discrete codes; 4 channels for a discrete code that is a map).
        size: ``"s"``, ``"m"``, ``"l"``: how wide and deep the network is where it does not say.
        bottleneck, corruption, likelihood, regularizers: parts that replace the recipe's. A function
            ``(prediction, target) -> loss`` as likelihood is the user's own loss.
        kind: ``"image"`` or ``"table"``; ``"auto"`` infers it and keeps why in ``kind_reason_``.
        image_shape: ``(H, W)`` or ``(H, W, C)`` of images that come as flat rows.
        value_range: ``(0, 1)`` or ``(-1, 1)``, the range of pixels inside the model.
        patch: side of the squares that pictures from files are cut into at full size, for models of photographs.
        epochs: passes over the training rows at most. time_budget: seconds of training instead.
        batch_size, optimizer, learning_rate, device, precision, threads: chosen and explained where ``"auto"``.
        compile: True has a step compiled by ``torch.compile``, which pays in runs of many minutes; ``"auto"`` never has.
        validation_fraction: share of rows held out (by a hash of the row number) that chooses the best epoch.
        random_state: a whole number makes every bit repeatable on one machine; None draws a new seed.
        warm_start: go on from the last fit instead of starting anew.
        verbose: 0 silent (a moving line in a notebook), 1 choices and result, 2 a line an epoch.

    Attributes:
        trained_: the :class:`~diabolo.trained.Trained` record. model_: the ``nn.Module``. kind_, kind_reason_: how the
        data were taken and why. history_: a dict an epoch. latent_dim_, recipe_: what was chosen. n_features_in_: numbers
        in a row. score_unit_: what ``score_samples`` returns.

    Example:
        >>> from sklearn.datasets import load_iris
        >>> ae = Autoencoder("plain", latent_dim=2, epochs=2, random_state=0).fit(load_iris().data)
        >>> ae.transform(load_iris().data).shape
        (150, 2)
    """

    def __init__(
        self,
        recipe: str = "auto",
        *,
        network: Any = "auto",
        latent_dim: int | None = None,
        size: str = "m",
        bottleneck: Any = None,
        corruption: Any = None,
        likelihood: Any = None,
        regularizers: Any = None,
        kind: str = "auto",
        image_shape: tuple[int, ...] | None = None,
        value_range: tuple[float, float] | None = None,
        patch: int | None = None,
        epochs: int | str = "auto",
        time_budget: float | None = None,
        batch_size: int | str = "auto",
        optimizer: Any = "auto",
        learning_rate: float | str = "auto",
        validation_fraction: float = 0.1,
        device: str = "auto",
        precision: str = "auto",
        compile: Any = "auto",
        threads: int | str = "auto",
        random_state: Any = None,
        warm_start: bool = False,
        verbose: int = 0,
    ) -> None:
        self.recipe = recipe
        self.network = network
        self.latent_dim = latent_dim
        self.size = size
        self.bottleneck = bottleneck
        self.corruption = corruption
        self.likelihood = likelihood
        self.regularizers = regularizers
        self.kind = kind
        self.image_shape = image_shape
        self.value_range = value_range
        self.patch = patch
        self.epochs = epochs
        self.time_budget = time_budget
        self.batch_size = batch_size
        self.optimizer = optimizer
        self.learning_rate = learning_rate
        self.validation_fraction = validation_fraction
        self.device = device
        self.precision = precision
        self.compile = compile
        self.threads = threads
        self.random_state = random_state
        self.warm_start = warm_start
        self.verbose = verbose

    # --- learning --------------------------------------------------------------------------------------------------

    def fit(self, X: Any, y: Any = None, *, target: Any = None) -> Self:
        """Learn from X.

        Args:
            X: arrays (n, d), (n, H, W), (n, H, W, C) or (n, C, H, W); data frames, tensors, torch datasets; the path of a
                table, an array file or a folder of pictures; the name of a data set (``"mnist"``).
            y: labels (n,), read by conditional recipes only. target: what should come out, a row for each row of X.
        """
        start = self._start() if self.warm_start else None
        data = self._read(X, y) if start is None else X
        self._wrap(train(data, self._options(), y=y, target=target, start=start, readers=self._readers()))
        wide = wide_code(self.trained_)
        if wide is not None:
            warnings.warn(in_english(wide), WideCodeWarning, stacklevel=2)
        self._remember_features(X, reset=True)
        return self

    def partial_fit(self, X: Any, y: Any = None, *, target: Any = None) -> Self:
        """One pass over X, going on from what was learned before.

        The first call decides kind, scales, parts and, for conditional recipes, the labels; it should see typical data.
        The learning rate is constant and the optimizer starts without memory in every call.
        """
        start = self._start()
        if start is not None:
            self._remember_features(X, reset=False)
        data, options = self._read(X, y) if start is None else X, self._options()
        steady = options.optimizer if options.optimizer != "auto" else "adamw"
        optimizer = dataclasses.replace(as_optimizer(steady), schedule="constant", warmup=0.0)
        once = dataclasses.replace(options, epochs=1, time_budget=None, optimizer=optimizer, validation_fraction=0.0)
        self._wrap(train(data, once, y=y, target=target, start=start, readers=self._readers()))
        if start is None:
            self._remember_features(X, reset=True)
        return self

    def fit_layerwise(self, X: Any, y: Any = None, *, stage_epochs: int = STAGE_EPOCHS) -> Self:
        """``fit`` after greedy layer-wise pretraining: each layer alone for so many passes, on the codes of the one before.

        Fully connected networks only. How deep networks were trained around 2006; seldom of use since, see docs/building.md.
        """
        data = self._read(X, y)
        self._wrap(train_layerwise(data, self._options(), y=y, stage_epochs=stage_epochs, readers=self._readers()))
        self._remember_features(X, reset=True)
        return self

    def fit_transform(self, X: Any, y: Any = None, *, target: Any = None) -> Any:
        """``fit`` and the codes of X."""
        self.fit(X, y, target=target)
        return self.transform(X, y)

    def sweep(self, X: Any, latent_dims: Sequence[int] | str = "auto", y: Any = None) -> Widths:
        """How wide the code should be: this recipe trained at several widths and judged on a fifth of X none of them saw.

        latent_dims: ``[2, 4, 8, 16]``; ``"auto"``: powers of two up to the numbers in a row. y: labels, for conditional
        recipes. ``print(result)`` shows each width beside PCA and suggests one, ``result.latent_dim``, with its ``reason``;
        ``result.plot()``, ``result.plot_pictures()``, ``result.to_dict()``. This estimator stays as it is.
        """
        return Widths(sweep(self._read(X, y), self._options(), latent_dims, y=y, readers=self._readers()))

    def layerwise(self, X: Any, y: Any = None, *, activations: Sequence[str] = ACTIVATIONS) -> LayerStudy:
        """A deep network trained layer by layer, beside a random start, batch normalization, shortcuts and PCA: ``.trainings``.

        In as many passes (``epochs``, 20 to 60 where that is "auto"), with each of the activations, judged on a fifth of X
        none of them saw. Fully connected networks; four hidden layers where ``network=Mlp(widths=…)`` gives none. This
        estimator stays as it is.
        """
        return layer_study(self._read(X, y), self._options(), y=y, activations=activations, readers=self._readers())

    def keep(self, study: Widths | LabelCurve | LayerStudy) -> Self:
        """Let what :meth:`sweep`, :meth:`label_curve` or :meth:`layerwise` found travel with the model.

        It is saved with it, stands in its report, and is what ``plot.sweep()``, ``plot.labels()`` and ``plot.layerwise()``
        draw. One of the same sort is replaced; learning more forgets them.
        """
        found = study.found if isinstance(study, Widths) else study
        if not isinstance(found, Sweep | LabelCurve | LayerStudy):
            raise ParameterError(f"keep takes what sweep, label_curve or layerwise gave, got {type(study).__name__}.")
        self.trained_ = with_study(self._fitted(), found)
        return self

    # --- what a trained model does ---------------------------------------------------------------------------------

    def transform(self, X: Any, y: Any = None) -> np.ndarray:
        """The codes of X, (n, latent_dim), deterministic (the posterior's mean); float64 where X is, else float32."""
        z = embedding.embed(self._fitted(X), X, y)
        return z.astype(np.float64) if getattr(X, "dtype", None) == np.float64 else z

    def inverse_transform(self, Z: Any, y: Any = None) -> Any:
        """Codes (n, latent_dim) back to data in the caller's own shape, dtype, range and columns."""
        return embedding.decode(self._fitted(), Z, y)

    def indices(self, X: Any, y: Any = None) -> np.ndarray:
        """X as whole numbers: which entries of the codebooks its codes are, (n, *positions[, groups]) int64.

        Recipes with discrete codes only (``"vqvae"``, ``"fsq"``).
        """
        return discrete.indices(self._fitted(X), X, y)

    def from_indices(self, indices: Any, y: Any = None) -> Any:
        """The inverse of ``indices``, as far as the model restores: rows in the caller's own shape, dtype and range."""
        trained = self._fitted()
        return embedding.decode(trained, discrete.codes_of(trained, indices), y)

    def posterior(self, X: Any, y: Any = None) -> embedding.Posterior:
        """q(z|x): ``.mean``, ``.std`` (n, latent_dim) and ``.sample()``; recipes with a distribution over codes only."""
        return embedding.posterior(self._fitted(X), X, y)

    def reconstruct(self, X: Any, y: Any = None) -> Any:
        """X through the code and back, in its own shape, dtype, range and columns."""
        return reconstructing.reconstruct(self._fitted(X), X, y)

    def denoise(self, X: Any, y: Any = None) -> Any:
        """Noisy X, cleaned; needs a model that was trained on damaged inputs or on pairs.

        X: rows like those of the training; or one picture, (H, W), (H, W, C) or a file, of any size where the model looks
        at neighborhoods (``network=Conv(code="map")``, ``patch=48``), of the model's own size else; or, after training
        with ``patch``, a folder of photographs, which gives a list.
        """
        return self._mended(tasks.DENOISE, X, y)

    def upscale(self, X: Any, y: Any = None) -> Any:
        """Small pictures X, or one of any size, enlarged; needs a model that gives larger ones, such as ``"upscaling"``."""
        return self._mended(tasks.UPSCALE, X, y)

    def mend_photograph(self, picture: Any, y: Any = None) -> np.ndarray:
        """One picture of any size, denoised or enlarged: (H, W) or (H, W, C), in its own dtype and channels.

        Needs a model that looks at neighborhoods, such as ``"denoising"`` or ``"upscaling"`` with ``patch=48`` on a folder
        of photographs, or any with ``network=Conv(code="map")``. picture: an array, or the path of a file.
        """
        trained = self._fitted()
        task = tasks.UPSCALE if tasks.UPSCALE in tasks.tasks_of(trained) else tasks.DENOISE
        return mend_one(trained, task, picture, y)

    def impute(self, X: Any, hidden: Any = None, y: Any = None) -> Any:
        """X with its hidden cells filled in, all others as they came; needs a model trained with masks, such as ``"masked"``.

        X: rows, or one picture of any size, as :meth:`denoise` takes it. hidden: bool like X (of pictures also without the
        channels), True where to fill in; None: where X is NaN.
        """
        return self._mended(tasks.IMPUTE, X, y, hidden=hidden)

    def extend(self, crops: Any, at: tuple[int, int], y: Any = None, *, size: tuple[int, int] | None = None) -> Any:
        """Whole pictures around crops (n, h, w) or (n, h, w, C), or around one, an array (h, w) or the path of a file.

        at: row and column of a crop's first pixel in them. size: (H, W) of the whole pictures; None: that of the training
        pictures, and another where the model takes any.
        """
        trained = self._fitted()
        if is_one(trained.kind, crops):
            return extend_one(trained, crops, at, size, y)
        if size is None or tuple(size) == trained.kind.layout.positions:
            return mending.extend(trained, crops, at, y).restored
        labels = np.broadcast_to(np.asarray(y, dtype=object), len(crops))
        return np.stack([extend_one(trained, crop, at, size, label) for crop, label in zip(crops, labels, strict=True)])

    def unshuffle(self, X: Any, y: Any = None) -> Any:
        """Pictures X whose tiles were shuffled, put back in order; needs a model trained on such, ``"jigsaw"``.

        One picture, (H, W), (H, W, C) or a file, may have any size that can be cut into the model's tiles.
        """
        return self._mended(tasks.UNSHUFFLE, X, y)

    def reconstruction_error(self, X: Any, y: Any = None, *, target: Any = None, metric: str = "mse") -> np.ndarray:
        """One number a row, (n,): ``"mse"``, ``"rmse"``, ``"mae"``, ``"bce"``, ``"psnr"``, ``"ssim"`` on the data's own scale.

        Pixels count as they lie in ``value_range``, columns in their own units; ``"ssim"`` is for pictures alone.
        """
        return reconstructing.reconstruction_error(self._fitted(X), X, y, target, metric)

    def score_samples(self, X: Any, y: Any = None) -> np.ndarray:
        """One number a row, (n,), higher is better: the ELBO in nats, or minus the squared error (see ``score_unit_``)."""
        return score(self._fitted(X), X, y).values

    def score(self, X: Any, y: Any = None) -> float:
        """The mean of ``score_samples``: what ``GridSearchCV`` maximizes.

        Compare models of one recipe only; labels y are read by conditional recipes.
        """
        return float(self.score_samples(X, y).mean())

    def log_likelihood(self, X: Any, y: Any = None, *, samples: int = SAMPLES) -> np.ndarray:
        """log p(x) a row, (n,), nats, by importance sampling with so many codes: tighter than ``score_samples``, and slower.

        UnsupportedError for models without a distribution over codes.
        """
        return log_likelihood(self._fitted(X), X, y, samples=samples).values

    def evaluate(self, X: Any, y: Any = None, *, target: Any = None) -> Evaluation:
        """Errors beside PCA with as many numbers and beside the mean, the ELBO, the health of the code's units.

        X should be rows the model was not trained on; y adds how well neighbours in code space share a label.
        """
        return evaluate(self._fitted(X), X, y, target)

    def diagnose(self, X: Any = None, y: Any = None, *, training: Any = None, training_labels: Any = None) -> Diagnosis:
        """What is wrong with the model, by which measure, and what to change; ``print(result)``, ``.findings``, ``.healthy``.

        X: rows the model was not trained on; None judges by its history, training codes and PCA alone. training: rows it was
        trained on, to compare errors with. y, training_labels: labels of both, for conditional recipes.
        """
        return diagnose(self._fitted(X), X, y, training=training, training_labels=training_labels)

    def disentanglement(self, X: Any, factors: Any, y: Any = None) -> Disentanglement:
        """MIG, SAP and DCI: whether each of the known factors has a number of the code to itself; PCA's beside (``.pca``).

        factors: (n, F), a data frame or a dict of columns. The estimators are stated in ``.model.estimator``.
        """
        return disentangle(self._fitted(X), X, factors, y)

    def detect(
        self, X: Any, y: Any = None, *, anomalous: Any = None, quantile: float = QUANTILE, reference: Any = None
    ) -> Detection:
        """Which rows are unlike the training rows, and where: ``.is_outlier``, ``.scores``, ``.p_values`` (n,), ``.heat``.

        A model of squares of photographs (``patch=``) takes whole ones too: a file, a folder, an array, a list of these.
        quantile: the share of usual rows below the threshold. anomalous: the truth, 0 or 1 a row, where it is known: then
        ``.auc`` says how well this model and simpler methods tell them apart. reference: normal rows, to compare pixels with.
        """
        self.trained_ = with_rarity(self._fitted(X))
        return detect(self.trained_, X, y, anomalous=anomalous, quantile=quantile, reference=reference)

    def cluster(
        self, X: Any, y: Any = None, *, clusters: int | str = "auto", method: str = "kmeans", random_state: int = 0
    ) -> Clustering:
        """X in clusters by its codes: ``.assignments`` (n,), ``.sizes``, ``.typical`` and ``.odd`` rows of each, ``.table``.

        The table has the same method on PCA with as many numbers and on the data themselves, with silhouette, and NMI and ARI
        where labels y exist. clusters: how many; ``"auto"`` suggests a number and says why (``.suggestion.reason``).
        method: ``"kmeans"`` or ``"mixture"`` (of Gaussians).
        """
        return cluster(self._fitted(X), X, y, clusters=clusters, method=method, random_state=random_state)

    def sample(self, n: int = 1, y: Any = None, *, density: str = "auto", random_state: int | None = None) -> Any:
        """n new rows.

        density: ``"prior"``, ``"gaussian"``, ``"mixture"``, ``"kernel"``, of discrete codes ``"independent"`` or
            ``"autoregressive"``; ``"auto"``: the prior where there is one.
        """
        return sampling.sample(self._fitted(), n, y, density=density, random_state=random_state)

    def vary(
        self, X: Any, n: int = 8, y: Any = None, *, spread: float = 0.3, by: str = "code", random_state: int | None = None
    ) -> Any:
        """n rows near each of the m rows of X, (m·n, ...), those of the first row first.

        by: ``"code"`` moves every number of the code by ``spread`` of its own standard deviation, discrete codes on to the
        nearest entries; ``"input"`` adds noise to the row, of ``spread`` times the range of a pixel or the standard deviation
        of a column, and has the model restore it.
        """
        return vary(self._fitted(X), X, n, y, spread=spread, by=by, random_state=random_state)

    def steadiness(
        self, X: Any, y: Any = None, *, spread: float = 0.3, by: str = "code", training: Any = None, random_state: int = 0
    ) -> Steadiness:
        """How far the outputs go under the moves of :meth:`vary`: ``.change``, as a share of what lies between two rows.

        training: training rows; then ``.nearness`` says whether moves lead away from them (1: they do not).
        """
        return steadiness(self._fitted(X), X, y, spread=spread, by=by, training=training, seed=random_state)

    def latent_grid(self, steps: int = 15, numbers: Sequence[int] | None = None) -> Plane:
        """A grid over two numbers of the code, ``.codes`` (steps², K), each point as probable as any other.

        By the inverse normal distribution function where codes have a standard normal prior, else by quantiles of the training
        codes. numbers: which two; None for those of the largest variance; the rest stand at their means. Not of discrete
        codes, which have nothing between their entries (UnsupportedError).
        """
        return latent_plane(self._fitted(), steps, numbers)

    def walks(self, steps: int = 9, most: int | None = None) -> Walks:
        """A walk along each active number of the code, ``.codes`` (m, steps, K), the most active first.

        From 3 standard deviations below its mean over the training codes to 3 above, the other numbers at their means. Not of
        discrete codes (UnsupportedError).
        """
        return latent_walks(self._fitted(), steps, most)

    def holes(self, X: Any, y: Any = None, n: int = 16, *, density: str | None = None, random_state: int = 0) -> Holes:
        """The n of 2 000 drawn codes that lie farthest from every training code: ``.codes`` (n, K), ``.distances``, ``.share``.

        X: rows the model has not seen, which say what is far. y: their labels, for conditional recipes. density: what codes are
        drawn from; None: the prior where there is one, else one Gaussian.
        """
        return find_holes(self._fitted(X), X, y, n, origin=density, seed=random_state)

    def judge_samples(
        self, X: Any, y: Any = None, *, training: Any = None, training_labels: Any = None, features: str = "cells"
    ) -> SampleJudgment:
        """How much new rows are like X, rows the model has not seen: ``.table``, a line for each density of codes.

        Fréchet distance, precision, recall, holes between the training codes, and with ``training`` rows copies of these,
        beside PCA. features: what is compared: ``"cells"``, ``"pca-64"``, ``"probe"`` (a small network that was trained on
        the labels of ``training``) or ``"codes"``. y: labels of X, for conditional recipes.
        """
        trained = self._fitted(X)
        return judge_samples(trained, X, y, training=training, training_labels=training_labels, features=features)

    def interpolate(self, start: Any, end: Any, steps: int = 9, y: Any = None, *, spherical: bool = False) -> Any:
        """Rows on the way from one row to another through the code space, both restored ends included.

        Each step of discrete codes goes to the nearest entries.
        """
        return interpolating.interpolate(self._fitted(), start, end, steps, y, spherical=spherical)

    def interpolate_through(
        self, X: Any, steps: int = 9, y: Any = None, *, spherical: bool = False, cycle: bool = False
    ) -> Any:
        """Rows on the way through all rows of X, ``steps`` from each to the next; with ``cycle`` back to the first."""
        return interpolating.interpolate_through(self._fitted(X), X, steps, y, spherical=spherical, cycle=cycle)

    def index(self, X: Any, y: Any = None, *, names: Any = None, metric: str = "euclidean") -> Index:
        """The codes of X, ready to be searched: ``ae.search(index, queries)``, ``index.save("photos.safetensors")``.

        y: labels (n,). names: (n,), else file names or row numbers. metric: ``"euclidean"`` or ``"cosine"``.
        """
        return build_index(self._fitted(X), X, y, names, metric)

    def search(self, index: Index | str | Path, X: Any, k: int = 5, y: Any = None) -> Neighbors:
        """The k items of an index nearest to each row of X: ``.rows``, ``.distances``, ``.names``, ``.labels`` (n, k).

        index: what ``index`` made with this same model, or the file it was saved in. y: labels of X, for conditional recipes.
        """
        return search(self._fitted(X), index, X, k, y)

    def encoder_module(self) -> EncoderModule:
        """The encoder as a plain ``torch.nn.Module``: a tensor of rows in your own scale and shape -> codes (n, K).

        Gives what ``transform`` gives, with gradients; a copy in evaluation mode, which can be moved, trained on and built into
        other networks, and whose ``state_dict`` fits into safetensors.
        """
        return encoder_module(self._fitted())

    def label_curve(
        self, X: Any, y: Any = None, *, counts: Any = COUNTS, seeds: int = 5, test: Any = None, test_y: Any = None
    ) -> LabelCurve:
        """Accuracy against the number of labels: ``.accuracies``, fine-tuned beside the same network from scratch.

        Beside them logistic regression on frozen codes and on the rows themselves. X, y: rows and labels to draw from. counts:
        how many labels, ``"all"`` among them. test, test_y: rows that judge; None: three tenths of X.
        """
        return label_curve(self._fitted(X), X, y, counts=counts, seeds=seeds, test=test, test_y=test_y)

    @property
    def plot(self) -> Plot:
        """Pictures for notebooks: ``plot.history()``, ``plot.reconstructions(X)``, ``plot.codes(X, y)``."""
        return Plot(self._fitted())

    # --- keeping ---------------------------------------------------------------------------------------------------

    def save(self, folder: str | Path, *, overwrite: bool = False) -> Path:
        """Write a model folder (JSON and safetensors, nothing that can run code).

        A folder that holds anything is refused; ``overwrite=True`` replaces a model folder.
        """
        self.trained_ = with_rarity(self._fitted())
        return store.save(self.trained_, store.prepare_for_model(folder, overwrite=overwrite))

    @classmethod
    def from_trained(cls, trained: Trained) -> Self:
        """An estimator around a finished training, its parameters those the model was made with."""
        estimator = cls(**made_with(trained))
        estimator._wrap(trained)
        estimator.n_features_in_ = trained.kind.features
        if isinstance(trained.kind, TableKind | MixedTableKind) and trained.kind.columns is not None:
            estimator.feature_names_in_ = np.asarray(trained.kind.names, dtype=object)
        return estimator

    # --- scikit-learn ----------------------------------------------------------------------------------------------

    def set_params(self, **params: Any) -> Self:
        """Set parameters, also of parts: ``set_params(bottleneck__beta=4)``.

        Where the part is a name or None, the recipe's own (or the named) part is put there first.
        """
        for name in (k for k in params if "__" not in k):
            super().set_params(**{name: params[name]})
        nested = {k: v for k, v in params.items() if "__" in k}
        for role in {k.split("__")[0] for k in nested} & {*FAMILIES, "optimizer"}:
            self._materialize(role, [k.removeprefix(role + "__") for k in nested if k.startswith(role + "__")])
        super().set_params(**nested)
        return self

    def _materialize(self, role: str, options: Sequence[str]) -> None:
        """Put a part into its role, that its options can be set: the named one, or the recipe's own that has them all."""
        given = getattr(self, role)
        if role == "optimizer":
            if isinstance(given, str) and given != "auto":
                self.optimizer = as_optimizer(given)
        elif given is None or isinstance(given, str) and given != "none":
            found = list(recipes.own_parts(self.recipe, role))
            if given not in (None, "auto"):
                named = as_part(role, given)
                found = [p for p in found if p.name == named.name][:1] or [named]
            if len(found) > 1:
                found = [p for p in found if set(options) <= set(p.get_params())]
            if len(found) == 1:
                setattr(self, role, found[0])
        if isinstance(getattr(self, role), (str, type(None))):
            raise ParameterError(
                f"{role}__{options[0]} needs to know which {role}: give its name first, such as {role}={EXAMPLES[role]!r}."
            )

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.input_tags.three_d_array = True
        tags.input_tags.allow_nan = tags.input_tags.categorical = True  # missing cells are masked, text is categories
        if tags.transformer_tags is not None:
            tags.transformer_tags.preserves_dtype = ["float64", "float32"]
        return tags

    @property
    def _n_features_out(self) -> int:
        return int(np.prod(self._fitted().model.code_shape))

    # --- inside ----------------------------------------------------------------------------------------------------

    def _mended(self, task: str, X: Any, y: Any, **given: Any) -> Any:
        """One picture at its own size, the photographs of a folder each at its own, or rows, mended."""
        folder = photographs_of(self._fitted().kind, X) if isinstance(X, str | Path) and Path(X).is_dir() else None
        if folder is not None:
            return [mend_one(self._fitted(), task, path, y, **given) for path in folder.given]
        if is_one(self._fitted().kind, X):
            return mend_one(self._fitted(), task, X, y, **given)
        return mending.JOBS[task](self._fitted(X), X, y=y, **given).restored

    def _read(self, X: Any, y: Any) -> Reading:
        shape = () if y is None else np.asarray(y).shape
        if len(shape) > 1:
            hint = " To train on pairs of input and output, use fit(X, target=...)." if shape == np.shape(X) else ""
            raise DataError(f"y are labels, one a row, shape (n,); got {shape}.{hint}")
        return read(X, kind=self.kind, image_shape=self.image_shape, value_range=self.value_range, patch=self.patch)

    def _options(self) -> Options:
        return asked_of(self, seed_of(self.random_state))

    def _readers(self) -> Sequence[Any]:
        if self.verbose not in (False, True, 0, 1, 2):
            raise ParameterError(f"verbose must be 0, 1 or 2, got {self.verbose!r}.")
        readers = readers_for(self.verbose)

        def tell_all(event: Event) -> None:
            for reader in readers:
                reader(event)

        return [tell_all]

    def _start(self) -> Trained | None:
        """The model to go on with, where there is one. Raises ParameterError where the parameters ask for another."""
        trained: Trained | None = getattr(self, "trained_", None)
        if trained is not None:
            refuse_another_model(self.get_params(deep=False), trained)
        return trained

    def _wrap(self, trained: Trained) -> None:
        self.trained_ = trained
        self.model_ = trained.model
        self.kind_ = trained.kind.name
        self.kind_reason_ = str(trained.config.data.get("reason", ""))
        self.history_: tuple[Mapping[str, float], ...] = trained.history
        self.latent_dim_ = trained.config.latent_dim
        self.recipe_ = trained.config.recipe
        self.score_unit_ = score_unit(trained)

    def _fitted(self, X: Any = None) -> Trained:
        check_is_fitted(self, "trained_")
        if X is not None:
            self._remember_features(X, reset=False)
        return self.trained_

    def _remember_features(self, X: Any, *, reset: bool) -> None:
        remember_features(self, X, self.trained_.kind, reset=reset)


def load(folder: str | Path, *, network: Any = None, likelihood: Any = None) -> Autoencoder:
    """A saved model as an estimator.

    Args:
        folder: what ``save`` or ``diabolo train`` wrote.
        network, likelihood: the user's own code, for models that were saved with it. A model needs its own network to load;
            without its own loss it transforms and reconstructs, and only what needs the loss asks for it.

    Raises:
        StoreError: no model folder, damaged, of a newer schema, weights or a network that do not fit.
        UnsafeError: it holds a pickle.
    """
    own_network = None if network is None else as_part("network", network)
    own_likelihood = None if likelihood is None else as_part("likelihood", likelihood)
    return Autoencoder.from_trained(store.load(folder, network=own_network, likelihood=own_likelihood))  # type: ignore[arg-type]
