"""Fine-tune: a classifier that begins with a trained encoder, or with one of the same build that has learned nothing."""

from __future__ import annotations

import dataclasses
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, final

import numpy as np
import torch
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression
from torch import Tensor, nn
from torch.nn import functional

from diabolo.data.examples import encode
from diabolo.data.sources import Source
from diabolo.data.subset import Subset
from diabolo.errors import DataError, ParameterError, UnsupportedError
from diabolo.jobs.codes.encoder import EncoderModule
from diabolo.jobs.inference import apply
from diabolo.jobs.labels import rows_and_labels, without_missing
from diabolo.model import Model
from diabolo.spec import is_number, is_whole
from diabolo.trained import Trained, has_fractions, refuse_missing
from diabolo.training.device import mixed_seed, seed_all, threads, threads_for

HELD_OUT = 0.2
"""Share of the labels that chooses the number of epochs, and the most of them."""
MOST_HELD_OUT = 5_000
FEW = 5_000
"""Labels up to which the network is trained once more on all of them, those held out too, for as many epochs."""
PROBED = 10_000
"""Rows that the head's first weights are fitted to, at most."""
STEPS = 1_500
EPOCHS = (10, 200)
PATIENCE = 25
"""Passes without a better one among the labels held out, after which training stops."""
LEAST_SPREAD = 1e-6
_SPLIT, _WEIGHTS, _STEP, _ORDER = 11, 12, 13, 14


@final
@dataclass(frozen=True)
class Tuning:
    """How a classifier is trained.

    epochs: passes at most; ``"auto"``: about 1 500 steps, between 10 and 200 passes. batch_size: rows. learning_rate: of the
    head; encoder_rate: a trained encoder's, as a multiple of it; one that has learned nothing takes the head's. dropout: share
    of the features that the head does not see in training. weight_decay: decoupled, of all. seed: of the split, the order,
    dropout, and of weights that are drawn anew.
    """

    epochs: int | str = "auto"
    batch_size: int = 32
    learning_rate: float = 1e-3
    encoder_rate: float = 0.3
    dropout: float = 0.2
    weight_decay: float = 0.01
    seed: int = 0

    def check(self) -> None:
        """Raise ParameterError for what is out of range."""
        if self.epochs != "auto" and not is_whole(self.epochs, 1):
            raise ParameterError(f"epochs must be a whole number of at least 1, or 'auto', got {self.epochs!r}.")
        if not is_whole(self.batch_size, 1):
            raise ParameterError(f"batch_size must be a whole number of at least 1, got {self.batch_size!r}.")
        if not is_whole(self.seed, 0):
            raise ParameterError(f"The seed must be a whole number of at least 0, got {self.seed!r}.")
        for name, low, high in (
            ("learning_rate", 0.0, 1.0),
            ("encoder_rate", 0.0, 100.0),
            ("dropout", 0.0, 0.99),
            ("weight_decay", 0.0, 100.0),
        ):
            value = getattr(self, name)
            if not is_number(value) or not low <= value <= high:
                raise ParameterError(f"{name} must be a number from {low:g} to {high:g}, got {value!r}.")
        if self.learning_rate == 0:
            raise ParameterError("learning_rate must be above 0, got 0.")


@final
class ClassifierModule(nn.Module):
    """Encoder, standardized features, dropout, one linear layer: rows (n, *row) in the caller's own scale -> logits (n, C).

    A plain module: its state fits into safetensors, ``.to(device)`` and ``.train()`` do what they say.
    """

    center: Tensor
    spread: Tensor

    def __init__(self, encoder: EncoderModule, center: Tensor, spread: Tensor, head: nn.Linear, dropout: float) -> None:
        super().__init__()
        self.encoder = encoder
        self.register_buffer("center", center)
        self.register_buffer("spread", spread)
        self.dropout = nn.Dropout(dropout)
        self.head = head

    def forward(self, x: Tensor) -> Tensor:
        return self.logits(self.encoder.scaling(x))

    def logits(self, x: Tensor) -> Tensor:
        """x (n, F, *P), scaled already -> logits (n, C)."""
        features = (self.encoder.hidden(x) - self.center) / self.spread
        out: Tensor = self.head(self.dropout(features))
        return out


