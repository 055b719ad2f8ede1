"""Where to compute and how exactly: chosen in one place, with the reason."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch

from diabolo.errors import ParameterError

PRECISIONS = ("auto", "float32", "bfloat16")


def choose_device(wanted: str) -> tuple[torch.device, str]:
    """``"auto"`` or a torch device name -> the device and why. Raises ParameterError where it is not there."""
    if wanted == "auto":
        if torch.cuda.is_available():
            return torch.device("cuda"), f"device cuda: {torch.cuda.get_device_name()} is there"
        if torch.backends.mps.is_available():
            return torch.device("mps"), "device mps: Apple's GPU is there"
        return torch.device("cpu"), "device cpu: no GPU that PyTorch can use"
    try:
        device = torch.device(wanted)
        torch.empty(1, device=device).add(1).item()  # some names are known and cannot compute
    except (RuntimeError, AssertionError, TypeError, NotImplementedError) as problem:
        raise ParameterError(
            f"device {wanted!r} cannot be used ({str(problem).splitlines()[0]}). Use 'auto' or 'cpu'."
        ) from problem
    return device, f"device {wanted}: as asked"


def choose_precision(wanted: str, device: torch.device, *, large: bool = False) -> tuple[torch.dtype, str]:
    """The dtype of the networks' matrix products in training and why. Weights, codes, losses and inference are float32.

    large: whether a step's products are large enough for a processor to gain from bfloat16.
    """
    if wanted not in PRECISIONS:
        raise ParameterError(f"precision must be one of {', '.join(PRECISIONS)}, got {wanted!r}.")
    if wanted == "auto":
        if device.type == "cuda" and torch.cuda.is_bf16_supported(including_emulation=False):
            return torch.bfloat16, "precision bfloat16: the GPU multiplies it"
        if device.type == "cpu" and large and _multiplies_bfloat16():
            return torch.bfloat16, "precision bfloat16: the processor multiplies it several times faster"
        return torch.float32, "precision float32: nothing here gains from less"
    return getattr(torch, wanted), f"precision {wanted}: as asked"


def _multiplies_bfloat16() -> bool:
    """Whether the processor has units for products of bfloat16 matrices; PyTorch before 2.9 does not tell.

    AMX and AVX-512's dot products have; where PyTorch must emulate them, bfloat16 is slower than float32.
    """
    tell = getattr(torch.cpu, "get_capabilities", None)
    found = tell() if tell is not None else {}
    return any(found.get(unit, False) for unit in ("amx_bf16", "avx512_bf16"))


SHARED_FROM = 20_000_000
"""Products a step (rows times weights, times positions under convolutions) from which sharing them among threads pays."""


def threads_for(device: torch.device, products: int) -> int:
    """How many of the processor's threads to use for a step of so many products: one where it is soon done."""
    return 1 if device.type == "cpu" and products < SHARED_FROM else torch.get_num_threads()


@contextmanager
def threads(number: int) -> Iterator[None]:
    """So many threads for torch inside, as many as before outside."""
    before = torch.get_num_threads()
    torch.set_num_threads(number)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def device_generator(device: torch.device) -> torch.Generator:
    """An unseeded generator whose numbers are drawn on the device."""
    return torch.Generator(device=device)


def seed_all(seed: int, generator: torch.Generator) -> None:
    """Seed a generator and the global ones of the host and of its device, which dropout draws from.

    ``torch.manual_seed`` does that too, and keeps a stack trace for GPUs that were never used: 0.3 ms a call, and a leak.
    """
    generator.manual_seed(seed)
    torch.default_generator.manual_seed(seed)
    if generator.device.type == "cuda":
        torch.cuda.default_generators[generator.device.index or 0].manual_seed(seed)
    elif generator.device.type != "cpu":
        torch.manual_seed(seed)


def mixed_seed(seed: int, *numbers: int) -> int:
    """One 63-bit seed from several numbers (splitmix64's finalizer), so that neighbouring steps draw unrelated noise.

    >>> mixed_seed(0, 1) != mixed_seed(0, 2) != mixed_seed(1, 1)
    True
    """
    state = seed & 0xFFFFFFFFFFFFFFFF
    for number in numbers:
        state = (state ^ (number & 0xFFFFFFFFFFFFFFFF)) + 0x9E3779B97F4A7C15 & 0xFFFFFFFFFFFFFFFF
        state = (state ^ state >> 30) * 0xBF58476D1CE4E5B9 & 0xFFFFFFFFFFFFFFFF
        state = (state ^ state >> 27) * 0x94D049BB133111EB & 0xFFFFFFFFFFFFFFFF
        state ^= state >> 31
    return state >> 1
