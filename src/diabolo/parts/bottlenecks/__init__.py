"""Bottlenecks: what is asked of the code. One name here is all a new one needs to be known everywhere."""

from diabolo.parts.bottlenecks.base import Bottleneck
from diabolo.parts.bottlenecks.gaussian import Gaussian
from diabolo.parts.bottlenecks.plain import Plain
from diabolo.parts.bottlenecks.sparse import SparseKL, SparseL1, TopK

BOTTLENECKS: tuple[type[Bottleneck], ...] = (Plain, Gaussian, SparseL1, SparseKL, TopK)

__all__ = ["BOTTLENECKS", "Gaussian", "Plain", "SparseKL", "SparseL1", "TopK"]
