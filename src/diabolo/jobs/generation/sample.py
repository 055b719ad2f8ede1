"""Sample: new rows, from the prior where the recipe has one, else from a density fitted to the training codes."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np

from diabolo.densities import DENSITIES, DISCRETE, find
from diabolo.densities.base import Density
from diabolo.errors import FewCodesWarning, ParameterError, UnsupportedError
from diabolo.jobs.codes.discrete import codes_of, quantizer
from diabolo.jobs.codes.embed import made_of
from diabolo.jobs.companions import CODES
from diabolo.jobs.generation.code_prior import code_prior, priors_of
from diabolo.spec import is_whole
from diabolo.trained import Trained


def origins_of(trained: Trained) -> tuple[str, ...]:
    """What codes can be drawn from: the prior where the recipe trains towards one, and every density, the simplest first."""
    prior = () if trained.model.bottleneck.prior() is None else ("prior",)
    return (*prior, *(priors_of(trained) if quantizer(trained) is not None else (d.name for d in DENSITIES)))


def usual_origin(trained: Trained) -> str:
    """What codes are drawn from where nothing is asked for: the prior where there is one, else the mixture.

    Of discrete codes the last of :func:`diabolo.jobs.generation.code_prior.priors_of`.
    """
    if quantizer(trained) is not None:
        return priors_of(trained)[-1]
    return "mixture" if trained.model.bottleneck.prior() is None else "prior"


def sample_codes(trained: Trained, n: int, *, density: str = "auto", random_state: int | None = None) -> np.ndarray:
    """Draw n codes, (n, K) float32.

    density: ``"prior"`` (standard normal, of recipes that train towards it), ``"gaussian"``, ``"mixture"`` or ``"kernel"``
    (fitted to the codes of up to 5 000 training rows); of discrete codes ``"independent"`` or ``"autoregressive"``.
    ``"auto"``: see :func:`usual_origin`.
    """
    if isinstance(n, bool) or not isinstance(n, int) or n < 1:
        raise ParameterError(f"n must be a whole number of at least 1, got {n!r}.")
    if random_state is not None and not is_whole(random_state, 0):
        raise ParameterError(f"random_state must be a whole number of at least 0, or None, got {random_state!r}.")
    if density == "auto":
        density = usual_origin(trained)
    if quantizer(trained) is not None:
        return codes_of(trained, code_prior(trained, density).sample(n, random_state))
    if density == "prior":
        if trained.model.bottleneck.prior() is None:
            raise UnsupportedError(
                f"Nothing trained the codes of {trained.config.recipe!r} towards a prior. Use density='mixture', or train "
                "vae, wae or another recipe with one."
            )
        shape = (n, int(np.prod(trained.model.code_shape)))
        return np.random.default_rng(random_state).standard_normal(shape).astype(np.float32)
    return fit_density(trained, density).sample(n, random_state).astype(np.float32)


def sample(trained: Trained, n: int, y: Any = None, *, density: str = "auto", random_state: int | None = None) -> Any:
    """n new rows as the caller's data: codes from :func:`sample_codes`, and what :func:`made_of` makes of them."""
    warn_of_few_codes(trained, density)
    z = sample_codes(trained, n, density=density, random_state=random_state)
    return trained.out_kind.decode(made_of(trained, z, y, seed=random_state))


def fit_density(trained: Trained, name: str) -> Density:
    """The density called ``name``, fitted to the training codes that travel with the model."""
    if name in [discrete.name for discrete in DISCRETE]:
        raise ParameterError(
            f"Density {name!r} is of discrete codes, and those of {trained.config.recipe!r} are real numbers. Use "
            f"{', '.join(repr(d.name) for d in DENSITIES)}, or train vqvae or fsq."
        )
    if CODES not in trained.companions:
        raise UnsupportedError("This model carries no training codes to fit a density to.")
    return find(name).fit(trained.companions[CODES].arrays["z"], random_state=0)


def warn_of_few_codes(trained: Trained, density: str) -> None:
    """Warn where a density would be fitted to too few codes to say how their numbers go together: fewer than 2 (K + 1)."""
    name = usual_origin(trained) if density == "auto" else density
    if name not in [d.name for d in DENSITIES] or CODES not in trained.companions:
        return
    n, k = trained.companions[CODES].arrays["z"].shape
    if n < 2 * (k + 1):
        warnings.warn(
            f"Density {name!r} is fitted to {n} training codes of {k} numbers: fewer than {2 * (k + 1)} say little of how "
            "these go together, and new rows may be poor. Train with more rows, or with fewer code numbers.",
            FewCodesWarning,
            stacklevel=4,
        )
