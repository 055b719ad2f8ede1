"""Regularizers: prices on something besides the reconstruction. One name here is all a new one needs to be known everywhere."""

from diabolo.parts.regularizers.adversarial import Adversarial
from diabolo.parts.regularizers.adversarial_output import AdversarialOutput
from diabolo.parts.regularizers.base import Regularizer
from diabolo.parts.regularizers.contractive import Contractive
from diabolo.parts.regularizers.mmd import Mmd
from diabolo.parts.regularizers.total_correlation import TotalCorrelation

REGULARIZERS: tuple[type[Regularizer], ...] = (Contractive, Mmd, Adversarial, AdversarialOutput, TotalCorrelation)

__all__ = ["REGULARIZERS", "Adversarial", "AdversarialOutput", "Contractive", "Mmd", "TotalCorrelation"]
