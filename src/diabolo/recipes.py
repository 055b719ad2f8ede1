"""Recipes: named combinations of parts, each with what it is, when to use it and its paper. Needs no torch.

A recipe is a function from what the data suggest to the parts as data, ``{role: description}``. It sets only what makes
it that recipe; :func:`compose` fills in the rest and lets whatever the user gave replace it.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, final

from diabolo.errors import ParameterError, unknown

if TYPE_CHECKING:
    from diabolo.composition import Composition
    from diabolo.records import Layout
    from diabolo.spec import Part

Description = Mapping[str, Any]
DISCRETE = ("vqvae", "fsq")
QUARTER_MAP = {"name": "conv", "code": "map", "stages": 2}  # of discrete codes, as large as in van den Oord et al. 2017
MAP_CHANNELS = 4  # of such a map: one group of either bottleneck


@final
@dataclass(frozen=True)
class Hints:
    """What the data suggest: the kind's default parts, and the range of its cells (None where open), and
    whether rows are squares cut from larger pictures, which the model is then to mend whole."""

    network: str
    likelihood: str
    bounds: tuple[float, float] | None = None
    patches: bool = False

    @property
    def width(self) -> float:
        """How wide the range of a cell is; 1 for standardized columns."""
        return self.bounds[1] - self.bounds[0] if self.bounds else 1.0


@final
@dataclass(frozen=True)
class Recipe:
    """One row of the table. parts: what the recipe sets, given what the data suggest."""

    name: str
    what: str
    when: str
    paper: str
    parts: Callable[[Hints], dict[str, Any]]
    conditional: bool = False


def _plain(hints: Hints) -> dict[str, Any]:
    return {"bottleneck": {"name": "plain"}}


def _simple(hints: Hints) -> dict[str, Any]:
    return _plain(hints) | {"network": {"name": "mlp", "widths": []}}


def _deep(hints: Hints) -> dict[str, Any]:
    return _plain(hints) | {"network": {"name": "mlp"}}


def _conv(hints: Hints) -> dict[str, Any]:
    return _plain(hints) | {"network": {"name": "conv"}}


def _local(hints: Hints) -> dict[str, Any]:
    """What takes pictures of any size and starts by giving them back, where rows are pieces of larger ones."""
    if not hints.patches:
        return _plain(hints)
    network, likelihood = {"name": "residual", "code": "map"}, {"name": "gaussian", "output": "linear"}
    return _plain(hints) | {"network": network, "likelihood": likelihood}


def _denoising(hints: Hints) -> dict[str, Any]:
    noise = {"name": "gaussian-noise", "std": 0.3 * hints.width} if hints.bounds else {"name": "mask", "fraction": 0.2}
    return _local(hints) | {"corruption": noise}


def _masked(hints: Hints) -> dict[str, Any]:
    if not hints.bounds:
        return _plain(hints) | {"corruption": {"name": "mask", "fraction": 0.5}}
    middle = (hints.bounds[0] + hints.bounds[1]) / 2  # neither black nor white, so that hidden is told from dark
    return _local(hints) | {"corruption": {"name": "mask-patches", "fraction": 0.75, "value": middle}}


def _noise2self(hints: Hints) -> dict[str, Any]:
    return _local(hints) | {"corruption": {"name": "blind-spots"}}


def _upscaling(hints: Hints) -> dict[str, Any]:
    return _local(hints) | {"corruption": {"name": "downsample"}}


def _jigsaw(hints: Hints) -> dict[str, Any]:
    return _plain(hints) | {"corruption": {"name": "shuffle"}}


def _sparse(hints: Hints) -> dict[str, Any]:
    return {"bottleneck": {"name": "top-k"}}


def _contractive(hints: Hints) -> dict[str, Any]:
    return {"bottleneck": {"name": "plain", "activation": "sigmoid"}, "regularizers": [{"name": "contractive"}]}


def _learned_spread(hints: Hints) -> dict[str, Any]:
    """A likelihood that finds its own balance with the KL term: the squared error's spread is learned, of mixed tables each
    column's."""
    return {"name": "mixed" if hints.likelihood == "mixed" else "gaussian", "variance": "shared"}


def _vae(hints: Hints) -> dict[str, Any]:
    return {"bottleneck": {"name": "gaussian"}, "likelihood": _learned_spread(hints)}


def _beta_vae(hints: Hints) -> dict[str, Any]:
    likelihood = {"name": "bernoulli"} if hints.bounds == (0.0, 1.0) else _learned_spread(hints)
    return {"bottleneck": {"name": "gaussian", "beta": 4.0}, "likelihood": likelihood}


