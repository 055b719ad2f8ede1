"""Regularizers: prices on something besides the reconstruction. One name here is all a new one needs to be known everywhere."""

from diabolo.parts.regularizers.base import Regularizer
from diabolo.parts.regularizers.contractive import Contractive
from diabolo.parts.regularizers.mmd import Mmd

REGULARIZERS: tuple[type[Regularizer], ...] = (Contractive, Mmd)

__all__ = ["REGULARIZERS", "Contractive", "Mmd"]
