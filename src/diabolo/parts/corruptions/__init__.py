"""Corruptions: how inputs are damaged. One name here is all a new one needs to be known everywhere."""

from diabolo.parts.corruptions.base import Corruption
from diabolo.parts.corruptions.masks import Dropout, MaskCells, MaskPatches
from diabolo.parts.corruptions.noise import GaussianNoise, SaltAndPepper

CORRUPTIONS: tuple[type[Corruption], ...] = (GaussianNoise, SaltAndPepper, MaskCells, MaskPatches, Dropout)

__all__ = ["CORRUPTIONS", "Dropout", "GaussianNoise", "MaskCells", "MaskPatches", "SaltAndPepper"]