def _wae(hints: Hints) -> dict[str, Any]:
    return {"bottleneck": {"name": "plain", "prior": "normal"}, "regularizers": [{"name": "mmd"}]}


def _aae(hints: Hints) -> dict[str, Any]:
    return {"bottleneck": {"name": "plain", "prior": "normal"}, "regularizers": [{"name": "adversarial"}]}


def _vae_gan(hints: Hints) -> dict[str, Any]:
    return _vae(hints) | {"regularizers": [{"name": "adversarial-output"}]}


def _vqvae(hints: Hints) -> dict[str, Any]:
    """Pictures become a map of a quarter of a side; rows of a table a vector in pairs, 3 bits a number."""
    if hints.bounds:
        return {"bottleneck": {"name": "vq"}, "network": QUARTER_MAP}
    return {"bottleneck": {"name": "vq", "entries": 64, "group": 2}}


def _fsq(hints: Hints) -> dict[str, Any]:
    """As for vqvae."""
    if hints.bounds:
        return {"bottleneck": {"name": "fsq"}, "network": QUARTER_MAP}
    return {"bottleneck": {"name": "fsq", "levels": [8, 8]}}


def _iwae(hints: Hints) -> dict[str, Any]:
    return _vae(hints) | {"bottleneck": {"name": "gaussian", "samples": 5}}


