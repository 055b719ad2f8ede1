"""Likelihoods: how the decoder's numbers speak about the data. One name here is all a new one needs to be known everywhere."""

from diabolo.parts.likelihoods.base import Likelihood
from diabolo.parts.likelihoods.bernoulli import Bernoulli
from diabolo.parts.likelihoods.custom import Custom
from diabolo.parts.likelihoods.gaussian import Gaussian
from diabolo.parts.likelihoods.laplace import Laplace
from diabolo.parts.likelihoods.mixed import Mixed
from diabolo.parts.likelihoods.structural import Structural

LIKELIHOODS: tuple[type[Likelihood], ...] = (Gaussian, Bernoulli, Laplace, Structural, Mixed, Custom)

__all__ = ["LIKELIHOODS", "Bernoulli", "Custom", "Gaussian", "Laplace", "Mixed", "Structural"]
