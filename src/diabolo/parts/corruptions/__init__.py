"""Corruptions: how inputs are damaged. One name here is all a new one needs to be known everywhere."""

from diabolo.parts.corruptions.base import Corruption
from diabolo.parts.corruptions.blind import BlindSpots
from diabolo.parts.corruptions.downsample import Downsample
from diabolo.parts.corruptions.masks import Dropout, MaskCells, MaskPatches
from diabolo.parts.corruptions.noise import GaussianNoise, SaltAndPepper
from diabolo.parts.corruptions.noisy_mask import NoisyMask
from diabolo.parts.corruptions.shuffle import Shuffle

CORRUPTIONS: tuple[type[Corruption], ...] = (
    GaussianNoise,
    SaltAndPepper,
    MaskCells,
    MaskPatches,
    Dropout,
    NoisyMask,
    BlindSpots,
    Shuffle,
    Downsample,
)

__all__ = [
    "CORRUPTIONS",
    "BlindSpots",
    "Corruption",
    "Downsample",
    "Dropout",
    "GaussianNoise",
    "MaskCells",
    "MaskPatches",
    "NoisyMask",
    "SaltAndPepper",
    "Shuffle",
]
