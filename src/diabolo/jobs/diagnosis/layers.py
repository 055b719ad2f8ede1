"""Layers: what a model is made of, station by station from the input through the code to the output."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal, final

import torch
from torch import Tensor, nn

from diabolo.jobs.diagnosis.anatomy import code_words, input_words, leaf_words, output_words
from diabolo.jobs.findings import Finding
from diabolo.model import Model
from diabolo.parts.layers import Skip
from diabolo.parts.networks.residual import Block
from diabolo.trained import Trained

Role = Literal["input", "encoder", "code", "decoder", "output"]


@final
@dataclass(frozen=True)
class Layer:
    """One station of a row's way.

    name: of the module in the model, such as ``encoder.stages.0``. title, words: what it does. shape: of one row as it leaves,
    None where the model's forward never calls it. parameters: learned numbers of its own.
    """

    role: Role
    name: str
    title: Finding
    words: tuple[Finding, ...]
    shape: tuple[int, ...] | None
    parameters: int

    def to_dict(self) -> dict[str, Any]:
        """Plain values, ready for JSON."""
        said = {"title": self.title.to_dict(), "words": [w.to_dict() for w in self.words]}
        shape = None if self.shape is None else list(self.shape)
        return {"role": self.role, "name": self.name, **said, "shape": shape, "parameters": self.parameters}


def layer_table(trained: Trained) -> tuple[Layer, ...]:
    """The stations in order: input, encoder, code, decoder, output. Their parameters add up to the model's.

    A block that has ``describe()`` is one station with all that is in it, and so is any module without modules inside. Shapes
    are those of a batch of zeros.
    """
    model = trained.model
    stations = {role: dict(_stations(part, role)) for role, part in (("encoder", model.encoder), ("decoder", model.decoder))}
    shapes = _shapes(model, [m for found in stations.values() for m in found.values()])
    own = _own_parameters(model)
    title, words = code_words(trained)
    code = Layer("code", "bottleneck", title, words, model.code_shape, own(model.bottleneck))
    title, words = input_words(trained)
    first = Layer("input", "", title, words, model.source.shape, 0)
    title, words = output_words(trained)
    last = Layer("output", "likelihood", title, words, model.target.shape, own(model.likelihood))
    inner = {
        role: [_layer(role, name, m, shapes, own(m)) for name, m in found.items() if not _idle(m, shapes)]
        for role, found in stations.items()
    }
    return (first, *inner["encoder"], code, *inner["decoder"], last)


def _layer(role: Any, name: str, module: nn.Module, shapes: dict[int, Any], parameters: int) -> Layer:
    words = tuple(w for leaf in _leaves(module) if (w := leaf_words(leaf)) is not None)
    if isinstance(module, (Block, Skip)):
        words = (Finding("layer.residual"), *words)
    elif callable(describe := getattr(module, "describe", None)) and not type(module).__module__.startswith("diabolo."):
        words = (Finding("layer.said", {"text": str(describe())}),)
    words = words or (Finding("layer.other", {"name": type(module).__name__}),)
    return Layer(role, name, words[0], words[1:], shapes.get(id(module), (None, None))[1], parameters)


def _stations(module: nn.Module, name: str) -> Iterator[tuple[str, nn.Module]]:
    """What gets a line of its own: blocks that describe themselves, modules without modules, and modules with weights of
    their own beside those inside."""
    inside = list(module.named_children())
    if hasattr(module, "describe") or not inside or any(True for _ in module.parameters(recurse=False)):
        yield name, module
        return
    for child, found in inside:
        yield from _stations(found, f"{name}.{child}")


def _leaves(module: nn.Module) -> Iterator[nn.Module]:
    """The modules without modules inside, but blocks of ours whole where they have words of their own."""
    if leaf_words(module) is not None or not any(True for _ in module.children()):
        yield module
        return
    for child in module.children():
        yield from _leaves(child)


@torch.inference_mode()
def _shapes(model: Model, modules: list[nn.Module]) -> dict[int, tuple[tuple[int, ...], tuple[int, ...]]]:
    """The shapes of one row as it enters and as it leaves, by ``id`` of the module, of a batch of zeros."""
    found: dict[int, Any] = {}

    def note(module: nn.Module, given: Any, made: Any) -> None:
        found[id(module)] = (_shape(given), _shape(made))

    device = next((p.device for p in model.parameters()), torch.device("cpu"))
    condition = torch.zeros(2, model.condition, device=device) if model.condition else None
    handles = [m.register_forward_hook(note) for m in modules]
    training = model.training
    model.eval()
    try:
        z = model.encode(torch.zeros(2, *model.source.shape, device=device), None, condition)
        model.decode(z, condition)
    finally:
        model.train(training)
        for handle in handles:
            handle.remove()
    return found


def _shape(value: Any) -> tuple[int, ...] | None:
    """Of the first tensor in what a module was given or made, without the batch axis."""
    if isinstance(value, Tensor):
        return tuple(value.shape[1:])
    return next((s for v in value if (s := _shape(v)) is not None), None) if isinstance(value, tuple | list) else None


def _idle(module: nn.Module, shapes: dict[int, Any]) -> bool:
    """Whether it does nothing: an empty sequence, or a change of shape that changes none."""
    given, made = shapes.get(id(module), (None, ()))
    empty = isinstance(module, nn.Sequential) and not len(module)
    return empty or (isinstance(module, nn.Flatten | nn.Unflatten | nn.Identity) and given == made)


def _own_parameters(model: Model) -> Any:
    """A count that gives each weight to the first module that has it."""
    counted: set[int] = set()

    def count(module: nn.Module) -> int:
        new = [p for p in module.parameters() if id(p) not in counted]
        counted.update(id(p) for p in new)
        return sum(p.numel() for p in new)

    return count