@final
@dataclass(frozen=True, eq=False)
class FineTuned:
    """A classifier, and how it came about.

    base: the model whose encoder it began with. module: rows to logits. classes: (C,), in the order of the logits. labels:
    how many it was trained with, of these ``held_out`` chose the epoch; again: whether it was then trained once more with all.
    epoch: how many passes were best; 0: the head alone. accuracy: of that epoch on the labels held out; None where there were
    none. random_start: whether the encoder had learned nothing before.
    """

    base: Trained
    module: ClassifierModule
    classes: np.ndarray
    labels: int
    held_out: int
    again: bool
    epoch: int
    accuracy: float | None
    random_start: bool
    options: Mapping[str, Any]

    def probabilities(self, data: Any) -> np.ndarray:
        """p(class | row), (n, C) float64, for rows in the caller's own shape."""
        source, _ = rows_and_labels(self.base, data)
        self.module.eval()
        logits = apply(self.base, source, None, lambda x, c: self.module.logits(x))
        return torch.softmax(logits.double(), 1).numpy()

    def predict(self, data: Any) -> np.ndarray:
        """The likeliest class of each row, (n,)."""
        return self.classes[self.probabilities(data).argmax(1)]

    def to_dict(self) -> dict[str, Any]:
        """Plain values, ready for JSON; the weights are not among them."""
        named = ("labels", "held_out", "again", "epoch", "accuracy", "random_start")
        return {"classes": self.classes.tolist()} | {n: getattr(self, n) for n in named} | {"options": dict(self.options)}


