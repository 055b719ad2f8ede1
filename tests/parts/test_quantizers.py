"""The two quantizing bottlenecks in detail."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from diabolo.errors import ParameterError
from diabolo.parts.bottlenecks import FiniteScalar, VectorQuantized
from diabolo.parts.bottlenecks.quantizer import Quantizer
from diabolo.parts.bottlenecks.vector_quantized import VectorQuantizedNeck
from diabolo.records import Context


def features(rows: int, channels: int, *positions: int, seed: int = 0) -> Tensor:
    return torch.randn(rows, channels, *positions, generator=torch.Generator().manual_seed(seed))


def context(training: bool = True, seed: int = 0) -> Context:
    return Context(0.5, torch.Generator().manual_seed(seed), training)


def known(codebook: list[list[float]], **options: object) -> VectorQuantizedNeck:
    """A bottleneck with this codebook, which has been used before."""
    table = torch.tensor([codebook])
    neck = VectorQuantized(entries=table.shape[1], group=table.shape[2], **options).build(table.shape[2])
    with torch.no_grad():
        neck.codebook.copy_(table)
        neck.counts.fill_(1.0)
        if neck.by_averages:
            neck.sums.copy_(table)
    return neck


NECKS = [
    VectorQuantized(entries=8),
    VectorQuantized(entries=8, group=3, learning="gradient"),
    VectorQuantized(entries=5, group=9),
    FiniteScalar(),
    FiniteScalar(levels=(3, 2)),
]


@pytest.mark.parametrize("part", NECKS, ids=repr)
@pytest.mark.parametrize("positions", [(), (4,), (2, 3)], ids=["vector", "sequence", "map"])
def test_indices_and_entries_there_and_back(part: VectorQuantized, positions: tuple[int, ...]) -> None:
    neck = part.build(7)
    assert isinstance(neck, Quantizer)
    h = 2 * features(5, 7, *positions)
    neck(h, None, context())
    z, indices = neck.mode(h), neck(h, None, context(training=False)).indices
    assert indices is not None
    assert indices.shape == (5, *positions, len(neck.entries))
    assert indices.dtype == torch.int64
    assert ((indices >= 0) & (indices < torch.tensor(neck.entries))).all()
    assert torch.equal(neck.entry(indices), z)
    torch.testing.assert_close(neck.entry(neck.indices(z)), z)  # two entries may be alike, their names then either
    assert torch.equal(neck(h, None, context(training=False)).z, z)


def test_the_commitment_and_the_codebooks_pull_by_hand() -> None:
    """h = (1, 0) beside entries (0, 0) and (3, 0): distance 1 to the first; cost = beta · 1, or (beta + 1) · 1."""
    h = torch.tensor([[1.0, 0.0]], requires_grad=True)
    for learning, cost in (("averages", 0.25), ("gradient", 1.25)):
        neck = known([[0.0, 0.0], [3.0, 0.0]], learning=learning)
        code = neck(h, None, context(training=False))
        assert code.cost.tolist() == [cost]
        assert code.z.tolist() == [[0.0, 0.0]]
        assert code.indices is not None
        assert code.indices.tolist() == [[0]]
        h.grad = None
        code.cost.sum().backward()
        assert h.grad is not None
        assert h.grad.tolist() == [[0.5, 0.0]]  # 2 beta (h - z), of the commitment alone
    assert isinstance(neck.codebook, torch.nn.Parameter)
    assert neck.codebook.grad is not None
    assert neck.codebook.grad.tolist() == [[[-2.0, 0.0], [0.0, 0.0]]]  # 2 (z - h)


def test_the_gradient_passes_the_choice_by() -> None:
    neck = known([[0.0, 0.0], [3.0, 0.0]])
    h = torch.tensor([[1.0, 0.5]], requires_grad=True)
    (neck(h, None, context(training=False)).z * torch.tensor([5.0, 7.0])).sum().backward()
    assert h.grad is not None
    assert h.grad.tolist() == [[5.0, 7.0]]


def test_a_step_of_the_moving_averages_by_hand() -> None:
    """Two vectors choose the first entry, one the second: counts 0.5·1 + 0.5·2, sums 0.5·0 + 0.5·(1 + -1 …)."""
    neck = known([[0.0], [4.0]], decay=0.5, restart=0.0)
    neck(torch.tensor([[1.0], [0.6], [5.0]]), None, context())
    assert neck.counts.tolist() == [[1.5, 1.0]]
    torch.testing.assert_close(neck.sums.flatten(), torch.tensor([0.5 * 1.6, 0.5 * 4 + 0.5 * 5]))
    torch.testing.assert_close(neck.codebook.flatten(), torch.tensor([0.8 / 1.5, 4.5]), atol=1e-4, rtol=0)


def test_averages_end_at_the_means_of_the_clusters() -> None:
    centers = torch.tensor([[-4.0, 0.0], [0.0, 4.0], [4.0, 0.0]])
    h = (centers[:, None] + 0.1 * features(3, 50, 2)).flatten(0, 1)
    neck = VectorQuantized(entries=8, group=2, decay=0.9).build(2)
    for step in range(60):
        neck(h, None, context(seed=step))
    near = torch.cdist(h.reshape(3, 50, 2).mean(1), neck.codebook[0]).min(1).values
    assert near.max() < 0.12
    assert (h - neck.mode(h)).square().mean() < 0.012  # of eight entries, better than the three means (0.01 a number)


def test_first_entries_come_from_the_first_batch_and_unused_ones_start_again() -> None:
    h = features(64, 2)
    neck = VectorQuantized(entries=6, group=2, learning="gradient").build(2)
    neck(h, None, context())
    assert {tuple(e) for e in neck.codebook[0].tolist()} <= {tuple(v) for v in h.tolist()}
    far = known([[0.0, 0.0], [90.0, 90.0]], learning="gradient", decay=0.5)
    for step in range(12):
        far(h, None, context(seed=step))
    assert far.codebook.abs().max() < 10
    assert (far.mode(h).unique(dim=0)).shape == (2, 2)


def test_evaluation_teaches_nothing() -> None:
    neck = known([[0.0], [4.0]])
    before = {k: v.clone() for k, v in neck.state_dict().items()}
    neck(features(9, 1), None, context(training=False))
    assert all(torch.equal(v, before[k]) for k, v in neck.state_dict().items())


def test_padding_teaches_nothing() -> None:
    """Positions that are not real change neither counts nor entries, and no entry starts from one."""
    h, real = features(20, 4, 5), torch.ones(20, 1, 5)
    h[..., 3:], real[..., 3:] = 1e3, 0
    neck = VectorQuantized(entries=16).build(4)
    for step in range(4):
        neck(h, real, context(seed=step))
    assert neck.codebook.abs().max() < 10
    assert neck.counts.sum().item() == pytest.approx(60, rel=1e-3)


def test_each_group_has_a_codebook_of_its_own_and_the_last_may_be_smaller() -> None:
    neck = VectorQuantized(entries=4, group=3).build(7)
    assert neck.entries == (4, 4, 4)
    assert neck.codebook.shape == (3, 4, 3)
    neck(features(30, 7), None, context())
    assert (neck.codebook[2, :, 1:] == 0).all()
    assert neck.mode(features(30, 7)).shape == (30, 7)


def test_levels_are_repeated_over_the_code_numbers() -> None:
    assert FiniteScalar().build(4).entries == (1000,)
    assert FiniteScalar().build(7).entries == (1000, 200)
    assert FiniteScalar(levels=(2, 3)).build(5).entries == (6, 6, 2)


def test_perplexity_of_indices() -> None:
    neck = FiniteScalar(levels=(4,)).build(1)
    assert neck.perplexity(torch.tensor([[0], [1], [2], [3]])).item() == pytest.approx(4)
    assert neck.perplexity(torch.tensor([[2], [2]])).item() == pytest.approx(1)


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda: VectorQuantized(entries=1), "at least 2"),
        (lambda: VectorQuantized(group=0), "at least 1"),
        (lambda: VectorQuantized(learning="averge"), "averages"),
        (lambda: FiniteScalar(levels=(8, 1)), "at least 2"),
        (lambda: FiniteScalar(levels=()), "such as 8,5,5,5"),
        (lambda: FiniteScalar(levels=(2**16, 2**16)), r"at most 2\*\*31"),
    ],
)
def test_what_makes_no_codebook(make: object, says: str) -> None:
    with pytest.raises(ParameterError, match=says):
        make()  # type: ignore[operator]
