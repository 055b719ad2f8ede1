"""Anatomy: what parts and layers do, as findings, with the English words for them. Other languages have their own."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from torch import nn

from diabolo.jobs.findings import Finding
from diabolo.parts.layers import BatchNorm
from diabolo.parts.networks.embedding import Embedding
from diabolo.spec import Part
from diabolo.trained import Trained

ENGLISH: Mapping[str, str] = MappingProxyType(
    {
        "layer.linear": "fully connected, {inputs}\u00a0→\u00a0{outputs}",
        "layer.convolution": "{kernel} convolution, {inputs}\u00a0→\u00a0{outputs} channels",
        "layer.convolution-stride": "{kernel} convolution in steps of {stride}, {inputs}\u00a0→\u00a0{outputs} channels",
        "layer.transposed": "{kernel} transposed convolution in steps of {stride}, {inputs}\u00a0→\u00a0{outputs} channels",
        "layer.batch-norm": "batch normalization",
        "layer.layer-norm": "layer normalization",
        "layer.dropout": "dropout of {p}",
        "layer.upsample": "enlarges to {size}",
        "layer.pool": "pooling",
        "layer.flatten": "map to vector",
        "layer.embedding": "categories of many states embedded ({n}): {inputs}\u00a0→\u00a0{outputs}",
        "layer.unflatten": "vector to map",
        "layer.activation": "{name}",
        "layer.residual": "residual block, adds to what comes in",
        "layer.other": "module {name}",
        "layer.said": "{text}",
        "part.input.image": "picture, pixels brought to [{low}, {high}]",
        "part.input.table": "row, each column with mean 0 and spread 1",
        "part.input.mixed": "row; numbers scaled by their quartiles, categories as their states, missing cells marked",
        "part.input.other": "input",
        "part.condition": "the label joins as {n} more numbers",
        "part.gaussian-noise": "noise with standard deviation {std} is added in training",
        "part.salt-and-pepper": "{fraction} of the cells become black or white in training",
        "part.mask": "{fraction} of the cells are hidden in training",
        "part.noisy-mask": "noise of up to {std} is added and up to {fraction} of the cells are hidden in training, row by row",
        "part.blind-spots": "{fraction} of the pixels are replaced by their neighbors' mean in training, and judged",
        "part.shuffle": "the picture's tiles, {grid} a side, change places in training",
        "part.downsample": "each side is made {factor} times smaller in training",
        "part.mask-patches": "squares of {patch} cells that make {fraction} of the picture are hidden in training",
        "part.swap": "{fraction} of the cells are taken from other rows in training",
        "part.dropout": "{p} of the cells become 0 in training",
        "part.other": "{name}",
        "part.code": "code",
        "part.plain": "the numbers as they are",
        "part.plain-activation": "the numbers after {activation}",
        "part.gaussian": "mean of a normal distribution; in training the code is drawn from it",
        "part.beta": "KL weighs {beta}",
        "part.warmup": "KL grows in over {warmup} of the training",
        "part.free-bits": "{free_bits} nats a number are free",
        "part.sparse-l1": "small numbers are cheaper: L1 price of {weight} after {activation}",
        "part.sparse-kl": "sigmoid, each number rarely on: {target} on average",
        "part.top-k": "the {k} largest numbers stay, the rest become 0",
        "part.vq": "each {group} numbers become the nearest of {entries} learned entries",
        "part.fsq": "each number is rounded to a level; the numbers of levels are {levels}, in turn",
        "part.mmd": "pulls all codes together towards a standard normal distribution: weight {weight}",
        "part.adversarial": "a critic teaches codes to look like draws of a standard normal distribution: weight {weight}",
        "part.adversarial-output": "a critic teaches outputs to look like data: weight {weight}, its features {features}",
        "part.total-correlation": "a critic teaches code numbers to tell nothing of each other: weight {weight}",
        "part.contractive": "pays for changes under small changes of the input: weight {weight}",
        "part.output": "output",
        "part.bounds.sigmoid": "sigmoid, so that values stay in [{low}, {high}]",
        "part.bounds.tanh": "tanh, so that values stay in [{low}, {high}]",
        "part.bounds.none": "values as they are",
        "part.mse.fixed": "loss: squared error (normal distribution, σ\u00a0=\u00a0{std})",
        "part.mse.shared": "loss: squared error (normal distribution, one learned σ)",
        "part.mse.cell": "loss: squared error (normal distribution, σ for each cell)",
        "part.bce": "loss: binary cross-entropy",
        "part.l1.fixed": "loss: absolute error (Laplace distribution, scale {scale})",
        "part.l1.shared": "loss: absolute error (Laplace distribution, one learned scale)",
        "part.l1.cell": "loss: absolute error (Laplace distribution, a scale for each cell)",
        "part.mixed.fixed": "loss: each column its own, squared error of numbers (σ = {std}), cross-entropy of categories",
        "part.mixed.shared": "loss: each column its own, squared error of numbers (σ learned), cross-entropy of categories",
        "part.mixed.cell": "loss: each column its own, squared error of numbers (σ for each cell), cross-entropy of categories",
        "part.custom": "loss of the user's own",
    }
)

_SHARES = frozenset({"fraction", "p", "warmup", "target"})

ACTIVATIONS = (
    *(nn.SiLU, nn.ReLU, nn.GELU, nn.ELU, nn.SELU, nn.Mish, nn.LeakyReLU, nn.Softplus, nn.Tanh, nn.Sigmoid),
    *(nn.Hardswish, nn.ReLU6, nn.PReLU, nn.CELU, nn.Softmax, nn.LogSigmoid, nn.Softsign),
)
CONVOLUTIONS = (nn.Conv1d, nn.Conv2d, nn.Conv3d)
TRANSPOSED = (nn.ConvTranspose1d, nn.ConvTranspose2d, nn.ConvTranspose3d)
BATCH_NORMS = (BatchNorm, nn.BatchNorm1d, nn.BatchNorm2d, nn.BatchNorm3d)
POOLS = (
    *(nn.MaxPool1d, nn.MaxPool2d, nn.MaxPool3d, nn.AvgPool1d, nn.AvgPool2d, nn.AvgPool3d),
    *(nn.AdaptiveAvgPool1d, nn.AdaptiveAvgPool2d, nn.AdaptiveMaxPool1d, nn.AdaptiveMaxPool2d),
)


def in_english(finding: Finding) -> str:
    """A finding of this file in English; shares in percent.

    >>> in_english(Finding("part.mask", {"fraction": 0.25}))
    '25 % of the cells are hidden in training'
    """
    return ENGLISH[finding.key].format(**{name: _shown(name, value) for name, value in finding.values.items()})


def is_share(name: str) -> bool:
    """Whether a value of that name is a share, shown in percent."""
    return name in _SHARES


def leaf_words(module: nn.Module) -> Finding | None:
    """What one layer of torch's own, or a normalization of ours, does; None for anything else."""
    for kinds, words in _LEAVES:
        if isinstance(module, kinds):
            return words(module)
    return None


