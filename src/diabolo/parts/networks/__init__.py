"""Encoders and decoders: one architecture a file."""

from diabolo.parts.networks.base import Network
from diabolo.parts.networks.conv import Conv
from diabolo.parts.networks.custom import Custom
from diabolo.parts.networks.mlp import Mlp
from diabolo.parts.networks.residual import Residual

__all__ = ["NETWORKS", "Conv", "Custom", "Mlp", "Residual"]

NETWORKS: tuple[type[Network], ...] = (Mlp, Conv, Residual, Custom)
