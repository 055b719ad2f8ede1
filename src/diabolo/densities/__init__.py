"""What is fitted to codes so that any autoencoder can generate. A new one is a class and its name in ``DENSITIES``."""

from __future__ import annotations

from diabolo.densities.base import Density
from diabolo.densities.gaussian import GaussianDensity
from diabolo.densities.kernel import KernelDensity
from diabolo.densities.mixture import MixtureDensity
from diabolo.errors import unknown

DENSITIES: tuple[type[Density], ...] = (GaussianDensity, MixtureDensity, KernelDensity)


def find(name: str) -> type[Density]:
    """The density called ``name``; an unknown one is a ParameterError that gives the nearest.

    >>> find("mixture").__name__
    'MixtureDensity'
    """
    for density in DENSITIES:
        if density.name == name:
            return density
    raise unknown("density", name, [density.name for density in DENSITIES])
