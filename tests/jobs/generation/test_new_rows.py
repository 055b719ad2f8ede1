"""New rows to look at: what comes out of holes stands among them where there are some."""

import numpy as np

from diabolo.jobs.codes.embed import embed
from diabolo.jobs.generation.holes import HOLES
from diabolo.jobs.generation.new_rows import look_at_new_rows
from diabolo.jobs.generation.sample_verdict import hollow_line
from tests.helpers import low_rank, quick
from tests.jobs.generation.test_judge_samples import two_clouds


def test_the_emptiest_places_of_two_clouds_lie_between_them() -> None:
    rows = two_clouds()
    trained = quick(rows, latent_dim=2, epochs=15)
    found = look_at_new_rows(trained, trained.kind.read(two_clouds(seed=1)), n=6)
    line = hollow_line(found.judgment)
    assert line.origin == "gaussian"
    assert line.holes is not None
    assert line.holes > HOLES
    assert found.hollow is not None
    origin, x = found.hollow
    assert (origin, tuple(x.shape)) == ("gaussian", (6, 6))
    near = np.sqrt(np.square(embed(trained, trained.out_kind.decode(x))[:, None] - embed(trained, rows)[None]).sum(2)).min(1)
    usual = np.sqrt(np.square(embed(trained, two_clouds(seed=1))[:, None] - embed(trained, rows)[None]).sum(2)).min(1)
    assert near.min() > np.quantile(usual, 0.9)  # the rows themselves, encoded again, are far from all codes


def test_where_there_are_no_holes_none_is_shown() -> None:
    rows = low_rank(300)
    trained = quick(rows, "simple", latent_dim=2, epochs=3)
    found = look_at_new_rows(trained, trained.kind.read(rows[:100]))
    assert hollow_line(found.judgment).holes is not None
    assert found.hollow is None
