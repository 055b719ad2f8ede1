"""What is fitted to codes so that any autoencoder can generate. A new one is a class and its name in ``DENSITIES``; of codes
that are whole numbers, in ``DISCRETE``."""

from __future__ import annotations

from diabolo.densities.autoregressive import AutoregressiveDensity
from diabolo.densities.base import Density
from diabolo.densities.discrete import DiscreteDensity
from diabolo.densities.gaussian import GaussianDensity
from diabolo.densities.independent import IndependentDensity
from diabolo.densities.kernel import KernelDensity
from diabolo.densities.mixture import MixtureDensity
from diabolo.errors import unknown

DENSITIES: tuple[type[Density], ...] = (GaussianDensity, MixtureDensity, KernelDensity)
DISCRETE: tuple[type[DiscreteDensity], ...] = (IndependentDensity, AutoregressiveDensity)


def find(name: str) -> type[Density]:
    """The density called ``name``; an unknown one is a ParameterError that gives the nearest.

    >>> find("mixture").__name__
    'MixtureDensity'
    """
    for density in DENSITIES:
        if density.name == name:
            return density
    raise unknown("density", name, [density.name for density in DENSITIES])


def find_discrete(name: str) -> type[DiscreteDensity]:
    """The density of discrete codes called ``name``; an unknown one is a ParameterError that gives the nearest.

    >>> find_discrete("independent").__name__
    'IndependentDensity'
    """
    for density in DISCRETE:
        if density.name == name:
            return density
    raise unknown("density of discrete codes", name, [density.name for density in DISCRETE])
