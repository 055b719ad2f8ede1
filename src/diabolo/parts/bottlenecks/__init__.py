"""Bottlenecks: what is asked of the code. One name here is all a new one needs to be known everywhere."""

from diabolo.parts.bottlenecks.base import Bottleneck
from diabolo.parts.bottlenecks.finite_scalar import FiniteScalar
from diabolo.parts.bottlenecks.gaussian import Gaussian
from diabolo.parts.bottlenecks.plain import Plain
from diabolo.parts.bottlenecks.sparse import SparseKL, SparseL1, TopK
from diabolo.parts.bottlenecks.vector_quantized import VectorQuantized

BOTTLENECKS: tuple[type[Bottleneck], ...] = (Plain, Gaussian, SparseL1, SparseKL, TopK, VectorQuantized, FiniteScalar)

__all__ = ["BOTTLENECKS", "FiniteScalar", "Gaussian", "Plain", "SparseKL", "SparseL1", "TopK", "VectorQuantized"]
