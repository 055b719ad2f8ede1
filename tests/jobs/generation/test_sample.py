"""New codes, and what they are drawn from."""

import warnings

import pytest

from diabolo.errors import FewCodesWarning
from diabolo.jobs.generation.sample import sample
from tests.helpers import low_rank, quick


@pytest.mark.parametrize("density", ["gaussian", "mixture", "kernel"])
def test_a_density_of_too_few_codes_is_warned_of(density: str) -> None:
    few = quick(low_rank(9), latent_dim=4, epochs=1)
    with pytest.warns(FewCodesWarning, match=r"training codes of 4 numbers: fewer than 10 say little"):
        assert len(sample(few, 3, density=density, random_state=0)) == 3
    enough = quick(low_rank(40), latent_dim=4, epochs=1)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        sample(enough, 3, density=density, random_state=0)