_TABLE = (
    Recipe(
        "plain",
        "Encoder, code, decoder; the code is free to be anything that restores the data.",
        "Dimension reduction, features, compression: when reconstruction is what counts.",
        "Hinton & Salakhutdinov 2006, Reducing the dimensionality of data with neural networks, "
        "https://doi.org/10.1126/science.1127647",
        _plain,
    ),
    Recipe(
        "simple",
        "One fully connected layer each side. Linear and with squared error it finds PCA's subspace.",
        "To learn how autoencoders work, and as the first thing to beat.",
        "Baldi & Hornik 1989, Neural networks and principal component analysis, https://doi.org/10.1016/0893-6080(89)90014-2",
        _simple,
    ),
    Recipe(
        "deep",
        "Several fully connected layers each side.",
        "Tables and small pictures; the textbook's deep autoencoder.",
        "Hinton & Salakhutdinov 2006, https://doi.org/10.1126/science.1127647",
        _deep,
    ),
    Recipe(
        "conv",
        "Convolutions down to the code and up again.",
        "Pictures: fewer parameters, and what is learned in one place holds in all.",
        "Masci et al. 2011, Stacked convolutional auto-encoders, https://doi.org/10.1007/978-3-642-21735-7_7",
        _conv,
    ),
    Recipe(
        "denoising",
        "Sees damaged inputs, restores the clean ones. Images: Gaussian noise; tables: masked cells.",
        "Cleaning data, sturdier features, anomaly scores.",
        "Vincent et al. 2008, Extracting and composing robust features, https://doi.org/10.1145/1390156.1390294",
        _denoising,
    ),
    Recipe(
        "noise2self",
        "Learns to remove noise from noisy pictures alone: it guesses pixels it was not shown and is judged there only.",
        "Denoising where no clean picture exists, and the noise of one pixel says nothing about its neighbor's.",
        "Batson & Royer 2019, Noise2Self, https://arxiv.org/abs/1901.11365",
        _noise2self,
    ),
    Recipe(
        "masked",
        "Sees a quarter of a picture's patches and fills in the rest; of tables half the cells.",
        "Filling in what is missing, extending a crop, features that know how the parts of a row go together.",
        "He et al. 2022, Masked autoencoders are scalable vision learners, https://arxiv.org/abs/2111.06377",
        _masked,
    ),
    Recipe(
        "upscaling",
        "Takes pictures made two times smaller (corruption.factor) and gives them back in full size.",
        "Super-resolution: larger pictures with the detail that such pictures have.",
        "Dong et al. 2016, Image super-resolution using deep convolutional networks, https://arxiv.org/abs/1501.00092",
        _upscaling,
    ),
    Recipe(
        "jigsaw",
        "Sees a picture's tiles in random order (corruption.grid) and restores the picture.",
        "Putting shuffled tiles back in order; a puzzle that teaches what goes where.",
        "Noroozi & Favaro 2016, Unsupervised learning of visual representations by solving jigsaw puzzles, "
        "https://arxiv.org/abs/1603.09246",
        _jigsaw,
    ),
    Recipe(
        "sparse",
        "A wide code of which few numbers are active for a row (the k largest).",
        "Features that can be read one by one; a wide code without copying.",
        "Makhzani & Frey 2014, k-Sparse autoencoders, https://arxiv.org/abs/1312.5663",
        _sparse,
    ),
    Recipe(
        "contractive",
        "Pays for every change of the code under a small change of the input: ‖∂z/∂x‖².",
        "Codes that stay put under noise nobody can describe beforehand.",
        "Rifai et al. 2011, Contractive auto-encoders, https://icml.cc/2011/papers/455_icmlpaper.pdf",
        _contractive,
    ),
    Recipe(
        "vae",
        "The encoder says a distribution, the code is drawn from it, and codes are pulled towards a standard normal.",
        "Generation, interpolation, likelihoods, uncertainty of the code.",
        "Kingma & Welling 2014, Auto-encoding variational Bayes, https://arxiv.org/abs/1312.6114; "
        "learned shared σ: Rybkin et al. 2021, https://arxiv.org/abs/2006.13202",
        _vae,
    ),
    Recipe(
        "beta-vae",
        "A VAE whose KL term weighs beta = 4: fewer, more independent code numbers, blurrier reconstructions.",
        "Looking for separate factors of variation.",
        "Higgins et al. 2017, β-VAE, https://openreview.net/forum?id=Sy2fzU9gl",
        _beta_vae,
    ),
    Recipe(
        "wae",
        "Codes are points, and all of them together are pulled towards a standard normal distribution.",
        "Generation with sharper pictures than a VAE's.",
        "Tolstikhin et al. 2018, Wasserstein auto-encoders, https://arxiv.org/abs/1711.01558",
        _wae,
    ),
    Recipe(
        "aae",
        "Codes are points, and a critic that learns to tell them from draws of a normal distribution teaches them to be such.",
        "Generation as with wae, from batches of any size.",
        "Makhzani et al. 2016, Adversarial autoencoders, https://arxiv.org/abs/1511.05644",
        _aae,
    ),
    Recipe(
        "vae-gan",
        "A VAE beside a critic that learns to tell its pictures from real ones, and lends it its eye to compare them.",
        "Sharper generated pictures than a VAE's; each step takes several times as long.",
        "Larsen et al. 2016, Autoencoding beyond pixels using a learned similarity metric, https://arxiv.org/abs/1512.09300",
        _vae_gan,
    ),
    Recipe(
        "iwae",
        "A VAE that draws five codes a row and trains the tighter bound they give together.",
        "Better likelihoods, and posteriors that need not be simple; five times a VAE's work.",
        "Burda, Grosse & Salakhutdinov 2016, Importance weighted autoencoders, https://arxiv.org/abs/1509.00519",
        _iwae,
    ),
    Recipe(
        "vqvae",
        "Each part of the code is one of 512 learned entries, so a row becomes whole numbers; a prior over them generates.",
        "Compression to real bits, generation by drawing whole numbers, codes that other models can read as words.",
        "van den Oord, Vinyals & Kavukcuoglu 2017, Neural discrete representation learning, https://arxiv.org/abs/1711.00937",
        _vqvae,
    ),
    Recipe(
        "fsq",
        "Each code number is rounded to one of a few fixed levels: whole numbers as of vqvae, and no codebook to learn.",
        "What vqvae is for, with nothing that can go unused.",
        "Mentzer et al. 2024, Finite scalar quantization: VQ-VAE made simple, https://arxiv.org/abs/2309.15505",
        _fsq,
    ),
    Recipe(
        "cvae",
        "A VAE that is told the label on both sides, so that the code holds what the label does not say.",
        "Generating a chosen class; separating style from class. Needs labels y.",
        "Sohn, Lee & Yan 2015, Learning structured output representation, https://papers.nips.cc/paper/5775",
        _vae,
        conditional=True,
    ),
)

RECIPES: Mapping[str, Recipe] = {r.name: r for r in _TABLE}


def get(name: str) -> Recipe:
    """The recipe called ``name``; ``"auto"`` is ``plain``. An unknown one is a ParameterError that gives the nearest.

    >>> get("auto").name
    'plain'
    """
    if name == "auto":
        return RECIPES["plain"]
    if name not in RECIPES:
        raise unknown("recipe", name, ["auto", *RECIPES])
    return RECIPES[name]


def variational() -> tuple[str, ...]:
    """Names of the recipes whose code is a distribution.

    >>> variational()
    ('vae', 'beta-vae', 'vae-gan', 'iwae', 'cvae')
    """
    hints = Hints("auto", "gaussian")
    return tuple(name for name, row in RECIPES.items() if row.parts(hints)["bottleneck"]["name"] == "gaussian")


