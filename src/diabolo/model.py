"""Model: the parts put together. Its forward is the training step."""

from __future__ import annotations

import dataclasses
import math
from typing import final

import torch
from torch import Tensor, nn
from torch.distributions import Distribution

from diabolo.composition import Composition
from diabolo.maths.rows import repeated
from diabolo.parts.bottlenecks.quantizer import Quantizer
from diabolo.parts.likelihoods.base import Output
from diabolo.parts.networks.base import Ports
from diabolo.records import Batch, Code, Context, Corrupted, Layout, Loss, Step


@final
class Model(nn.Module):
    """Corruption → encoder → bottleneck → decoder → likelihood, for data of one layout.

    The networks may run in bfloat16 under autocast; code and likelihood are always computed in float32.

    ``critics`` are the networks that regularizers judge by, by the regularizer's name. They serve training alone, so they are
    no modules of the model: neither its parameters nor its state know them, and nothing saves them with it.

    Args:
        composition: the parts, resolved (no width left open).
        source: layout of what goes in. target: layout of what comes out; the same for most models.
        latent_dim: code numbers (channels, for a map-shaped code).
        condition: how many labels there are, 0 for unconditional recipes.
    """

    _starts: Tensor | None

    def __init__(self, composition: Composition, source: Layout, target: Layout, latent_dim: int, condition: int = 0) -> None:
        super().__init__()
        composition.check(source, target)
        bottleneck, likelihood = composition.bottleneck, composition.likelihood
        ports = Ports(
            source=source,
            target=target,
            wants=bottleneck.wants(latent_dim),
            gives=bottleneck.gives(latent_dim),
            outputs=likelihood.wants(target),
            condition=condition,
            direct=likelihood.direct(target),
        )
        self.encoder, self.decoder = composition.network.build(ports)
        self.bottleneck = bottleneck.build(latent_dim)
        self.likelihood = likelihood.build(target)
        self.composition = composition
        self.source, self.target = source, target
        self.latent_dim, self.condition = latent_dim, condition
        self.code_shape = composition.network.code_shape(source, bottleneck.gives(latent_dim))
        self.critics: dict[str, nn.Module] = {}  # a plain dict, which torch does not look into
        starts = torch.tensor([c.start for c in target.columns]) if target.columns else None
        self.register_buffer("_starts", starts, persistent=False)

    @property
    def has_kernels(self) -> bool:
        """Whether some weights are used at many positions, as those of convolutions are."""
        return any(p.ndim > 2 for p in self.parameters())

    @property
    def products(self) -> int:
        """About how many multiplications a row takes: a weight counts once, or once a position under convolutions."""
        return sum(p.numel() for p in self.parameters()) * (math.prod(self.source.positions) if self.has_kernels else 1)

    def build_critics(self) -> None:
        """Make the critics that the regularizers want and that are not there yet, from torch's global generator."""
        for r in self.composition.regularizers:
            critic = None if r.name in self.critics else r.build(self.target, self.code_shape)
            if critic is not None:
                self.critics[r.name] = critic

    def forward(self, batch: Batch, context: Context) -> Loss:
        """The training step: what the parts make of a batch, and what that costs, one number a row."""
        batch = self._told(self.likelihood.observe(batch, context.generator))
        corrupted = self.corrupt(batch.x, context.generator)
        h, real = self.encoder(corrupted.x, batch.real if batch.target is None else None, batch.condition)
        with _full(h):
            code = self.bottleneck(h.float(), real, context)
        output = self.decode(code.z, repeated(batch.condition, code.samples))
        return self.loss(Step(batch, corrupted, code, output, context))

    def loss(self, step: Step) -> Loss:
        """reconstruction = −log p(x|z) summed over real, judged cells; total = reconstruction + cost + penalties.

        With k samples a row, reconstruction + cost is ``−log (1/k) Σ p(x|z) p(z) / q(z|x)``, the importance-weighted bound
        (Burda et al. 2016, eq. 8, https://arxiv.org/abs/1509.00519).
        """
        aim, real, samples = step.batch.aim, _counted(step.batch.real, step.corrupted.judged), step.code.samples
        with _full(aim):
            reconstruction, everyday = step.output.costs(repeated(aim, samples), repeated(real, samples))
        cost = step.code.cost
        if samples > 1:
            bound = math.log(samples) - torch.logsumexp(-(reconstruction + cost).unflatten(0, (-1, samples)), 1)
            reconstruction, everyday = (t.unflatten(0, (-1, samples)).mean(1) for t in (reconstruction, everyday))
            cost = bound - reconstruction
        count = aim[0].numel() if real is None else self._counted_cells(real)
        found = {r.name: r(self, step) for r in self.composition.regularizers}
        penalties = {name: penalty.value for name, penalty in found.items()}
        return Loss(
            total=reconstruction + cost + sum(penalties.values(), reconstruction.new_zeros(())),
            reconstruction=reconstruction,
            cost=cost,
            everyday=everyday / count,
            kl=None if step.code.kl is None else step.code.kl.flatten(1).sum(1),
            perplexity=self._perplexity(step.code, len(reconstruction)),
            penalties=penalties,
            critics={name: penalty.critic for name, penalty in found.items() if penalty.critic is not None},
        )

    def _told(self, batch: Batch) -> Batch:
        """The batch with ``real`` of the aim, which rows of mixed tables say by themselves."""
        real = self.target.real(batch.aim) if batch.real is None else batch.real
        return batch if real is batch.real else dataclasses.replace(batch, real=real)

    def _counted_cells(self, real: Tensor) -> Tensor:
        """real (N, F, *P) -> (N,), how many cells of a row count, at least 1; a column of a mixed table is one."""
        cells = real if self._starts is None else real[:, self._starts]
        return cells.flatten(1).sum(1).clamp(min=1)

    def _perplexity(self, code: Code, rows: int) -> Tensor | None:
        if code.indices is None or not isinstance(self.bottleneck, Quantizer):
            return None
        return self.bottleneck.perplexity(code.indices).expand(rows)

    def start_at(self, mean: Tensor) -> None:
        """Let the untrained model answer with about ``mean`` (F, *P), the mean of what should come out, whatever goes in.

        It then need not learn first what all rows have in common.
        """
        params = self.likelihood.start(mean)
        if params is not None:
            self.decoder.start_at(params)

    def corrupt(self, x: Tensor, generator: torch.Generator) -> Corrupted:
        """x (N, F, *P) as the encoder sees it in training: damaged by the recipe's corruption, if it has one."""
        corruption = self.composition.corruption
        return Corrupted(x) if corruption is None else corruption(x, self.source, generator)

    def encode(self, x: Tensor, real: Tensor | None = None, condition: Tensor | None = None) -> Tensor:
        """x (N, F, *P) -> z (N, K, *L), deterministic: the posterior's mean where there is one."""
        h, _ = self.encoder(x, real, condition)
        return self.bottleneck.mode(h.float())

    def indices(self, x: Tensor, condition: Tensor | None = None) -> Tensor | None:
        """x (N, F, *P) -> which entries :meth:`encode` gives, (N, *L, G); None where codes are not discrete."""
        h, _ = self.encoder(x, None, condition)
        still = Context(1.0, torch.Generator(h.device), training=False)
        return self.bottleneck(h.float(), None, still).indices

    def posterior(self, x: Tensor, condition: Tensor | None = None) -> Distribution | None:
        """q(z|x) of shape (N, K, *L), or None where the code is a point."""
        h, _ = self.encoder(x, None, condition)
        return self.bottleneck.posterior(h.float())

    def decode(self, z: Tensor, condition: Tensor | None = None) -> Output:
        """z (N, K, *L) -> p(x|z)."""
        params = self.decoder(z, condition)
        with _full(params):
            return self.likelihood(params.float())

    def restore(self, x: Tensor, condition: Tensor | None = None) -> Output:
        """x (N, F, *P) of any size that the network's stride divides -> p(x|its deterministic code), of that size.

        A network that enlarges gives the whole multiple of P. For networks that are local:
        :func:`diabolo.parts.networks.reach.reach_of` refuses the others.
        """
        z = self.encode(x, None, condition)
        return self.likelihood(self.decoder.whole(z, condition).float())


def _full(x: Tensor) -> torch.autocast:
    """Products in the precision of what is multiplied: autocast would round sums of squares over a row to 8 bits."""
    return torch.autocast(x.device.type, enabled=False)


def _counted(real: Tensor | None, judged: Tensor | None) -> Tensor | None:
    """Where the loss counts: what is real and judged; None where that is everywhere."""
    if real is None or judged is None:
        return judged if real is None else real
    return real * judged.to(real.dtype)
