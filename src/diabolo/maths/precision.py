"""In which floating-point numbers the sensitive formulas are computed."""

from __future__ import annotations

import torch
from torch import Tensor


def at_least_float32(x: Tensor) -> Tensor:
    """x itself, or its float32 copy where it came in half precision (from autocast, say).

    Logarithms, squares and sums over hundreds of cells lose their meaning with the 8 or 11 significant bits of
    bfloat16 and float16.

    >>> at_least_float32(torch.zeros(2, dtype=torch.bfloat16)).dtype
    torch.float32
    """
    return x.float() if x.dtype in (torch.bfloat16, torch.float16) else x