def fine_tune(
    trained: Trained, data: Any, y: Any = None, options: Tuning = Tuning(), *, random_start: bool = False
) -> FineTuned:
    """A classifier whose encoder is the model's, trained further on rows with labels, all weights of it.

    The head is a linear layer on the standardized last hidden layer. Its weights begin as those of a logistic regression on
    what the encoder gives, so that the first steps do not undo what was learned without labels (Kumar et al. 2022,
    https://arxiv.org/abs/2202.10054). A fifth of the labels, of every class alike, chooses the epoch; with at most 5 000 labels
    the network is then trained once more on all of them for as many.

    data: rows in the caller's own shape, a source of such, or what names them. y: labels (n,); None: those that came along.
    random_start: begin with the same network, its encoder's weights drawn at random and its head at zero, which came out better
    than a regression there; for comparison.

    Raises DataError where labels are missing, all alike or measurements, or where rows do not fit the model; UnsupportedError
    for conditional models, whose encoder is told the label.
    """
    options.check()
    refuse_conditional(trained)
    source, y = rows_and_labels(trained, data, y)
    classes, target = targets_of(y, len(source))
    chosen, rest = _held_out(target, options.seed)
    with threads(threads_for(trained.device, options.batch_size * trained.model.products)):
        most = _epochs(options.epochs, -(-len(source) // options.batch_size))
        best = _fit(trained, source, target, rest, chosen, options, random_start, most)
        again = len(source) <= FEW and len(chosen) > 0 and best.epoch > 0
        module = best.module
        if again:
            every = torch.arange(len(source))
            module = _fit(trained, source, target, every, every[:0], options, random_start, most, best.epoch).module
    return FineTuned(
        base=trained,
        module=module.eval(),
        classes=classes,
        labels=len(source),
        held_out=len(chosen),
        again=again,
        epoch=best.epoch,
        accuracy=best.accuracy,
        random_start=random_start,
        options=dataclasses.asdict(options),
    )


def refuse_conditional(trained: Trained) -> None:
    """Raise UnsupportedError where the encoder is told the label that it would have to find."""
    if trained.config.labels:
        raise UnsupportedError(
            f"The encoder of the recipe {trained.config.recipe!r} is told the label, so it cannot learn to find it. Fine-tune "
            "a model of another recipe, such as denoising."
        )


def targets_of(y: Any, rows: int) -> tuple[np.ndarray, Tensor]:
    """The classes (C,), sorted, and the number of each row's class, (n,) int64. DataError for what are no labels.

    That is: none, another number than rows, some that are missing (None, NaN, an empty text), measurements, texts among
    numbers, or one class only.
    """
    if y is None:
        raise DataError("Fine-tuning needs labels, one a row, and the data came without any: give y=, or name their column.")
    if np.shape(y) != (rows,):
        raise DataError(f"y must have one label a row: there are {rows} rows, y has the shape {np.shape(y)}.")
    if rows == 0:
        raise DataError("Found array with 0 sample(s) while a minimum of 1 is required.")
    values = without_missing(y)
    refuse_missing(values)
    if values.dtype.kind == "f" and np.isinf(values).any():
        raise DataError("Labels are classes, and y contains infinity. Leave those rows out, or give them a label of their own.")
    if has_fractions(values):
        raise DataError(
            "Labels are classes, and y holds numbers that are not whole. Cut them into bins, such as numpy.digitize."
        )
    if len({isinstance(v, str) for v in values.tolist()}) > 1:
        raise DataError(
            "Labels are text or numbers, and y holds both. Give one kind only, such as numpy.asarray(y, dtype=str)."
        )
    classes, number = np.unique(values, return_inverse=True)
    if len(classes) < 2:
        raise DataError(f"Fine-tuning needs labels of at least two classes, got one class only: {classes.tolist()[0]!r}.")
    return classes, torch.from_numpy(number.astype(np.int64))


@final
@dataclass(frozen=True)
class _Best:
    """The best epoch of a training, with the weights it left."""

    module: ClassifierModule
    epoch: int
    accuracy: float | None


def _held_out(target: Tensor, seed: int) -> tuple[Tensor, Tensor]:
    """Row numbers that choose the epoch, and the others: a fifth of each class, never the last row of one."""
    random = np.random.default_rng(mixed_seed(seed, _SPLIT))
    share = min(HELD_OUT, MOST_HELD_OUT / len(target))
    numbers = target.numpy()
    chosen = []
    for c in range(int(numbers.max()) + 1):
        rows = random.permutation(np.flatnonzero(numbers == c))
        chosen.append(rows[: min(round(share * len(rows)), len(rows) - 1)])
    held = np.sort(np.concatenate(chosen))
    return torch.from_numpy(held), torch.from_numpy(np.setdiff1d(np.arange(len(numbers)), held))


def _fit(
    trained: Trained,
    source: Source,
    target: Tensor,
    rows: Tensor,
    validation: Tensor,
    options: Tuning,
    random_start: bool,
    most: int,
    passes: int | None = None,
) -> _Best:
    """Train on rows: the first ``passes`` of ``most``, over which the rates fall to zero.

    With validation rows the epoch of their least cross-entropy is kept.
    """
    device = trained.device
    module = _begun(trained, source, target, rows, options, random_start)
    optimizer = _optimizer(module, options, 1.0 if random_start else options.encoder_rate)
    rates = [group["lr"] for group in optimizer.param_groups]
    size = min(options.batch_size, len(rows))
    best, kept, generator = (*_judged(trained, module, source, target, validation), 0), _weights(module), torch.Generator()
    with torch.random.fork_rng([device] if device.type == "cuda" else []):
        for epoch in range(most if passes is None else passes):
            for group, rate in zip(optimizer.param_groups, rates, strict=True):
                group["lr"] = rate * (1 - epoch / most)
            seed_all(mixed_seed(options.seed, _ORDER, epoch), generator)
            order = rows[torch.randperm(len(rows), generator=generator)]
            module.train()
            for step, index in enumerate(order.split(size)):
                seed_all(mixed_seed(options.seed, _STEP, epoch, step), generator)
                x = encode(trained.kind, source.take(index), device)
                functional.cross_entropy(module.logits(x), target[index].to(device)).backward()
                optimizer.step()
                optimizer.zero_grad()
            if len(validation):
                loss, accuracy = _judged(trained, module, source, target, validation)
                if loss < best[0]:
                    best, kept = (loss, accuracy, epoch + 1), _weights(module)
                elif epoch + 1 - best[2] >= PATIENCE:
                    break
    if len(validation):
        module.load_state_dict(kept)
        return _Best(module, best[2], best[1])
    return _Best(module, most if passes is None else passes, None)


def _epochs(given: int | str, steps: int) -> int:
    low, high = EPOCHS
    return min(high, max(low, -(-STEPS // steps))) if given == "auto" else int(given)


def _begun(
    trained: Trained, source: Source, target: Tensor, rows: Tensor, options: Tuning, random_start: bool
) -> ClassifierModule:
    """The network before its first step: the encoder, and a logistic regression on its standardized features, or zeros."""
    base = with_random_weights(trained, options.seed) if random_start else trained
    encoder = EncoderModule(base)
    random = np.random.default_rng(mixed_seed(options.seed, _WEIGHTS))
    some = rows if len(rows) <= PROBED else rows[np.sort(random.choice(len(rows), PROBED, replace=False))]
    h = apply(base, Subset(source, some), None, lambda x, c: encoder.hidden(x))
    center, spread = h.mean(0), h.std(0, correction=0).clamp(min=LEAST_SPREAD)
    classes = int(target.max()) + 1
    head = nn.Linear(h.shape[1], classes)
    start = _zeros(h, classes) if random_start else regression((h - center) / spread, target[some], classes)
    with torch.no_grad():
        head.weight.copy_(start[0])
        head.bias.copy_(start[1])
    return ClassifierModule(encoder, center, spread, head, options.dropout).to(trained.device)


def _zeros(h: Tensor, classes: int) -> tuple[Tensor, Tensor]:
    """What a head beside features that mean nothing begins with: fitted to few labels, it would be hard to move away from."""
    return torch.zeros(classes, h.shape[1]), torch.zeros(classes)


def with_random_weights(trained: Trained, seed: int) -> Trained:
    """The model with weights drawn anew, as a training would begin with; modules of the user's own get their first weights."""
    model = trained.model
    with torch.random.fork_rng([]):
        torch.manual_seed(mixed_seed(seed, _WEIGHTS))
        fresh = Model(model.composition, model.source, model.target, model.latent_dim, model.condition)
    return dataclasses.replace(trained, model=fresh.to(trained.device))


def regression(z: Tensor, target: Tensor, classes: int) -> tuple[Tensor, Tensor]:
    """Weights (C, K) and bias (C,) of a logistic regression (L2 with C = 1) on features z (n, K); every class is in target."""
    model = LogisticRegression(max_iter=1000)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # it is where training begins
        model.fit(z.numpy().astype(np.float64), target.numpy())
    weight, bias = model.coef_, model.intercept_
    if classes == 2:  # one logit, that of the second class against the first
        weight, bias = np.concatenate([-weight / 2, weight / 2]), np.concatenate([-bias / 2, bias / 2])
    return torch.from_numpy(weight).float(), torch.from_numpy(bias).float()


def _optimizer(module: ClassifierModule, options: Tuning, encoder_rate: float) -> torch.optim.Optimizer:
    rate = options.learning_rate
    encoder = [p for p in module.encoder.parameters() if p.requires_grad]
    groups = [{"params": encoder, "lr": rate * encoder_rate}, {"params": list(module.head.parameters()), "lr": rate}]
    return torch.optim.AdamW(groups, weight_decay=options.weight_decay)


def _judged(
    trained: Trained, module: ClassifierModule, source: Source, target: Tensor, rows: Tensor
) -> tuple[float, float | None]:
    """Cross-entropy in nats and accuracy on rows; infinite and None where there are none."""
    if len(rows) == 0:
        return float("inf"), None
    module.eval()
    logits = apply(trained, Subset(source, rows), None, lambda x, c: module.logits(x))
    wanted = target[rows]
    return float(functional.cross_entropy(logits, wanted)), float((logits.argmax(1) == wanted).double().mean())


def _weights(module: nn.Module) -> dict[str, Tensor]:
    return {name: value.detach().clone() for name, value in module.state_dict().items()}