def default_latent_dim(recipe: str, cells: int, *, maps: bool = False) -> int:
    """How wide the code is when nobody says: the square root of the number of cells, four times that for ``sparse`` and for
    discrete codes, whose numbers say less. maps: whether the code is a map; a discrete one has 4 channels.

    >>> default_latent_dim("plain", 784), default_latent_dim("sparse", 784), default_latent_dim("vae", 1)
    (28, 112, 1)
    >>> default_latent_dim("vqvae", 784), default_latent_dim("vqvae", 784, maps=True)
    (112, 4)
    """
    name = get(recipe).name
    if maps and name in DISCRETE:
        return min(cells, MAP_CHANNELS)
    wide = 4 if name in ("sparse", *DISCRETE) else 1
    return max(1, min(cells, wide * round(math.sqrt(cells))))


def own_parts(recipe: str, role: str) -> tuple[Part, ...]:
    """What the recipe itself may put in a role before any data are seen: one part, or one for each kind of data, or none.

    >>> [part.name for part in own_parts("denoising", "corruption")]
    ['mask', 'gaussian-noise']
    """
    from diabolo.composition import as_part

    found: list[Description] = []
    for hints in (Hints("auto", "gaussian"), Hints("auto", "gaussian", (0.0, 1.0))):
        part = ({"likelihood": {"name": "gaussian"}} | get(recipe).parts(hints)).get(role)
        if role == "regularizers" and part:
            part = part[0]
        if part is not None and part not in found:
            found.append(part)
    return tuple(as_part(role, part) for part in found)


def compose(
    recipe: str,
    hints: Hints,
    source: Layout,
    target: Layout,
    latent_dim: int,
    size: str = "m",
    given: Mapping[str, Any] | None = None,
    settings: Sequence[tuple[str, str]] = (),
) -> Composition:
    """The parts of a model, every width a number.

    given: parts that replace the recipe's, by role (None and "auto" leave the recipe's, corruption "none" takes it
    away). settings: ``(path, text)``
    pairs as ``--set`` gives them, applied last.
    """
    from diabolo.composition import Composition

    row = get(recipe)
    own = _own(recipe, hints)
    chosen = {
        role: _choose(role, own.get(role), (given or {}).get(role))
        for role in ("network", "bottleneck", "likelihood", "corruption")
    }
    composition = Composition(
        **chosen,
        regularizers=_regularizers(own.get("regularizers", ()), (given or {}).get("regularizers")),
        conditional=row.conditional,
    )
    for path, text in settings:
        composition = composition.with_setting(path, text)
    resolved = composition.network.resolved(source, target, latent_dim, size)
    composition = replace(composition, network=resolved)
    composition.check(source, target)
    return composition


def chosen_corruption(recipe: str, hints: Hints, given: object, settings: Sequence[tuple[str, str]] = ()) -> Any:
    """The corruption that :func:`compose` would take, with the settings that are its own; None where there is none."""
    part = _choose("corruption", _own(recipe, hints).get("corruption"), given)
    for path, text in settings if part is not None else ():
        role, _, key = path.partition(".")
        part = part.with_text(key, text) if role == "corruption" else part
    return part


def has_map(recipe: str, hints: Hints, given: object, settings: Sequence[tuple[str, str]] = ()) -> bool:
    """Whether the code will be a map: what the network that :func:`compose` would take says, with its settings."""
    part = _choose("network", _own(recipe, hints)["network"], given)
    code = getattr(part, "code", "vector")
    for path, text in settings:
        code = text if path == "network.code" else code
    return bool(code == "map")


def _own(recipe: str, hints: Hints) -> dict[str, Any]:
    """What a recipe sets, over what the data suggest."""
    return {"network": {"name": hints.network}, "likelihood": {"name": hints.likelihood}} | get(recipe).parts(hints)


def _choose(role: str, own: Description | None, given: object) -> Any:
    """The user's part where there is one (their name for the recipe's own part keeps its options), else the recipe's."""
    from diabolo.composition import as_part

    if given is None or given == "auto":
        return None if own is None else as_part(role, own)
    if given == "none" and role == "corruption":
        return None
    part = as_part(role, given)
    if isinstance(given, str) and own is not None and own["name"] == part.name:
        return as_part(role, own)
    return part


def _regularizers(own: Sequence[Description], given: object) -> tuple[Any, ...]:
    from diabolo.composition import as_part

    if given is None:
        return tuple(as_part("regularizers", r) for r in own)
    many = given if isinstance(given, (tuple, list)) else (given,)
    parts = tuple(as_part("regularizers", r) for r in many)
    if len({p.name for p in parts}) < len(parts):
        raise ParameterError(f"Each regularizer may be given once, got {', '.join(p.name for p in parts)}.")
    return parts