def input_words(trained: Trained) -> tuple[Finding, tuple[Finding, ...]]:
    """What goes in: title and words, with the corruption."""
    kind, layout, corruption = trained.kind, trained.kind.layout, trained.model.composition.corruption
    if kind.name == "image" and layout.bounds is not None:
        title = Finding("part.input.image", {"low": layout.bounds[0], "high": layout.bounds[1]})
    else:
        title = Finding(f"part.input.{kind.name}" if kind.name in ("table", "mixed") else "part.input.other")
    return title, (*_condition(trained), *([] if corruption is None else [_part(corruption)]))


def code_words(trained: Trained) -> tuple[Finding, tuple[Finding, ...]]:
    """What the code is, with the price of it."""
    composition, part = trained.model.composition, trained.model.composition.bottleneck
    words = [_part(part)]
    if part.name == "plain" and part.get_params()["activation"] != "none":
        words = [Finding("part.plain-activation", part.get_params())]
    if part.name == "top-k":
        words = [Finding("part.top-k", {"k": getattr(trained.model.bottleneck, "k", None)})]
    if part.name == "fsq":
        words = [Finding("part.fsq", {"levels": ", ".join(map(str, part.get_params()["levels"]))})]
    if part.name == "gaussian":
        options = part.get_params()
        words += [Finding("part.beta", options)] if options["beta"] != 1 else []
        words += [Finding("part.warmup", options)] if options["warmup"] else []
        words += [Finding("part.free-bits", options)] if options["free_bits"] else []
    return Finding("part.code"), (*words, *_condition(trained), *map(_part, composition.regularizers))


def output_words(trained: Trained) -> tuple[Finding, tuple[Finding, ...]]:
    """What comes out, with the loss it is judged by."""
    bounds, part = trained.model.target.bounds, trained.model.composition.likelihood
    options = part.get_params()
    if part.name == "gaussian":
        loss = Finding(f"part.mse.{options['variance']}", options)
    elif part.name == "laplace":
        loss = Finding(f"part.l1.{options['spread']}", options)
    elif part.name == "mixed":
        loss = Finding(f"part.mixed.{options['variance']}", options)
    elif part.name == "bernoulli":
        loss = Finding("part.bce")
    else:
        loss = Finding("part.custom") if part.name == "custom" else _part(part)
    return Finding("part.output"), (_bounds(None if options.get("output") == "linear" else bounds), loss)


def _bounds(bounds: tuple[float, float] | None) -> Finding:
    if bounds is None:
        return Finding("part.bounds.none")
    name = "tanh" if tuple(bounds) == (-1.0, 1.0) else "sigmoid"
    return Finding(f"part.bounds.{name}", {"low": bounds[0], "high": bounds[1]})


def _condition(trained: Trained) -> list[Finding]:
    n = trained.model.condition
    return [Finding("part.condition", {"n": n})] if n else []


def _part(part: Part) -> Finding:
    """A part by its own name where there are words for it."""
    key = f"part.{part.name}"
    return Finding(key, part.get_params()) if key in ENGLISH else Finding("part.other", {"name": part.name})


def _convolution(module: Any) -> Finding:
    values = {"kernel": _by(module.kernel_size), "inputs": module.in_channels, "outputs": module.out_channels}
    if isinstance(module, TRANSPOSED):
        return Finding("layer.transposed", values | {"stride": max(module.stride)})
    if max(module.stride) > 1:
        return Finding("layer.convolution-stride", values | {"stride": max(module.stride)})
    return Finding("layer.convolution", values)


def _upsample(module: Any) -> Finding:
    size = module.size if module.size is not None else f"×{module.scale_factor:g}"
    return Finding("layer.upsample", {"size": size if isinstance(size, str) else _by(size)})


def _by(sizes: Any) -> str:
    return "×".join(map(str, sizes)) if isinstance(sizes, tuple | list) else str(sizes)


_LEAVES: tuple[tuple[Any, Callable[[Any], Finding]], ...] = (
    (Embedding, lambda m: Finding("layer.embedding", {"n": len(m.maps), "inputs": m.fields, "outputs": m.width})),
    (nn.Linear, lambda m: Finding("layer.linear", {"inputs": m.in_features, "outputs": m.out_features})),
    ((*CONVOLUTIONS, *TRANSPOSED), _convolution),
    (BATCH_NORMS, lambda m: Finding("layer.batch-norm")),
    ((nn.LayerNorm, nn.GroupNorm), lambda m: Finding("layer.layer-norm")),
    ((nn.Dropout, nn.Dropout1d, nn.Dropout2d), lambda m: Finding("layer.dropout", {"p": m.p})),
    (nn.Upsample, _upsample),
    (POOLS, lambda m: Finding("layer.pool")),
    (nn.Flatten, lambda m: Finding("layer.flatten")),
    (nn.Unflatten, lambda m: Finding("layer.unflatten")),
    (ACTIVATIONS, lambda m: Finding("layer.activation", {"name": type(m).__name__})),
)


def _shown(name: str, value: Any) -> str:
    if isinstance(value, float):
        return f"{100 * value:.3g} %" if is_share(name) else f"{value:.4g}"
    return str(value)
